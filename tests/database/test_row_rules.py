"""What the database stamps on rows: updated_at, with which a client sees that somebody else was faster."""

import pytest

from tests.conftest import NewUser, User
from tests.database.data_api import RETURN_ROWS, DataApi, the_row
from tests.database.tables import TABLES, read, stored, with_verb


@pytest.fixture(scope="module")
def owner(new_user: NewUser) -> User:
    return new_user(timezone="Europe/Berlin", currency="EUR")


@pytest.mark.covers("set_updated_at")
@pytest.mark.parametrize("table", with_verb("update"))
def test_a_change_is_stamped(data_api: DataApi, owner: User, table: str) -> None:
    row = stored(table, owner)
    changed = the_row(data_api.patch(f"{table}?id=eq.{row['id']}", TABLES[table].change, by=owner))
    assert changed["updated_at"] > row["updated_at"]
    assert read(table, owner, row["id"]) == changed


@pytest.mark.covers("set_updated_at")
@pytest.mark.parametrize("table", with_verb("update"))
def test_a_write_that_changes_nothing_leaves_the_stamp(data_api: DataApi, owner: User, table: str) -> None:
    row = stored(table, owner)
    assert the_row(data_api.patch(f"{table}?id=eq.{row['id']}", row, by=owner)) == row


@pytest.mark.covers("set_updated_at")
@pytest.mark.parametrize("table", with_verb("update"))
def test_the_stamp_is_the_databases(data_api: DataApi, owner: User, table: str) -> None:
    row = stored(table, owner)
    change = {"updated_at": "2099-01-01T00:00:00Z"}
    stamped = the_row(data_api.patch(f"{table}?id=eq.{row['id']}", change, by=owner))
    assert row["updated_at"] < stamped["updated_at"] < "2099"


@pytest.mark.covers("set_updated_at")
@pytest.mark.parametrize("table", with_verb("update"))
def test_a_stale_write_is_seen(data_api: DataApi, owner: User, table: str) -> None:
    row = stored(table, owner)
    seen = row["updated_at"].replace("+", "%2B")
    path = f"{table}?id=eq.{row['id']}&updated_at=eq.{seen}"
    one = RETURN_ROWS | {"Accept": "application/vnd.pgrst.object+json"}
    first = data_api.request("PATCH", path, {"created_at": "2025-01-01T00:00:00Z"}, by=owner, headers=one)
    assert first.status_code == 200
    stale = data_api.request("PATCH", path, {"created_at": "2026-01-01T00:00:00Z"}, by=owner, headers=one)
    assert stale.status_code == 406
    assert read(table, owner, row["id"]) == first.json()
