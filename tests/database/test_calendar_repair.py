"""repair_calendar() rebuilds derived events from their sources, and says how many weren't right."""

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
    Database,
    Row,
    add,
    event_of,
    events,
    refusal,
    send,
    shared_account,
)

DAY = date(2026, 11, 24)

owner = shared_account("Europe/Berlin", "EUR")
other_user = shared_account("America/Los_Angeles", "USD")


@pytest.fixture
def rolled_back(stack: Instance) -> Iterator[Database]:
    """A transaction of the role `postgres` that is never committed."""
    with psycopg.connect(stack.db_url, row_factory=dict_row) as connection:
        yield connection
        connection.rollback()


def fill(user: User) -> dict[str, Row]:
    """A row of each source, and a custom event; the rows by source."""
    custom = {"title": "Party", "start_time": "2026-11-24T18:00:00Z"}
    send(user.client.table("calendar_events").insert(custom))
    return {
        source.name: add(user, source, "Legs", DAY, time(18) if source.clock else None, 50)
        for source in SOURCES
    }


def sabotage(connection: Database, *statements: str) -> None:
    """Runs statements while no trigger fires."""
    tables = ("calendar_events", *(source.table for source in SOURCES), "profiles", "meals")
    for table in tables:
        connection.execute(f"alter table {table} disable trigger user")
    for statement in statements:
        connection.execute(statement)
    for table in tables:
        connection.execute(f"alter table {table} enable trigger user")


def repaired_by(connection: Database, user: User | None) -> int:
    """What the function answers to a person, or to the service role, inside a transaction of `postgres`."""
    claims = f'{{"sub": "{user.id}", "role": "authenticated"}}' if user else ""
    connection.execute("select set_config('request.jwt.claims', %s, true)", [claims])
    connection.execute(f"set local role {'authenticated' if user else 'service_role'}")
    row = connection.execute("select repair_calendar() as n").fetchone()
    connection.execute("reset role")
    assert row
    return int(row["n"])


def problems(connection: Database, user: User) -> list[tuple[str, str]]:
    found = connection.execute(
        "select source, problem from private.calendar_mismatches where user_id = %s order by 1, 2", [user.id]
    )
    return [(row["source"], row["problem"]) for row in found]


def test_there_is_nothing_to_repair(owner: User, other_user: User, admin: Client) -> None:
    for user in (owner, other_user):
        fill(user)
    before = events(owner), events(other_user)
    for client in (owner.client, other_user.client, admin):
        assert client.rpc("repair_calendar", {}).execute().data == 0
    assert (events(owner), events(other_user)) == before


def test_nobody_cannot_repair(anon: Client) -> None:
    assert refusal(anon.rpc("repair_calendar", {})).code == "42501"


def test_each_kind_of_damage_is_repaired_and_counted(owner: User, rolled_back: Database) -> None:
    rows = fill(owner)
    before = events(owner)
    of = {name: f"source = '{name}' and source_id = '{row['id']}'" for name, row in rows.items()}
    sabotage(
        rolled_back,
        f"delete from calendar_events where {of['workout']}",
        f"update calendar_events set title = 'Forged' where {of['cardio']}",
        f"update calendar_events set local_date = '2026-11-23' where {of['sport']}",
        f"update calendar_events set end_time = end_time + interval '1 minute' where {of['meal']}",
        f"update calendar_events set status = 'planned' where {of['expense']}",
        f"delete from fitness_stretching where id = '{rows['stretching']['id']}'",
        f"""insert into calendar_events
        (title, start_time, end_time, local_date, local_end_date, source, source_id, user_id)
        select 'Ghost', now(), now(), '{DAY}', '{DAY}', 'workout', gen_random_uuid(), '{owner.id}'""",
    )
    assert problems(rolled_back, owner) == [
        ("cardio", "differs"),
        ("expense", "differs"),
        ("meal", "differs"),
        ("sport", "differs"),
        ("stretching", "left over"),
        ("workout", "left over"),
        ("workout", "missing"),
    ]
    assert repaired_by(rolled_back, owner) == 7
    assert problems(rolled_back, owner) == []
    assert repaired_by(rolled_back, owner) == 0
    found = rolled_back.execute(
        "select source from calendar_events where user_id = %s order by 1", [owner.id]
    )
    assert [row["source"] for row in found] == ["cardio", "custom", "expense", "meal", "sport", "workout"]
    rolled_back.rollback()
    assert events(owner) == before


def test_a_zone_or_a_recipe_changed_behind_the_calendars_back_is_caught_up_with(
    owner: User, rolled_back: Database
) -> None:
    rows = fill(owner)
    sabotage(
        rolled_back,
        f"update profiles set timezone = 'Asia/Tokyo' where id = '{owner.id}'",
        f"update meals set cook_time = 480 where id = '{rows['meal']['meal_id']}'",
    )
    assert len(problems(rolled_back, owner)) == 6
    assert repaired_by(rolled_back, owner) == 6
    assert problems(rolled_back, owner) == []


def test_a_person_repairs_their_own_events_and_the_service_role_everybodys(
    owner: User, other_user: User, rolled_back: Database
) -> None:
    for user in (owner, other_user):
        fill(user)
    people = f"user_id in ('{owner.id}', '{other_user.id}')"
    sabotage(
        rolled_back,
        f"delete from fitness_workouts where {people}",
        f"update calendar_events set title = 'Forged' where {people} and source in ('sport', 'expense')",
        f"delete from calendar_events where {people} and source = 'meal'",
    )
    damage = [("expense", "differs"), ("meal", "missing"), ("sport", "differs"), ("workout", "left over")]
    assert problems(rolled_back, owner) == problems(rolled_back, other_user) == damage
    assert repaired_by(rolled_back, owner) == 4
    assert (problems(rolled_back, owner), problems(rolled_back, other_user)) == ([], damage)
    assert repaired_by(rolled_back, None) == 4
    assert problems(rolled_back, other_user) == []


def test_an_event_that_was_given_to_somebody_else_goes_back(
    owner: User, other_user: User, rolled_back: Database
) -> None:
    rows = fill(owner)
    workout = rows["workout"]["id"]
    sabotage(
        rolled_back, f"update calendar_events set user_id = '{other_user.id}' where source_id = '{workout}'"
    )
    # One is deleted, one is written.
    assert repaired_by(rolled_back, owner) == 2
    event = rolled_back.execute(
        "select user_id from calendar_events where source_id = %s", [workout]
    ).fetchone()
    assert event
    assert str(event["user_id"]) == owner.id
    assert problems(rolled_back, owner) == problems(rolled_back, other_user) == []


def test_repairing_keeps_right_events_and_custom_ones_untouched(owner: User, rolled_back: Database) -> None:
    rows = fill(owner)
    kept = {rows[source.name]["id"] for source in (WORKOUT, EXPENSE)}
    sabotage(
        rolled_back,
        f"update calendar_events set title = 'Forged' where user_id = '{owner.id}' and source = 'meal'",
    )
    sql = """select id, xmin, ctid from calendar_events
        where source_id = any (%s) or source = 'custom' order by id"""
    before = rolled_back.execute(sql, [list(kept)]).fetchall()
    assert repaired_by(rolled_back, owner) == 1
    assert rolled_back.execute(sql, [list(kept)]).fetchall() == before
    assert event_of(owner, rows[MEAL.name]["id"])["title"] == "Legs"
