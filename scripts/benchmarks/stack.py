"""The stack that an area measures on, and connections to it as different people."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg.rows import TupleRow

from local_supabase import Instance, push, running
from service import ROOT

Connection = psycopg.Connection[TupleRow]


@dataclass(frozen=True)
class Bench:
    """A fresh stack with the migrations and no data."""

    instance: Instance
    scale: float
    """Share of the data of a full run: 1, or less for a quick look."""

    def scaled(self, count: int, *, least: int = 1) -> int:
        """So many rows in a full run, fewer in a quick one."""
        return max(least, round(count * self.scale))

    def superuser(self) -> Connection:
        """Loads data: triggers and foreign keys don't fire."""
        return self._connect(self.instance.admin_db_url, "set session_replication_role = replica")

    def owner(self) -> Connection:
        """The role postgres, which owns the tables: no row level security."""
        return self._connect(self.instance.db_url)

    def user(self, user_id: str) -> Connection:
        """A signed-in person, as PostgREST would act for them."""
        connection = self._connect(self.instance.db_url)
        sign_in(connection, user_id)
        connection.execute("set role authenticated")
        return connection

    def untold(self, user_id: str) -> Connection:
        """A signed-in person whose connection fires only triggers that are `enable always`."""
        connection = self._connect(self.instance.admin_db_url)
        connection.execute("set session_replication_role = replica")
        sign_in(connection, user_id)
        connection.execute("set role authenticated")
        return connection

    def service_role(self) -> Connection:
        """The service role, which is nobody in particular."""
        return self._connect(self.instance.db_url, "set role service_role")

    @staticmethod
    def _connect(url: str, *settings: str) -> Connection:
        connection = psycopg.connect(url, autocommit=True, prepare_threshold=0)
        # A durable commit costs more than what is measured; the time-out is the API roles' own.
        for statement in ("set synchronous_commit = off", "set statement_timeout = '8s'", *settings):
            connection.execute(statement)
        if settings and "replica" in settings[0]:
            connection.execute("set statement_timeout = 0")
            connection.execute("set maintenance_work_mem = '512MB'")
        return connection


@contextmanager
def fresh(scale: float) -> Iterator[Bench]:
    """A stack of its own in .local/bench, stopped at the end of the block."""
    with running(ROOT / ".local" / "bench", fresh=True) as instance:
        push(instance, seed=False)
        yield Bench(instance, scale)


def sign_in(connection: Connection, user_id: str) -> None:
    """Whom the connection's statements act for from now on."""
    claims = json.dumps({"sub": user_id, "role": "authenticated"})
    connection.execute("select set_config('request.jwt.claims', %s, false)", [claims])


def value(connection: Connection, query: str, parameters: list[object] | None = None) -> object:
    """The only value of the only row of a query."""
    row = connection.execute(query, parameters or []).fetchone()
    assert row is not None
    return row[0]
