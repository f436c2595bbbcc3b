"""The files of receipts: the only module that knows Supabase Storage.

Like the Data API, it is asked with the user's own access token, so the bucket's policies decide.
"""

import logging
from collections.abc import Mapping
from urllib.parse import quote

import httpx
from flask import Flask, current_app

from app import telemetry
from app.auth import Caller
from app.config import Settings
from app.errors import FileMissing, FileTooLarge, StorageError, StorageRefusal, StorageUnreachable

BUCKET = "receipts"

_EXTENSION = "life_os_storage"
_log = logging.getLogger(__name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Gives `app` its connection pool."""
    app.extensions[_EXTENSION] = Storage(settings)


def of_app() -> "Storage":
    """The storage of the current application."""
    storage: Storage = current_app.extensions[_EXTENSION]
    return storage


class Storage:
    """The project's Storage, reached over one pool of connections that all requests share."""

    def __init__(self, settings: Settings) -> None:
        self._publishable_key = settings.supabase_publishable_key
        self._http = httpx.Client(
            base_url=f"{settings.supabase_url}/storage/v1/object/",
            timeout=httpx.Timeout(settings.data_api_timeout_seconds, connect=2.0),
        )

    def for_user(self, caller: Caller) -> "UserStorage":
        """The files of `caller`, for one request."""
        headers = {"apikey": self._publishable_key, "Authorization": f"Bearer {caller.access_token}"}
        return UserStorage(self._http, headers)


class UserStorage:
    """The receipt files of one user. Calls raise StorageUnreachable, StorageRefusal or StorageError."""

    def __init__(self, client: httpx.Client, headers: Mapping[str, str]) -> None:
        self._http = client
        self._headers = headers

    def keep(self, path: str, content: bytes, media_type: str) -> None:
        """Stores a file. A file that is there already stays: paths are made of what files contain."""
        response = self._send("POST", path, content=content, headers={"Content-Type": media_type})
        if _status(response) != 409:
            _raise_for_failure(response)

    def get(self, path: str) -> bytes:
        """A file's content. Raises FileMissing."""
        response = self._send("GET", path, folder=f"authenticated/{BUCKET}")
        _raise_for_failure(response)
        return response.content

    def remove(self, path: str) -> None:
        """Removes a file, unless it is gone already."""
        response = self._send("DELETE", path)
        if _status(response) != 404:
            _raise_for_failure(response)

    def _send(
        self,
        method: str,
        path: str,
        *,
        folder: str = BUCKET,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        headers = {**self._headers, **(headers or {})}
        try:
            with telemetry.span("storage.request", method):
                return self._http.request(method, f"{folder}/{quote(path)}", headers=headers, content=content)
        except httpx.TransportError:
            raise StorageUnreachable from None


def _status(response: httpx.Response) -> int:
    """The status that Storage means: it answers most refusals with 400 and says which in the body."""
    if response.is_success:
        return response.status_code
    try:
        return int(response.json()["statusCode"])
    except (ValueError, KeyError, TypeError):
        return response.status_code


def _raise_for_failure(response: httpx.Response) -> None:
    if response.is_success:
        return
    status = _status(response)
    if status == 404:
        raise FileMissing
    if status == 413:
        raise FileTooLarge
    if status in (401, 403):
        raise StorageRefusal
    if status in (502, 503, 504):
        raise StorageUnreachable
    # A missing bucket, a type that it doesn't take, a fault upstream: for the log, not for the user.
    _log.error("Storage answered %d, meaning %d", response.status_code, status)
    raise StorageError
