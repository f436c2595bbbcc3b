"""Custom events: what was sent is kept, what wasn't is derived, and the answer is what is stored."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from supabase import Client

from local_supabase import Instance
from tests.conftest import NewUser, User
from tests.database.calendar_sources import (
    Row,
    events,
    instant,
    projection,
    refusal,
    send,
    shared_account,
    when,
)

pytestmark = pytest.mark.covers(
    "a_lock_calendar",
    "normalise_event_on_insert",
    "normalise_event_on_update",
    "calendar_events.set_updated_at",
)

DAY = date(2026, 11, 24)
BERLIN = "Europe/Berlin"

owner = shared_account(BERLIN, "EUR")
other_user = shared_account("America/Los_Angeles", "USD")

SIX = "2026-11-24T18:00:00+01:00"
SEVEN = "2026-11-24T19:00:00+01:00"
TOMORROW = date(2026, 11, 25)


def make(user: User, **values: Any) -> Row:
    """A custom event; what the insert answers is what is stored."""
    (event,) = send(user.client.table("calendar_events").insert({"title": "Party"} | values))
    assert event in events(user)
    return event


def patch(user: User, event: Row, **values: Any) -> Row:
    """An event after a PATCH; what that answers is what is stored."""
    (changed,) = send(user.client.table("calendar_events").update(values).eq("id", event["id"]))
    assert changed in events(user)
    return changed


def timed(start: str, end: str) -> Row:
    """When an event from instant to instant is, for somebody in Berlin."""
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    first_day, last_day = first.date(), (last - timedelta(microseconds=1)).date()
    return {
        "start_time": first.astimezone(UTC),
        "end_time": last.astimezone(UTC),
        "all_day": False,
        "local_date": first_day,
        "local_end_date": max(first_day, last_day),
    }


def days(first: date, last: date) -> Row:
    """When an all-day event is, for somebody in Berlin."""
    midnight = instant(BERLIN, last + timedelta(days=1))
    return projection(BERLIN, first, None) | {"local_end_date": last, "end_time": midnight}


# --- insert ---------------------------------------------------------------------------------------


def test_an_event_with_start_and_end_keeps_both(owner: User) -> None:
    event = make(owner, start_time=SIX, end_time=SEVEN)
    assert when(event) == timed(SIX, SEVEN)
    assert (event["source"], event["source_id"]) == ("custom", event["id"])
    assert (event["user_id"], event["status"], event["notes"]) == (owner.id, "planned", None)


def test_an_event_without_an_end_lasts_30_minutes(owner: User) -> None:
    assert when(make(owner, start_time=SIX)) == timed(SIX, "2026-11-24T18:30:00+01:00")


def test_a_timed_event_knows_its_days(owner: User) -> None:
    midnight, next_noon = "2026-11-25T00:00:00+01:00", "2026-11-26T12:00:00+01:00"
    assert make(owner, start_time=SIX, end_time=midnight)["local_end_date"] == "2026-11-24"
    assert make(owner, start_time=SIX, end_time=next_noon)["local_end_date"] == "2026-11-26"
    # The owner's day, not the one of the offset that was sent.
    assert make(owner, start_time="2026-11-24T23:30:00Z")["local_date"] == "2026-11-25"


def test_days_sent_with_a_timed_event_are_derived_all_the_same(owner: User) -> None:
    event = make(owner, start_time=SIX, end_time=SEVEN, local_date="2020-01-01", local_end_date="2030-01-01")
    assert when(event) == timed(SIX, SEVEN)


def test_a_moment_may_be_an_event(owner: User) -> None:
    assert when(make(owner, start_time=SIX, end_time=SIX)) == timed(SIX, SIX)


def test_an_all_day_event_is_one_day_or_several(owner: User) -> None:
    assert when(make(owner, all_day=True, local_date="2026-11-24")) == days(DAY, DAY)
    several = make(owner, all_day=True, local_date="2026-11-24", local_end_date="2026-11-27")
    assert when(several) == days(DAY, date(2026, 11, 27))


def test_an_all_day_event_can_be_sent_as_instants(owner: User) -> None:
    assert when(make(owner, all_day=True, start_time=SIX)) == days(DAY, DAY)
    end = "2026-11-26T00:00:00+01:00"
    assert when(make(owner, all_day=True, start_time=SIX, end_time=end)) == days(DAY, TOMORROW)


@pytest.mark.parametrize("values", [{}, {"end_time": SEVEN}, {"local_date": "2026-11-24"}, {"all_day": True}])
def test_an_event_without_a_start_is_refused_with_an_example(owner: User, values: Row) -> None:
    refused = refusal(owner.client.table("calendar_events").insert({"title": "When?"} | values))
    assert (refused.code, refused.message) == ("PT422", "the event has no start")
    assert refused.hint is not None
    assert "start_time" in refused.hint
    assert events(owner) == []


def test_an_events_source_id_is_its_own_id(owner: User) -> None:
    mine, other = str(uuid4()), str(uuid4())
    event = make(owner, id=mine, source="custom", source_id=other, start_time=SIX)
    assert (event["id"], event["source_id"]) == (mine, mine)


BAD = [
    ({"end_time": "2026-11-24T17:59:00+01:00"}, "ends_after_it_starts"),
    ({"all_day": True, "local_end_date": "2026-11-23"}, "last_day_not_before_the_first"),
    ({"all_day": True, "local_end_date": "2027-11-26"}, "max_one_year_long"),
    ({"end_time": "2027-11-26T18:00:00+01:00"}, "max_one_year_long"),
    ({"start_time": "1899-12-31T12:00:00Z"}, "local_date_1900_to_2199"),
    ({"start_time": "infinity"}, "local_date_1900_to_2199"),
    ({"title": " "}, "title_not_blank"),
    ({"title": "Party "}, "title_trimmed_max_100"),
    ({"title": "x" * 101}, "title_trimmed_max_100"),
    ({"status": "cooked"}, "status_is_planned_or_done"),
    ({"notes": "x" * 5001}, "notes_max_5000"),
]


@pytest.mark.covers(*{f"calendar_events_{rule}" for _, rule in BAD})
@pytest.mark.parametrize(("values", "rule"), BAD)
def test_a_bad_event_is_refused_by_a_rule_with_a_name(owner: User, values: Row, rule: str) -> None:
    good = {"title": "Party", "start_time": SIX, "local_date": "2026-11-24"}
    table = owner.client.table("calendar_events")
    refused = refusal(table.insert(good | values))
    assert refused.code == "23514"
    assert f"calendar_events_{rule}" in (refused.message or "")
    assert events(owner) == []

    event = make(owner, **good)
    assert refusal(table.update(values).eq("id", event["id"])).code == "23514"
    assert events(owner) == [event]


def test_the_longest_values_are_fine(owner: User) -> None:
    make(owner, title="x" * 100, notes="x" * 5000, status="done", start_time=SIX)
    make(owner, all_day=True, local_date="2026-11-24", local_end_date="2027-11-25")


# --- move, resize, turn ---------------------------------------------------------------------------


def test_start_time_alone_moves_and_keeps_the_length(owner: User) -> None:
    event = make(owner, start_time=SIX, end_time=SEVEN)
    moved = patch(owner, event, start_time="2026-11-25T23:30:00+01:00")
    assert when(moved) == timed("2026-11-25T23:30:00+01:00", "2026-11-26T00:30:00+01:00")


def test_end_time_alone_resizes(owner: User) -> None:
    event = make(owner, start_time=SIX)
    longer = patch(owner, event, end_time="2026-11-25T01:00:00+01:00")
    assert when(longer) == timed(SIX, "2026-11-25T01:00:00+01:00")
    assert when(patch(owner, event, end_time=SEVEN)) == timed(SIX, SEVEN)


def test_start_and_end_together_are_both_kept(owner: User) -> None:
    event = make(owner, start_time=SIX)
    both = patch(owner, event, start_time=SEVEN, end_time="2026-11-24T22:00:00+01:00")
    assert when(both) == timed(SEVEN, "2026-11-24T22:00:00+01:00")


@pytest.mark.covers("note_sent_end", "forget_sent_end")
def test_an_end_that_was_sent_is_kept_even_where_it_is_the_old_one(owner: User) -> None:
    event = make(owner, start_time=SIX, end_time="2026-11-24T22:00:00+01:00")
    later = patch(owner, event, start_time=SEVEN, end_time=event["end_time"])
    assert when(later) == timed(SEVEN, "2026-11-24T22:00:00+01:00")
    # A form sends everything.
    earlier = patch(owner, event, **(later | {"start_time": SIX, "title": "Wedding"}))
    assert when(earlier) == timed(SIX, "2026-11-24T22:00:00+01:00")
    # The next request doesn't remember.
    assert when(patch(owner, event, start_time=SEVEN)) == timed(SEVEN, "2026-11-24T23:00:00+01:00")


@pytest.mark.covers("note_sent_end", "forget_sent_end")
def test_a_last_day_that_was_sent_is_kept_even_where_it_is_the_old_one(owner: User) -> None:
    event = make(owner, all_day=True, local_date="2026-11-24", local_end_date="2026-11-27")
    later = patch(owner, event, local_date="2026-11-25", local_end_date="2026-11-27")
    assert when(later) == days(TOMORROW, date(2026, 11, 27))
    earlier = patch(owner, event, **(later | {"local_date": "2026-11-24", "title": "Trip"}))
    assert when(earlier) == days(DAY, date(2026, 11, 27))
    moved = patch(owner, event, local_date="2026-11-25")
    assert when(moved) == days(TOMORROW, date(2026, 11, 28))


@pytest.mark.covers("note_sent_end")
def test_an_all_day_event_dropped_at_a_time_with_its_old_end_keeps_it(owner: User) -> None:
    event = make(owner, all_day=True, local_date="2026-11-24")
    dropped = patch(owner, event, all_day=False, start_time=SIX, end_time=event["end_time"])
    assert when(dropped) == timed(SIX, "2026-11-25T00:00:00+01:00")


def test_a_day_sent_with_everything_else_moves_a_timed_event(owner: User) -> None:
    event = make(owner, start_time=SIX, end_time=SEVEN)
    moved = patch(owner, event, **(event | {"local_date": "2026-11-25"}))
    assert when(moved) == timed("2026-11-25T18:00:00+01:00", "2026-11-25T19:00:00+01:00")


def test_an_event_cannot_end_before_it_starts_and_can_shrink_to_a_moment(owner: User) -> None:
    event = make(owner, start_time=SIX, end_time=SEVEN)
    table = owner.client.table("calendar_events")
    refused = refusal(table.update({"end_time": "2026-11-24T17:00:00+01:00"}).eq("id", event["id"]))
    assert refused.code == "23514"
    assert "ends_after_it_starts" in (refused.message or "")
    assert events(owner) == [event]
    assert when(patch(owner, event, end_time=SIX)) == timed(SIX, SIX)


def test_local_date_alone_moves_and_keeps_the_wall_time_across_a_clock_change(owner: User) -> None:
    event = make(owner, start_time=SIX, end_time=SEVEN)
    summer = patch(owner, event, local_date="2027-07-01")
    assert when(summer) == timed("2027-07-01T18:00:00+02:00", "2027-07-01T19:00:00+02:00")
    # 02:30 doesn't exist on the day the clocks go forward: they show 03:30.
    event = patch(owner, event, start_time="2026-11-24T02:30:00+01:00")
    spring = patch(owner, event, local_date="2027-03-28")
    assert when(spring) == timed("2027-03-28T03:30:00+02:00", "2027-03-28T04:30:00+02:00")


def test_local_end_date_alone_resizes(owner: User) -> None:
    event = make(owner, start_time=SIX, end_time=SEVEN)
    longer = patch(owner, event, local_end_date="2026-11-26")
    assert when(longer) == timed(SIX, "2026-11-26T19:00:00+01:00")
    assert when(patch(owner, event, local_end_date="2026-11-24")) == timed(SIX, SEVEN)


def test_an_all_day_event_moves_and_resizes_by_its_days(owner: User) -> None:
    event = make(owner, all_day=True, local_date="2026-11-24", local_end_date="2026-11-25")
    moved = patch(owner, event, local_date="2027-03-27")
    assert when(moved) == days(date(2027, 3, 27), date(2027, 3, 28))
    longer = patch(owner, event, local_end_date="2027-03-30")
    assert when(longer) == days(date(2027, 3, 27), date(2027, 3, 30))
    both = patch(owner, event, local_date="2026-11-24", local_end_date="2026-11-24")
    assert when(both) == days(DAY, DAY)


def test_an_all_day_event_moves_and_resizes_by_instants(owner: User) -> None:
    event = make(owner, all_day=True, local_date="2026-11-24", local_end_date="2026-11-25")
    moved = patch(owner, event, start_time="2026-12-01T09:00:00+01:00")
    assert when(moved) == days(date(2026, 12, 1), date(2026, 12, 2))
    longer = patch(owner, event, end_time="2026-12-05T00:00:00+01:00")
    assert when(longer) == days(date(2026, 12, 1), date(2026, 12, 4))


def test_a_timed_event_becomes_all_day_on_its_days(owner: User) -> None:
    event = make(owner, start_time=SIX, end_time="2026-11-25T02:00:00+01:00")
    assert when(patch(owner, event, all_day=True)) == days(DAY, TOMORROW)
    event = make(owner, start_time=SIX, end_time=SEVEN)
    assert when(patch(owner, event, all_day=True, local_date="2026-11-25")) == days(TOMORROW, TOMORROW)


def test_an_all_day_event_becomes_timed_for_30_minutes_or_as_sent(owner: User) -> None:
    event = make(owner, all_day=True, local_date="2026-11-24")
    dropped = patch(owner, event, all_day=False, start_time=SIX)
    assert when(dropped) == timed(SIX, "2026-11-24T18:30:00+01:00")
    patch(owner, event, all_day=True)
    sent = patch(owner, event, all_day=False, start_time=SIX, end_time=SEVEN)
    assert when(sent) == timed(SIX, SEVEN)
    patch(owner, event, all_day=True)
    midnight, half_past = "2026-11-24T00:00:00+01:00", "2026-11-24T00:30:00+01:00"
    assert when(patch(owner, event, all_day=False)) == timed(midnight, half_past)


def test_other_columns_leave_the_time_alone(owner: User) -> None:
    event = make(owner, start_time=SIX, end_time=SEVEN)
    changed = patch(owner, event, title="Wedding", notes="Bring a gift", status="done")
    assert when(changed) == when(event)
    assert (changed["title"], changed["notes"], changed["status"]) == ("Wedding", "Bring a gift", "done")


def test_several_events_move_in_one_patch_each_keeping_its_own_length(owner: User) -> None:
    make(owner, start_time=SIX, end_time=SEVEN)
    make(owner, start_time="2026-11-24T08:00:00+01:00", end_time="2026-11-24T11:00:00+01:00")
    make(owner, all_day=True, local_date="2026-11-24", local_end_date="2026-11-26")
    moved = send(owner.client.table("calendar_events").update({"local_date": "2026-12-01"}).neq("title", ""))
    assert sorted(moved, key=str) == sorted(events(owner), key=str)
    assert [when(event) for event in events(owner)] == [
        days(date(2026, 12, 1), date(2026, 12, 3)),
        timed("2026-12-01T08:00:00+01:00", "2026-12-01T11:00:00+01:00"),
        timed("2026-12-01T18:00:00+01:00", "2026-12-01T19:00:00+01:00"),
    ]


def test_an_upsert_creates_and_moves(owner: User) -> None:
    event = make(owner, start_time=SIX, end_time=SEVEN)
    rows = [
        {"id": event["id"], "title": "Moved", "start_time": SEVEN},
        {"id": str(uuid4()), "title": "New", "start_time": SIX},
    ]
    answered = send(owner.client.table("calendar_events").upsert(rows))
    assert [when(row) for row in answered] == [
        timed(SEVEN, "2026-11-24T20:00:00+01:00"),
        timed(SIX, "2026-11-24T18:30:00+01:00"),
    ]
    assert sorted(answered, key=str) == sorted(events(owner), key=str)


def test_a_custom_event_can_be_deleted_by_its_owner_only(owner: User, other_user: User) -> None:
    event = make(owner, start_time=SIX)
    assert send(other_user.client.table("calendar_events").delete().eq("id", event["id"])) == []
    assert events(owner) == [event]
    assert send(owner.client.table("calendar_events").delete().eq("id", event["id"])) == [event]
    assert events(owner) == []


def test_the_service_role_writes_in_the_owners_zone(other_user: User, admin: Client) -> None:
    table = admin.table("calendar_events")
    (event,) = send(table.insert({"title": "Late", "start_time": SIX, "user_id": other_user.id}))
    assert (event["local_date"], event["source_id"]) == ("2026-11-24", event["id"])
    (moved,) = send(table.update({"start_time": "2026-11-25T07:00:00Z"}).eq("id", event["id"]))
    assert moved["local_date"] == "2026-11-24"
    assert events(other_user) == [moved]


def test_an_all_day_event_on_a_day_the_zone_skipped_is_still_on_that_day(new_user: NewUser) -> None:
    samoan = new_user(timezone="Pacific/Apia")
    # Samoa went from 29 to 31 December 2011.
    event = make(samoan, all_day=True, local_date="2011-12-30")
    assert (event["local_date"], event["local_end_date"]) == ("2011-12-30", "2011-12-30")
    assert when(event)["start_time"] == instant("Pacific/Apia", date(2011, 12, 31), time.min)


# --- optimistic locking ---------------------------------------------------------------------------


def test_a_stale_write_answers_406_and_a_fresh_one_is_taken(stack: Instance, owner: User) -> None:
    event = make(owner, start_time=SIX)
    headers = {
        "apikey": stack.publishable_key,
        "authorization": f"Bearer {owner.token}",
        "accept": "application/vnd.pgrst.object+json",
        "prefer": "return=representation",
    }

    def rename(title: str, updated_at: str) -> httpx.Response:
        conditions = {"id": f"eq.{event['id']}", "updated_at": f"eq.{updated_at}"}
        url = f"{stack.url}/rest/v1/calendar_events"
        return httpx.patch(url, params=conditions, json={"title": title}, headers=headers)

    fresh = rename("first", event["updated_at"])
    assert (fresh.status_code, fresh.json()["title"]) == (200, "first")
    stale = rename("second", event["updated_at"])
    assert (stale.status_code, stale.json()["code"]) == (406, "PGRST116")
    assert events(owner) == [fresh.json()]
    assert rename("third", fresh.json()["updated_at"]).status_code == 200


def test_a_patch_without_a_change_keeps_updated_at_and_any_other_renews_it(owner: User) -> None:
    event = make(owner, start_time=SIX, end_time=SEVEN)
    assert patch(owner, event, title="Party", start_time=SIX) == event
    assert patch(owner, event, title="Wedding")["updated_at"] > event["updated_at"]
    assert patch(owner, event, updated_at="2020-01-01T00:00:00Z")["updated_at"] > event["updated_at"]
