"""The invariant of every database test: the calendar is the projection of its sources."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import DictRow


@pytest.fixture(autouse=True)
def _calendar_is_the_projection_of_its_sources(db: psycopg.Connection[DictRow]) -> Iterator[None]:
    yield
    assert db.execute("select * from private.calendar_mismatches").fetchall() == []
