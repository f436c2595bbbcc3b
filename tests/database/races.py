"""Connections that meet: `pool` and `meet` are fixtures, to be imported by the tests that use them."""

import time as clock
from collections.abc import Callable, Iterator, Sequence
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


Meet = Callable[[str, str, Sequence[Any] | Row], None]


def meeting(
    stack: Instance, db: Database, pool: ThreadPoolExecutor, first: User | None, second: User | None
) -> Meet:
    """Runs one statement in an open transaction and another that must wait until the first one's commit."""

    def run(holding: str, waiting: str, arguments: Sequence[Any] | Row) -> None:
        with acting_as(stack, first) as a, acting_as(stack, second) as b:
            with a.transaction():
                a.execute(holding, arguments)
                result: Future[Any] = pool.submit(b.execute, waiting, arguments)
                wait_until_blocked(db, b.info.backend_pid)
            result.result(timeout=10)

    return run


@pytest.fixture
def meet(stack: Instance, db: Database, pool: ThreadPoolExecutor, owner: User) -> Meet:
    """A meeting of two statements of the owner's."""
    return meeting(stack, db, pool, owner, owner)
