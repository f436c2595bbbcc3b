"""What the calendar can't be told about derived events is refused, with a hint where to go instead."""

from collections.abc import Iterator
from datetime import date, time
from typing import Any, NamedTuple

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
    acting_as,
    add,
    at,
    each,
    event_of,
    events,
    refusal,
    send,
    shared_account,
)

pytestmark = pytest.mark.covers(
    "refuse_derived_insert",
    "refuse_derived_change",
    "delete_sources",
    "calendar_events.keep_source",
)

BERLIN = "Europe/Berlin"
DAY = date(2026, 11, 24)
SIX = "2026-11-24T18:00:00+01:00"
CUSTOM = {"title": "Party", "start_time": SIX}

owner = shared_account(BERLIN, "EUR")
other_user = shared_account("America/Los_Angeles", "USD")


class Writers(NamedTuple):
    """Who may write the owner's events through the Data API, and a look at what they wrote."""

    clients: tuple[Client, Client]
    db: Database


@pytest.fixture
def writers(owner: User, admin: Client, db: Database) -> Writers:
    """The owner and the service role."""
    return Writers((owner.client, admin), db)


def timed(owner: User, source: Source, minutes: int | None = 50) -> tuple[Row, Row]:
    """A row at six o'clock where its source has a clock, and its event."""
    row = add(owner, source, "Legs", DAY, time(18) if source.clock else None, minutes)
    return row, event_of(owner, row["id"])


def everything(db: Database, owner: User) -> list[Row]:
    """All that a person's calendar is made of, by table."""
    tables = (*(source.table for source in SOURCES), "calendar_events")
    parts = [
        f"select '{t}' as name, id, to_jsonb(r) as row from {t} as r where user_id = %(u)s" for t in tables
    ]
    return db.execute(" union all ".join(parts) + " order by name, id", {"u": owner.id}).fetchall()


def custom(owner: User) -> Row:
    (event,) = send(owner.client.table("calendar_events").insert(CUSTOM))
    return event


def cannot(
    owner: User, writers: Writers, event: Row, **values: Any
) -> tuple[str | None, str | None, str | None]:
    """Code, message and hint with which a PATCH is refused, to everybody alike; nothing changes."""
    before = everything(writers.db, owner)
    answers = set()
    for client in writers.clients:
        refused = refusal(client.table("calendar_events").update(values).eq("id", event["id"]))
        answers.add((refused.code, refused.message, refused.hint))
        if refused.code == "PT409":
            assert refused.details == f"Event {event['id']} shows source row {event['source_id']}."
        assert everything(writers.db, owner) == before
    (answer,) = answers
    return answer


def can(owner: User, event: Row, **values: Any) -> Row:
    (changed,) = send(owner.client.table("calendar_events").update(values).eq("id", event["id"]))
    assert {key: changed[key] for key in values} == values
    assert changed in events(owner)
    return changed


# --- columns that a source doesn't have ---------------------------------------------------------


@each()
def test_a_derived_event_cannot_have_notes_and_its_source_can(
    owner: User, writers: Writers, source: Source
) -> None:
    row, event = timed(owner, source)
    assert cannot(owner, writers, event, notes="Heavy") == (
        "PT409",
        f"this event follows its {source.name} and has no notes of its own",
        "Update the notes of the source row.",
    )
    send(owner.client.table(source.table).update({source.hidden: "7"}).eq("id", row["id"]))
    can(owner, event, notes=None)
    can(owner, custom(owner), notes="Heavy")


@each()
def test_an_all_day_derived_event_cannot_last_several_days_and_a_custom_one_can(
    owner: User, writers: Writers, source: Source
) -> None:
    row = add(owner, source, "Legs", DAY)
    event = event_of(owner, row["id"])
    several = (
        "PT409",
        f"an all-day event of source {source.name} is one day long",
        "Use a custom event for several days.",
    )
    assert cannot(owner, writers, event, local_end_date="2026-11-25") == several
    assert cannot(owner, writers, event, end_time=at(BERLIN, date(2026, 11, 26), time())) == several
    assert cannot(owner, writers, event, local_date="2026-11-26", local_end_date="2026-11-27") == several
    if source.clock:
        _, event = timed(owner, source)
        assert cannot(owner, writers, event, all_day=True, local_end_date="2026-11-25") == several
    can(owner, event, local_date="2026-11-26", local_end_date="2026-11-26")
    can(owner, custom(owner), all_day=True, local_end_date="2026-11-25")


def test_a_meal_cannot_be_renamed_in_the_calendar_and_its_recipe_can(owner: User, writers: Writers) -> None:
    row, event = timed(owner, MEAL)
    answer = ("PT409", "the title of a meal is its recipe's name", "Rename the recipe: PATCH meals.")
    assert cannot(owner, writers, event, title="Soup") == answer
    assert cannot(owner, writers, event, title="Soup", local_date="2026-12-01") == answer
    send(owner.client.table("meals").update({"name": "Soup"}).eq("id", row["meal_id"]))
    assert event_of(owner, row["id"])["title"] == "Soup"


def test_a_meal_cannot_be_resized_in_the_calendar_and_its_recipe_can(owner: User, writers: Writers) -> None:
    row, event = timed(owner, MEAL)
    answer = (
        "PT409",
        "the length of a meal is its recipe's prep and cook time",
        "Change prep_time and cook_time of the recipe: PATCH meals.",
    )
    later, end = at(BERLIN, DAY, time(18, 20)), at(BERLIN, DAY, time(19))
    assert cannot(owner, writers, event, end_time=end) == answer
    assert cannot(owner, writers, event, end_time=event["start_time"]) == answer
    assert cannot(owner, writers, event, local_end_date="2026-11-25") == answer
    assert cannot(owner, writers, event, start_time=later, end_time=event["end_time"]) == answer
    send(owner.client.table("meals").update({"prep_time": 0, "cook_time": 60}).eq("id", row["meal_id"]))
    assert event_of(owner, row["id"])["end_time"] == "2026-11-24T18:00:00+00:00"
    # Dropped at a time with another length than the recipe's, and without.
    event = can(owner, event, all_day=True)
    assert cannot(owner, writers, event, all_day=False, start_time=later, end_time=end) == answer
    send(
        owner.client.table("calendar_events")
        .update({"all_day": False, "start_time": later})
        .eq("id", event["id"])
    )
    assert event_of(owner, row["id"])["end_time"] == "2026-11-24T18:20:00+00:00"


def test_only_the_day_of_an_expense_can_be_changed_in_the_calendar(owner: User, writers: Writers) -> None:
    row, event = timed(owner, EXPENSE)
    for change in (
        {"title": "Buns"},
        {"status": "planned"},
        {"all_day": False},
        {"all_day": False, "start_time": SIX},
        {"title": "Buns", "local_date": "2026-12-01"},
    ):
        assert cannot(owner, writers, event, **change) == (
            "PT409",
            "only the day of an expense can be changed in the calendar",
            "PATCH expenses for the rest.",
        )
    can(owner, event, local_date="2026-12-01")
    send(owner.client.table("expenses").update({"name": "Buns"}).eq("id", row["id"]))
    assert event_of(owner, row["id"])["title"] == "Buns"


# --- values that a source doesn't take ----------------------------------------------------------


@each(ACTIVITIES)
def test_a_length_of_seconds_is_refused_and_one_of_minutes_is_taken(
    owner: User, writers: Writers, source: Source
) -> None:
    _, event = timed(owner, source)
    for end in (time(18, 50, 30), time(18, 50, 0, 1)):
        assert cannot(owner, writers, event, end_time=at(BERLIN, DAY, end)) == (
            "PT422",
            f"the length of a {source.name} is whole minutes",
            "Send an end_time that is whole minutes after start_time.",
        )
    can(owner, event, end_time="2026-11-24T17:51:00+00:00")
    # Where it starts may be any moment.
    can(owner, event, start_time="2026-11-24T17:00:30.000001+00:00")


@each(ACTIVITIES)
def test_a_length_over_a_day_or_of_nothing_is_refused_by_the_source(
    owner: User, writers: Writers, source: Source
) -> None:
    _, event = timed(owner, source)
    for end in (at(BERLIN, date(2026, 11, 25), time(18, 1)), event["start_time"]):
        code, message, _ = cannot(owner, writers, event, end_time=end, title="Arms", status="done")
        assert code == "23514"
        assert f"{source.table}_duration_minutes_1_to_1440" in (message or "")
    can(owner, event, end_time="2026-11-25T17:00:00+00:00")


@each((WORKOUT, MEAL))
def test_nonsense_is_refused_by_a_rule(owner: User, writers: Writers, source: Source) -> None:
    _, event = timed(owner, source)
    for change, code in (
        ({"end_time": "2026-11-24T16:59:00Z"}, "23514" if source is not MEAL else "PT409"),
        ({"local_date": "2200-01-01"}, "23514"),
        ({"all_day": True, "local_date": "1899-12-31"}, "23514"),
        ({"status": "cooked"}, "23514"),
        ({"start_time": None}, "23502"),
        ({"all_day": None}, "23502"),
        ({"status": None}, "23502"),
        ({"start_time": "infinity"}, "22008"),
        ({"local_date": "-infinity"}, "22008"),
    ):
        assert cannot(owner, writers, event, **change)[0] == code
    if source is not MEAL:
        for title in (" ", "Legs ", "x" * 101):
            assert cannot(owner, writers, event, title=title)[0] == "23514"
        can(owner, event, title="x" * 100)
    can(owner, event, local_date="2199-12-31")


# --- all or nothing -----------------------------------------------------------------------------


def test_one_refused_event_among_many_refuses_the_whole_request(owner: User, writers: Writers) -> None:
    for source in SOURCES:
        timed(owner, source)
    custom(owner)
    before = everything(writers.db, owner)
    for client in writers.clients:
        table = client.table("calendar_events")
        for change in ({"title": "All"}, {"status": "planned"}, {"end_time": "2026-11-24T18:20:00Z"}):
            assert refusal(table.update(change).eq("user_id", owner.id)).code == "PT409"
        # Too long, but only for the last of them.
        too_long = table.update({"end_time": "2026-11-25T17:50:00Z", "title": "Long"}).eq("user_id", owner.id)
        assert refusal(too_long.in_("source", ["custom", "workout", "cardio"])).code == "23514"
        assert refusal(table.delete().eq("user_id", owner.id)).code == "PT409"
        assert everything(writers.db, owner) == before
    without = owner.client.table("calendar_events").delete().eq("user_id", owner.id).neq("source", "expense")
    assert len(send(without)) == 6
    assert [event["source"] for event in events(owner)] == ["expense"]


# --- delete -------------------------------------------------------------------------------------


@each(TIMED)
def test_what_is_done_cannot_be_deleted_in_the_calendar_and_in_its_source_it_can(
    owner: User, writers: Writers, source: Source
) -> None:
    row, event = timed(owner, source)
    can(owner, event, status="done")
    before = everything(writers.db, owner)
    for client in writers.clients:
        refused = refusal(client.table("calendar_events").delete().eq("id", event["id"]))
        what = f"a {source.name} that is done can't be deleted in the calendar"
        assert refused.message == ("a cooked meal can't be unplanned" if source is MEAL else what)
        assert (refused.code, refused.details) == ("PT409", f"Source row {row['id']} is history.")
        assert refused.hint == "Set its status to planned first, or delete the source row."
        assert everything(writers.db, owner) == before
    send(owner.client.table(source.table).delete().eq("id", row["id"]))
    assert events(owner) == []


def test_an_expense_cannot_be_deleted_in_the_calendar_and_in_expenses_it_can(
    owner: User, writers: Writers
) -> None:
    row, event = timed(owner, EXPENSE)
    before = everything(writers.db, owner)
    for client in writers.clients:
        refused = refusal(client.table("calendar_events").delete().eq("id", event["id"]))
        assert (refused.code, refused.message) == ("PT409", "an expense can't be deleted in the calendar")
        assert (refused.details, refused.hint) == (
            f"Source row {row['id']} is history.",
            "Delete it in expenses.",
        )
        assert everything(writers.db, owner) == before
    send(owner.client.table("expenses").delete().eq("id", row["id"]))
    assert events(owner) == []


def test_a_custom_event_can_be_deleted_also_when_done(owner: User, writers: Writers) -> None:
    for client in writers.clients:
        event = can(owner, custom(owner), status="done")
        assert send(client.table("calendar_events").delete().eq("id", event["id"])) == [event]
        assert events(owner) == []


# --- insert, identity ---------------------------------------------------------------------------


@each()
def test_a_derived_event_cannot_be_inserted_and_its_source_row_can(
    owner: User, writers: Writers, source: Source
) -> None:
    row, _ = timed(owner, source)
    before = everything(writers.db, owner)
    for client in writers.clients:
        for source_id in (row["id"], owner.id):
            derived = CUSTOM | {"source": source.name, "source_id": source_id, "user_id": owner.id}
            table = client.table("calendar_events")
            for query in (table.insert(derived), table.upsert(derived, on_conflict="source,source_id")):
                refused = refusal(query)
                assert refused.code == "PT409"
                assert refused.message == f"events of source {source.name} are made by the database"
                assert refused.details == "They appear with their source row, in the same transaction."
                assert (refused.hint or "").startswith(
                    "Insert the workout, cardio, sport, stretching, planned meal"
                )
                assert everything(writers.db, owner) == before


def test_an_event_of_an_unknown_source_cannot_be_inserted_and_a_custom_one_can(
    owner: User, writers: Writers
) -> None:
    mine = CUSTOM | {"user_id": owner.id}
    for client in writers.clients:
        table = client.table("calendar_events")
        assert refusal(table.insert(mine | {"source": "Meal", "source_id": owner.id})).code == "PT409"
        assert events(owner) == []
        assert send(table.insert(mine | {"source": "custom"})) == events(owner)
        send(table.delete().eq("user_id", owner.id))


def test_source_and_source_id_never_change(owner: User, writers: Writers) -> None:
    row, derived = timed(owner, WORKOUT)
    own = custom(owner)
    before = everything(writers.db, owner)
    for client in writers.clients:
        table = client.table("calendar_events")
        for event, change in [
            (derived, {"source": "custom"}),
            (derived, {"source": "custom", "source_id": derived["id"]}),
            (derived, {"source": "cardio"}),
            (derived, {"source_id": owner.id}),
            (own, {"source": "workout"}),
            (own, {"source": "workout", "source_id": row["id"]}),
            (own, {"source_id": owner.id}),
        ]:
            refused = refusal(table.update(change).eq("id", event["id"]))
            assert refused.code == "PT409"
            assert refused.message == "source and source_id of an event never change"
            assert refused.hint == "Leave them out of the update."
            assert everything(writers.db, owner) == before
        hijack = CUSTOM | {"id": derived["id"], "user_id": owner.id, "source": "custom"}
        assert refusal(table.upsert(hijack)).code == "PT409"
        assert everything(writers.db, owner) == before
    can(owner, own, source="custom", source_id=own["id"], title="Wedding")
    can(owner, derived, source="workout", source_id=row["id"], title="Arms")


@pytest.mark.covers("calendar_events.keep_identity")
def test_an_event_never_changes_its_owner(owner: User, other_user: User, admin: Client) -> None:
    row, _ = timed(owner, WORKOUT)
    custom(owner)
    before = events(owner)
    change = {"user_id": other_user.id}
    for event in before:
        assert refusal(admin.table("calendar_events").update(change).eq("id", event["id"])).code == "PT409"
    assert refusal(admin.table("fitness_workouts").update(change).eq("id", row["id"])).code == "PT409"
    assert (events(owner), events(other_user)) == (before, [])


# --- SQL ----------------------------------------------------------------------------------------


@pytest.fixture(params=["owner", "service role", "postgres"])
def statement(request: pytest.FixtureRequest, stack: Instance, owner: User) -> Iterator[psycopg.Cursor[Row]]:
    """A database connection of each role that may write events."""
    if request.param == "postgres":
        with psycopg.connect(stack.db_url, autocommit=True) as connection:
            yield connection.cursor(row_factory=dict_row)
    else:
        with acting_as(stack, owner if request.param == "owner" else None) as connection:
            yield connection.cursor()


def test_sql_is_refused_like_the_data_api(owner: User, statement: psycopg.Cursor[Row], db: Database) -> None:
    for source in SOURCES:
        timed(owner, source)
    before = everything(db, owner)
    for sql in (
        "update calendar_events set title = 'x' where user_id = %s",
        "update calendar_events set notes = 'x' where user_id = %s",
        "update calendar_events set source = 'custom', source_id = id where user_id = %s",
        "delete from calendar_events where user_id = %s",
        """merge into calendar_events as e using (select %s::uuid as id) as v on e.user_id = v.id
        when matched then delete""",
        """merge into calendar_events as e using (select %s::uuid as id) as v on e.user_id = v.id
        when matched and e.source = 'expense' then update set status = 'planned'
        when matched then update set local_date = '2026-12-01'""",
        """insert into calendar_events (title, start_time, source, source_id, user_id)
        select 'x', now(), 'workout', id, user_id from fitness_workouts where user_id = %s""",
    ):
        with pytest.raises(psycopg.Error) as refused:
            statement.execute(sql, [owner.id])
        assert refused.value.sqlstate == "PT409"
        assert refused.value.diag.message_hint
        assert everything(db, owner) == before


def test_sql_is_taken_like_the_data_api(owner: User, statement: psycopg.Cursor[Row], db: Database) -> None:
    for source in SOURCES:
        timed(owner, source)
    statement.execute(
        "insert into calendar_events (title, start_time, user_id) values ('x', now(), %s)", [owner.id]
    )
    statement.execute("update calendar_events set local_date = '2026-12-01' where user_id = %s", [owner.id])
    merge = """merge into calendar_events as e using (select %s::uuid as id) as v on e.user_id = v.id
        when matched and e.source = 'expense' then update set local_date = '2026-12-02'
        when matched and e.source = 'cardio' then update set status = 'done'
        when matched then delete"""
    statement.execute(merge, [owner.id])
    assert [(event["source"], event["local_date"], event["status"]) for event in events(owner)] == [
        ("cardio", "2026-12-01", "done"),
        ("expense", "2026-12-02", "done"),
    ]
    left = [found["name"] for found in everything(db, owner)]
    assert left == ["calendar_events", "calendar_events", "expenses", "fitness_cardio"]
