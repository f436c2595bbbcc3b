"""Ways around the calendar: to another person's row through an event, to a calendar that isn't true."""

from datetime import date, time

import psycopg
import pytest
from psycopg.rows import dict_row
from supabase import Client

from local_supabase import Instance
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
    at,
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
from tests.database.data_api import DataApi

pytestmark = pytest.mark.covers("write_back", "delete_sources", "a_lock_calendar", "refuse_derived_change")

BERLIN = "Europe/Berlin"
DAY = date(2026, 11, 24)

owner = shared_account(BERLIN, "EUR")
other_user = shared_account("America/Los_Angeles", "USD")


def stored(user: User, source: Source) -> list[Row]:
    return send(user.client.table(source.table).select("*").order("id"))


# --- other people's rows ------------------------------------------------------------------------


@each()
def test_another_persons_event_can_be_neither_changed_nor_deleted(
    owner: User, other_user: User, source: Source
) -> None:
    row = add(owner, source, "Mine", DAY)
    event, before = event_of(owner, row["id"]), stored(owner, source)
    calendar = other_user.client.table("calendar_events")
    for change in ({"local_date": "2027-01-01"}, {"status": "done"}, {"user_id": other_user.id}):
        assert send(calendar.update(change).eq("source_id", row["id"])) == []
        assert send(calendar.update(change).neq("title", "")) == []
    assert send(calendar.delete().eq("source_id", row["id"])) == []
    assert send(calendar.delete().neq("title", "")) == []
    takeover = {"id": event["id"], "title": "Theirs", "start_time": event["start_time"]}
    assert refusal(calendar.upsert(takeover)).code == "42501"
    assert (events(owner), stored(owner, source)) == ([event], before)
    send(owner.client.table("calendar_events").update({"local_date": "2027-01-01"}).eq("id", event["id"]))
    assert stored(owner, source)[0][source.day] == "2027-01-01"


@each()
def test_a_row_under_the_id_of_another_persons_row_of_another_source_does_not_reach_it(
    owner: User, other_user: User, source: Source
) -> None:
    mine = add(owner, source, "Mine", DAY)
    event, before = event_of(owner, mine["id"]), stored(owner, source)
    for theirs in TIMED:
        if theirs is source:
            continue
        row = theirs.row("Theirs", DAY) | {"id": mine["id"]}
        if theirs is MEAL:
            row["meal_id"] = recipe(other_user)["id"]
        send(other_user.client.table(theirs.table).insert(row))
        calendar = other_user.client.table("calendar_events")
        send(calendar.update({"local_date": "2027-01-01"}).eq("source_id", mine["id"]))
        assert stored(other_user, theirs)[0][theirs.day] == "2027-01-01"
        assert len(send(calendar.delete().eq("source_id", mine["id"]))) == 1
        assert stored(other_user, theirs) == []
        assert (events(owner), stored(owner, source)) == ([event], before)


def test_ones_own_rows_under_one_id_are_edited_and_deleted_one_by_one(owner: User) -> None:
    workout = add(owner, WORKOUT, "Legs", DAY)
    for source in ACTIVITIES[1:]:
        row = source.row("Other", DAY) | {"id": workout["id"], "status": "done"}
        send(owner.client.table(source.table).insert(row))
    calendar = owner.client.table("calendar_events")
    mine = calendar.update({"title": "Arms"}).eq("source_id", workout["id"])
    assert len(send(mine.eq("source", "workout"))) == 1
    assert [stored(owner, source)[0][source.title] for source in ACTIVITIES] == [
        "Arms",
        "Other",
        "Other",
        "Other",
    ]
    assert len(send(calendar.delete().eq("source_id", workout["id"]).eq("source", "workout"))) == 1
    assert [len(stored(owner, source)) for source in ACTIVITIES] == [0, 1, 1, 1]


def test_an_id_that_changes_hands_in_one_statement_takes_its_event_along(
    owner: User, other_user: User, stack: Instance
) -> None:
    row = add(owner, WORKOUT, "Legs", DAY)
    for title in ("Legs", "Arms"):
        with psycopg.connect(stack.db_url, row_factory=dict_row) as connection:
            connection.execute(
                """with gone as (delete from fitness_workouts where id = %s returning id, date)
                insert into fitness_workouts (id, name, date, user_id) select id, %s, date, %s from gone""",
                [row["id"], title, other_user.id],
            )
            found = connection.execute(
                "select title, user_id from calendar_events where source_id = %s", [row["id"]]
            )
            assert [(event["title"], str(event["user_id"])) for event in found] == [(title, other_user.id)]
            assert connection.execute("select * from private.calendar_mismatches").fetchall() == []
            connection.rollback()


# --- settings of the session --------------------------------------------------------------------


@pytest.mark.parametrize("session", ["Europe/Berlin", "America/Los_Angeles", "UTC"])
def test_a_move_keeps_the_length_whatever_zone_answers_are_asked_in(
    owner: User, data_api: DataApi, session: str
) -> None:
    # Over the night that clocks go forward in Berlin; a session's clock would count a day as hours.
    row = add(owner, WORKOUT, "Hike", date(2027, 3, 26), time(18), 1440)
    party = {"title": "Party", "start_time": at(BERLIN, date(2027, 3, 26), time(18))}
    party["end_time"] = at(BERLIN, date(2027, 3, 28), time(18))
    send(owner.client.table("calendar_events").insert(party))
    headers = {"Prefer": f"return=representation, timezone={session}"}
    for day in (date(2027, 3, 27), date(2027, 3, 13), date(2027, 3, 20)):
        answer = data_api.request(
            "PATCH",
            "calendar_events?title=not.is.null",
            {"start_time": at(BERLIN, day, time(18))},
            by=owner,
            headers=headers,
        )
        assert answer.status_code == 200, answer.text
        moved = {event["title"]: when(event) for event in answer.json()}
        assert moved == {event["title"]: when(event) for event in events(owner)}
        assert moved["Hike"] == projection(BERLIN, day, time(18), 1440)
        # Two days of which one had 23 hours.
        assert moved["Party"]["end_time"] - moved["Party"]["start_time"] == when_sent(party)
        (after,) = stored(owner, WORKOUT)
        assert (after["date"], after["duration_minutes"]) == (day.isoformat(), 1440)
    assert row["id"] == after["id"]


def when_sent(event: Row) -> object:
    """The length of an event as it was sent."""
    span = when(event | {"all_day": False, "local_date": DAY, "local_end_date": DAY})
    return span["end_time"] - span["start_time"]


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_a_transaction_with_an_old_snapshot_cannot_write_the_calendar(
    owner: User, stack: Instance, db: Database, level: str
) -> None:
    meal = recipe(owner, "Soup", 10, 10)
    plan = """insert into planned_meals (meal_id, planned_date, meal_time, user_id)
        values (%s, '2026-11-24', '19:00', %s)"""
    with psycopg.connect(stack.db_url, row_factory=dict_row) as connection:
        connection.execute(f"begin isolation level {level}")
        connection.execute("select * from meals")
        db.execute("update meals set prep_time = 50 where id = %s", [meal["id"]])
        with pytest.raises(psycopg.Error, match="isolation level read committed") as refused:
            connection.execute(plan, [meal["id"], owner.id])
        assert refused.value.sqlstate == "PT409"
        assert refused.value.diag.message_hint
        connection.rollback()
        connection.execute("select * from meals")
        connection.execute(plan, [meal["id"], owner.id])
        connection.commit()
    assert [when(event) for event in events(owner)] == [projection(BERLIN, DAY, time(19), 60)]


# --- columns that mean nothing to a source ------------------------------------------------------


@each()
def test_stamps_of_a_derived_event_reach_nothing_but_the_event(owner: User, source: Source) -> None:
    row = add(owner, source, "Legs", DAY)
    event, before = event_of(owner, row["id"]), stored(owner, source)
    calendar = owner.client.table("calendar_events")
    for change in ({"updated_at": "2020-01-01T00:00:00Z"}, {"created_at": "2020-01-01T00:00:00Z"}):
        (changed,) = send(calendar.update(change).eq("id", event["id"]))
        assert changed["updated_at"] > event["updated_at"]
        assert when(changed) == when(event)
        assert stored(owner, source) == before


def test_a_source_row_edited_through_the_calendar_keeps_what_belongs_to_it(
    owner: User, admin: Client
) -> None:
    (receipt,) = send(owner.client.table("receipts").insert({"currency": "EUR"}))
    spent = EXPENSE.row("Bread", DAY) | {"receipt_id": receipt["id"], "notes": "Rye", "store": "Corner shop"}
    (expense,) = send(owner.client.table("expenses").insert(spent))
    workout = owner.client.rpc(
        "create_workout",
        {
            "workout": {
                "name": "Push",
                "date": "2026-11-24",
                "exercises": [{"name": "Squat", "sets": [{"reps": 5}]}],
            }
        },
    ).execute()
    (exercise,) = send(owner.client.table("fitness_workout_exercises").select("*"))
    assert workout.data
    send(admin.table("calendar_events").update({"local_date": "2026-11-27"}).eq("user_id", owner.id))
    (after,) = stored(owner, EXPENSE)
    ignored = {"date": "2026-11-27", "updated_at": after["updated_at"]}
    assert after == expense | ignored
    assert send(owner.client.table("fitness_workout_exercises").select("*")) == [exercise]
    send(owner.client.table("calendar_events").delete().eq("source", "workout"))
    assert send(owner.client.table("fitness_workout_exercises").select("*")) == []
    send(owner.client.table("receipts").delete().eq("id", receipt["id"]))


def test_every_source_has_its_way_back(db: Database) -> None:
    """A source that is projected but not written back would be overwritten by its own event's edit."""
    bodies = db.execute(
        "select proname, prosrc from pg_proc where proname in ('write_back', 'delete_sources')"
    ).fetchall()
    source_of = {row["proname"]: row["prosrc"] for row in bodies}
    for source in SOURCES:
        assert f"'{source.name}'" in source_of["write_back"]
        assert f"'{source.name}'" in source_of["delete_sources"]
