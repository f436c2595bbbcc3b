"""The invariant of every database test, and the record of what the tests cover.

A test says which triggers, constraints and unique indexes it exercises:
`@pytest.mark.covers("meals.keep_identity")` names one, `@pytest.mark.covers("keep_identity")` every one of
that name. test_catalogue.py compares with the database.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg.rows import DictRow

from local_supabase import Instance
from tests.database.data_api import DataApi

FOLDER = Path(__file__).parent
COVERED = pytest.StashKey[set[str] | None]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Notes what the tests cover, before any is deselected; None unless the whole folder is collected."""
    here = [item for item in items if item.path.parent == FOLDER]
    whole = {item.path for item in here} == set(FOLDER.glob("test_*.py"))
    covered = {name for item in here for mark in item.iter_markers("covers") for name in mark.args}
    config.stash[COVERED] = covered if whole else None


@pytest.fixture
def covered(pytestconfig: pytest.Config) -> set[str]:
    """The names in this folder's `covers` marks; skips when only some of its files run."""
    names = pytestconfig.stash[COVERED]
    if names is None:
        pytest.skip("not the whole folder")
    return names


@pytest.fixture(scope="session")
def data_api(stack: Instance) -> Iterator[DataApi]:
    """The Data API over plain HTTP: `data_api.post("meals", {…}, by=owner)`."""
    # The database stops at 8 s; on a busy machine a bulk write comes near it.
    with httpx.Client(
        base_url=f"{stack.url}/rest/v1/", headers={"apikey": stack.publishable_key}, timeout=15
    ) as http:
        yield DataApi(http)


@pytest.fixture(autouse=True)
def _calendar_is_the_projection_of_its_sources(db: psycopg.Connection[DictRow]) -> Iterator[None]:
    yield
    assert db.execute("select * from private.calendar_mismatches").fetchall() == []
