"""The admin endpoints of Auth, with supabase-py."""

import uuid

import httpx
import pytest
from supabase import Client
from supabase_auth.errors import AuthApiError

from local_supabase import Instance

from .conftest import PASSWORD, Person, client_for, new_email


def test_admin_can_create_get_list_update_and_delete_a_user(
    admin: Client, anon: Client, platform: Instance
) -> None:
    users, email = admin.auth.admin, new_email()
    made = users.create_user(
        {
            "email": email,
            "password": PASSWORD,
            "email_confirm": True,
            "app_metadata": {"plan": "family"},
            "user_metadata": {"name": "Ada"},
        }
    ).user
    assert made.app_metadata["plan"] == "family"
    assert users.get_user_by_id(made.id).user.email == email
    assert made.id in {user.id for user in users.list_users(per_page=1000)}

    changed = users.update_user_by_id(made.id, {"user_metadata": {"z": 1}, "password": "another password"})
    assert changed.user.user_metadata == {"name": "Ada", "z": 1}
    client = client_for(platform, platform.publishable_key)
    client.auth.sign_in_with_password({"email": email, "password": "another password"})

    users.delete_user(made.id)
    with pytest.raises(AuthApiError) as refusal:
        users.get_user_by_id(made.id)
    assert (refusal.value.status, refusal.value.code) == (404, "user_not_found")
    with pytest.raises(AuthApiError):
        anon.auth.sign_in_with_password({"email": email, "password": "another password"})


@pytest.mark.parametrize("who", ["anon", "owner"])
def test_nobody_else_can_use_the_admin_endpoints(
    who: str, platform: Instance, owner: Person, http: httpx.Client
) -> None:
    token = owner.token if who == "owner" else platform.anon_key
    headers = {"Authorization": f"Bearer {token}"}
    place = f"/auth/v1/admin/users/{owner.id}"
    for method, path in [
        ("GET", "/auth/v1/admin/users"),
        ("POST", "/auth/v1/admin/users"),
        ("GET", place),
        ("PUT", place),
        ("DELETE", place),
        ("POST", "/auth/v1/admin/generate_link"),
    ]:
        answer = http.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["error_code"]) == (403, "not_admin")


def test_unconfirmed_user_cannot_sign_in(admin: Client, anon: Client) -> None:
    email = new_email()
    made = admin.auth.admin.create_user({"email": email, "password": PASSWORD}).user
    with pytest.raises(AuthApiError) as refusal:
        anon.auth.sign_in_with_password({"email": email, "password": PASSWORD})
    assert refusal.value.code == "email_not_confirmed"
    admin.auth.admin.update_user_by_id(made.id, {"email_confirm": True})
    anon.auth.sign_in_with_password({"email": email, "password": PASSWORD})


def test_banned_user_cannot_sign_in_until_the_ban_is_lifted(
    admin: Client, owner: Person, anon: Client
) -> None:
    admin.auth.admin.update_user_by_id(owner.id, {"ban_duration": "1h30m"})
    with pytest.raises(AuthApiError) as refusal:
        anon.auth.sign_in_with_password({"email": owner.email, "password": PASSWORD})
    assert refusal.value.code == "user_banned"
    admin.auth.admin.update_user_by_id(owner.id, {"ban_duration": "none"})
    anon.auth.sign_in_with_password({"email": owner.email, "password": PASSWORD})


def test_registered_address_cannot_be_created_again(admin: Client, owner: Person) -> None:
    with pytest.raises(AuthApiError) as refusal:
        admin.auth.admin.create_user({"email": owner.email, "password": PASSWORD})
    assert refusal.value.code == "email_exists"


def test_softly_deleted_user_cannot_sign_in_but_keeps_its_rows(
    admin: Client, owner: Person, anon: Client
) -> None:
    admin.auth.admin.delete_user(owner.id, should_soft_delete=True)
    with pytest.raises(AuthApiError):
        anon.auth.sign_in_with_password({"email": owner.email, "password": PASSWORD})
    assert len(admin.table("profiles").select("*").eq("id", owner.id).execute().data) == 1


def test_deleting_a_user_deletes_its_rows(admin: Client, owner: Person) -> None:
    admin.auth.admin.delete_user(owner.id)
    assert admin.table("profiles").select("*").eq("id", owner.id).execute().data == []


def test_list_has_pages(admin: Client, owner: Person, other_user: Person) -> None:
    pages = [admin.auth.admin.list_users(page=page, per_page=1) for page in (1, 2)]
    assert [user.id for page in pages for user in page] == [other_user.id, owner.id]


def test_unknown_and_malformed_ids_are_not_found(platform: Instance) -> None:
    with httpx.Client(base_url=platform.url, headers={"apikey": platform.secret_key}) as client:
        for name in (uuid.uuid4(), "not-an-id"):
            assert client.get(f"/auth/v1/admin/users/{name}").status_code == 404


def test_link_signs_in(admin: Client, owner: Person, anon: Client) -> None:
    link = admin.auth.admin.generate_link({"type": "recovery", "email": owner.email})
    answer = anon.auth.verify_otp({"type": "recovery", "token_hash": link.properties.hashed_token})
    assert answer.user is not None
    assert answer.user.id == owner.id
