"""Connections of the services to the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

Row = dict[str, Any]
Connection = AsyncConnection[Row]

_MAX_CONNECTIONS = 8


class Database:
    """A pool of connections as one of the service roles."""

    def __init__(self, url: str) -> None:
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            connection_class=AsyncConnection[Row],
            min_size=1,
            max_size=_MAX_CONNECTIONS,
            # Unprepared statements: a reset of the database may change what they mean.
            kwargs={"row_factory": dict_row, "prepare_threshold": None},
            check=AsyncConnectionPool.check_connection,
            open=False,
        )

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close(timeout=2)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A transaction that commits at the end of the block and rolls back when it raises."""
        async with self._pool.connection() as connection:
            yield connection


async def fetch_one(connection: Connection, query: str, *parameters: object) -> Row | None:
    """The first row of `query`, or None."""
    cursor = await connection.execute(query.encode(), parameters)
    return await cursor.fetchone()


async def fetch_all(connection: Connection, query: str, *parameters: object) -> list[Row]:
    """Every row of `query`."""
    cursor = await connection.execute(query.encode(), parameters)
    return await cursor.fetchall()


async def execute(connection: Connection, query: str, *parameters: object) -> int:
    """Runs `query`; returns how many rows it touched."""
    cursor = await connection.execute(query.encode(), parameters)
    return cursor.rowcount
