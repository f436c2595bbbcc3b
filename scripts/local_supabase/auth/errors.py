"""Refusals of Auth, with the codes of the real one."""

from __future__ import annotations

from typing import Any

import psycopg
from aiohttp import web

API_VERSION = "2024-01-01"
# A zero character: refused by the client library (no code), or inside JSON by the server.
_UNSTORABLE = (None, "22P05", "22021")


class AuthError(Exception):
    """A request that Auth refuses; `code` is what clients tell errors apart by."""

    def __init__(self, status: int, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details

    def response(self, request: web.Request) -> web.Response:
        """The body has two shapes: clients say by a header that they know the newer one."""
        headers = {"x-sb-error-code": self.code}
        body: dict[str, Any]
        if request.headers.get("X-Supabase-Api-Version", "") >= API_VERSION:
            headers["X-Supabase-Api-Version"] = API_VERSION
            body = {"code": self.code, "message": self.message}
        else:
            body = {"code": self.status, "error_code": self.code, "msg": self.message}
        return web.json_response(body | self.details, status=self.status, headers=headers)


def invalid(message: str) -> AuthError:
    """A request whose content can't be used."""
    return AuthError(400, "validation_failed", message)


def database_error(error: psycopg.Error, doing: str) -> AuthError:
    """What the database refused: a taken address, text it can't hold, or what a failing trigger wrote."""
    if error.diag.constraint_name == "users_email_partial_key":
        return email_exists()
    if isinstance(error, psycopg.DataError) and error.sqlstate in _UNSTORABLE:
        return invalid("Could not read the request body: it holds what the database can't")
    return AuthError(500, "unexpected_failure", f"Database error {doing}")


def user_not_found() -> AuthError:
    return AuthError(404, "user_not_found", "User not found")


def email_exists() -> AuthError:
    return AuthError(422, "email_exists", "A user with this email address has already been registered")
