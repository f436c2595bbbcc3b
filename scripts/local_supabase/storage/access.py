"""Who asks, and a transaction in which row level security holds for them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from aiohttp import web

from local_supabase.database import Connection, Database, Row, execute
from local_supabase.gateway import Handler, credentials_of
from local_supabase.keys import ExpiredTokenError, InvalidTokenError, Keys, VerifiedClaims
from local_supabase.storage.errors import StorageError, bucket_not_found, invalid

Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Access:
    """Turns requests into transactions."""

    def __init__(self, keys: Keys, database: Database) -> None:
        self._keys = keys
        self._database = database

    @asynccontextmanager
    async def as_caller(self, claims: VerifiedClaims, operation: str) -> AsyncIterator[Connection]:
        """A transaction with the caller's role and claims. Raises StorageError for what is refused."""
        try:
            async with self._database.transaction() as connection:
                await execute(
                    connection,
                    """
                    select
                      set_config('role', %s, true),
                      set_config('request.jwt.claims', %s, true),
                      set_config('request.jwt.claim.sub', %s, true),
                      set_config('request.jwt.claim.role', %s, true),
                      set_config('storage.operation', %s, true),
                      set_config('storage.allow_delete_query', 'true', true)
                    """,
                    claims["role"],
                    json.dumps(claims),
                    claims.get("sub", ""),
                    claims["role"],
                    operation,
                )
                yield connection
        except psycopg.errors.InsufficientPrivilege as error:
            raise StorageError(403, "Unauthorized", _without_table(error)) from error
        except psycopg.errors.UniqueViolation as error:
            raise StorageError(409, "Duplicate", "The resource already exists") from error
        except psycopg.errors.ForeignKeyViolation as error:
            raise bucket_not_found() from error
        except psycopg.errors.InvalidParameterValue as error:
            # set_config('role', …) with a role that doesn't exist.
            raise StorageError(403, "Unauthorized", "invalid role in token") from error
        except psycopg.DataError as error:
            raise invalid(str(error)) from error
        except psycopg.Error as error:
            # A trigger or policy of the schema failed.
            message = error.diag.message_primary or str(error)
            raise StorageError(500, "Internal", message, http=500) from error

    @asynccontextmanager
    async def as_owner(self) -> AsyncIterator[Connection]:
        """A transaction as the owner of the tables, for whom row level security doesn't hold."""
        async with self._database.transaction() as connection:
            yield connection

    def claims_of(self, request: web.Request) -> VerifiedClaims:
        """Who asks. Raises StorageError."""
        token = credentials_of(request).token
        if token is None:
            raise StorageError(400, "Error", "headers must have required property 'authorization'")
        try:
            return self._keys.verify(token)
        except ExpiredTokenError as error:
            raise StorageError(403, "Unauthorized", '"exp" claim timestamp check failed') from error
        except InvalidTokenError as error:
            raise StorageError(403, "Unauthorized", f"Invalid JWT: {error}") from error


def _without_table(error: psycopg.Error) -> str:
    """The refusal without the name of the table, as Storage words it."""
    text = error.diag.message_primary or str(error)
    return "new row violates row-level security policy" if "row-level security" in text else text


def endpoint(function: Endpoint) -> Handler:
    """A handler that renders refusals."""

    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            return await function(request)
        except StorageError as error:
            return error.response()

    return handler


async def json_body(request: web.Request) -> dict[str, Any]:
    """The request's JSON object. Raises StorageError."""
    try:
        body = await request.json() if request.can_read_body else {}
    except ValueError as error:
        raise invalid("body must be JSON") from error
    if not isinstance(body, dict):
        raise invalid("body must be object")
    return body


def chosen(row: Row, *columns: str) -> dict[str, Any]:
    """Columns of a row, as JSON can hold them."""
    return {column: _plain(row[column]) for column in columns}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(value) if isinstance(value, UUID) else value
