"""Two connections that meet."""

import time as clock

from tests.database.calendar_sources import Database


def wait_until_blocked(db: Database, pid: int) -> None:
    """Returns when the statement of a connection waits for somebody's lock."""
    for _ in range(500):
        row = db.execute("select cardinality(pg_blocking_pids(%s)) as n", [pid]).fetchone()
        if row and row["n"]:
            return
        clock.sleep(0.01)
    raise AssertionError("the statement never waited")
