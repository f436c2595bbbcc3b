"""Each source is in the calendar, whatever way its rows are written."""

from datetime import date, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from postgrest import CountMethod
from supabase import Client

from tests.conftest import User
from tests.database.calendar_sources import (
    ACTIVITIES,
    EXPENSE,
    MEAL,
    SOURCES,
    TIMED,
    WORKOUT,
    Database,
    Row,
    Source,
    add,
    each,
    event_of,
    events,
    projection,
    recipe,
    refusal,
    send,
    shared_account,
    when,
)

pytestmark = pytest.mark.covers(
    "a_lock_calendar", "sync_calendar_on_insert", "sync_calendar_on_update", "sync_calendar_on_delete"
)

DAY = date(2026, 11, 24)
BERLIN = "Europe/Berlin"

owner = shared_account(BERLIN, "EUR")
other_user = shared_account("America/Los_Angeles", "USD")


def change(user: User, source: Source, row: Row, **values: Any) -> Row:
    (changed,) = send(user.client.table(source.table).update(values).eq("id", row["id"]))
    return changed


@each()
def test_a_new_row_is_an_all_day_event_of_its_day(owner: User, source: Source) -> None:
    row = add(owner, source, "Legs", DAY)
    (event,) = events(owner)
    assert (event["source"], event["source_id"], event["title"]) == (source.name, row["id"], "Legs")
    assert (event["user_id"], event["notes"]) == (owner.id, None)
    assert event["status"] == ("done" if source is EXPENSE else "planned")
    assert when(event) == projection(BERLIN, DAY, None)


@each(TIMED)
def test_a_row_with_a_time_is_as_long_as_it_says_or_30_minutes(owner: User, source: Source) -> None:
    for minutes in (None, 1, 45, 480):
        row = add(owner, source, "Legs", DAY, time(18, 15), minutes)
        assert when(event_of(owner, row["id"])) == projection(BERLIN, DAY, time(18, 15), minutes)


@each(TIMED)
def test_an_event_moves_between_all_day_and_timed(owner: User, source: Source) -> None:
    row = add(owner, source, "Legs", DAY, None, 50)
    assert source.clock
    change(owner, source, row, **{source.clock: "07:30"})
    assert when(event_of(owner, row["id"])) == projection(BERLIN, DAY, time(7, 30), 50)
    change(owner, source, row, **{source.clock: None})
    assert when(event_of(owner, row["id"])) == projection(BERLIN, DAY, None)


@each()
def test_an_event_follows_the_day_of_its_row(owner: User, source: Source) -> None:
    row = add(owner, source, "Legs", DAY, time(18) if source.clock else None)
    change(owner, source, row, **{source.day: "2027-03-01"})
    wall = time(18) if source.clock else None
    assert when(event_of(owner, row["id"])) == projection(BERLIN, date(2027, 3, 1), wall)


@each(tuple(source for source in SOURCES if source is not MEAL))
def test_an_event_follows_the_name_of_its_row(owner: User, source: Source) -> None:
    row = add(owner, source, "Legs")
    change(owner, source, row, **{source.title: "Arms"})
    assert event_of(owner, row["id"])["title"] == "Arms"


@each(ACTIVITIES)
def test_an_event_follows_the_length_of_its_row(owner: User, source: Source) -> None:
    row = add(owner, source, "Legs", DAY, time(23), 20)
    change(owner, source, row, duration_minutes=90)
    event = event_of(owner, row["id"])
    assert when(event) == projection(BERLIN, DAY, time(23), 90)
    assert event["local_end_date"] == "2026-11-25"


@each(TIMED)
def test_an_event_follows_the_status_of_its_row(owner: User, source: Source) -> None:
    row = add(owner, source)
    change(owner, source, row, status=source.done)
    assert event_of(owner, row["id"])["status"] == "done"
    change(owner, source, row, status="planned")
    assert event_of(owner, row["id"])["status"] == "planned"


def test_a_skipped_meal_leaves_the_calendar_and_returns(owner: User) -> None:
    row = add(owner, MEAL)
    change(owner, MEAL, row, status="skipped")
    assert events(owner) == []
    change(owner, MEAL, row, status="cooked")
    assert event_of(owner, row["id"])["status"] == "done"


@each()
def test_a_column_that_is_not_shown_leaves_the_event_untouched(
    owner: User, source: Source, db: Database
) -> None:
    row = add(owner, source)
    version = "select e.*, e.xmin, e.ctid from calendar_events as e where source_id = %s"
    before = db.execute(version, [row["id"]]).fetchone()
    changed = change(owner, source, row, **{source.hidden: "7"})
    assert changed["updated_at"] != row["updated_at"]
    assert db.execute(version, [row["id"]]).fetchone() == before


@each()
def test_an_update_to_the_same_values_leaves_the_event_untouched(
    owner: User, source: Source, db: Database
) -> None:
    row = add(owner, source)
    version = "select e.*, e.xmin, e.ctid from calendar_events as e where source_id = %s"
    before = db.execute(version, [row["id"]]).fetchone()
    change(owner, source, row, **{source.day: row[source.day], source.title: row[source.title]})
    assert db.execute(version, [row["id"]]).fetchone() == before


@each()
def test_a_deleted_row_takes_its_event_along(owner: User, source: Source) -> None:
    gone, kept = add(owner, source, "gone"), add(owner, source, "kept")
    send(owner.client.table(source.table).delete().eq("id", gone["id"]))
    assert [event["source_id"] for event in events(owner)] == [kept["id"]]


@each()
def test_thousands_of_rows_in_one_request_are_in_the_calendar(owner: User, source: Source) -> None:
    extra = {"meal_id": recipe(owner)["id"]} if source is MEAL else {}
    rows = [source.row(f"Row {n}", DAY + timedelta(days=n % 900)) | extra for n in range(3000)]
    table = owner.client.table(source.table)
    send(table.insert(rows))

    def counted(first_day: date, last_day: date) -> int | None:
        query = owner.client.table("calendar_events").select("id", count=CountMethod.exact).limit(1)
        return query.gte("local_date", first_day).lte("local_date", last_day).execute().count

    assert counted(DAY, DAY + timedelta(days=899)) == 3000
    assert counted(DAY, DAY) == 4
    new_year = date(2027, 1, 1)
    send(table.update({source.day: "2027-01-01"}).gte(source.day, "2026-01-01"))
    assert counted(new_year, new_year) == 3000
    send(table.delete().eq(source.day, "2027-01-01"))
    assert counted(DAY, DAY + timedelta(days=899)) == 0


@each()
def test_statements_without_rows_change_nothing(owner: User, source: Source) -> None:
    add(owner, source)
    before = events(owner)
    table = owner.client.table(source.table)
    nobody = "00000000-0000-0000-0000-000000000000"
    assert send(table.update({source.day: "2027-01-01"}).eq("id", nobody)) == []
    assert send(table.delete().eq("id", nobody)) == []
    assert send(table.insert([])) == []
    assert events(owner) == before


@each()
def test_an_upsert_syncs_its_new_and_its_changed_rows(owner: User, source: Source) -> None:
    old = add(owner, source, "Old")
    key = {"meal_id": old["meal_id"]} if source is MEAL else {}
    changed = source.row("Changed", date(2027, 1, 1)) | key | {"id": old["id"]}
    new = source.row("New", date(2027, 1, 2)) | key | {"id": str(uuid4())}
    send(owner.client.table(source.table).upsert([changed, new]))
    titles = ["Old", "Old"] if source is MEAL else ["Changed", "New"]
    assert [event["title"] for event in events(owner)] == titles
    assert [event["local_date"] for event in events(owner)] == ["2027-01-01", "2027-01-02"]


@each()
def test_an_upsert_that_ignores_duplicates_syncs_only_its_new_rows(owner: User, source: Source) -> None:
    old = add(owner, source, "Old")
    before = event_of(owner, old["id"])
    key = {"meal_id": old["meal_id"]} if source is MEAL else {}
    again = source.row("Again", date(2027, 1, 1)) | key | {"id": old["id"]}
    new = again | {"id": str(uuid4())}
    send(owner.client.table(source.table).upsert([again, new], ignore_duplicates=True))
    assert event_of(owner, old["id"]) == before
    assert event_of(owner, new["id"])["local_date"] == "2027-01-01"


@each()
def test_a_refused_row_leaves_no_event(owner: User, source: Source) -> None:
    extra = {"meal_id": recipe(owner)["id"]} if source is MEAL else {}
    good = source.row("Good", DAY) | extra
    refused = refusal(owner.client.table(source.table).insert([good, good | {source.day: "2200-01-01"}]))
    assert refused.code == "23514"
    assert events(owner) == []
    send(owner.client.table(source.table).insert([good, good]))
    assert len(events(owner)) == 2


def test_create_meal_plans_it_in_the_calendar(owner: User) -> None:
    meal = {"name": "Chickpea curry", "prep_time": 10, "cook_time": 25}
    plan = {"date": "2026-11-24", "time": "19:00", "servings": 2}
    owner.client.rpc("create_meal", {"meal": meal, "plan": plan}).execute()
    (event,) = events(owner)
    assert (event["source"], event["title"]) == ("meal", "Chickpea curry")
    assert when(event) == projection(BERLIN, DAY, time(19), 35)


def test_create_workout_is_in_the_calendar(owner: User) -> None:
    workout = {"name": "Push", "date": "2026-11-24", "start_time": "18:00", "duration_minutes": 50}
    made: Any = owner.client.rpc("create_workout", {"workout": workout}).execute().data
    assert when(event_of(owner, made["id"])) == projection(BERLIN, DAY, time(18), 50)


def test_a_refused_create_workout_leaves_no_event(owner: User) -> None:
    exercise = {"name": "Squat", "sets": []}
    workout = {"name": "Legs", "date": "2026-11-24", "exercises": [exercise]}
    assert refusal(owner.client.rpc("create_workout", {"workout": workout})).code == "PT422"
    assert events(owner) == []


@each()
def test_the_service_role_writes_for_several_people_at_once(
    owner: User, other_user: User, admin: Client, source: Source
) -> None:
    people = (owner, other_user)
    rows = [
        source.row(f"Row {n}", DAY)
        | {"user_id": user.id}
        | ({"meal_id": recipe(user)["id"]} if source is MEAL else {})
        for user in people
        for n in range(3)
    ]
    table = admin.table(source.table)
    send(table.insert(rows))
    assert [when(event) for event in events(owner)] == [projection(BERLIN, DAY, None)] * 3
    los_angeles = projection("America/Los_Angeles", DAY, None)
    assert [when(event) for event in events(other_user)] == [los_angeles] * 3
    assert {event["user_id"] for event in events(other_user)} == {other_user.id}

    mine = [user.id for user in people]
    send(table.update({source.day: "2027-01-01"}).in_("user_id", mine))
    assert {e["local_date"] for user in people for e in events(user)} == {"2027-01-01"}
    send(table.delete().in_("user_id", mine))
    assert events(owner) == events(other_user) == []


@each()
def test_a_row_of_one_person_is_in_nobody_elses_calendar(
    owner: User, other_user: User, source: Source
) -> None:
    row = add(owner, source)
    assert events(other_user) == []
    assert send(other_user.client.table(source.table).delete().eq("id", row["id"])) == []
    assert len(events(owner)) == 1


def test_an_id_can_come_back_as_another_persons_row(owner: User, other_user: User) -> None:
    row = add(owner, WORKOUT, "Mine")
    send(owner.client.table("fitness_workouts").delete().eq("id", row["id"]))
    send(other_user.client.table("fitness_workouts").insert(WORKOUT.row("Theirs", DAY) | {"id": row["id"]}))
    assert events(owner) == []
    assert event_of(other_user, row["id"])["title"] == "Theirs"
