"""The private bucket for receipts: a folder per person, that nobody else can look into."""

import tomllib
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg.rows import DictRow
from storage3.exceptions import StorageApiError
from supabase import Client

from local_supabase import Instance
from tests.conftest import ROOT, NewUser, User

Database = psycopg.Connection[DictRow]

JPEG = b"\xff\xd8\xff\xe0 a receipt"
AS_JPEG = {"content-type": "image/jpeg"}


@pytest.fixture(scope="module")
def owner(new_user: NewUser) -> User:
    return new_user()


@pytest.fixture(scope="module")
def other_user(new_user: NewUser) -> User:
    return new_user()


@pytest.fixture
def path(owner: User) -> str:
    """Where the owner stored a receipt's image."""
    path = f"{owner.id}/{uuid4()}.jpg"
    upload(owner.client, path)
    return path


def receipts(client: Client) -> Any:
    """The bucket."""
    return client.storage.from_("receipts")


def upload(client: Client, path: str, content: bytes = JPEG) -> None:
    receipts(client).upload(path, content, AS_JPEG)


def names(client: Client, folder: str) -> list[str]:
    return [entry["name"] for entry in receipts(client).list(folder)]


def test_owner_can_do_everything_in_their_folder(owner: User, path: str) -> None:
    assert receipts(owner.client).download(path) == JPEG
    assert path.split("/")[1] in names(owner.client, owner.id)
    assert receipts(owner.client).create_signed_url(path, 60)["signedURL"]
    receipts(owner.client).update(path, b"better", AS_JPEG)
    assert receipts(owner.client).download(path) == b"better"
    receipts(owner.client).remove([path])
    with pytest.raises(StorageApiError):
        receipts(owner.client).download(path)
    assert path.split("/")[1] not in names(owner.client, owner.id)


def test_owner_can_use_subfolders(owner: User) -> None:
    path = f"{owner.id}/2026/november/1.jpg"
    upload(owner.client, path)
    assert receipts(owner.client).download(path) == JPEG


@pytest.fixture(params=["other user", "anon"])
def stranger(request: pytest.FixtureRequest, other_user: User, anon: Client) -> Client:
    """Whoever isn't the owner."""
    return other_user.client if request.param == "other user" else anon


def test_stranger_cannot_download(stranger: Client, path: str) -> None:
    with pytest.raises(StorageApiError):
        receipts(stranger).download(path)


def test_stranger_cannot_list(stranger: Client, owner: User, path: str) -> None:
    assert path.split("/")[1] in names(owner.client, owner.id)
    assert names(stranger, owner.id) == []
    assert owner.id not in names(stranger, "")


def test_stranger_cannot_sign(stranger: Client, path: str) -> None:
    with pytest.raises(StorageApiError):
        receipts(stranger).create_signed_url(path, 60)


def test_stranger_cannot_learn_that_it_exists(stranger: Client, owner: User, path: str) -> None:
    assert receipts(owner.client).exists(path)
    with pytest.raises(StorageApiError):
        receipts(stranger).info(path)


@pytest.mark.parametrize("how", ["upload", "upsert", "update"])
def test_stranger_cannot_overwrite(stranger: Client, owner: User, path: str, how: str) -> None:
    options = AS_JPEG | ({"upsert": "true"} if how == "upsert" else {})
    write = receipts(stranger).update if how == "update" else receipts(stranger).upload
    with pytest.raises(StorageApiError):
        write(path, b"forged", options)
    assert receipts(owner.client).download(path) == JPEG


def test_stranger_cannot_delete(stranger: Client, owner: User, path: str) -> None:
    try:
        removed = receipts(stranger).remove([path])
    except StorageApiError:
        removed = []
    assert removed == []
    assert receipts(owner.client).download(path) == JPEG


@pytest.mark.parametrize(
    "elsewhere",
    [
        "{owner}/planted.jpg",
        "planted.jpg",
        "shared/planted.jpg",
        "{other}x/planted.jpg",
        "{OTHER}/planted.jpg",
        " {other}/planted.jpg",
        "{other}",
        "not-a-uuid/{other}/planted.jpg",
    ],
)
def test_other_user_can_upload_only_to_their_folder(
    owner: User, other_user: User, db: Database, elsewhere: str
) -> None:
    path = elsewhere.format(owner=owner.id, other=other_user.id, OTHER=other_user.id.upper())
    with pytest.raises(StorageApiError):
        upload(other_user.client, path)
    planted = db.execute("select name from storage.objects where name like '%%planted%%'").fetchall()
    assert planted == []
    upload(other_user.client, f"{other_user.id}/{uuid4()}.jpg")


@pytest.mark.parametrize("dots", ["..", "%2E%2E", "..%2F.."])
def test_other_user_cannot_climb_out_of_their_folder(
    stack: Instance, owner: User, other_user: User, path: str, dots: str
) -> None:
    url = f"{stack.url}/storage/v1/object/receipts/{other_user.id}/{dots}%2F{path.replace('/', '%2F')}"
    headers = {
        "apikey": stack.publishable_key,
        "Authorization": f"Bearer {other_user.token}",
        "Content-Type": "image/jpeg",
        "x-upsert": "true",
    }
    httpx.post(url, content=b"forged", headers=headers)
    assert receipts(owner.client).download(path) == JPEG
    assert httpx.get(url, headers=headers).content != JPEG


@pytest.mark.parametrize("move", ["move", "copy"])
def test_other_user_cannot_take_or_plant_by_moving(
    owner: User, other_user: User, path: str, move: str
) -> None:
    mine = f"{other_user.id}/{move}.jpg"
    upload(other_user.client, mine)
    for source, target in (
        (path, f"{other_user.id}/taken-{move}.jpg"),
        (mine, f"{owner.id}/planted-{move}.jpg"),
    ):
        with pytest.raises(StorageApiError):
            getattr(receipts(other_user.client), move)(source, target)
    assert receipts(owner.client).download(path) == JPEG
    assert f"planted-{move}.jpg" not in names(owner.client, owner.id)
    assert f"taken-{move}.jpg" not in names(other_user.client, other_user.id)


# Limits.


@pytest.mark.parametrize("kind", ["image/jpeg", "image/png", "image/webp", "image/heic", "application/pdf"])
def test_images_and_documents_are_taken(owner: User, kind: str) -> None:
    path = f"{owner.id}/{kind.replace('/', '.')}"
    receipts(owner.client).upload(path, b"content", {"content-type": kind})
    assert receipts(owner.client).download(path) == b"content"


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/javascript", "text/plain"])
def test_what_is_no_receipt_is_refused(owner: User, kind: str) -> None:
    path = f"{owner.id}/page"
    with pytest.raises(StorageApiError):
        receipts(owner.client).upload(path, b"<script>alert(1)</script>", {"content-type": kind})
    assert "page" not in names(owner.client, owner.id)


def test_a_file_of_20_mib_is_the_largest(owner: User) -> None:
    largest = 20 * 1024 * 1024
    upload(owner.client, f"{owner.id}/largest.jpg", b"x" * largest)
    with pytest.raises(StorageApiError):
        upload(owner.client, f"{owner.id}/larger.jpg", b"x" * (largest + 1))
    assert "larger.jpg" not in names(owner.client, owner.id)


def test_the_bucket_is_private_and_as_config_toml_says(db: Database) -> None:
    config = tomllib.loads((ROOT / "supabase" / "config.toml").read_text(encoding="utf-8"))
    declared = config["storage"]["buckets"]["receipts"]
    size, unit = declared["file_size_limit"].removesuffix("MiB"), 1024 * 1024
    bucket = db.execute(
        "select public, file_size_limit, allowed_mime_types from storage.buckets where id = 'receipts'"
    ).fetchone()
    assert bucket == {
        "public": False,
        "file_size_limit": int(size) * unit,
        "allowed_mime_types": declared["allowed_mime_types"],
    }
    assert declared["public"] is False


def test_each_command_on_objects_has_one_policy_of_ours(db: Database) -> None:
    policies = db.execute(
        """select cmd, policyname, roles::text[] as roles, coalesce(qual, with_check) as condition
        from pg_policies where schemaname = 'storage' order by cmd"""
    ).fetchall()
    assert [(policy["cmd"], policy["policyname"]) for policy in policies] == [
        ("DELETE", "receipts_delete_own"),
        ("INSERT", "receipts_insert_own"),
        ("SELECT", "receipts_select_own"),
        ("UPDATE", "receipts_update_own"),
    ]
    assert {tuple(policy["roles"]) for policy in policies} == {("authenticated",)}
    assert len({policy["condition"] for policy in policies}) == 1
