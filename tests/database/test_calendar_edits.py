"""Editing a derived event in the calendar edits its source row, column by column."""

import re
from datetime import date, time, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from supabase import Client

from tests.conftest import User
from tests.database.calendar_sources import (
    ACTIVITIES,
    EXPENSE,
    MEAL,
    SOURCES,
    TIMED,
    WORKOUT,
    Row,
    Source,
    add,
    at,
    each,
    event_of,
    events,
    projection,
    refusal,
    send,
    shared_account,
    when,
)
from tests.database.data_api import DataApi

pytestmark = pytest.mark.covers(
    "a_lock_calendar",
    "normalise_event_on_update",
    "refuse_derived_change",
    "write_back",
    "delete_sources",
    "note_sent_end",
    "forget_sent_end",
)

BERLIN, LOS_ANGELES = "Europe/Berlin", "America/Los_Angeles"
DAY, FRIDAY = date(2026, 11, 24), date(2026, 11, 27)
SIX = time(18)
SHOWN = ("title", "start_time", "end_time", "all_day", "local_date", "status", "source", "source_id")

owner = shared_account(BERLIN, "EUR")
other_user = shared_account(LOS_ANGELES, "USD")


def stored(user: User, source: Source, row: Row) -> Row:
    (found,) = send(user.client.table(source.table).select("*").eq("id", row["id"]))
    return found


def edit(user: User, source: Source, row: Row, /, **values: Any) -> tuple[Row, Row]:
    """PATCHes a row's event: the event as answered, which is the stored one, and what changed of the row."""
    before, event = stored(user, source, row), event_of(user, row["id"])
    table = user.client.table("calendar_events")
    (answered,) = send(table.update(values).eq("id", event["id"]))
    assert answered == event_of(user, row["id"])
    after = stored(user, source, row)
    changed = {column: value for column, value in after.items() if value != before[column]}
    if changed:
        assert changed.pop("updated_at") > before["updated_at"]
    return answered, changed


# --- move -----------------------------------------------------------------------------------------


@each(TIMED)
def test_a_new_start_moves_the_row_and_keeps_its_length(owner: User, source: Source) -> None:
    for minutes in (None, 50):
        row = add(owner, source, "Legs", DAY, SIX, minutes)
        event, changed = edit(owner, source, row, start_time=at(BERLIN, FRIDAY, time(7, 15)))
        assert when(event) == projection(BERLIN, FRIDAY, time(7, 15), minutes)
        assert changed == {source.day: "2026-11-27", source.clock: "07:15:00"}
        event, changed = edit(owner, source, row, start_time=at(BERLIN, FRIDAY, time(23, 59, 30)))
        assert when(event) == projection(BERLIN, FRIDAY, time(23, 59, 30), minutes)
        assert changed == {source.clock: "23:59:30"}


@each(TIMED)
def test_a_new_start_and_end_move_the_row(owner: User, source: Source) -> None:
    for minutes in (None, 50):
        row = add(owner, source, "Legs", DAY, SIX, minutes)
        start, end = time(7), time(7, minutes or 30)
        event, changed = edit(
            owner, source, row, start_time=at(BERLIN, DAY, start), end_time=at(BERLIN, DAY, end)
        )
        assert when(event) == projection(BERLIN, DAY, start, minutes)
        assert changed == {source.clock: "07:00:00"}


@each()
def test_a_new_day_moves_the_row_and_keeps_its_wall_time(owner: User, source: Source) -> None:
    for wall in (None, SIX) if source.clock else (None,):
        row = add(owner, source, "Legs", DAY, wall, 50)
        # Clocks are an hour ahead by then.
        event, changed = edit(owner, source, row, local_date="2027-07-01")
        assert when(event) == projection(BERLIN, date(2027, 7, 1), wall, 50)
        assert changed == {source.day: "2027-07-01"}


@each()
def test_an_all_day_event_is_moved_by_its_days_or_by_instants(owner: User, source: Source) -> None:
    row = add(owner, source, "Legs", DAY)
    for sent in (
        {"local_date": "2026-11-27", "local_end_date": "2026-11-27"},
        {"start_time": at(BERLIN, DAY, time(9))},
        {"start_time": at(BERLIN, FRIDAY, time()), "end_time": at(BERLIN, date(2026, 11, 28), time())},
    ):
        event, changed = edit(owner, source, row, **sent)
        assert when(event) == projection(BERLIN, date.fromisoformat(changed[source.day]), None)
        assert set(changed) == {source.day}
    assert event["local_date"] == "2026-11-27"


# --- resize ---------------------------------------------------------------------------------------


@each(ACTIVITIES)
def test_a_new_end_resizes_the_row(owner: User, source: Source) -> None:
    row = add(owner, source, "Legs", DAY, SIX, 50)
    # Half an hour that is meant is written down; only an unknown length stays unknown.
    for end, minutes in ((time(19, 15), 75), (time(18, 1), 1), (time(18, 30), 30)):
        event, changed = edit(owner, source, row, end_time=at(BERLIN, DAY, end))
        assert when(event) == projection(BERLIN, DAY, SIX, minutes)
        assert changed == {"duration_minutes": minutes}
    event, changed = edit(owner, source, row, end_time=at(BERLIN, date(2026, 11, 25), SIX))
    assert (event["local_end_date"], changed) == ("2026-11-25", {"duration_minutes": 1440})


@each(ACTIVITIES)
def test_an_unknown_length_becomes_known_when_it_is_no_longer_30_minutes(owner: User, source: Source) -> None:
    row = add(owner, source, "Legs", DAY, SIX)
    event, changed = edit(owner, source, row, end_time=at(BERLIN, DAY, time(18, 45)))
    assert when(event) == projection(BERLIN, DAY, SIX, 45)
    assert changed == {"duration_minutes": 45}


@each(ACTIVITIES)
def test_a_start_dragged_with_the_end_as_it_was_moves_and_resizes(owner: User, source: Source) -> None:
    row = add(owner, source, "Legs", DAY, SIX, 50)
    end = event_of(owner, row["id"])["end_time"]
    event, changed = edit(owner, source, row, start_time=at(BERLIN, DAY, time(17)), end_time=end)
    assert when(event) == projection(BERLIN, DAY, time(17), 110)
    assert changed == {"start_time": "17:00:00", "duration_minutes": 110}


@each(ACTIVITIES)
def test_a_last_day_resizes(owner: User, source: Source) -> None:
    row = add(owner, source, "Legs", DAY, time(23), 50)
    # From 23:50 to the next day's 23:50 would be longer than a day can be here.
    _, changed = edit(owner, source, row, start_time=at(BERLIN, DAY, time(23, 55)))
    assert changed == {"start_time": "23:55:00"}
    event, changed = edit(owner, source, row, local_date="2026-11-25", local_end_date="2026-11-26")
    assert when(event) == projection(BERLIN, date(2026, 11, 25), time(23, 55), 50)
    assert changed == {"date": "2026-11-25"}


# --- to all-day and back --------------------------------------------------------------------------


@each(TIMED)
def test_an_event_becomes_all_day_and_timed_again_with_its_length(owner: User, source: Source) -> None:
    for minutes in (None, 50):
        # Past midnight: it becomes all-day on the day it starts.
        row = add(owner, source, "Legs", DAY, time(23, 45), minutes)
        event, changed = edit(owner, source, row, all_day=True)
        assert when(event) == projection(BERLIN, DAY, None)
        assert changed == {source.clock: None}
        event, changed = edit(owner, source, row, all_day=False, start_time=at(BERLIN, FRIDAY, time(7)))
        assert when(event) == projection(BERLIN, FRIDAY, time(7), minutes)
        assert changed == {source.day: "2026-11-27", source.clock: "07:00:00"}


@each(TIMED)
def test_an_event_becomes_all_day_on_another_day(owner: User, source: Source) -> None:
    for sent in (
        {"local_date": "2026-11-27"},
        {"start_time": at(BERLIN, FRIDAY, time())},
        {"start_time": at(BERLIN, FRIDAY, time()), "end_time": at(BERLIN, date(2026, 11, 28), time())},
    ):
        row = add(owner, source, "Legs", DAY, SIX, 50)
        event, changed = edit(owner, source, row, all_day=True, **sent)
        assert when(event) == projection(BERLIN, FRIDAY, None)
        assert changed == {source.day: "2026-11-27", source.clock: None}


@each(TIMED)
def test_an_all_day_event_becomes_timed_where_its_day_starts_or_is_sent(owner: User, source: Source) -> None:
    row = add(owner, source, "Legs", DAY, None, 50)
    event, changed = edit(owner, source, row, all_day=False)
    assert when(event) == projection(BERLIN, DAY, time(), 50)
    assert changed == {source.clock: "00:00:00"}
    row = add(owner, source, "Legs", DAY, None, 50)
    event, changed = edit(owner, source, row, all_day=False, local_date="2026-11-27")
    assert when(event) == projection(BERLIN, FRIDAY, time(), 50)
    assert changed == {source.day: "2026-11-27", source.clock: "00:00:00"}


@each(ACTIVITIES)
def test_an_all_day_event_dropped_at_a_time_with_an_end_has_that_length(owner: User, source: Source) -> None:
    row = add(owner, source, "Legs", DAY, None, 50)
    start, end = at(BERLIN, DAY, time(7)), at(BERLIN, DAY, time(8))
    event, changed = edit(owner, source, row, all_day=False, start_time=start, end_time=end)
    assert when(event) == projection(BERLIN, DAY, time(7), 60)
    assert changed == {"start_time": "07:00:00", "duration_minutes": 60}


# --- rename, mark, delete -------------------------------------------------------------------------


@each(ACTIVITIES)
def test_a_new_title_renames_the_row(owner: User, source: Source) -> None:
    for wall in (None, SIX):
        row = add(owner, source, "Legs", DAY, wall, 50)
        event, changed = edit(owner, source, row, title="Arms")
        assert (event["title"], changed) == ("Arms", {source.title: "Arms"})


@each(ACTIVITIES)
def test_renaming_on_the_day_clocks_go_forward_leaves_the_time_alone(owner: User, source: Source) -> None:
    # The clocks skip 02:30; the calendar shows 03:30.
    row = add(owner, source, "Legs", date(2027, 3, 28), time(2, 30))
    _, changed = edit(owner, source, row, title="Arms")
    assert changed == {source.title: "Arms"}
    event, changed = edit(owner, source, row, local_date="2027-03-29")
    assert when(event) == projection(BERLIN, date(2027, 3, 29), time(3, 30))
    assert changed == {"date": "2027-03-29", "start_time": "03:30:00"}


@each(TIMED)
def test_done_and_planned_go_to_the_rows_status(owner: User, source: Source) -> None:
    for wall in (None, SIX):
        row = add(owner, source, "Legs", DAY, wall, 50)
        event, changed = edit(owner, source, row, status="done")
        assert (event["status"], changed) == ("done", {"status": source.done})
        event, changed = edit(owner, source, row, status="planned")
        assert (event["status"], changed) == ("planned", {"status": "planned"})


@each(TIMED)
def test_a_done_event_can_still_be_moved(owner: User, source: Source) -> None:
    row = add(owner, source, "Legs", DAY, SIX)
    edit(owner, source, row, status="done")
    _, changed = edit(owner, source, row, local_date="2026-11-27")
    assert changed == {source.day: "2026-11-27"}


@each(TIMED)
def test_deleting_a_planned_event_deletes_its_row_and_no_other(owner: User, source: Source) -> None:
    gone, kept = add(owner, source, "Gone", DAY, SIX), add(owner, source, "Kept", DAY)
    event = event_of(owner, gone["id"])
    assert send(owner.client.table("calendar_events").delete().eq("id", event["id"])) == [event]
    assert [row["id"] for row in send(owner.client.table(source.table).select("id"))] == [kept["id"]]
    assert [event["source_id"] for event in events(owner)] == [kept["id"]]


def test_deleting_a_planned_meal_in_the_calendar_keeps_its_recipe(owner: User) -> None:
    row = add(owner, MEAL, "Soup", DAY)
    send(owner.client.table("calendar_events").delete().eq("source_id", row["id"]))
    assert [meal["id"] for meal in send(owner.client.table("meals").select("id"))] == [row["meal_id"]]


def test_a_done_workout_can_be_deleted_after_it_is_planned_again(owner: User) -> None:
    row = add(owner, WORKOUT, "Legs", DAY)
    edit(owner, WORKOUT, row, status="done")
    calendar = owner.client.table("calendar_events")
    assert refusal(calendar.delete().eq("source_id", row["id"])).hint is not None
    edit(owner, WORKOUT, row, status="planned")
    send(calendar.delete().eq("source_id", row["id"]))
    assert send(owner.client.table("fitness_workouts").select("id")) == []


def test_a_cooked_meal_without_its_recipe_moves_and_cannot_be_planned_again(owner: User) -> None:
    row = add(owner, MEAL, "Soup", DAY, SIX, 50)
    edit(owner, MEAL, row, status="done")
    send(owner.client.table("meals").delete().eq("id", row["meal_id"]))
    event, changed = edit(owner, MEAL, row, start_time=at(BERLIN, FRIDAY, time(19)))
    assert when(event) == projection(BERLIN, FRIDAY, time(19))
    assert changed == {"planned_date": "2026-11-27", "meal_time": "19:00:00"}
    refused = refusal(
        owner.client.table("calendar_events").update({"status": "planned"}).eq("id", event["id"])
    )
    assert refused.code == "23514"
    assert "planned_meals_planned_needs_a_recipe" in (refused.message or "")
    assert events(owner) == [event]


# --- forms, several at once -----------------------------------------------------------------------


@each()
def test_a_form_that_sends_every_column_changes_what_was_edited(owner: User, source: Source) -> None:
    row = add(owner, source, "Legs", DAY, SIX if source.clock else None, 50)
    event = event_of(owner, row["id"])
    same, changed = edit(owner, source, row, **event)
    assert (same, changed) == (event, {})
    length = timedelta(minutes=50) if source.clock else timedelta(days=1)
    start = when(event)["start_time"] + timedelta(days=3)
    moved = {"start_time": start.isoformat(), "end_time": (start + length).isoformat()}
    event, changed = edit(owner, source, row, **(event | moved))
    assert changed == {source.day: "2026-11-27"}
    _, changed = edit(
        owner, source, row, **(event | {"local_date": "2026-11-28", "local_end_date": "2026-11-28"})
    )
    assert changed == {source.day: "2026-11-28"}
    if source in ACTIVITIES:
        event = event_of(owner, row["id"])
        _, changed = edit(owner, source, row, **(event | {"title": "Arms", "status": "done"}))
        assert changed == {source.title: "Arms", "status": "done"}


def test_events_of_every_source_move_to_a_day_in_one_patch(owner: User) -> None:
    rows = {
        source.name: add(owner, source, "Legs", DAY, SIX if source.clock else None, 50) for source in SOURCES
    }
    send(
        owner.client.table("calendar_events").insert(
            {"title": "Party", "all_day": True, "local_date": "2026-11-24"}
        )
    )
    moved = send(
        owner.client.table("calendar_events").update({"local_date": "2026-11-27"}).eq("user_id", owner.id)
    )
    assert sorted(moved, key=str) == sorted(events(owner), key=str)
    assert len(moved) == 7
    for source in SOURCES:
        wall = SIX if source.clock else None
        assert when(event_of(owner, rows[source.name]["id"])) == projection(BERLIN, FRIDAY, wall, 50)
        assert stored(owner, source, rows[source.name])[source.day] == "2026-11-27"


def test_events_of_several_sources_are_marked_and_deleted_in_one_request(owner: User) -> None:
    rows = [(source, add(owner, source, "Legs", DAY, SIX)) for source in TIMED]
    calendar = owner.client.table("calendar_events")
    for status in ("done", "planned"):
        marked = send(calendar.update({"status": status}).eq("user_id", owner.id))
        assert [event["status"] for event in marked] == [status] * 5
        expected = [source.done if status == "done" else status for source in TIMED]
        assert [stored(owner, source, row)["status"] for source, row in rows] == expected
    assert len(send(calendar.delete().eq("user_id", owner.id))) == 5
    assert [send(owner.client.table(source.table).select("id")) for source in TIMED] == [[]] * 5


def test_hundreds_of_events_move_in_one_patch(owner: User) -> None:
    walls = [None, time(7), time(23, 45)]
    rows = [WORKOUT.row(f"Row {n}", DAY, walls[n % 3], n % 50 + 1) for n in range(600)]
    send(owner.client.table("fitness_workouts").insert(rows))
    moved = send(
        owner.client.table("calendar_events").update({"local_date": "2026-11-27"}).eq("user_id", owner.id)
    )
    shown = {event["title"]: when(event) for event in moved}
    assert shown == {f"Row {n}": projection(BERLIN, FRIDAY, walls[n % 3], n % 50 + 1) for n in range(600)}
    assert sorted(moved, key=str) == sorted(events(owner), key=str)
    days = send(owner.client.table("fitness_workouts").select("date, start_time, duration_minutes"))
    assert {row["date"] for row in days} == {"2026-11-27"}
    assert sorted(row["duration_minutes"] for row in days) == sorted(n % 50 + 1 for n in range(600))


@each()
def test_a_patch_that_changes_nothing_leaves_event_and_row_untouched(owner: User, source: Source) -> None:
    row = add(owner, source, "Legs", DAY, SIX if source.clock else None, 50)
    event = event_of(owner, row["id"])
    for column in SHOWN:
        assert edit(owner, source, row, **{column: event[column]}) == (event, {})


def test_an_upsert_without_its_source_edits_a_derived_event(owner: User) -> None:
    row = add(owner, WORKOUT, "Legs", DAY, SIX, 50)
    event = event_of(owner, row["id"])
    sent = {"id": event["id"], "title": "Arms", "start_time": at(BERLIN, FRIDAY, time(7))}
    (answered,) = send(owner.client.table("calendar_events").upsert(sent))
    assert answered == event_of(owner, row["id"])
    assert when(answered) == projection(BERLIN, FRIDAY, time(7), 50)
    after = stored(owner, WORKOUT, row)
    assert (after["name"], after["date"], after["start_time"]) == ("Arms", "2026-11-27", "07:00:00")


def test_the_service_role_moves_events_of_several_people_each_in_their_zone(
    owner: User, other_user: User, admin: Client
) -> None:
    rows = {user.id: add(user, WORKOUT, "Legs", DAY, SIX, 50) for user in (owner, other_user)}
    spent = {user.id: add(user, EXPENSE, "Bread", DAY) for user in (owner, other_user)}
    calendar = admin.table("calendar_events")
    # 07:00 in Berlin is 22:00 of the day before in Los Angeles.
    morning = at(BERLIN, FRIDAY, time(7))
    moved = send(calendar.update({"start_time": morning}).in_("user_id", list(rows)))
    assert len(moved) == 4
    for user, zone, day, wall in (
        (owner, BERLIN, FRIDAY, time(7)),
        (other_user, LOS_ANGELES, date(2026, 11, 26), time(22)),
    ):
        assert when(event_of(user, rows[user.id]["id"])) == projection(zone, day, wall, 50)
        assert when(event_of(user, spent[user.id]["id"])) == projection(zone, day, None)
        assert stored(user, WORKOUT, rows[user.id])["date"] == day.isoformat()


# --- optimistic locking -------------------------------------------------------------------------


def test_a_stale_edit_answers_406_and_reaches_neither_event_nor_source(
    owner: User, data_api: DataApi
) -> None:
    row = add(owner, WORKOUT, "Legs", DAY, SIX, 50)
    event = event_of(owner, row["id"])
    one = {"Accept": "application/vnd.pgrst.object+json", "Prefer": "return=representation"}

    def rename(title: str, seen: str) -> httpx.Response:
        condition = f"id=eq.{event['id']}&updated_at=eq.{quote(seen, safe='')}"
        return data_api.request(
            "PATCH", f"calendar_events?{condition}", {"title": title}, by=owner, headers=one
        )

    # As received: with microseconds and an offset, whose plus would be a space.
    assert re.fullmatch(r".*\.\d{1,6}\+00:00", event["updated_at"])
    first = rename("Arms", event["updated_at"])
    assert (first.status_code, first.json()["title"]) == (200, "Arms")
    stale = rename("Abs", event["updated_at"])
    assert (stale.status_code, stale.json()["code"]) == (406, "PGRST116")
    assert stored(owner, WORKOUT, row)["name"] == "Arms"
    # An edit of the source makes what was seen of the event stale, too, if the calendar shows it.
    workouts = owner.client.table("fitness_workouts")
    send(workouts.update({"notes": "Heavy"}).eq("id", row["id"]))
    second = rename("Abs", first.json()["updated_at"])
    assert second.status_code == 200
    send(workouts.update({"start_time": "07:00"}).eq("id", row["id"]))
    assert rename("Core", second.json()["updated_at"]).status_code == 406
    assert event_of(owner, row["id"])["title"] == stored(owner, WORKOUT, row)["name"] == "Abs"


def test_a_stale_delete_answers_406_and_deletes_nothing(owner: User, data_api: DataApi) -> None:
    row = add(owner, WORKOUT, "Legs", DAY, SIX, 50)
    seen = event_of(owner, row["id"])
    fresh, _ = edit(owner, WORKOUT, row, title="Arms")
    one = {"Accept": "application/vnd.pgrst.object+json", "Prefer": "return=representation"}
    for event, status in ((seen, 406), (fresh, 200)):
        path = f"calendar_events?id=eq.{event['id']}&updated_at=eq.{quote(event['updated_at'], safe='')}"
        assert data_api.request("DELETE", path, by=owner, headers=one).status_code == status
        assert len(events(owner)) == (1 if status == 406 else 0)
    assert send(owner.client.table("fitness_workouts").select("*")) == []
