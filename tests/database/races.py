"""Connections that meet: `pool` and `meet` are fixtures, to be imported by the tests that use them."""

import time as clock
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from local_supabase import Instance
from tests.conftest import User
from tests.database.calendar_sources import Database, acting_as
from tests.database.tables import Row


def wait_until_blocked(db: Database, pid: int) -> None:
    """Returns when the statement of a connection waits for somebody's lock."""
    for _ in range(500):
        row = db.execute("select cardinality(pg_blocking_pids(%s)) as n", [pid]).fetchone()
        if row and row["n"]:
            return
        clock.sleep(0.01)
    raise AssertionError("the statement never waited")


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=12) as executor:
        yield executor


@pytest.fixture
def meet(
    stack: Instance, db: Database, pool: ThreadPoolExecutor, owner: User
) -> Callable[[str, str, Row], None]:
    """Runs one statement of the owner's in an open transaction and another that waits for its commit."""

    def run(first: str, second: str, arguments: Row) -> None:
        with acting_as(stack, owner) as a, acting_as(stack, owner) as b:
            with a.transaction():
                a.execute(first, arguments)
                result: Future[Any] = pool.submit(b.execute, second, arguments)
                wait_until_blocked(db, b.info.backend_pid)
            result.result(timeout=10)

    return run
