"""What a user may do in a private topic: the policies on realtime.messages decide.

Like the real server, this one inserts probe rows and rolls back. They carry a topic and an extension and
nothing else, so a policy that looks at more refuses here as it does there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager

import psycopg

from local_supabase.database import Connection, Database, execute, fetch_all
from local_supabase.keys import VerifiedClaims
from local_supabase.realtime.rooms import Extension

# A policy that never ends must not hold up a client for ever.
_STATEMENT_TIMEOUT = "5s"

_log = logging.getLogger(__name__)

Headers = Mapping[str, str]


@asynccontextmanager
async def probing(database: Database) -> AsyncIterator[Connection]:
    """A transaction that leaves nothing behind."""
    async with database.transaction() as connection:
        try:
            yield connection
        finally:
            await connection.rollback()


async def become(connection: Connection, claims: VerifiedClaims, topic: str, headers: Headers) -> None:
    """Makes the rest of the transaction the user's. Raises psycopg.Error for an unknown role."""
    await execute(
        connection,
        """
        select
          set_config('role', %s, true),
          set_config('realtime.topic', %s, true),
          set_config('request.jwt.claims', %s, true),
          set_config('request.jwt.claim.sub', %s, true),
          set_config('request.jwt.claim.role', %s, true),
          set_config('request.headers', %s, true),
          set_config('statement_timeout', %s, true)
        """,
        claims["role"],
        topic,
        json.dumps(claims),
        claims.get("sub", ""),
        claims["role"],
        json.dumps(dict(headers)),
        _STATEMENT_TIMEOUT,
    )


class Authorisation:
    """Asks the policies. One that fails grants nothing; a database that is away raises OperationalError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def readable(
        self, topic: str, claims: VerifiedClaims, headers: Headers, extensions: Collection[Extension]
    ) -> frozenset[Extension]:
        """Which of `extensions` the user may receive."""
        try:
            async with probing(self._database) as connection:
                probes = await fetch_all(
                    connection,
                    """
                    insert into realtime.messages (topic, extension)
                    select %s, unnest(%s::text[]) returning id, extension
                    """,
                    topic,
                    list(extensions),
                )
                await become(connection, claims, topic, headers)
                seen = await fetch_all(
                    connection,
                    "select id from realtime.messages where id = any(%s)",
                    [probe["id"] for probe in probes],
                )
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            _log.warning("policies of topic %s: %s", topic, str(error).strip())
            return frozenset()
        visible = {row["id"] for row in seen}
        return frozenset(probe["extension"] for probe in probes if probe["id"] in visible)

    async def writable(
        self, topic: str, claims: VerifiedClaims, headers: Headers, extensions: Collection[Extension]
    ) -> frozenset[Extension]:
        """Which of `extensions` the user may send."""
        granted: set[Extension] = set()
        query = "insert into realtime.messages (topic, extension) values (%s, %s)"
        try:
            async with probing(self._database) as connection:
                await become(connection, claims, topic, headers)
                for extension in extensions:
                    try:
                        async with connection.transaction():
                            await execute(connection, query, topic, extension)
                        granted.add(extension)
                    except psycopg.errors.InsufficientPrivilege:
                        pass
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            _log.warning("policies of topic %s: %s", topic, str(error).strip())
            return frozenset()
        return frozenset(granted)
