"""/storage/v1/object: upload, look, change and remove. Row level security on storage.objects decides."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterable
from typing import Any

from aiohttp import web
from psycopg.types.json import Jsonb

from local_supabase.database import Connection, Row, execute, fetch_all, fetch_one
from local_supabase.keys import VerifiedClaims
from local_supabase.storage.access import Access, chosen, endpoint, json_body
from local_supabase.storage.buckets import find_bucket
from local_supabase.storage.errors import StorageError, invalid, object_not_found
from local_supabase.storage.files import FileStore, Incoming, StoredFile, incoming, too_large

# What object stores take. Letters of every script pass, which a hosted project may refuse: see the README.
_NAME = re.compile(r"[\w/!\-.*'() &$@=;:+,?]+")
_FORM_OVERHEAD = 2**16
_OBJECT_COLUMNS = ("name", "id", "updated_at", "created_at", "last_accessed_at", "metadata")
_REMOVED_COLUMNS = (*_OBJECT_COLUMNS, "bucket_id", "owner", "owner_id", "version", "user_metadata")
_SORT_COLUMNS = ("name", "updated_at", "created_at", "last_accessed_at")
_INSERT = """
insert into storage.objects (id, bucket_id, name, owner, owner_id, version, metadata, user_metadata)
values (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_UPSERT = """
on conflict (bucket_id, name) do update set
  version = excluded.version, metadata = excluded.metadata, user_metadata = excluded.user_metadata,
  owner = excluded.owner, owner_id = excluded.owner_id, updated_at = now()
"""


async def find_object(connection: Connection, bucket_id: str, name: str) -> Row:
    """The object, if the connection's role may see it. Raises StorageError."""
    query = "select * from storage.objects where bucket_id = %s and name = %s"
    found = await fetch_one(connection, query, bucket_id, name)
    if found is None:
        raise object_not_found()
    return found


class Objects:
    """The endpoints that change or list objects. `limit` is the size that no bucket may exceed."""

    def __init__(self, access: Access, files: FileStore, limit: int) -> None:
        self._access = access
        self._files = files
        self._limit = limit

    def routes(self, prefix: str) -> Iterable[web.RouteDef]:
        one = f"{prefix}/{{bucket}}/{{name:.+}}"
        return [
            web.post(f"{prefix}/list/{{bucket}}", endpoint(self._list)),
            web.post(f"{prefix}/move", endpoint(self._move)),
            web.post(f"{prefix}/copy", endpoint(self._copy)),
            web.delete(f"{prefix}/{{bucket}}", endpoint(self._remove_many)),
            web.delete(one, endpoint(self._remove_one)),
            web.post(one, endpoint(self._upload)),
            web.put(one, endpoint(self._replace)),
        ]

    async def _upload(self, request: web.Request) -> web.Response:
        return await self._store(request, upsert=_wants_upsert(request))

    async def _replace(self, request: web.Request) -> web.Response:
        return await self._store(request, upsert=True)

    async def _store(self, request: web.Request, *, upsert: bool) -> web.Response:
        claims = self._access.claims_of(request)
        name = checked_name(request.match_info["name"])
        async with self._access.as_owner() as connection:
            bucket = await find_bucket(connection, request.match_info["bucket"])
        limit = min(bucket["file_size_limit"] or self._limit, self._limit)
        if (request.content_length or 0) > limit + _FORM_OVERHEAD:
            raise too_large()
        upload = await incoming(request)
        _check_mime_type(upload.mime_type, bucket["allowed_mime_types"])
        file = await self._files.save(upload.chunks, limit)
        object_id, replaced = uuid.uuid4(), None
        try:
            async with self._access.as_owner() as connection:
                # Looked up as the owner: whoever may overwrite needn't have been shown the old version.
                query = "select version from storage.objects where bucket_id = %s and name = %s"
                replaced = await fetch_one(connection, query, bucket["id"], name) if upsert else None
            async with self._access.as_caller(claims, "storage.object.upload") as connection:
                await execute(
                    connection,
                    _INSERT + (_UPSERT if upsert else ""),
                    object_id,
                    bucket["id"],
                    name,
                    *_owner(claims),
                    file.version,
                    Jsonb(_metadata(file, upload)),
                    Jsonb(upload.user_metadata) if upload.user_metadata is not None else None,
                )
        except BaseException:
            self._files.remove(file.version)
            raise
        if replaced:
            self._files.remove(replaced["version"])
        return web.json_response({"Id": str(object_id), "Key": f"{bucket['id']}/{name}"})

    async def _list(self, request: web.Request) -> web.Response:
        claims, body = self._access.claims_of(request), await json_body(request)
        prefix = body.get("prefix") or ""
        prefix = f"{prefix.rstrip('/')}/" if prefix else ""
        async with self._access.as_caller(claims, "storage.object.list") as connection:
            rows = await fetch_all(
                connection,
                "select * from storage.objects where bucket_id = %s and starts_with(name, %s) order by name",
                request.match_info["bucket"],
                prefix,
            )
        entries = _entries(rows, prefix, (body.get("search") or "").lower())
        wish = body.get("sortBy") or {}
        column: str = wish["column"] if wish.get("column") in _SORT_COLUMNS else "name"
        entries.sort(
            key=lambda entry: (entry[column] is not None, entry[column] or ""),
            reverse=wish.get("order") == "desc",
        )
        offset, limit = int(body.get("offset") or 0), int(body.get("limit") or 100)
        return web.json_response(entries[offset : offset + limit])

    async def _remove_many(self, request: web.Request) -> web.Response:
        claims, body = self._access.claims_of(request), await json_body(request)
        names = body.get("prefixes")
        if not isinstance(names, list):
            raise invalid("body must have required property 'prefixes'")
        rows = await self._remove(claims, request.match_info["bucket"], names, "storage.object.delete_many")
        return web.json_response([chosen(row, *_REMOVED_COLUMNS) for row in rows])

    async def _remove_one(self, request: web.Request) -> web.Response:
        claims, names = self._access.claims_of(request), [request.match_info["name"]]
        if not await self._remove(claims, request.match_info["bucket"], names, "storage.object.delete"):
            raise object_not_found()
        return web.json_response({"message": "Successfully deleted"})

    async def _remove(
        self, claims: VerifiedClaims, bucket: str, names: list[Any], operation: str
    ) -> list[Row]:
        """Removes what the caller may remove; what they may not is left out, not refused."""
        async with self._access.as_caller(claims, operation) as connection:
            rows = await fetch_all(
                connection,
                "delete from storage.objects where bucket_id = %s and name = any(%s) returning *",
                bucket,
                [str(name) for name in names],
            )
        for row in rows:
            self._files.remove(row["version"])
        return rows

    async def _move(self, request: web.Request) -> web.Response:
        claims = self._access.claims_of(request)
        bucket, name, new_bucket, new_name = _places(await json_body(request))
        async with self._access.as_caller(claims, "storage.object.move") as connection:
            found = await find_object(connection, bucket, name)
            await execute(
                connection,
                "update storage.objects set bucket_id = %s, name = %s, updated_at = now() where id = %s",
                new_bucket,
                new_name,
                found["id"],
            )
        return web.json_response({"message": "Successfully moved"})

    async def _copy(self, request: web.Request) -> web.Response:
        claims = self._access.claims_of(request)
        bucket, name, new_bucket, new_name = _places(await json_body(request))
        upsert, object_id = _wants_upsert(request), uuid.uuid4()
        async with self._access.as_caller(claims, "storage.object.copy") as connection:
            found = await find_object(connection, bucket, name)
            version = self._files.copy(found["version"])
            try:
                await execute(
                    connection,
                    _INSERT + (_UPSERT if upsert else ""),
                    object_id,
                    new_bucket,
                    new_name,
                    *_owner(claims),
                    version,
                    Jsonb(found["metadata"]),
                    Jsonb(found["user_metadata"]) if found["user_metadata"] is not None else None,
                )
            except BaseException:
                self._files.remove(version)
                raise
        return web.json_response({"Id": str(object_id), "Key": f"{new_bucket}/{new_name}"})


def checked_name(name: object) -> str:
    """A name that an object may have. Raises StorageError."""
    if (
        not isinstance(name, str)
        or not _NAME.fullmatch(name)
        or name.startswith("/")
        or ".." in name.split("/")
    ):
        raise StorageError(400, "InvalidKey", f"Invalid key: {name}")
    return name


def _wants_upsert(request: web.Request) -> bool:
    return request.headers.get("x-upsert", "").lower() == "true"


def _owner(claims: VerifiedClaims) -> tuple[uuid.UUID | None, str | None]:
    subject = claims.get("sub")
    try:
        return (uuid.UUID(subject) if subject else None), subject
    except ValueError:
        # Tokens of other issuers may carry other subjects; the old column can't hold them.
        return None, subject


def _check_mime_type(mime_type: str, allowed: list[str] | None) -> None:
    plain = mime_type.partition(";")[0].strip().lower()
    family = plain.partition("/")[0]
    if allowed and not {plain, f"{family}/*", "*/*"} & {entry.lower() for entry in allowed}:
        raise StorageError(415, "invalid_mime_type", f"mime type {mime_type} is not supported")


def _metadata(file: StoredFile, upload: Incoming) -> dict[str, Any]:
    return {
        "eTag": file.etag,
        "size": file.size,
        "mimetype": upload.mime_type,
        "cacheControl": upload.cache_control,
        "lastModified": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "contentLength": file.size,
        "httpStatusCode": 200,
    }


def _entries(rows: Iterable[Row], prefix: str, search: str) -> list[dict[str, Any]]:
    """What lies directly below `prefix`: objects, and folders as entries without an id."""
    entries: dict[str, dict[str, Any]] = {}
    for row in rows:
        name, slash, _rest = row["name"][len(prefix) :].partition("/")
        if not name.lower().startswith(search):
            continue
        if slash:
            entries.setdefault(f"{name}/", {**dict.fromkeys(_OBJECT_COLUMNS), "name": name})
        else:
            entries[name] = chosen(row, *_OBJECT_COLUMNS) | {"name": name}
    return list(entries.values())


def _places(body: dict[str, Any]) -> tuple[str, str, str, str]:
    """Where a move or copy comes from and goes to. Raises StorageError."""
    bucket, source = body.get("bucketId"), body.get("sourceKey")
    if not isinstance(bucket, str) or not isinstance(source, str):
        raise invalid("body must have required properties 'bucketId' and 'sourceKey'")
    return bucket, source, body.get("destinationBucket") or bucket, checked_name(body.get("destinationKey"))
