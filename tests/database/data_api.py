"""The Data API as HTTP: for statuses, headers and requests that the client library doesn't send."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.conftest import User
from tests.database.tables import Row, only

RETURN_ROWS = {"Prefer": "return=representation"}


@dataclass(frozen=True)
class DataApi:
    """Requests by a user, or by nobody; paths may have a query."""

    http: httpx.Client

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: User | None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Any request, with exactly these headers beside the keys."""
        who = {} if by is None else {"Authorization": f"Bearer {by.token}"}
        return self.http.request(method, path, json=body, headers=who | (headers or {}))

    def get(self, path: str, *, by: User | None) -> httpx.Response:
        """Reads rows."""
        return self.request("GET", path, by=by)

    def post(self, path: str, body: Any, *, by: User | None) -> httpx.Response:
        """Inserts rows (returning them), or calls an RPC."""
        return self.request("POST", path, body, by=by, headers=RETURN_ROWS)

    def patch(self, path: str, body: Any, *, by: User | None) -> httpx.Response:
        """Updates rows, returning them."""
        return self.request("PATCH", path, body, by=by, headers=RETURN_ROWS)


def the_row(answer: httpx.Response) -> Row:
    """The one row of a successful answer."""
    assert answer.is_success, answer.text
    return only(answer.json())


def assert_refused(answer: httpx.Response, status: int, message: str, hint: str = "") -> None:
    """A refusal that says what, why, and what to do instead."""
    assert answer.status_code == status, answer.text
    error = answer.json()
    assert error["code"] == f"PT{status}"
    assert error["message"] == message
    assert error["details"]
    assert hint in error["hint"]
    assert error["hint"]
