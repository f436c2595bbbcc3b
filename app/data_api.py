"""The database over HTTP: the only module that knows PostgREST.

One connection pool per process, one client per request. Each client carries the user's own access token,
so every call runs under row level security as that user; this module has no other way in.
"""

import contextlib
import logging
import re
from typing import Any

import httpx
from flask import Flask, current_app
from postgrest import SyncPostgrestClient

from app import telemetry
from app.auth import Caller
from app.config import Settings
from app.errors import DataApiError, DataApiRefusal, DataApiTimeout, DataApiUnreachable, InvalidToken

_EXTENSION = "life_os_data_api"
_log = logging.getLogger(__name__)

# Codes of refusals that speak about the request: raised by our SQL (PT4xx), data exceptions (22), violated
# constraints (23), missing privileges (42501), plain `raise` (P0001). Anything else is our own fault.
_ABOUT_THE_REQUEST = re.compile(r"PT4\d\d|22\w{3}|23\w{3}|42501|P0001")


def init_app(app: Flask, settings: Settings) -> None:
    """Gives `app` its connection pool."""
    app.extensions[_EXTENSION] = DataApi(settings)


def of_app() -> "DataApi":
    """The Data API of the current application."""
    api: DataApi = current_app.extensions[_EXTENSION]
    return api


class DataApi:
    """The project's Data API, reached over one pool of connections that all requests share."""

    def __init__(self, settings: Settings) -> None:
        self._url = f"{settings.supabase_url}/rest/v1"
        self._publishable_key = settings.supabase_publishable_key
        self._http = httpx.Client(
            timeout=httpx.Timeout(settings.data_api_timeout_seconds, connect=2.0),
            limits=httpx.Limits(max_connections=settings.web_threads, max_keepalive_connections=None),
            event_hooks={"response": [_raise_for_refusal]},
        )

    def for_user(self, caller: Caller) -> "UserDataApi":
        """A client that acts as `caller`, for one request."""
        headers = {"apikey": self._publishable_key, "Authorization": f"Bearer {caller.access_token}"}
        return UserDataApi(self._client(headers))

    def check(self) -> None:
        """Returns if database and schema answer. Raises DataApiError.

        Anon may not read `profiles`: the refusal comes from the database itself, so it proves the whole way.
        """
        anon = UserDataApi(self._client({"apikey": self._publishable_key}))
        with contextlib.suppress(DataApiRefusal):
            anon.select_nothing("profiles")

    def _client(self, headers: dict[str, str]) -> SyncPostgrestClient:
        # Headers go to the constructor: SyncPostgrestClient.auth() would change shared state.
        return SyncPostgrestClient(self._url, headers=headers, http_client=self._http, retry_enabled=False)


class UserDataApi:
    """Calls of the Data API as one user."""

    def __init__(self, client: SyncPostgrestClient) -> None:
        self._client = client

    def call(self, function: str, /, **arguments: Any) -> Any:
        """What the database function answers, as JSON values.

        Raises DataApiRefusal when the database refuses the request, InvalidToken when it doesn't take the
        token, DataApiUnreachable, DataApiTimeout, or DataApiError for any other fault.
        """
        with telemetry.span("db.rpc", function):
            return self._execute(self._client.rpc(function, arguments))

    def rows(self, table: str, **equal: str) -> list[dict[str, Any]]:
        """The user's rows of `table` whose columns have these values. Raises as `call` does."""
        query = self._client.table(table).select("*")
        for column, value in equal.items():
            query = query.eq(column, value)
        found: list[dict[str, Any]] = self._execute(query)
        return found

    def select_nothing(self, table: str) -> None:
        """Asks for no rows of `table`. Raises as `call` does."""
        self._execute(self._client.table(table).select("*").limit(0))

    @staticmethod
    def _execute(query: Any) -> Any:
        try:
            return query.execute().data
        except (httpx.ConnectTimeout, httpx.PoolTimeout):
            raise DataApiUnreachable from None
        except httpx.TimeoutException:
            raise DataApiTimeout from None
        except httpx.TransportError:
            raise DataApiUnreachable from None
        except httpx.HTTPError as error:
            raise DataApiError from error


def _raise_for_refusal(response: httpx.Response) -> None:
    """Runs on every response, before the client library reads it: the library drops the HTTP status."""
    if response.is_success:
        return
    response.read()
    try:
        body = response.json()
    except ValueError:
        body = None
    raise _failure(response.status_code, body if isinstance(body, dict) else {})


def _failure(status: int, body: dict[str, Any]) -> DataApiError | InvalidToken:
    """The error for an HTTP status and PostgREST's {"code", "message", "hint", "details"}."""
    code = str(body.get("code") or "")
    if code == "57014" or code == "PGRST003" or status == 504:
        return DataApiTimeout()
    if status in (502, 503) or code.startswith("PGRST00"):
        return DataApiUnreachable()
    if code.startswith("PGRST3"):
        return InvalidToken()
    if 400 <= status < 500 and _ABOUT_THE_REQUEST.fullmatch(code):
        # Details of built-in errors quote rows; ours are written to be read.
        details = body.get("details") if code.startswith("PT") else None
        message = str(body.get("message") or "The database refused the request")
        return DataApiRefusal(status, code, message, hint=body.get("hint"), details=details)
    # A wrong publishable key, a missing migration, a fault upstream: for the log, not for the user.
    _log.error("Data API answered %d, code %s", status, code or "none")
    return DataApiError()
