"""The bytes of objects on disk, and how they arrive."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from local_supabase.storage.errors import StorageError, invalid, object_not_found

_CHUNK = 2**16


@dataclass(frozen=True)
class Incoming:
    """What a request wants stored, before its bytes are read."""

    chunks: AsyncIterator[bytes]
    mime_type: str
    cache_control: str
    user_metadata: dict[str, Any] | None


@dataclass(frozen=True)
class StoredFile:
    """A file that lies in the store."""

    version: str
    size: int
    etag: str


class FileStore:
    """Files by version. A version is never written twice, so a failed upload leaves at most a stray file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, version: str | None) -> Path:
        """Where a version lies. Raises StorageError when there is no such file (a row that SQL inserted)."""
        path = self._path(version) if version else None
        if path is None or not path.is_file():
            raise object_not_found()
        return path

    async def save(self, chunks: AsyncIterator[bytes], limit: int) -> StoredFile:
        """Writes a new version. Raises StorageError, and keeps nothing, when it exceeds `limit` bytes."""
        version = str(uuid.uuid4())
        path = self._path(version)
        path.parent.mkdir(parents=True, exist_ok=True)
        size, digest = 0, hashlib.md5(usedforsecurity=False)
        try:
            with path.open("xb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > limit:
                        raise too_large()
                    digest.update(chunk)
                    file.write(chunk)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return StoredFile(version, size, f'"{digest.hexdigest()}"')

    def copy(self, version: str | None) -> str:
        """A second version with the same bytes; costs no space, because versions don't change."""
        source, copied = self.path(version), str(uuid.uuid4())
        target = self._path(copied)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(source, target)
        return copied

    def remove(self, version: str | None) -> None:
        """Forgets a version; one that doesn't exist is no error."""
        if version:
            self._path(version).unlink(missing_ok=True)

    def _path(self, version: str) -> Path:
        # Only names of our own making reach the disk.
        name = str(uuid.UUID(version))
        return self._folder / name[:2] / name


def too_large() -> StorageError:
    return StorageError(413, "Payload too large", "The object exceeded the maximum allowed size")


async def incoming(request: web.Request) -> Incoming:
    """Reads a request up to where its file begins: in a form, or the body itself. Raises StorageError."""
    if request.content_type != "multipart/form-data":
        header = request.headers.get("x-metadata")
        return Incoming(
            chunks=request.content.iter_chunked(_CHUNK),
            mime_type=request.content_type,
            cache_control=request.headers.get("Cache-Control", "no-cache"),
            user_metadata=_metadata(base64.b64decode(header)) if header else None,
        )
    fields: dict[str, str] = {}
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, aiohttp.BodyPartReader):
            raise invalid("nested forms aren't supported")
        if part.filename is None and part.name not in ("", "file"):
            fields[part.name or ""] = await part.text()
            continue
        seconds = fields.get("cacheControl")
        return Incoming(
            chunks=_part_chunks(part),
            mime_type=part.headers.get("Content-Type", "application/octet-stream"),
            cache_control=f"max-age={seconds}" if seconds else "no-cache",
            user_metadata=_metadata(fields["metadata"]) if fields.get("metadata") else None,
        )
    raise invalid("the form has no file")


async def _part_chunks(part: aiohttp.BodyPartReader) -> AsyncIterator[bytes]:
    while chunk := await part.read_chunk(_CHUNK):
        yield bytes(chunk)


def _metadata(text: str | bytes) -> dict[str, Any]:
    try:
        metadata = json.loads(text)
    except ValueError as error:
        raise invalid("metadata must be JSON") from error
    if not isinstance(metadata, dict):
        raise invalid("metadata must be an object")
    return metadata
