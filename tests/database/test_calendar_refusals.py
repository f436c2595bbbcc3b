"""Derived events are the database's: by hand they are refused, with a hint where to go instead."""

from collections.abc import Iterator
from datetime import date, time

import psycopg
import pytest
from psycopg.rows import dict_row
from supabase import Client

from local_supabase import Instance
from tests.conftest import User
from tests.database.calendar_sources import (
    EXPENSE,
    MEAL,
    SOURCES,
    WORKOUT,
    Row,
    Source,
    acting_as,
    add,
    each,
    event_of,
    events,
    refusal,
    send,
)

pytestmark = pytest.mark.covers(
    "refuse_derived_insert", "refuse_derived_update", "refuse_derived_delete", "calendar_events.keep_source"
)

DAY = date(2026, 11, 24)
SIX = "2026-11-24T18:00:00+01:00"
CUSTOM = {"title": "Party", "start_time": SIX}
CHANGES: list[Row] = [
    {"title": "Renamed"},
    {"start_time": SIX},
    {"end_time": "2026-11-25T18:00:00+01:00"},
    {"all_day": False, "start_time": SIX},
    {"local_date": "2026-12-01"},
    {"status": "done", "title": "Done"},
    {"notes": "A note"},
    {"updated_at": "2020-01-01T00:00:00Z"},
]


@pytest.fixture
def writers(owner: User, admin: Client) -> tuple[Client, Client]:
    """Who may write the owner's events through the Data API: the owner and the service role."""
    return owner.client, admin


Writers = tuple[Client, Client]


def custom(owner: User) -> Row:
    (event,) = send(owner.client.table("calendar_events").insert(CUSTOM))
    return event


@each()
def test_a_derived_event_cannot_be_changed_and_says_what_to_change(
    owner: User, writers: Writers, source: Source
) -> None:
    row = add(owner, source, "Legs", DAY)
    event = event_of(owner, row["id"])
    for client in writers:
        for change in CHANGES:
            refused = refusal(client.table("calendar_events").update(change).eq("id", event["id"]))
            assert (refused.code, refused.message) == ("PT409", f"this event follows its {source.name}")
            assert refused.details == f"Event {event['id']} shows source row {row['id']}."
            assert refused.hint is not None
            assert refused.hint.startswith(f"Update {source.table} (")
            assert source.day in refused.hint
            assert refused.hint.endswith(f"with id {row['id']} instead.")
            assert events(owner) == [event]


def test_a_custom_event_can_be_changed(owner: User, writers: Writers) -> None:
    event = custom(owner)
    for client in writers:
        for change in CHANGES:
            changed = send(client.table("calendar_events").update(change).eq("id", event["id"]))
            assert changed == events(owner)


@each()
def test_a_derived_event_cannot_be_deleted_and_says_where_to_delete(
    owner: User, writers: Writers, source: Source
) -> None:
    for client in writers:
        row = add(owner, source, "Legs", DAY)
        before = events(owner)
        refused = refusal(client.table("calendar_events").delete().eq("source_id", row["id"]))
        assert (refused.code, refused.message) == ("PT409", f"this event follows its {source.name}")
        assert refused.details == f"Source row {row['id']} still exists."
        assert refused.hint == f"Delete it from {source.table} instead."
        assert events(owner) == before
        send(client.table(source.table).delete().eq("id", row["id"]))
        assert events(owner) == []


def test_a_custom_event_can_be_deleted(owner: User, writers: Writers) -> None:
    for client in writers:
        event = custom(owner)
        assert send(client.table("calendar_events").delete().eq("id", event["id"])) == [event]
        assert events(owner) == []


@each()
def test_a_derived_event_cannot_be_inserted_and_says_where_to_insert(
    owner: User, writers: Writers, source: Source
) -> None:
    row = add(owner, source, "Legs", DAY)
    before = events(owner)
    for client in writers:
        for source_id in (row["id"], owner.id):
            derived = CUSTOM | {"source": source.name, "source_id": source_id, "user_id": owner.id}
            table = client.table("calendar_events")
            for query in (table.insert(derived), table.upsert(derived, on_conflict="source,source_id")):
                refused = refusal(query)
                assert refused.code == "PT409"
                assert refused.message == f"events of source {source.name} are made by the database"
                assert refused.details == "They appear with their source row, in the same transaction."
                assert refused.hint is not None
                assert refused.hint.startswith(f"Insert into {source.table} (")
    assert events(owner) == before


def test_an_event_of_an_unknown_source_cannot_be_inserted_and_a_custom_one_can(
    owner: User, writers: Writers
) -> None:
    mine = CUSTOM | {"user_id": owner.id}
    for client in writers:
        table = client.table("calendar_events")
        assert refusal(table.insert(mine | {"source": "Meal", "source_id": owner.id})).code == "PT409"
        assert events(owner) == []
        assert send(table.insert(mine | {"source": "custom"})) == events(owner)
        send(table.delete().eq("user_id", owner.id))


def test_an_upsert_cannot_take_over_a_derived_event(owner: User, writers: Writers) -> None:
    row = add(owner, WORKOUT, "Legs", DAY)
    event = event_of(owner, row["id"])
    hijack = CUSTOM | {"id": event["id"], "user_id": owner.id}
    for client in writers:
        assert refusal(client.table("calendar_events").upsert(hijack)).code == "PT409"
        assert events(owner) == [event]


def test_source_and_source_id_never_change(owner: User, writers: Writers) -> None:
    row = add(owner, WORKOUT, "Legs", DAY)
    derived, own = event_of(owner, row["id"]), custom(owner)
    before = events(owner)
    for client in writers:
        table = client.table("calendar_events")
        for event, change in [
            (derived, {"source": "custom"}),
            (derived, {"source": "custom", "source_id": derived["id"]}),
            (derived, {"source_id": owner.id}),
            (own, {"source": "workout"}),
            (own, {"source": "workout", "source_id": row["id"]}),
            (own, {"source_id": owner.id}),
        ]:
            refused = refusal(table.update(change).eq("id", event["id"]))
            assert refused.code == "PT409"
            assert refused.message == "source and source_id of an event never change"
            assert refused.hint == "Leave them out of the update."
            assert events(owner) == before
    same = {"source": "custom", "source_id": own["id"], "title": "Wedding"}
    (changed,) = send(owner.client.table("calendar_events").update(same).eq("id", own["id"]))
    assert changed["title"] == "Wedding"


@pytest.mark.covers("calendar_events.keep_identity")
def test_an_event_never_changes_its_owner(owner: User, other_user: User, admin: Client) -> None:
    row = add(owner, WORKOUT, "Legs", DAY)
    custom(owner)
    before = events(owner)
    change = {"user_id": other_user.id}
    for event in before:
        assert refusal(admin.table("calendar_events").update(change).eq("id", event["id"])).code == "PT409"
    assert refusal(admin.table("fitness_workouts").update(change).eq("id", row["id"])).code == "PT409"
    assert (events(owner), events(other_user)) == (before, [])


@each()
def test_a_patch_that_changes_nothing_is_fine(owner: User, writers: Writers, source: Source) -> None:
    row = add(owner, source, "Legs", DAY)
    event = event_of(owner, row["id"])
    shown = ("title", "start_time", "all_day", "local_date", "source", "source_id")
    same = {key: event[key] for key in shown}
    for client in writers:
        assert send(client.table("calendar_events").update(same).eq("id", event["id"])) == [event]


def test_one_derived_event_among_many_refuses_the_whole_request(owner: User, writers: Writers) -> None:
    add(owner, WORKOUT, "Legs", DAY)
    for client in writers:
        event = custom(owner)
        before = events(owner)
        table = client.table("calendar_events")
        assert refusal(table.update({"title": "All"}).eq("user_id", owner.id)).code == "PT409"
        assert refusal(table.delete().eq("user_id", owner.id)).code == "PT409"
        assert events(owner) == before
        only_custom = table.delete().eq("user_id", owner.id).eq("source", "custom")
        assert send(only_custom) == [event]


def test_a_cooked_meal_and_an_expense_are_refused_like_planned_ones(owner: User, writers: Writers) -> None:
    meal, _ = add(owner, MEAL, "Soup", DAY, time(19)), add(owner, EXPENSE, "Bread", DAY)
    send(owner.client.table("planned_meals").update({"status": "cooked"}).eq("id", meal["id"]))
    before = events(owner)
    for client in writers:
        assert refusal(client.table("calendar_events").delete().eq("user_id", owner.id)).code == "PT409"
        assert events(owner) == before


@pytest.fixture(params=["owner", "service role", "postgres"])
def statement(request: pytest.FixtureRequest, stack: Instance, owner: User) -> Iterator[psycopg.Cursor[Row]]:
    """A database connection of each role that may write events."""
    if request.param == "postgres":
        with psycopg.connect(stack.db_url, autocommit=True) as connection:
            yield connection.cursor(row_factory=dict_row)
    else:
        with acting_as(stack, owner if request.param == "owner" else None) as connection:
            yield connection.cursor()


def test_sql_is_refused_like_the_data_api(owner: User, statement: psycopg.Cursor[Row]) -> None:
    for source in SOURCES:
        add(owner, source, "Legs", DAY)
    before = events(owner)
    for sql in (
        "update calendar_events set title = 'x' where user_id = %s",
        "update calendar_events set created_at = now() where user_id = %s",
        "update calendar_events set source = 'custom', source_id = id where user_id = %s",
        "delete from calendar_events where user_id = %s",
        """merge into calendar_events as e using (select %s::uuid as id) as v on e.user_id = v.id
        when matched then delete""",
        """insert into calendar_events (title, start_time, source, source_id, user_id)
        select 'x', now(), 'workout', id, user_id from fitness_workouts where user_id = %s""",
    ):
        with pytest.raises(psycopg.Error) as refused:
            statement.execute(sql, [owner.id])
        assert refused.value.sqlstate == "PT409"
        assert refused.value.diag.message_hint
        assert events(owner) == before
    insert = "insert into calendar_events (title, start_time, user_id) values ('Party', now(), %s)"
    statement.execute(insert, [owner.id])
    statement.execute("delete from calendar_events where source = 'custom' and user_id = %s", [owner.id])
    assert events(owner) == before
