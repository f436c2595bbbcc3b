"""What every Auth endpoint needs of a request: its JSON body, and who asks."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from aiohttp import web

from local_supabase.auth import users
from local_supabase.auth.errors import AuthError, database_error, invalid
from local_supabase.database import Connection, Row, fetch_one
from local_supabase.gateway import Handler, credentials_of
from local_supabase.keys import InvalidTokenError, Keys, VerifiedClaims

Body = dict[str, Any]
Endpoint = Callable[[web.Request, Body], Awaitable[web.Response]]


@dataclass(frozen=True)
class Caller:
    """A signed-in user and the session that the token belongs to."""

    user: Row
    session_id: uuid.UUID | None


def endpoint(function: Endpoint) -> Handler:
    """A handler from an endpoint: parses the body and renders refusals."""

    async def handler(request: web.Request) -> web.Response:
        try:
            return await function(request, await _body(request))
        except AuthError as error:
            return error.response(request)
        except psycopg.Error as error:
            return database_error(error, "handling the request").response(request)

    return handler


async def _body(request: web.Request) -> Body:
    text = await request.text() if request.can_read_body else ""
    if not text.strip():
        return {}
    try:
        body = json.loads(text)
    except ValueError as error:
        raise AuthError(400, "bad_json", "Could not parse request body as JSON") from error
    if not isinstance(body, dict):
        raise AuthError(400, "bad_json", "Could not parse request body as JSON")
    return body


def text_of(body: Body, name: str) -> str:
    """A text field; empty when it is missing. Raises AuthError when it isn't text."""
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise invalid(f"{name} must be a string")
    return value


def object_of(body: Body, name: str) -> dict[str, Any]:
    """An object field; empty when it is missing. Raises AuthError when it isn't one."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(f"{name} must be an object")
    return value


def verified_claims(request: web.Request, keys: Keys) -> VerifiedClaims:
    """The claims of the request's token. Raises AuthError."""
    token = credentials_of(request).token
    if token is None:
        raise AuthError(401, "no_authorization", "This endpoint requires a valid Bearer token")
    try:
        return keys.verify(token)
    except InvalidTokenError as error:
        message = f"invalid JWT: unable to parse or verify signature, {error}"
        raise AuthError(403, "bad_jwt", message) from error


async def caller(connection: Connection, claims: VerifiedClaims) -> Caller:
    """The user whom verified claims name, if user and session still exist. Raises AuthError."""
    if not claims.get("sub"):
        raise AuthError(403, "bad_jwt", "invalid claim: missing sub claim")
    try:
        user_id = uuid.UUID(claims["sub"])
        session_id = uuid.UUID(claims["session_id"]) if claims.get("session_id") else None
    except ValueError as error:
        raise AuthError(403, "bad_jwt", "invalid claim: sub claim must be a UUID") from error
    user = await users.by_id(connection, user_id)
    if user is None:
        raise AuthError(403, "user_not_found", "User from sub claim in JWT does not exist")
    query = "select from auth.sessions where id = %s and user_id = %s"
    if session_id and await fetch_one(connection, query, session_id, user_id) is None:
        message = "Session from session_id claim in JWT does not exist"
        raise AuthError(403, "session_not_found", message)
    return Caller(user, session_id)
