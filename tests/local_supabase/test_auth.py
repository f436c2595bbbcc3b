"""Sign-up, sign-in, sessions and the signed-in user, with supabase-py."""

from typing import Any

import httpx
import jwt
import psycopg
import pytest
from psycopg.rows import DictRow
from supabase import Client
from supabase_auth.errors import AuthApiError, AuthWeakPasswordError

from local_supabase import Instance
from local_supabase.config import AuthConfig

from .conftest import PASSWORD, AuthWith, Person, client_for, new_email


def refresh(http: httpx.Client, token: str) -> httpx.Response:
    return http.post("/auth/v1/token", params={"grant_type": "refresh_token"}, json={"refresh_token": token})


def user_status(http: httpx.Client, token: str) -> int:
    return http.get("/auth/v1/user", headers={"Authorization": f"Bearer {token}"}).status_code


def make_old(platform: Instance, refresh_token: str) -> None:
    """Lets a token look as if it had been used a minute ago."""
    with psycopg.connect(platform.db_url) as connection:
        connection.execute(
            "update auth.refresh_tokens set updated_at = updated_at - interval '1 minute' where token = %s",
            (refresh_token,),
        )


def test_new_user_is_signed_in_and_has_metadata(anon: Client) -> None:
    credentials = {"email": new_email(), "password": PASSWORD, "options": {"data": {"name": "Ada"}}}
    answer = anon.auth.sign_up(credentials)  # type: ignore[arg-type]
    assert answer.session is not None
    assert answer.user is not None
    assert answer.user.user_metadata == {"name": "Ada"}
    assert answer.user.app_metadata == {"provider": "email", "providers": ["email"]}
    assert answer.user.email_confirmed_at is not None
    assert [identity.provider for identity in answer.user.identities or []] == ["email"]


def test_new_user_starts_the_triggers_of_the_schema(owner: Person) -> None:
    assert owner.client.table("profiles").select("*").execute().data == [
        {"id": owner.id, "email": owner.email}
    ]


@pytest.mark.parametrize("code", ["P0001", "23505", "22023"])
def test_trigger_that_fails_refuses_the_sign_up(http: httpx.Client, code: str) -> None:
    body = {"email": new_email(), "password": PASSWORD}
    answer = http.post("/auth/v1/signup", json=body | {"data": {"refuse": code}})
    assert answer.status_code == 500
    assert answer.json()["error_code"] == "unexpected_failure"
    assert answer.json()["msg"] == "Database error saving new user"
    assert http.post("/auth/v1/signup", json=body).status_code == 200


def test_text_that_the_database_cannot_hold_is_refused(http: httpx.Client) -> None:
    for body in ({"email": "a\0@example.com"}, {"email": new_email(), "data": {"name": "\0"}}):
        answer = http.post("/auth/v1/signup", json={"password": PASSWORD} | body)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "validation_failed")


def test_registered_address_cannot_sign_up_again(owner: Person, anon: Client) -> None:
    with pytest.raises(AuthApiError) as refusal:
        anon.auth.sign_up({"email": owner.email.upper(), "password": PASSWORD})
    assert (refusal.value.status, refusal.value.code) == (422, "user_already_exists")


def test_short_password_is_refused(anon: Client) -> None:
    with pytest.raises(AuthWeakPasswordError) as refusal:
        anon.auth.sign_up({"email": new_email(), "password": "short"})
    assert refusal.value.reasons == ["length"]


@pytest.mark.parametrize("email", ["", "nobody", "@example.com", "a b@example.com", 7])
def test_text_that_is_no_address_is_refused(http: httpx.Client, email: object) -> None:
    answer = http.post("/auth/v1/signup", json={"email": email, "password": PASSWORD})
    assert answer.status_code in {400, 422}


@pytest.mark.parametrize("body", ["{", "[]", '"text"'])
def test_body_that_is_no_json_object_is_refused(http: httpx.Client, body: str) -> None:
    answer = http.post("/auth/v1/signup", content=body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "bad_json")


def test_password_signs_in(owner: Person, anon: Client) -> None:
    answer = anon.auth.sign_in_with_password({"email": owner.email, "password": PASSWORD})
    assert answer.user is not None
    assert answer.user.id == owner.id


@pytest.mark.parametrize("password", ["wrong password", "", "x" * 100])
def test_wrong_password_is_refused(owner: Person, http: httpx.Client, password: str) -> None:
    answer = http.post(
        "/auth/v1/token?grant_type=password", json={"email": owner.email, "password": password}
    )
    assert (answer.status_code, answer.json()["error_code"]) == (400, "invalid_credentials")


def test_unknown_address_is_refused_like_a_wrong_password(http: httpx.Client) -> None:
    answer = http.post("/auth/v1/token?grant_type=password", json={"email": new_email(), "password": "x"})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "invalid_credentials")


def test_error_has_the_shape_that_the_client_asks_for(http: httpx.Client) -> None:
    old = http.post("/auth/v1/token?grant_type=password", json={}).json()
    headers = {"X-Supabase-Api-Version": "2024-01-01"}
    new = http.post("/auth/v1/token?grant_type=password", json={}, headers=headers).json()
    assert old == {"code": 400, "error_code": "invalid_credentials", "msg": "Invalid login credentials"}
    assert new == {"code": "invalid_credentials", "message": "Invalid login credentials"}


def test_refresh_token_is_renewed(owner: Person, http: httpx.Client) -> None:
    answer = refresh(http, owner.refresh_token).json()
    assert answer["refresh_token"] != owner.refresh_token
    assert user_status(http, answer["access_token"]) == 200
    old, new = (
        jwt.decode(t, options={"verify_signature": False}) for t in (owner.token, answer["access_token"])
    )
    assert old["session_id"] == new["session_id"]


def test_refresh_token_may_be_used_twice_within_seconds(owner: Person, http: httpx.Client) -> None:
    first = refresh(http, owner.refresh_token).json()
    assert refresh(http, owner.refresh_token).json()["refresh_token"] == first["refresh_token"]


def test_lost_answer_may_be_asked_for_again_later(
    platform: Instance, owner: Person, http: httpx.Client
) -> None:
    first = refresh(http, owner.refresh_token).json()
    make_old(platform, owner.refresh_token)
    assert refresh(http, owner.refresh_token).json()["refresh_token"] == first["refresh_token"]


def test_old_refresh_token_ends_the_session(platform: Instance, owner: Person, http: httpx.Client) -> None:
    second = refresh(http, owner.refresh_token).json()
    third = refresh(http, second["refresh_token"]).json()
    make_old(platform, owner.refresh_token)
    answer = refresh(http, owner.refresh_token)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "refresh_token_already_used")
    assert refresh(http, third["refresh_token"]).json()["error_code"] == "refresh_token_not_found"
    assert user_status(http, third["access_token"]) == 403


def test_unknown_refresh_token_is_refused(http: httpx.Client) -> None:
    answer = refresh(http, "unknown")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "refresh_token_not_found")


def test_client_verifies_its_claims_with_the_published_keys(owner: Person) -> None:
    answer = owner.client.auth.get_claims()
    assert answer is not None
    assert answer["claims"]["sub"] == owner.id
    assert answer["headers"]["alg"] == "ES256"


def test_user_can_change_metadata(owner: Person) -> None:
    owner.client.auth.update_user({"data": {"a": {"b": None}, "c": 1}})
    answer = owner.client.auth.update_user({"data": {"c": None, "d": 2}})
    assert answer.user.user_metadata == {"a": {"b": None}, "d": 2}


def test_user_cannot_change_app_metadata(owner: Person, http: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {owner.token}"}
    sent: dict[str, Any] = {"app_metadata": {"admin": True}, "role": "service_role"}
    answer = http.put("/auth/v1/user", json=sent, headers=headers).json()
    assert answer["role"] == "authenticated"
    assert "admin" not in answer["app_metadata"]


def test_new_password_replaces_the_old_one_and_ends_other_sessions(
    platform: Instance, owner: Person, http: httpx.Client
) -> None:
    elsewhere = client_for(platform, platform.publishable_key)
    other = elsewhere.auth.sign_in_with_password({"email": owner.email, "password": PASSWORD}).session
    assert other is not None
    owner.client.auth.update_user({"password": "another password"})
    assert user_status(http, owner.token) == 200
    assert user_status(http, other.access_token) == 403
    with pytest.raises(AuthApiError):
        elsewhere.auth.sign_in_with_password({"email": owner.email, "password": PASSWORD})
    elsewhere.auth.sign_in_with_password({"email": owner.email, "password": "another password"})


def test_same_password_is_refused_as_new(owner: Person) -> None:
    with pytest.raises(AuthApiError) as refusal:
        owner.client.auth.update_user({"password": PASSWORD})
    assert refusal.value.code == "same_password"


def test_user_can_take_a_free_address(owner: Person, anon: Client) -> None:
    email = new_email()
    assert owner.client.auth.update_user({"email": email}).user.email == email
    anon.auth.sign_in_with_password({"email": email, "password": PASSWORD})


def test_user_cannot_take_a_registered_address(owner: Person, other_user: Person) -> None:
    with pytest.raises(AuthApiError) as refusal:
        owner.client.auth.update_user({"email": other_user.email})
    assert refusal.value.code == "email_exists"


@pytest.mark.parametrize(
    ("scope", "here", "elsewhere"), [("local", 403, 200), ("others", 200, 403), ("global", 403, 403)]
)
def test_sign_out_ends_the_sessions_of_its_scope(
    platform: Instance, owner: Person, http: httpx.Client, scope: str, here: int, elsewhere: int
) -> None:
    client = client_for(platform, platform.publishable_key)
    other = client.auth.sign_in_with_password({"email": owner.email, "password": PASSWORD}).session
    assert other is not None
    owner.client.auth.sign_out({"scope": scope})  # type: ignore[arg-type]
    assert user_status(http, owner.token) == here
    assert user_status(http, other.access_token) == elsewhere


def test_refresh_token_of_an_ended_session_is_refused(owner: Person, http: httpx.Client) -> None:
    owner.client.auth.sign_out()
    assert refresh(http, owner.refresh_token).json()["error_code"] == "refresh_token_not_found"


def test_nobody_is_no_user(http: httpx.Client) -> None:
    answer = http.get("/auth/v1/user")
    assert (answer.status_code, answer.json()["error_code"]) == (403, "bad_jwt")


def test_seeded_user_can_sign_in(platform: Instance, anon: Client) -> None:
    email = new_email()
    with psycopg.connect(platform.db_url) as connection:
        connection.execute(
            """
            with made as (
              insert into auth.users (
                instance_id, id, aud, role, email, encrypted_password, email_confirmed_at,
                raw_app_meta_data, raw_user_meta_data, created_at, updated_at,
                confirmation_token, recovery_token, email_change_token_new, email_change
              ) values (
                '00000000-0000-0000-0000-000000000000', gen_random_uuid(), 'authenticated', 'authenticated',
                %s, extensions.crypt('seeded password', extensions.gen_salt('bf')), now(),
                '{"provider": "email", "providers": ["email"]}', '{}', now(), now(), '', '', '', ''
              ) returning id, email
            )
            insert into auth.identities (
              provider_id, user_id, identity_data, provider, created_at, updated_at
            )
            select id::text, id, jsonb_build_object('sub', id, 'email', email), 'email', now(), now()
            from made
            """,
            (email,),
        )
    answer = anon.auth.sign_in_with_password({"email": email, "password": "seeded password"})
    assert answer.user is not None
    assert answer.user.email == email


def test_hash_of_a_password_is_understood_by_pgcrypto(
    owner: Person, postgres: psycopg.Connection[DictRow]
) -> None:
    query = "select encrypted_password = extensions.crypt(%s, encrypted_password) as ok from auth.users"
    assert postgres.execute(f"{query} where id = %s", (PASSWORD, owner.id)).fetchone() == {"ok": True}


def test_settings_tell_what_is_enabled(http: httpx.Client) -> None:
    settings = http.get("/auth/v1/settings").json()
    assert settings["external"]["email"] is True
    assert settings["disable_signup"] is False
    assert settings["mailer_autoconfirm"] is True


def test_sign_up_is_refused_where_it_is_disabled(platform: Instance, auth_with: AuthWith) -> None:
    url = auth_with(AuthConfig(enable_signup=False))
    headers = {"apikey": platform.publishable_key}
    body = {"email": new_email(), "password": PASSWORD}
    answer = httpx.post(f"{url}/auth/v1/signup", json=body, headers=headers)
    assert (answer.status_code, answer.json()["error_code"]) == (422, "signup_disabled")
    assert httpx.get(f"{url}/auth/v1/settings", headers=headers).json()["disable_signup"] is True


def test_address_must_be_confirmed_where_that_is_asked(platform: Instance, auth_with: AuthWith) -> None:
    url = auth_with(AuthConfig(email_enable_confirmations=True))
    email, headers = new_email(), {"apikey": platform.publishable_key}
    body = {"email": email, "password": PASSWORD}
    with httpx.Client(base_url=url, headers=headers) as client:
        made = client.post("/auth/v1/signup", json=body).json()
        assert "access_token" not in made
        refusal = client.post("/auth/v1/token?grant_type=password", json=body).json()
        assert refusal["error_code"] == "email_not_confirmed"

        mail = client.get("/_local/mails").json()[-1]
        assert (mail["to"], mail["type"]) == (email, "signup")
        link = client.get(mail["link"].replace(platform.url, url))
        assert link.status_code == 303
        assert "access_token=" in link.headers["Location"]
        assert client.post("/auth/v1/token?grant_type=password", json=body).status_code == 200

        again = client.post("/auth/v1/signup", json=body).json()
        assert again["id"] != made["id"]
        assert again["identities"] == []
        used = client.get(mail["link"].replace(platform.url, url))
        assert "error_code=otp_expired" in used.headers["Location"]


def test_lifetime_of_tokens_is_the_configured_one(platform: Instance, auth_with: AuthWith) -> None:
    url = auth_with(AuthConfig(jwt_expiry=120))
    body = {"email": new_email(), "password": PASSWORD}
    headers = {"apikey": platform.publishable_key}
    session = httpx.post(f"{url}/auth/v1/signup", json=body, headers=headers).json()
    claims = jwt.decode(session["access_token"], options={"verify_signature": False})
    assert session["expires_in"] == claims["exp"] - claims["iat"] == 120


def test_code_of_a_mail_signs_in_once(platform: Instance, owner: Person, anon: Client) -> None:
    anon.auth.reset_password_for_email(owner.email)
    mail = next(
        mail
        for mail in reversed(httpx.get(f"{platform.url}/_local/mails").json())
        if mail["to"] == owner.email
    )
    client = client_for(platform, platform.publishable_key)
    with pytest.raises(AuthApiError):
        client.auth.verify_otp({"type": "recovery", "email": owner.email, "token": "wrong"})
    code = {"type": "recovery", "email": owner.email, "token": mail["token"]}
    answer = client.auth.verify_otp(code)  # type: ignore[arg-type]
    assert answer.user is not None
    assert answer.user.id == owner.id
    with pytest.raises(AuthApiError):
        client.auth.verify_otp(code)  # type: ignore[arg-type]
