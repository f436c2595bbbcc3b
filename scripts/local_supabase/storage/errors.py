"""Refusals of Storage. Like the real one, it answers with HTTP 400 and the status in the body."""

from __future__ import annotations

from aiohttp import web


class StorageError(Exception):
    """A request that Storage refuses."""

    def __init__(self, status: int, error: str, message: str, *, http: int = 400) -> None:
        super().__init__(message)
        self.http = http
        self.status = status
        self.error = error
        self.message = message

    def response(self) -> web.Response:
        body = {"statusCode": str(self.status), "error": self.error, "message": self.message}
        return web.json_response(body, status=self.http)


def object_not_found() -> StorageError:
    return StorageError(404, "not_found", "Object not found")


def bucket_not_found() -> StorageError:
    return StorageError(404, "Bucket not found", "Bucket not found")


def invalid(message: str) -> StorageError:
    """A request whose content can't be used."""
    return StorageError(400, "invalid_request", message)
