"""Files under row level security, with supabase-py."""

import time
import uuid
from collections.abc import Callable

import httpx
import psycopg
import pytest
from psycopg.rows import DictRow
from storage3.exceptions import StorageApiError
from supabase import Client

from local_supabase import Instance

from .conftest import Person


def refusal_of(action: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(StorageApiError) as refusal:
        action()
    return str(refusal.value.status), refusal.value.message


def signed_url(person: Person, path: str, seconds: int = 60) -> str:
    url = person.client.storage.from_("files").create_signed_url(path, seconds)["signedURL"]
    assert url is not None
    return url


def test_owner_can_upload_list_download_inspect_and_remove(owner: Person) -> None:
    files, path = owner.client.storage.from_("files"), f"{owner.id}/a b/héllo+1.txt"
    files.upload(path, b"data", {"content-type": "text/plain", "cache-control": "60"})
    listed = files.list(f"{owner.id}/a b")
    assert [(entry["name"], entry["metadata"]["size"]) for entry in listed] == [("héllo+1.txt", 4)]
    assert files.download(path) == b"data"
    assert files.exists(path)
    information = files.info(path)
    assert (information["size"], information["content_type"]) == (4, "text/plain")
    assert [entry["name"] for entry in files.remove([path])] == [path]
    assert not files.exists(path)


def test_file_on_disk_goes_with_its_object(platform: Instance, owner: Person) -> None:
    def stored() -> int:
        return sum(path.is_file() for path in (platform.directory / "objects").rglob("*"))

    files, before = owner.client.storage.from_("files"), stored()
    files.upload(f"{owner.id}/x", b"1")
    files.update(f"{owner.id}/x", b"2")
    assert stored() == before + 1
    files.remove([f"{owner.id}/x"])
    assert stored() == before


def test_upload_into_another_folder_is_refused_and_leaves_nothing(owner: Person, other_user: Person) -> None:
    files = owner.client.storage.from_("files")
    status, message = refusal_of(lambda: files.upload(f"{other_user.id}/x", b"x"))
    assert (status, message) == ("403", "new row violates row-level security policy")
    assert other_user.client.storage.from_("files").list(other_user.id) == []


def test_other_user_cannot_touch_a_file(owner: Person, other_user: Person) -> None:
    path = f"{owner.id}/private.txt"
    owner.client.storage.from_("files").upload(path, b"mine")
    theirs = other_user.client.storage.from_("files")
    assert refusal_of(lambda: theirs.download(path))[0] == "404"
    assert refusal_of(lambda: theirs.info(path))[0] == "404"
    assert refusal_of(lambda: theirs.create_signed_url(path, 60))[0] == "404"
    assert refusal_of(lambda: theirs.move(path, f"{other_user.id}/x"))[0] == "404"
    assert refusal_of(lambda: theirs.copy(path, f"{other_user.id}/x"))[0] == "404"
    assert refusal_of(lambda: theirs.update(path, b"theirs"))[0] == "403"
    assert theirs.list(owner.id) == []
    assert theirs.remove([path]) == []
    assert owner.client.storage.from_("files").download(path) == b"mine"


def test_anon_cannot_upload(anon: Client) -> None:
    files = anon.storage.from_("files")
    assert refusal_of(lambda: files.upload(f"{uuid.uuid4()}/x", b"x"))[0] == "403"


def test_secret_key_passes_row_level_security(owner: Person, admin: Client) -> None:
    owner.client.storage.from_("files").upload(f"{owner.id}/x", b"1")
    assert admin.storage.from_("files").download(f"{owner.id}/x") == b"1"


def test_second_upload_is_a_duplicate_unless_it_may_replace(owner: Person) -> None:
    files, path = owner.client.storage.from_("files"), f"{owner.id}/x"
    files.upload(path, b"1")
    assert refusal_of(lambda: files.upload(path, b"2")) == ("409", "The resource already exists")
    assert files.download(path) == b"1"
    files.upload(path, b"2", {"upsert": "true"})
    assert files.download(path) == b"2"
    files.update(path, b"3")
    assert files.download(path) == b"3"


def test_copy_and_move_keep_the_bytes(owner: Person) -> None:
    files = owner.client.storage.from_("files")
    files.upload(f"{owner.id}/a", b"1", {"content-type": "text/plain"})
    files.copy(f"{owner.id}/a", f"{owner.id}/b")
    files.move(f"{owner.id}/b", f"{owner.id}/c")
    assert [entry["name"] for entry in files.list(owner.id)] == ["a", "c"]
    files.remove([f"{owner.id}/a"])
    assert files.download(f"{owner.id}/c") == b"1"
    assert files.info(f"{owner.id}/c")["content_type"] == "text/plain"


def test_move_onto_a_file_is_refused(owner: Person) -> None:
    files = owner.client.storage.from_("files")
    for name in "ab":
        files.upload(f"{owner.id}/{name}", name.encode())
    assert refusal_of(lambda: files.move(f"{owner.id}/a", f"{owner.id}/b"))[0] == "409"
    assert files.download(f"{owner.id}/b") == b"b"


def test_list_shows_folders_pages_order_and_search(owner: Person) -> None:
    files = owner.client.storage.from_("files")
    for name in ("b.txt", "a.txt", "sub/one", "sub/two"):
        files.upload(f"{owner.id}/{name}", b"x")
    assert [(entry["name"], entry["id"] is None) for entry in files.list(owner.id)] == [
        ("a.txt", False),
        ("b.txt", False),
        ("sub", True),
    ]
    descending = {"limit": 2, "offset": 1, "sortBy": {"column": "name", "order": "desc"}}
    assert [entry["name"] for entry in files.list(owner.id, descending)] == ["b.txt", "a.txt"]  # type: ignore[arg-type]
    assert [entry["name"] for entry in files.list(owner.id, {"search": "B"})] == ["b.txt"]


@pytest.mark.parametrize(("size", "allowed"), [(1000, True), (1001, False), (200_000, False)])
def test_size_limit_of_a_bucket_holds(owner: Person, size: int, allowed: bool) -> None:
    files, path = owner.client.storage.from_("files"), f"{owner.id}/x"
    if allowed:
        files.upload(path, b"x" * size)
        assert len(files.download(path)) == size
    else:
        assert refusal_of(lambda: files.upload(path, b"x" * size))[0] == "413"
        assert files.list(owner.id) == []


def test_size_limit_of_the_project_holds_where_the_bucket_has_none(owner: Person) -> None:
    pictures = owner.client.storage.from_("pictures")
    too_much = b"x" * (20 * 2**20 + 1)
    assert (
        refusal_of(lambda: pictures.upload(f"{uuid.uuid4()}", too_much, {"content-type": "image/png"}))[0]
        == "413"
    )


@pytest.mark.parametrize(
    ("mime_type", "allowed"), [("image/png", True), ("text/html", False), ("imagex/png", False)]
)
def test_mime_types_of_a_bucket_hold(owner: Person, mime_type: str, allowed: bool) -> None:
    pictures, path = owner.client.storage.from_("pictures"), f"{uuid.uuid4()}.png"
    if allowed:
        pictures.upload(path, b"x", {"content-type": mime_type})
    else:
        assert refusal_of(lambda: pictures.upload(path, b"x", {"content-type": mime_type}))[0] == "415"


def test_public_bucket_serves_anybody_and_a_private_one_nobody(platform: Instance, owner: Person) -> None:
    name = f"{uuid.uuid4()}.png"
    owner.client.storage.from_("pictures").upload(name, b"png", {"content-type": "image/png"})
    owner.client.storage.from_("files").upload(f"{owner.id}/x", b"1")
    public = httpx.get(f"{platform.url}/storage/v1/object/public/pictures/{name}")
    assert (public.content, public.headers["Content-Type"]) == (b"png", "image/png")
    private = httpx.get(f"{platform.url}/storage/v1/object/public/files/{owner.id}/x")
    assert (private.status_code, private.json()["statusCode"]) == (400, "404")


def test_signed_url_serves_its_file_to_anybody(owner: Person) -> None:
    files, path = owner.client.storage.from_("files"), f"{owner.id}/a b.txt"
    files.upload(path, b"signed", {"content-type": "text/plain"})
    url = signed_url(owner, path)
    assert httpx.get(url).content == b"signed"
    answer = httpx.get(f"{url}&download=report.txt")
    assert "report.txt" in answer.headers["Content-Disposition"]
    part = httpx.get(url, headers={"Range": "bytes=0-2"})
    assert (part.status_code, part.content) == (206, b"sig")


def test_signed_url_serves_no_other_file(owner: Person) -> None:
    files = owner.client.storage.from_("files")
    for name in "ab":
        files.upload(f"{owner.id}/{name}", b"x")
    url = signed_url(owner, f"{owner.id}/a")
    answer = httpx.get(url.replace(f"{owner.id}/a?", f"{owner.id}/b?"))
    assert answer.json()["error"] == "InvalidSignature"


def test_signed_url_ends_after_its_time(owner: Person) -> None:
    owner.client.storage.from_("files").upload(f"{owner.id}/a", b"x")
    url = signed_url(owner, f"{owner.id}/a", seconds=1)
    time.sleep(1.1)
    assert httpx.get(url).json()["error"] == "InvalidJWT"


def test_access_token_is_no_signature(platform: Instance, owner: Person) -> None:
    owner.client.storage.from_("files").upload(f"{owner.id}/a", b"x")
    for token in (owner.token, platform.service_role_key, "x", ""):
        answer = httpx.get(
            f"{platform.url}/storage/v1/object/sign/files/{owner.id}/a", params={"token": token}
        )
        assert answer.json()["error"] == "InvalidJWT"


def test_many_urls_are_signed_at_once(owner: Person) -> None:
    files = owner.client.storage.from_("files")
    files.upload(f"{owner.id}/a", b"x")
    good, missing = files.create_signed_urls([f"{owner.id}/a", f"{owner.id}/missing"], 60)
    assert good["signedURL"] is not None
    assert httpx.get(good["signedURL"]).content == b"x"
    assert missing["error"]


@pytest.mark.parametrize("name", ["../x", "a/../../x", "a\\b", "a%00b", "{}", "#"])
def test_strange_names_are_refused(owner: Person, http: httpx.Client, name: str) -> None:
    headers = {"Authorization": f"Bearer {owner.token}", "Content-Type": "text/plain"}
    url = f"/storage/v1/object/files/{owner.id}/{name.replace('#', '%23').replace('..', '%2E%2E')}"
    answer = http.post(url, content=b"x", headers=headers)
    assert answer.status_code in {400, 404}


def test_name_that_the_database_cannot_hold_is_refused(owner: Person, http: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {owner.token}"}
    answer = http.get("/storage/v1/object/files/a%00b", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_unknown_bucket_is_not_found(owner: Person) -> None:
    nowhere = owner.client.storage.from_("nowhere")
    assert refusal_of(lambda: nowhere.upload(f"{owner.id}/x", b"x")) == ("404", "Bucket not found")


def test_buckets_are_for_the_secret_key(admin: Client, owner: Person) -> None:
    name = f"bucket-{uuid.uuid4()}"
    assert refusal_of(lambda: owner.client.storage.create_bucket(name))[0] == "403"
    admin.storage.create_bucket(name, options={"public": False, "file_size_limit": 10})
    assert admin.storage.get_bucket(name).file_size_limit == 10
    admin.storage.from_(name).upload("x", b"1")
    assert refusal_of(lambda: admin.storage.delete_bucket(name))[0] == "409"
    admin.storage.empty_bucket(name)
    admin.storage.delete_bucket(name)
    assert name not in {bucket.id for bucket in admin.storage.list_buckets()}


def test_sql_cannot_delete_objects(owner: Person, postgres: psycopg.Connection[DictRow]) -> None:
    owner.client.storage.from_("files").upload(f"{owner.id}/x", b"1")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="Use the Storage API"):
        postgres.execute("delete from storage.objects where owner_id = %s", (owner.id,))
