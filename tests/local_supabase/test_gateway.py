"""API keys, routing, CORS and the Data API behind the gateway."""

import httpx
import pytest
from postgrest import CountMethod
from postgrest.exceptions import APIError
from supabase import Client

from local_supabase import Instance

from .conftest import Person, client_for, rows_of

SERVICES = ["/rest/v1/notes", "/auth/v1/settings", "/auth/v1/health", "/storage/v1/bucket"]


@pytest.mark.parametrize("path", SERVICES)
def test_request_without_an_api_key_is_refused(platform: Instance, path: str) -> None:
    answer = httpx.get(platform.url + path)
    assert answer.status_code == 401
    assert answer.json()["message"] == "No API key found in request"


@pytest.mark.parametrize("path", SERVICES)
def test_token_without_an_api_key_is_refused(platform: Instance, owner: Person, path: str) -> None:
    answer = httpx.get(platform.url + path, headers={"Authorization": f"Bearer {owner.token}"})
    assert answer.status_code == 401


def test_unknown_api_key_is_refused(platform: Instance) -> None:
    answer = httpx.get(platform.url + SERVICES[0], headers={"apikey": "sb_publishable_of_another_project"})
    assert answer.status_code == 401
    assert answer.json()["message"] == "Invalid API key"


def test_access_token_is_no_api_key(platform: Instance, owner: Person) -> None:
    assert httpx.get(platform.url + SERVICES[0], headers={"apikey": owner.token}).status_code == 401


@pytest.mark.parametrize("path", SERVICES[1:])
def test_request_with_the_secret_key_is_served(platform: Instance, path: str) -> None:
    assert httpx.get(platform.url + path, headers={"apikey": platform.secret_key}).status_code == 200


def test_api_key_may_come_as_a_query_parameter(platform: Instance) -> None:
    query = {"apikey": platform.secret_key}
    assert httpx.get(f"{platform.url}/rest/v1/profiles", params=query).status_code == 200


@pytest.mark.parametrize(
    ("key", "role"),
    [
        ("publishable_key", "anon"),
        ("anon_key", "anon"),
        ("secret_key", "service_role"),
        ("service_role_key", "service_role"),
    ],
)
def test_api_key_stands_for_its_role(platform: Instance, key: str, role: str) -> None:
    value = getattr(platform, key)
    headers = {"apikey": value, "Authorization": f"Bearer {value}"}
    for sent in (headers, {"apikey": value}):
        answer = httpx.post(f"{platform.url}/rest/v1/rpc/whoami", headers=sent)
        assert (answer.json()["role"], answer.json()["db"]) == (role, role)


def test_token_of_a_user_beats_the_api_key(owner: Person, platform: Instance) -> None:
    client = client_for(platform, platform.secret_key)
    client.postgrest.auth(owner.token)
    assert client.rpc("whoami").execute().data == {
        "uid": owner.id,
        "role": "authenticated",
        "email": owner.email,
        "db": "authenticated",
    }


def test_unknown_path_is_no_route(http: httpx.Client) -> None:
    answer = http.get("/functions/v1/hello")
    assert answer.status_code == 404
    assert answer.json() == {"message": "no Route matched with those values"}


def test_browser_of_any_origin_may_ask(http: httpx.Client) -> None:
    preflight = http.options(
        "/rest/v1/notes",
        headers={"Origin": "http://x.test", "Access-Control-Request-Headers": "apikey,authorization"},
    )
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Headers"] == "apikey,authorization"
    for answer in (preflight, http.get("/rest/v1/notes"), http.get("/auth/v1/user")):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Content-Range" in answer.headers["Access-Control-Expose-Headers"]


def test_owner_can_write_and_read_rows(owner: Person) -> None:
    notes = owner.client.table("notes")
    sent = {"body": "hello", "amount": 1.5, "tags": ["a"], "extra": {"k": 1}}
    made = rows_of(notes.insert(sent).execute())[0]
    assert made["user_id"] == owner.id
    notes.update({"body": "changed"}).eq("id", made["id"]).execute()
    assert notes.select("body, amount").eq("id", made["id"]).single().execute().data == {
        "body": "changed",
        "amount": 1.5,
    }
    notes.delete().eq("id", made["id"]).execute()
    assert notes.select("*", count=CountMethod.exact).execute().count == 0


def test_other_user_cannot_see_the_owners_rows(owner: Person, other_user: Person) -> None:
    owner.client.table("notes").insert({"body": "mine"}).execute()
    assert other_user.client.table("notes").select("*").execute().data == []


def test_anon_cannot_read_a_table_without_a_grant(anon: Client) -> None:
    with pytest.raises(APIError) as refusal:
        anon.table("notes").select("*").execute()
    assert refusal.value.code == "42501"


def test_large_bodies_pass_in_both_directions(owner: Person) -> None:
    body = "x" * 3_000_000
    made = rows_of(owner.client.table("notes").insert({"body": body}).execute())[0]
    assert made["body"] == body


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_change_without_a_filter_is_refused(http: httpx.Client, owner: Person, method: str) -> None:
    headers = {"Authorization": f"Bearer {owner.token}"}
    answer = http.request(method, "/rest/v1/notes?select=id", json={"body": "all"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "21000")


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_change_with_a_filter_is_done(http: httpx.Client, owner: Person, method: str) -> None:
    owner.client.table("notes").insert({"body": "one"}).execute()
    headers = {"Authorization": f"Bearer {owner.token}", "Prefer": "return=representation"}
    answer = http.request(method, "/rest/v1/notes?body=eq.one", json={"body": "two"}, headers=headers)
    assert answer.status_code == 200
    assert len(answer.json()) == 1


def test_statements_of_a_role_end_after_its_time(anon: Client, owner: Person) -> None:
    assert anon.rpc("statement_timeout").execute().data == "3s"
    assert owner.client.rpc("statement_timeout").execute().data == "8s"
