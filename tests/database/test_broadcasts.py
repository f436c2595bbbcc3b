"""What a person's devices hear of changes: a message per statement, operation and type, with what changed."""

import time as clock
from typing import Any

import psycopg
import pytest

from local_supabase import Instance
from tests.conftest import NewUser, User
from tests.database.accounts import people
from tests.database.calendar_sources import Database, acting_as, event_of, events
from tests.database.data_api import DataApi, the_row
from tests.database.messages import SILENT, Inbox, Inboxes, told
from tests.database.tables import TABLES, Row, new_row, read, stored

pytestmark = pytest.mark.covers("broadcast_on_insert", "broadcast_on_update", "broadcast_on_delete")

TYPES = {
    "calendar_events": "calendar:update",
    "pantry_items": "pantry:update",
    "meals": "meals:update",
    "meal_ingredients": "meals:update",
    "planned_meals": "meals:update",
    "fitness_workouts": "workouts:update",
    "fitness_workout_exercises": "workouts:update",
    "fitness_cardio": "workouts:update",
    "fitness_sports": "workouts:update",
    "fitness_stretching": "workouts:update",
    "expenses": "expenses:update",
    "receipts": "receipts:update",
    "receipt_lines": "receipts:update",
}
OF_ITS_OWN = {"user_sessions", "profiles"}  # See test_session_messages.py, and below.
IN_THE_CALENDAR = {
    "planned_meals",
    "fitness_workouts",
    "fitness_cardio",
    "fitness_sports",
    "fitness_stretching",
    "expenses",
}
EVERY_TABLE = pytest.mark.parametrize("table", TYPES)


@pytest.fixture(scope="module")
def owner(new_user: NewUser) -> User:
    return new_user(timezone="Europe/Berlin", currency="EUR")


@pytest.fixture(scope="module")
def other_user(new_user: NewUser) -> User:
    return new_user()


@pytest.fixture
def inbox(db: Database, owner: User) -> Inbox:
    return Inbox(db, owner.id)


@pytest.fixture(autouse=True)
def _nobody_else_hears_of_it(db: Database, other_user: User) -> Any:
    others = Inbox(db, other_user.id)
    yield
    assert others.summary() == []


def change(data_api: DataApi, owner: User, table: str, row: Row, **columns: Any) -> Row:
    return the_row(data_api.patch(f"{table}?id=eq.{row['id']}", columns, by=owner))


def delete(data_api: DataApi, owner: User, path: str) -> None:
    assert data_api.request("DELETE", path, by=owner).status_code == 204


def told_of_event(operation: str, event: Row) -> Row:
    return told("calendar:update", "calendar_events", operation, event)


def test_every_table_has_its_type_or_is_left_out_knowingly() -> None:
    assert set(TYPES) | SILENT | OF_ITS_OWN == set(TABLES)


# One row.


@EVERY_TABLE
def test_a_new_row_is_told(data_api: DataApi, owner: User, inbox: Inbox, table: str) -> None:
    row = new_row(table, owner)
    inbox.clear()
    added = the_row(data_api.post(table, row, by=owner))
    expected = [told(TYPES[table], table, "INSERT", added)]
    if table in IN_THE_CALENDAR:
        expected.insert(0, told_of_event("INSERT", event_of(owner, added["id"])))
    assert inbox.new() == expected


@EVERY_TABLE
def test_a_change_is_told_and_what_changes_nothing_is_not(
    data_api: DataApi, owner: User, inbox: Inbox, table: str
) -> None:
    row = stored(table, owner)
    inbox.clear()
    changed = change(data_api, owner, table, row, **TABLES[table].change)
    expected = [told(TYPES[table], table, "UPDATE", changed)]
    if table == "planned_meals":
        # Cooked: the one of these changes that the calendar shows.
        expected.insert(0, told_of_event("UPDATE", event_of(owner, row["id"])))
    assert inbox.new() == expected
    assert change(data_api, owner, table, row, **TABLES[table].change) == changed
    assert inbox.new() == []


@EVERY_TABLE
def test_a_deletion_is_told(data_api: DataApi, owner: User, inbox: Inbox, table: str) -> None:
    row = stored(table, owner)
    event = event_of(owner, row["id"]) if table in IN_THE_CALENDAR else None
    inbox.clear()
    delete(data_api, owner, f"{table}?id=eq.{row['id']}")
    expected = [told(TYPES[table], table, "DELETE", row)]
    if event:
        expected.insert(0, told_of_event("DELETE", event))
    assert inbox.new() == expected


@EVERY_TABLE
def test_what_doesnt_happen_is_not_told(
    stack: Instance, data_api: DataApi, owner: User, other_user: User, inbox: Inbox, table: str
) -> None:
    row = stored(table, owner)
    new = new_row(table, owner) | {"id": row["id"]}
    inbox.clear()
    # No row: somebody else's, or none that matches.
    assert data_api.patch(f"{table}?id=eq.{row['id']}", TABLES[table].change, by=other_user).json() == []
    delete(data_api, other_user, f"{table}?id=eq.{row['id']}")
    delete(data_api, owner, f"{table}?created_at=lt.1900-01-01")
    # Refused: the id is taken, the value isn't valid.
    assert data_api.post(table, new, by=owner).status_code == 409
    answer = data_api.patch(f"{table}?id=eq.{row['id']}", {"user_id": other_user.id}, by=owner)
    assert answer.status_code in {403, 409}
    # Skipped.
    headers = {"Prefer": "resolution=ignore-duplicates"}
    assert data_api.request("POST", table, new, by=owner, headers=headers).is_success
    assert read(table, owner, row["id"]) == row
    # Taken back.
    with acting_as(stack, owner) as connection, connection.transaction(force_rollback=True):
        connection.execute(f"delete from {table} where id = %s", [row["id"]])
    assert inbox.new() == []


# Many rows.


def pantry(rows: int, **columns: Any) -> list[Row]:
    return [TABLES["pantry_items"].row | {"name": f"Item {n}"} | columns for n in range(rows)]


@pytest.mark.parametrize("rows", [2, 100, 101, 1000, 1001])
def test_beyond_100_rows_devices_are_told_to_fetch_them(
    data_api: DataApi, owner: User, inbox: Inbox, rows: int
) -> None:
    delete(data_api, owner, "pantry_items?created_at=not.is.null")
    inbox.clear()

    def expect(operation: str, changed: list[Row]) -> None:
        data = inbox.only("pantry:update")
        if rows <= 100:
            assert sorted(data.pop("rows"), key=lambda row: str(row["id"])) == changed
            assert data == {"operation": operation, "table": "pantry_items"}
        else:
            ids = data.pop("ids")
            assert (ids and sorted(ids)) == ([row["id"] for row in changed] if rows <= 1000 else None)
            assert data == {"operation": operation, "table": "pantry_items", "count": rows, "resync": True}

    def as_stored() -> Any:
        with_ids = data_api.get("pantry_items?order=id", by=owner).json()
        return with_ids if rows <= 1000 else [None] * rows

    assert data_api.request("POST", "pantry_items", pantry(rows), by=owner).status_code == 201
    before = as_stored()
    expect("INSERT", before)
    path = "pantry_items?created_at=not.is.null"
    assert data_api.request("PATCH", path, {"quantity": 7}, by=owner).status_code == 204
    before = as_stored()
    expect("UPDATE", before)
    delete(data_api, owner, path)
    expect("DELETE", before)


def test_of_many_updated_rows_only_those_that_changed_are_told(
    data_api: DataApi, owner: User, inbox: Inbox
) -> None:
    delete(data_api, owner, "pantry_items?created_at=not.is.null")
    rows = pantry(150, quantity=7)
    for row in rows[:3]:
        row["quantity"] = 6
    data_api.post("pantry_items", rows, by=owner)
    inbox.clear()
    data_api.patch("pantry_items?quantity=gt.0", {"quantity": 7}, by=owner)
    assert inbox.summary() == ["pantry:update UPDATE 3"]


def test_5000_rows_are_one_message_each_for_them_and_the_calendar(
    stack: Instance, new_user: NewUser, db: Database
) -> None:
    owner = new_user()
    inbox = Inbox(db, owner.id)
    statements = {
        "INSERT": """insert into fitness_workouts (name, date)
            select 'Workout ' || n, '2026-11-24' from generate_series(1, 5000) as n""",
        "UPDATE": "update fitness_workouts set date = '2026-11-25'",
        "DELETE": "delete from fitness_workouts",
    }
    seconds = {}
    with acting_as(stack, owner) as connection:
        for operation, statement in statements.items():
            start = clock.perf_counter()
            assert connection.execute(statement).rowcount == 5000
            seconds[operation] = clock.perf_counter() - start
            assert inbox.summary() == [
                f"calendar:update {operation} 5000",
                f"workouts:update {operation} 5000",
            ]
    # Old and new rows are joined by hash; row by row it takes ten times as long.
    assert seconds["UPDATE"] < 5 * seconds["INSERT"]


@pytest.mark.parametrize(
    ("receipts", "characters", "rows"),
    [(1, 190_000, True), (1, 210_000, False), (1, 262_000, False), (30, 5_000, True), (100, 2_100, False)],
)
def test_rows_too_large_for_a_message_are_left_to_be_fetched(
    data_api: DataApi, owner: User, inbox: Inbox, receipts: int, characters: int, rows: bool
) -> None:
    row = TABLES["receipts"].row | {"extraction": {"text": "x" * characters}}
    answer = data_api.request("POST", "receipts", [row] * receipts, by=owner)
    assert answer.status_code == 201
    data = inbox.only("receipts:update")
    if rows:
        assert [told["extraction"] for told in data["rows"]] == [row["extraction"]] * receipts
    else:
        assert data == {
            "operation": "INSERT",
            "table": "receipts",
            "ids": None,
            "count": receipts,
            "resync": True,
        }


def test_100_of_the_largest_rows_are_still_written(
    data_api: DataApi, new_user: NewUser, db: Database
) -> None:
    owner = new_user()
    inbox = Inbox(db, owner.id)
    db.execute(
        """insert into receipts (user_id, extraction)
        select %s, jsonb_build_object('text', repeat('"', 131000)) from generate_series(1, 100)""",
        [owner.id],
    )
    assert inbox.summary() == ["receipts:update INSERT 100"]
    delete(data_api, owner, "receipts?created_at=not.is.null")
    assert inbox.summary() == ["receipts:update DELETE 100"]


def test_an_upsert_tells_what_it_inserted_and_what_it_updated(
    data_api: DataApi, owner: User, inbox: Inbox
) -> None:
    known, same = stored("pantry_items", owner), stored("pantry_items", owner)
    inbox.clear()
    columns = list(TABLES["pantry_items"].row)
    rows = [
        TABLES["pantry_items"].row | {"id": known["id"], "quantity": 9},
        {column: same[column] for column in ["id", *columns]},
        TABLES["pantry_items"].row | {"id": "00000000-0000-4000-8000-00000000e001"},
    ]
    headers = {"Prefer": "resolution=merge-duplicates"}
    assert data_api.request("POST", "pantry_items", rows, by=owner, headers=headers).is_success
    heard = {message["data"]["operation"]: message["data"]["rows"] for message in inbox.new()}
    new = read("pantry_items", owner, rows[2]["id"])
    assert heard == {"INSERT": [new], "UPDATE": [read("pantry_items", owner, known["id"])]}
    assert data_api.request("POST", "pantry_items", rows, by=owner, headers=headers).is_success
    assert inbox.summary() == []


# Writes that span tables.

CURRY: Row = {
    "name": "Chickpea curry",
    "prep_time": 10,
    "ingredients": [
        {"food_item_name": food, "quantity": 1, "unit": "kg"} for food in ("chickpeas", "spinach", "rice")
    ],
}


def planned_curry(data_api: DataApi, owner: User) -> Row:
    """A recipe with three ingredients, planned once."""
    plan = {"date": "2026-11-24", "time": "19:00"}
    row: Row = data_api.post("rpc/create_meal", {"meal": CURRY, "plan": plan}, by=owner).json()
    return row


def test_create_meal_is_one_message_for_each_table(data_api: DataApi, owner: User, inbox: Inbox) -> None:
    planned_curry(data_api, owner)
    assert inbox.summary() == [
        "calendar:update INSERT 1",
        "meals:update INSERT 1",
        "meals:update INSERT 1",
        "meals:update INSERT 3",
    ]
    data_api.post("rpc/create_meal", {"meal": {"name": "Toast"}}, by=owner)
    assert inbox.summary() == ["meals:update INSERT 1"]
    bad = CURRY | {"ingredients": [*CURRY["ingredients"], {"food_item_name": "", "quantity": 1, "unit": "g"}]}
    assert data_api.post("rpc/create_meal", {"meal": bad}, by=owner).status_code == 422
    assert inbox.summary() == []


def test_create_workout_is_one_message_for_each_table(data_api: DataApi, owner: User, inbox: Inbox) -> None:
    exercise = {"name": "Row", "sets": [{"reps": 5}]}
    workout = {"name": "Pull", "date": "2026-11-24", "exercises": [exercise, exercise]}
    data_api.post("rpc/create_workout", {"workout": workout}, by=owner)
    assert inbox.summary() == [
        "calendar:update INSERT 1",
        "workouts:update INSERT 1",
        "workouts:update INSERT 2",
    ]


def test_renaming_a_recipe_tells_of_its_plans_and_their_events(
    data_api: DataApi, owner: User, inbox: Inbox
) -> None:
    meal = planned_curry(data_api, owner)
    for day in (25, 26):
        plan = {"meal_id": meal["id"], "planned_date": f"2026-11-{day}"}
        data_api.post("planned_meals", plan, by=owner)
    inbox.clear()
    change(data_api, owner, "meals", meal, name="Curry")
    assert inbox.summary() == ["calendar:update UPDATE 3", "meals:update UPDATE 1", "meals:update UPDATE 3"]
    # The length of the one that is timed.
    change(data_api, owner, "meals", meal, prep_time=55)
    assert inbox.summary() == ["calendar:update UPDATE 1", "meals:update UPDATE 1"]
    change(data_api, owner, "meals", meal, description="Warm.")
    assert inbox.summary() == ["meals:update UPDATE 1"]


def test_deleting_a_recipe_tells_of_all_that_goes_with_it(
    data_api: DataApi, owner: User, inbox: Inbox
) -> None:
    meal = planned_curry(data_api, owner)
    cooked = {"meal_id": meal["id"], "planned_date": "2026-11-20", "status": "cooked"}
    data_api.post("planned_meals", cooked, by=owner)
    inbox.clear()
    delete(data_api, owner, f"meals?id=eq.{meal['id']}")
    assert inbox.summary() == [
        "calendar:update DELETE 1",
        "meals:update DELETE 1",
        "meals:update DELETE 1",
        "meals:update DELETE 3",
        # The cooked one stays, without its recipe.
        "meals:update UPDATE 1",
    ]


def test_an_event_moved_in_the_calendar_is_told_once_and_so_is_its_source(
    data_api: DataApi, owner: User, inbox: Inbox
) -> None:
    workout = stored("fitness_workouts", owner)
    event = event_of(owner, workout["id"])
    inbox.clear()
    moved = change(data_api, owner, "calendar_events", event, start_time="2026-11-25T17:00:00+00:00")
    assert inbox.new() == [
        told_of_event("UPDATE", moved),
        told("workouts:update", "fitness_workouts", "UPDATE", read("fitness_workouts", owner, workout["id"])),
    ]
    delete(data_api, owner, f"calendar_events?id=eq.{event['id']}")
    assert inbox.summary() == ["calendar:update DELETE 1", "workouts:update DELETE 1"]


def test_several_events_moved_at_once_are_told_once_for_each_table(
    data_api: DataApi, owner: User, inbox: Inbox
) -> None:
    rows = [stored(table, owner) for table in ("fitness_workouts", "fitness_workouts", "expenses")]
    ids = ",".join(row["id"] for row in rows)
    inbox.clear()
    moved = data_api.patch(f"calendar_events?source_id=in.({ids})", {"local_date": "2026-12-01"}, by=owner)
    assert len(moved.json()) == 3
    assert inbox.summary() == [
        "calendar:update UPDATE 3",
        "expenses:update UPDATE 1",
        "workouts:update UPDATE 2",
    ]


def test_a_new_zone_tells_of_each_kind_of_event_once(
    data_api: DataApi, new_user: NewUser, db: Database
) -> None:
    owner = new_user(timezone="Europe/Berlin")
    inbox = Inbox(db, owner.id)
    for table in ("fitness_workouts", "fitness_workouts", "expenses", "calendar_events"):
        stored(table, owner)
    data_api.post("calendar_events", {"title": "Off", "all_day": True, "local_date": "2026-11-24"}, by=owner)
    inbox.clear()
    data_api.patch(f"profiles?id=eq.{owner.id}", {"timezone": "Asia/Tokyo"}, by=owner)
    assert inbox.summary() == [
        "calendar:update UPDATE 1",  # The all-day event; the timed one keeps its instant and its day.
        "calendar:update UPDATE 1",
        "calendar:update UPDATE 2",
        "profile:update UPDATE 1",
    ]
    data_api.patch(f"profiles?id=eq.{owner.id}", {"timezone": "Asia/Seoul"}, by=owner)
    assert inbox.summary() == ["profile:update UPDATE 1"]
    assert len(events(owner)) == 5


def test_new_settings_are_told_to_their_owner_alone_and_the_same_ones_to_nobody(
    data_api: DataApi, owner: User, new_user: NewUser, db: Database
) -> None:
    friend = new_user()
    inboxes = Inboxes(db, [owner.id, friend.id])
    changed = the_row(data_api.patch(f"profiles?id=eq.{owner.id}", {"unit_system": "imperial"}, by=owner))
    assert inboxes.new() == {
        owner.id: [told("profile:update", "profiles", "UPDATE", changed)],
        friend.id: [],
    }
    data_api.patch(f"profiles?id=eq.{owner.id}", {"unit_system": "imperial"}, by=owner)
    assert inboxes.summaries() == [[], []]
    db.execute("update profiles set week_starts_on = 0 where id = any (%s)", [[owner.id, friend.id]])
    assert inboxes.summaries() == [["profile:update UPDATE 1"]] * 2


def test_deleting_a_receipt_tells_of_its_lines_and_expenses(
    data_api: DataApi, owner: User, inbox: Inbox
) -> None:
    receipt = stored("receipts", owner)
    line = TABLES["receipt_lines"].row | {"receipt_id": receipt["id"]}
    data_api.post("receipt_lines", [line, line], by=owner)
    data_api.post("expenses", TABLES["expenses"].row | {"receipt_id": receipt["id"]}, by=owner)
    inbox.clear()
    delete(data_api, owner, f"receipts?id=eq.{receipt['id']}")
    assert inbox.summary() == [
        "expenses:update UPDATE 1",
        "receipts:update DELETE 1",
        "receipts:update DELETE 2",
    ]


def test_deleting_an_account_tells_nobody_else_and_nothing_twice(db: Database, new_user: NewUser) -> None:
    owner = new_user()
    inbox = Inbox(db, owner.id)
    for table in [*TYPES, "user_sessions"]:
        stored(table, owner)
    rows = {
        (table, str(row["id"]))
        for table in TYPES
        for row in db.execute(f"select id from {table} where user_id = %s", [owner.id])
    }
    inbox.clear()
    db.execute("delete from auth.users where id = %s", [owner.id])
    deleted = [
        row["id"]
        for message in inbox.new()
        if message["type"] in TYPES.values() and message["data"]["operation"] == "DELETE"
        for row in message["data"]["rows"]
    ]
    assert sorted(deleted) == sorted(row for _, row in rows)


# Many people.


@pytest.mark.parametrize("persons", [3, 50, 51, 100, 500])
def test_a_statement_over_many_people_tells_each_of_their_own(db: Database, persons: int) -> None:
    ids = people(db, persons)
    inboxes = Inboxes(db, ids)
    # Every third has two.
    insert = """insert into pantry_items (user_id, name, quantity, unit)
        select p.id, 'Rice', 1, 'kg' from unnest(%s::uuid[]) with ordinality as p (id, n)
        cross join generate_series(1, case when p.n %% 3 = 0 then 2 else 1 end)"""
    statements = {
        "INSERT": insert,
        "UPDATE": "update pantry_items set quantity = 2 where user_id = any (%s::uuid[])",
        "DELETE": "delete from pantry_items where user_id = any (%s::uuid[])",
    }
    for operation, statement in statements.items():
        assert db.execute(statement, [ids]).rowcount == persons + persons // 3
        assert inboxes.summaries() == [
            [f"pantry:update {operation} {2 if n % 3 == 0 else 1}"] for n in range(1, persons + 1)
        ]


def test_only_those_whose_rows_changed_are_told(db: Database) -> None:
    ids = people(db, 60)
    insert = (
        "insert into pantry_items (user_id, name, quantity, unit) select unnest(%s::uuid[]), 'Rice', %s, 'kg'"
    )
    db.execute(insert, [ids[:20], 1])
    db.execute(insert, [ids[20:], 2])
    inboxes = Inboxes(db, ids)
    db.execute("update pantry_items set quantity = 1 where user_id = any (%s)", [ids])
    assert inboxes.summaries() == [[]] * 20 + [["pantry:update UPDATE 1"]] * 40


def test_a_refused_statement_over_many_people_tells_nobody(db: Database) -> None:
    ids = people(db, 60)
    inboxes = Inboxes(db, ids)
    with pytest.raises(psycopg.errors.CheckViolation):
        db.execute(
            """insert into pantry_items (user_id, name, quantity, unit)
            select p.id, 'Rice', 30 - p.n, 'kg' from unnest(%s::uuid[]) with ordinality as p (id, n)""",
            [ids],
        )
    assert inboxes.summaries() == [[]] * 60
