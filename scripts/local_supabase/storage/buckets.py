"""/storage/v1/bucket: the buckets themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from aiohttp import web

from local_supabase.database import Connection, Row, execute, fetch_all, fetch_one
from local_supabase.storage.access import Access, chosen, endpoint, json_body
from local_supabase.storage.errors import StorageError, bucket_not_found, invalid
from local_supabase.storage.files import FileStore

_COLUMNS = ("id", "name", "owner", "public", "created_at", "updated_at")
_LIMITS = ("file_size_limit", "allowed_mime_types", "type")


async def find_bucket(connection: Connection, bucket_id: str) -> Row:
    """The bucket, if the connection's role may see it. Raises StorageError."""
    bucket = await fetch_one(connection, "select * from storage.buckets where id = %s", bucket_id)
    if bucket is None:
        raise bucket_not_found()
    return bucket


class Buckets:
    """The bucket endpoints. Row level security decides; without a policy only the secret key may."""

    def __init__(self, access: Access, files: FileStore) -> None:
        self._access = access
        self._files = files

    def routes(self, prefix: str) -> Iterable[web.RouteDef]:
        return [
            web.get(prefix, endpoint(self._list)),
            web.post(prefix, endpoint(self._create)),
            web.get(f"{prefix}/{{bucket}}", endpoint(self._get)),
            web.put(f"{prefix}/{{bucket}}", endpoint(self._update)),
            web.delete(f"{prefix}/{{bucket}}", endpoint(self._delete)),
            web.post(f"{prefix}/{{bucket}}/empty", endpoint(self._empty)),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        async with self._access.as_caller(
            self._access.claims_of(request), "storage.bucket.list"
        ) as connection:
            rows = await fetch_all(connection, "select * from storage.buckets order by name")
        return web.json_response([_render(row) for row in rows])

    async def _create(self, request: web.Request) -> web.Response:
        claims, body = self._access.claims_of(request), await json_body(request)
        name = body.get("name") or body.get("id")
        if not isinstance(name, str):
            raise invalid("body must have required property 'name'")
        async with self._access.as_caller(claims, "storage.bucket.create") as connection:
            await execute(
                connection,
                "insert into storage.buckets "
                "(id, name, public, file_size_limit, allowed_mime_types, owner_id) "
                "values (%s, %s, %s, %s, %s, %s)",
                body.get("id") or name,
                name,
                bool(body.get("public")),
                body.get("file_size_limit"),
                body.get("allowed_mime_types"),
                claims.get("sub"),
            )
        return web.json_response({"name": name})

    async def _get(self, request: web.Request) -> web.Response:
        async with self._access.as_caller(
            self._access.claims_of(request), "storage.bucket.get"
        ) as connection:
            return web.json_response(_render(await find_bucket(connection, request.match_info["bucket"])))

    async def _update(self, request: web.Request) -> web.Response:
        claims, body = self._access.claims_of(request), await json_body(request)
        async with self._access.as_caller(claims, "storage.bucket.update") as connection:
            bucket = await find_bucket(connection, request.match_info["bucket"])
            wanted = {name: body.get(name, bucket[name]) for name in ("public", *_LIMITS[:2])}
            await execute(
                connection,
                "update storage.buckets set public = %s, file_size_limit = %s, allowed_mime_types = %s, "
                "updated_at = now() where id = %s",
                *wanted.values(),
                bucket["id"],
            )
        return web.json_response({"message": "Successfully updated"})

    async def _delete(self, request: web.Request) -> web.Response:
        claims = self._access.claims_of(request)
        async with self._access.as_caller(claims, "storage.bucket.delete") as connection:
            bucket = await find_bucket(connection, request.match_info["bucket"])
            try:
                await execute(connection, "delete from storage.buckets where id = %s", bucket["id"])
            except psycopg.errors.ForeignKeyViolation as error:
                message = "The bucket you tried to delete is not empty"
                raise StorageError(409, "InvalidRequest", message) from error
        return web.json_response({"message": "Successfully deleted"})

    async def _empty(self, request: web.Request) -> web.Response:
        claims = self._access.claims_of(request)
        async with self._access.as_caller(claims, "storage.bucket.empty") as connection:
            bucket = await find_bucket(connection, request.match_info["bucket"])
            query = "delete from storage.objects where bucket_id = %s returning version"
            rows = await fetch_all(connection, query, bucket["id"])
        for row in rows:
            self._files.remove(row["version"])
        return web.json_response({"message": "Successfully emptied"})


def _render(bucket: Row) -> dict[str, Any]:
    shown = chosen(bucket, *_COLUMNS, *_LIMITS)
    return shown | {"owner": shown["owner"] or ""}
