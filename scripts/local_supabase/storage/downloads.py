"""/storage/v1/object: download, information and signed URLs."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import jwt
from aiohttp import web

from local_supabase.database import Row, fetch_all, fetch_one
from local_supabase.keys import Keys
from local_supabase.storage.access import Access, chosen, endpoint, json_body
from local_supabase.storage.errors import StorageError, invalid, object_not_found
from local_supabase.storage.files import FileStore
from local_supabase.storage.objects import find_object

_MISSING = "Either the object does not exist or you do not have access to it"
_INFO_COLUMNS = ("id", "name", "version", "bucket_id", "created_at", "updated_at", "last_accessed_at")


class Downloads:
    """The endpoints that only read."""

    def __init__(self, access: Access, files: FileStore, keys: Keys) -> None:
        self._access = access
        self._files = files
        self._keys = keys

    def routes(self, prefix: str) -> Iterable[web.RouteDef]:
        place = "{bucket}/{name:.+}"
        return [
            web.post(f"{prefix}/sign/{{bucket}}", endpoint(self._sign_many)),
            web.post(f"{prefix}/sign/{place}", endpoint(self._sign)),
            web.get(f"{prefix}/sign/{place}", endpoint(self._get_signed)),
            web.get(f"{prefix}/public/{place}", endpoint(self._get_public)),
            web.get(f"{prefix}/info/{place}", endpoint(self._info)),
            web.get(f"{prefix}/info/authenticated/{place}", endpoint(self._info)),
            web.get(f"{prefix}/authenticated/{place}", endpoint(self._get)),
            # Last, because it matches every path above.
            web.get(f"{prefix}/{place}", endpoint(self._get)),
        ]

    async def _visible(self, request: web.Request, operation: str) -> Row:
        claims = self._access.claims_of(request)
        async with self._access.as_caller(claims, operation) as connection:
            return await find_object(connection, request.match_info["bucket"], request.match_info["name"])

    async def _get(self, request: web.Request) -> web.StreamResponse:
        return self._send(request, await self._visible(request, "storage.object.get_authenticated"))

    async def _info(self, request: web.Request) -> web.Response:
        found = await self._visible(request, "storage.object.info")
        metadata = found["metadata"] or {}
        return web.json_response(
            {
                **chosen(found, *_INFO_COLUMNS),
                "size": metadata.get("size"),
                "content_type": metadata.get("mimetype"),
                "cache_control": metadata.get("cacheControl"),
                "etag": metadata.get("eTag"),
                "last_modified": metadata.get("lastModified"),
                "metadata": found["user_metadata"],
            }
        )

    async def _get_public(self, request: web.Request) -> web.StreamResponse:
        async with self._access.as_owner() as connection:
            found = await fetch_one(
                connection,
                "select o.* from storage.objects o join storage.buckets b on b.id = o.bucket_id "
                "where b.public and b.id = %s and o.name = %s",
                request.match_info["bucket"],
                request.match_info["name"],
            )
        if found is None:
            raise object_not_found()
        return self._send(request, found)

    async def _sign(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        found = await self._visible(request, "storage.object.sign")
        url = self._signed_path(found["bucket_id"], found["name"], body.get("expiresIn"))
        return web.json_response({"signedURL": url})

    async def _sign_many(self, request: web.Request) -> web.Response:
        claims, body = self._access.claims_of(request), await json_body(request)
        bucket, paths = request.match_info["bucket"], body.get("paths")
        if not isinstance(paths, list):
            raise invalid("body must have required property 'paths'")
        async with self._access.as_caller(claims, "storage.object.sign_many") as connection:
            query = "select name from storage.objects where bucket_id = %s and name = any(%s)"
            visible = {row["name"] for row in await fetch_all(connection, query, bucket, paths)}
        return web.json_response([self._signed_entry(bucket, path, body, path in visible) for path in paths])

    def _signed_entry(self, bucket: str, path: str, body: dict[str, Any], visible: bool) -> dict[str, Any]:
        url = self._signed_path(bucket, path, body.get("expiresIn")) if visible else None
        return {"path": path, "error": None if visible else _MISSING, "signedURL": url}

    def _signed_path(self, bucket: str, name: str, seconds: object) -> str:
        """The URL below /storage/v1. The path isn't encoded: clients do that themselves."""
        lifetime = int(str(seconds)) if re.fullmatch(r"\d+", str(seconds)) else 0  # supabase-py sends text.
        if lifetime < 1:
            raise invalid("body/expiresIn must be >= 1")
        issued = int(time.time())
        claims = {"url": f"{bucket}/{name}", "iat": issued, "exp": issued + lifetime}
        return f"/object/sign/{bucket}/{name}?token={self._keys.sign_legacy(claims)}"

    async def _get_signed(self, request: web.Request) -> web.StreamResponse:
        """Rights were checked when the URL was signed; now the signature is enough."""
        bucket, name = request.match_info["bucket"], request.match_info["name"]
        try:
            claims = jwt.decode(
                request.query.get("token", ""),
                self._keys.jwt_secret,
                algorithms=["HS256"],
                options={"require": ["exp", "url"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise StorageError(400, "InvalidJWT", '"exp" claim timestamp check failed') from error
        except jwt.PyJWTError as error:
            raise StorageError(400, "InvalidJWT", str(error)) from error
        if claims["url"] != f"{bucket}/{name}":
            raise StorageError(400, "InvalidSignature", "The url do not match the signature")
        async with self._access.as_owner() as connection:
            return self._send(request, await find_object(connection, bucket, name))

    def _send(self, request: web.Request, found: Row) -> web.StreamResponse:
        metadata = found["metadata"] or {}
        headers = {
            "Content-Type": metadata.get("mimetype") or "application/octet-stream",
            "Cache-Control": metadata.get("cacheControl") or "no-cache",
        }
        if "download" in request.query:
            filename = request.query["download"] or found["name"].rpartition("/")[2]
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(filename)}"
        return web.FileResponse(self._files.path(found["version"]), headers=headers)
