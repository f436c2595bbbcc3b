"""What the type of a column and NOT NULL refuse."""

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.conftest import NewUser, User
from tests.database.data_api import DataApi
from tests.database.tables import Row, count, new_row, read, stored, with_verb

Database = psycopg.Connection[DictRow]

# Left out or null, these are filled by a trigger.
FILLED = {
    "expenses": {"currency"},
    "receipts": {"currency"},
    "planned_meals": {"meal_name"},
    "calendar_events": {"end_time", "local_date", "local_end_date", "source_id"},
}


@pytest.fixture(scope="module")
def owner(new_user: NewUser) -> User:
    return new_user(timezone="Europe/Berlin", currency="EUR")


def required_columns(db: Database, table: str) -> list[str]:
    """The columns that are never null, beside those that tell rows apart."""
    columns = db.execute(
        """select attname as name from pg_attribute
        where attrelid = %s::regclass and attnum > 0 and attnotnull and not attisdropped
          and attname not in ('id', 'user_id', 'updated_at')
        order by attnum""",
        [f"public.{table}"],
    )
    return [column["name"] for column in columns]


@pytest.mark.parametrize("table", with_verb("insert"))
def test_a_required_column_is_never_left_empty(
    data_api: DataApi, db: Database, owner: User, table: str
) -> None:
    row = new_row(table, owner)
    before = count(table, owner)
    for column in required_columns(db, table):
        if column in FILLED.get(table, set()):
            continue
        answer = data_api.post(table, row | {column: None}, by=owner)
        # An event without a start is refused by a trigger, in words.
        assert answer.json()["code"] == ("PT422" if column == "start_time" else "23502"), answer.text
        # Without its source an event isn't custom, and what custom events are filled with is missing first.
        assert column in answer.text or column == "source"
    assert count(table, owner) == before


@pytest.mark.parametrize("table", with_verb("update"))
def test_a_required_column_is_never_emptied(data_api: DataApi, db: Database, owner: User, table: str) -> None:
    row = stored(table, owner)
    for column in required_columns(db, table):
        if column in FILLED.get(table, set()) - {"currency"}:
            continue
        answer = data_api.patch(f"{table}?id=eq.{row['id']}", {column: None}, by=owner)
        # The source of an event and what was read of a receipt are fixed before they are required.
        fixed = column in {"source", "extraction"}
        assert answer.json()["code"] == ("PT409" if fixed else "23502"), answer.text
    assert read(table, owner, row["id"]) == row


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("fitness_workouts", {"date": "2026-02-30"}),
        ("fitness_workouts", {"date": "tomorrow-ish"}),
        ("fitness_workouts", {"start_time": "25:00"}),
        ("fitness_workouts", {"duration_minutes": 2147483648}),
        ("fitness_workouts", {"duration_minutes": 10.5}),
        ("fitness_workouts", {"duration_minutes": "an hour"}),
        ("meals", {"name": "nul\u0000byte"}),
        ("meals", {"instructions": "Cook."}),
        ("meals", {"id": "1"}),
        ("pantry_items", {"quantity": "two"}),
        ("pantry_items", {"quantity": "1e999999"}),
        ("user_sessions", {"data": "{\u0000}"}),
        ("calendar_events", {"start_time": "2026-11-24T25:00:00Z"}),
        ("calendar_events", {"all_day": "perhaps"}),
        ("meals", {"colour": "red"}),
    ],
)
def test_a_value_of_another_type_is_refused(data_api: DataApi, owner: User, table: str, change: Row) -> None:
    row = new_row(table, owner) | change
    before = count(table, owner)
    answer = data_api.post(table, row, by=owner)
    assert answer.status_code == 400, answer.text
    assert set(answer.json()) == {"code", "message", "details", "hint"}
    assert count(table, owner) == before
