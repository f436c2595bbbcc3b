"""Writers at the same time, on connections of their own: no deadlock, no mismatch, no lost write."""

import random
import time as clock
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from threading import Lock
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from local_supabase import Instance
from tests.conftest import User
from tests.database.calendar_sources import (
    EXPENSE,
    MEAL,
    WORKOUT,
    Database,
    acting_as,
    add,
    event_of,
    events,
    projection,
    recipe,
    send,
    when,
)
from tests.database.races import meeting, wait_until_blocked
from tests.database.races import pool as pool  # A fixture.

pytestmark = pytest.mark.covers("a_lock_calendar")

DAY = date(2026, 11, 24)
SECONDS = 4.0


# --- two writers, step by step --------------------------------------------------------------------


def test_a_meal_planned_while_its_recipe_is_renamed_has_the_new_name_and_length(
    stack: Instance, db: Database, pool: ThreadPoolExecutor, owner: User
) -> None:
    for renamer in (owner, None):
        meal = recipe(owner, "Soup", 10, 10)
        meeting(stack, db, pool, renamer, owner)(
            "update meals set name = 'Stew', prep_time = 40 where id = %s",
            "insert into planned_meals (meal_id, planned_date, meal_time) values (%s, '2026-11-24', '19:00')",
            [meal["id"]],
        )
        (planned,) = send(owner.client.table("planned_meals").select("*").eq("meal_id", meal["id"]))
        event = event_of(owner, planned["id"])
        assert (planned["meal_name"], event["title"]) == ("Stew", "Stew")
        assert when(event)["end_time"] - when(event)["start_time"] == timedelta(minutes=50)


def test_a_row_added_while_the_zone_changes_is_in_the_new_zone(
    stack: Instance, db: Database, pool: ThreadPoolExecutor, owner: User
) -> None:
    for zone, mover in (("Asia/Tokyo", owner), ("Asia/Kathmandu", None)):
        meeting(stack, db, pool, mover, owner)(
            f"update profiles set timezone = '{zone}' where id = %s",
            """with row as (insert into fitness_workouts (name, date, start_time, user_id)
            values ('Legs', '2026-11-24', '18:00', %s) returning user_id)
            insert into calendar_events (title, all_day, local_date, user_id)
            select 'Day off', true, '2026-11-24', user_id from row""",
            [owner.id],
        )
        wall = db.execute(
            """select distinct (start_time at time zone %s)::time::text as wall from calendar_events
            where user_id = %s order by wall""",
            [zone, owner.id],
        )
        assert [row["wall"] for row in wall] == ["00:00:00", "18:00:00"]


def workout(owner: User) -> dict[str, Any]:
    (row,) = send(owner.client.table("fitness_workouts").select("*"))
    return row


WRITES = {
    "source": "update fitness_workouts set duration_minutes = 75, date = '2027-01-01' where id = %s",
    "event": "update calendar_events set title = 'Arms', status = 'done' where source_id = %s",
}


@pytest.mark.covers("write_back")
@pytest.mark.parametrize(
    ("holding", "waiting"), [("source", "event"), ("event", "source"), ("event", "event")]
)
def test_a_source_and_its_event_edited_at_the_same_time_keep_both_edits(
    stack: Instance, db: Database, pool: ThreadPoolExecutor, owner: User, holding: str, waiting: str
) -> None:
    for first, second in ((owner, owner), (owner, None), (None, owner)):
        row = add(owner, WORKOUT, "Legs", DAY, time(18), 50)
        if holding == waiting:
            move = "update calendar_events set local_date = '2027-01-01' where source_id = %s"
            meeting(stack, db, pool, first, second)(WRITES["event"], move, [row["id"]])
        else:
            meeting(stack, db, pool, first, second)(WRITES[holding], WRITES[waiting], [row["id"]])
        after, event = workout(owner), event_of(owner, row["id"])
        assert (after["name"], after["status"], after["date"]) == ("Arms", "done", "2027-01-01")
        assert after["duration_minutes"] == (50 if holding == waiting else 75)
        assert (event["title"], event["status"], event["local_date"]) == ("Arms", "done", "2027-01-01")
        send(owner.client.table("fitness_workouts").delete().eq("id", row["id"]))


@pytest.mark.covers("delete_sources")
def test_an_event_deleted_while_its_source_is_edited_takes_the_source_along_unless_it_is_done_by_then(
    stack: Instance, db: Database, pool: ThreadPoolExecutor, owner: User
) -> None:
    delete = "delete from calendar_events where source_id = %s"
    row = add(owner, WORKOUT, "Legs", DAY)
    meeting(stack, db, pool, owner, owner)(WRITES["source"], delete, [row["id"]])
    assert send(owner.client.table("fitness_workouts").select("*")) == events(owner) == []
    row = add(owner, WORKOUT, "Legs", DAY)
    done = "update fitness_workouts set status = 'done' where id = %s"
    run = meeting(stack, db, pool, owner, owner)
    with pytest.raises(psycopg.Error, match="that is done can't be deleted"):
        run(done, delete, [row["id"]])
    assert event_of(owner, row["id"])["status"] == "done"


@pytest.mark.covers("delete_sources")
@pytest.mark.parametrize("order", [1, -1])
def test_a_row_and_its_event_deleted_at_the_same_time_are_both_gone(
    stack: Instance, db: Database, pool: ThreadPoolExecutor, owner: User, order: int
) -> None:
    deletes = [
        "delete from fitness_workouts where id = %s",
        "delete from calendar_events where source_id = %s",
    ]
    row = add(owner, WORKOUT, "Legs", DAY)
    holding, waiting = deletes[::order]
    meeting(stack, db, pool, owner, None)(holding, waiting, [row["id"]])
    assert send(owner.client.table("fitness_workouts").select("*")) == events(owner) == []


@pytest.mark.covers("refuse_derived_change")
def test_a_meal_moved_while_its_recipe_gets_longer_has_the_new_length(
    stack: Instance, db: Database, pool: ThreadPoolExecutor, owner: User
) -> None:
    row = add(owner, MEAL, "Soup", DAY, time(18), 20)
    move = "update calendar_events set start_time = start_time + interval '1 hour' where source_id = %s"
    with acting_as(stack, None) as a, acting_as(stack, owner) as b:
        with a.transaction():
            a.execute("update meals set cook_time = 40 where id = %s", [row["meal_id"]])
            result = pool.submit(b.execute, move, [row["id"]])
            wait_until_blocked(db, b.info.backend_pid)
        result.result(timeout=10)
    assert when(event_of(owner, row["id"])) == projection("Europe/Berlin", DAY, time(19), 60)


def test_a_receipt_deleted_while_expenses_are_written_does_not_deadlock(
    stack: Instance, db: Database, pool: ThreadPoolExecutor, owner: User
) -> None:
    (receipt,) = send(owner.client.table("receipts").insert({"currency": "EUR"}))
    bread = add(owner, EXPENSE, "Bread")
    link = "update expenses set receipt_id = %s where id = %s"
    with acting_as(stack, owner) as a, acting_as(stack, owner) as b:
        with a.transaction():
            a.execute("update expenses set name = 'Buns' where id = %s", [bread["id"]])
            delete = "delete from receipts where id = %s"
            result = pool.submit(b.execute, delete, [receipt["id"]])
            wait_until_blocked(db, b.info.backend_pid)
            a.execute(link, [receipt["id"], bread["id"]])
        result.result(timeout=10)
    (left,) = send(owner.client.table("expenses").select("*"))
    assert (left["name"], left["receipt_id"]) == ("Buns", None)
    assert event_of(owner, bread["id"])["title"] == "Buns"


def test_two_people_write_at_the_same_time_and_the_service_role_waits_for_both(
    stack: Instance, db: Database, pool: ThreadPoolExecutor, owner: User, other_user: User
) -> None:
    insert = "insert into fitness_workouts (name, date) values ('Legs', '2026-11-24')"
    with acting_as(stack, owner) as a, acting_as(stack, other_user) as b, acting_as(stack, None) as c:
        with a.transaction():
            a.execute(insert)
            with b.transaction():
                b.execute(insert)
                load = """insert into fitness_workouts (name, date, user_id)
                    select 'Arms', '2026-11-25', unnest(%s::uuid[])"""
                result = pool.submit(c.execute, load, [[owner.id, other_user.id]])
                wait_until_blocked(db, c.info.backend_pid)
            # One of two has finished.
            wait_until_blocked(db, c.info.backend_pid)
        result.result(timeout=10)
    for user in (owner, other_user):
        assert [event["title"] for event in events(user)] == ["Legs", "Arms"]


def test_an_account_deleted_while_its_owner_writes_takes_the_new_row_along(
    stack: Instance, db: Database, pool: ThreadPoolExecutor, owner: User
) -> None:
    insert = "insert into fitness_workouts (name, date) values ('Legs', '2026-11-24')"
    delete = "delete from auth.users where id = %s"
    with acting_as(stack, owner) as a, psycopg.connect(stack.db_url, autocommit=True) as b:
        with a.transaction():
            a.execute(insert)
            result = pool.submit(b.execute, delete, [owner.id])
            wait_until_blocked(db, b.info.backend_pid)
        result.result(timeout=10)
    for table in ("fitness_workouts", "calendar_events"):
        assert db.execute(f"select from {table} where user_id = %s", [owner.id]).fetchall() == []


def test_a_row_written_while_the_account_is_deleted_is_refused(
    stack: Instance, db: Database, pool: ThreadPoolExecutor, owner: User
) -> None:
    insert = "insert into fitness_workouts (name, date) values ('Legs', '2026-11-24')"
    delete = "delete from auth.users where id = %s"
    with psycopg.connect(stack.db_url) as a, acting_as(stack, owner) as b:
        a.execute(delete, [owner.id])
        result = pool.submit(b.execute, insert)
        wait_until_blocked(db, b.info.backend_pid)
        a.commit()
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            result.result(timeout=10)


def test_whatever_a_deletion_cascades_to_sources_from_takes_the_lock_first(db: Database) -> None:
    without = db.execute("""
        select distinct f.confrelid::regclass::text as name
        from pg_constraint as f
        join pg_trigger as source on source.tgrelid = f.conrelid and source.tgname = 'sync_calendar_on_delete'
        where f.contype = 'f' and f.confdeltype in ('c', 'n', 'd') and not exists (
          -- 8: the bit of DELETE.
          select from pg_trigger as t
          where t.tgrelid = f.confrelid and t.tgname = 'a_lock_calendar' and t.tgtype & 8 <> 0)
    """).fetchall()
    assert without == []


# --- many writers, at random ----------------------------------------------------------------------


@dataclass
class Tally:
    """What the writers did that must be found afterwards."""

    lock: Lock = field(default_factory=Lock)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, key: str, n: int) -> None:
        with self.lock:
            self.counts[key] = self.counts.get(key, 0) + n


@dataclass(frozen=True)
class Hot:
    """The rows of one person that all writers aim at."""

    user: User
    workout: str
    custom: str
    meals: list[str]


Operation = Callable[[Database, Hot, Tally, random.Random], None]


def lengthen_workout(connection: Database, hot: Hot, tally: Tally, _: random.Random) -> None:
    sql = "update fitness_workouts set duration_minutes = duration_minutes + 1 where id = %s"
    tally.add(hot.workout, connection.execute(sql, [hot.workout]).rowcount)


def lengthen_custom(connection: Database, hot: Hot, tally: Tally, _: random.Random) -> None:
    sql = "update calendar_events set end_time = end_time + interval '1 minute' where id = %s"
    tally.add(hot.custom, connection.execute(sql, [hot.custom]).rowcount)


def move_workouts(connection: Database, hot: Hot, _: Tally, rng: random.Random) -> None:
    sql = """update fitness_workouts set date = %s, start_time = %s where user_id = %s and random() < 0.2"""
    wall = rng.choice([None, "02:30", "23:50"])
    connection.execute(sql, [DAY + timedelta(days=rng.randrange(300)), wall, hot.user.id])


def change_recipes(connection: Database, hot: Hot, _: Tally, rng: random.Random) -> None:
    sql = "update meals set name = %s, cook_time = %s where id = any (%s)"
    connection.execute(sql, [f"Recipe {rng.random()}", rng.randrange(100), hot.meals])


def plan_meals(connection: Database, hot: Hot, tally: Tally, rng: random.Random) -> None:
    sql = """insert into planned_meals (meal_id, planned_date, meal_time, user_id)
        select id, %s, '19:00', user_id from meals where id = any (%s)"""
    n = connection.execute(sql, [DAY + timedelta(days=rng.randrange(300)), hot.meals]).rowcount
    tally.add(f"meal {hot.user.id}", n)


def cook_and_skip(connection: Database, hot: Hot, _: Tally, rng: random.Random) -> None:
    sql = "update planned_meals set status = %s where meal_id = any (%s) and random() < 0.3"
    connection.execute(sql, [rng.choice(["planned", "cooked", "skipped"]), hot.meals])


def load_expenses(connection: Database, hot: Hot, tally: Tally, _: random.Random) -> None:
    sql = """insert into expenses (name, amount, currency, category, date, user_id)
        select 'Row ' || n, 1, 'EUR', 'Bulk', '2026-11-24', %s from generate_series(1, 40) as n"""
    tally.add(f"expense {hot.user.id}", connection.execute(sql, [hot.user.id]).rowcount)


def remove_expenses(connection: Database, hot: Hot, tally: Tally, _: random.Random) -> None:
    sql = "delete from expenses where user_id = %s and random() < 0.5"
    tally.add(f"expense {hot.user.id}", -connection.execute(sql, [hot.user.id]).rowcount)


def add_and_remove_recipe(connection: Database, hot: Hot, _: Tally, __: random.Random) -> None:
    meal = str(uuid4())
    with connection.transaction():
        connection.execute(
            "insert into meals (id, name, user_id) values (%s, 'Brief', %s)", [meal, hot.user.id]
        )
        sql = "insert into planned_meals (meal_id, planned_date, user_id) values (%s, '2026-11-24', %s)"
        connection.execute(sql, [meal, hot.user.id])
    connection.execute("delete from meals where id = %s", [meal])


def change_zone(connection: Database, hot: Hot, _: Tally, rng: random.Random) -> None:
    zone = rng.choice(["Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati"])
    connection.execute("update profiles set timezone = %s where id = %s", [zone, hot.user.id])


def lengthen_event(connection: Database, hot: Hot, tally: Tally, _: random.Random) -> None:
    sql = """update calendar_events set end_time = end_time + interval '1 minute', all_day = false
        where source_id = %s and not all_day"""
    tally.add(hot.workout, connection.execute(sql, [hot.workout]).rowcount)


def move_events(connection: Database, hot: Hot, _: Tally, rng: random.Random) -> None:
    sql = """update calendar_events set local_date = %s where user_id = %s and random() < 0.3"""
    connection.execute(sql, [DAY + timedelta(days=rng.randrange(300)), hot.user.id])


def turn_events(connection: Database, hot: Hot, _: Tally, rng: random.Random) -> None:
    sql = """update calendar_events set all_day = %s
        where user_id = %s and source <> 'expense' and source <> 'custom' and random() < 0.3"""
    connection.execute(sql, [rng.random() < 0.5, hot.user.id])


def delete_events(connection: Database, hot: Hot, tally: Tally, _: random.Random) -> None:
    sql = """delete from calendar_events
        where user_id = %s and source = 'meal' and status = 'planned' and title <> 'Brief'
          and random() < 0.3"""
    tally.add(f"meal {hot.user.id}", -connection.execute(sql, [hot.user.id]).rowcount)


def delete_what_is_history(connection: Database, hot: Hot, _: Tally, __: random.Random) -> None:
    sql = "delete from calendar_events where user_id = %s and source = 'expense'"
    try:
        assert connection.execute(sql, [hot.user.id]).rowcount == 0
    except psycopg.Error as refused:
        if refused.sqlstate != "PT409":
            raise


def repair(connection: Database, _: Hot, __: Tally, ___: random.Random) -> None:
    assert connection.execute("select repair_calendar() as n").fetchall() == [{"n": 0}]


OPERATIONS: list[Operation] = [
    lengthen_workout,
    lengthen_workout,
    lengthen_custom,
    lengthen_custom,
    move_workouts,
    change_recipes,
    plan_meals,
    cook_and_skip,
    load_expenses,
    remove_expenses,
    add_and_remove_recipe,
    change_zone,
    lengthen_event,
    lengthen_event,
    move_events,
    turn_events,
    delete_events,
    delete_what_is_history,
    repair,
]


def write(stack: Instance, seed: int, role: User | None, targets: list[Hot], tally: Tally, end: float) -> int:
    """Random operations on the targets until the time is up; how many there were."""
    rng, done = random.Random(seed), 0
    with acting_as(stack, role) as connection:
        while clock.monotonic() < end:
            rng.choice(OPERATIONS)(connection, rng.choice(targets), tally, rng)
            done += 1
    return done


def come_and_go(stack: Instance, end: float) -> int:
    """Accounts that are made, used and deleted until the time is up."""
    done = 0
    with psycopg.connect(stack.db_url, autocommit=True, row_factory=dict_row) as connection:
        while clock.monotonic() < end:
            account = str(uuid4())
            connection.execute("insert into auth.users (id, email) values (%s, %s)", [account, account])
            sql = """insert into fitness_sports (sport, date, user_id)
                select 'Chess', '2026-11-24', %s from generate_series(1, 20)"""
            connection.execute(sql, [account])
            connection.execute("delete from auth.users where id = %s", [account])
            done += 1
    return done


def test_many_writers_at_random_neither_deadlock_nor_lose_a_write(
    stack: Instance, db: Database, pool: ThreadPoolExecutor, owner: User, other_user: User
) -> None:
    hots = []
    for user in (owner, other_user):
        custom = {"title": "Party", "start_time": "2026-11-24T18:00:00Z"}
        (event,) = send(user.client.table("calendar_events").insert(custom))
        meals = [recipe(user, f"Recipe {n}")["id"] for n in range(3)]
        hots.append(Hot(user, add(user, WORKOUT, "Legs", minutes=1)["id"], event["id"], meals))
    tally, end = Tally(), clock.monotonic() + SECONDS
    writers = [
        pool.submit(write, stack, seed, role, targets, tally, end)
        for seed, (role, targets) in enumerate(
            [(owner, hots[:1])] * 3 + [(other_user, hots[1:])] * 2 + [(None, hots)] * 2
        )
    ]
    writers.append(pool.submit(come_and_go, stack, end))
    assert sum(writer.result(timeout=60) for writer in writers) > 100

    for hot in hots:
        (workout,) = send(hot.user.client.table("fitness_workouts").select("*").eq("id", hot.workout))
        assert workout["duration_minutes"] == 1 + tally.counts[hot.workout]
        (event,) = send(hot.user.client.table("calendar_events").select("*").eq("id", hot.custom))
        length = when(event)["end_time"] - when(event)["start_time"]
        assert length == timedelta(minutes=30 + tally.counts[hot.custom])
        for table, key in (("planned_meals", "meal"), ("expenses", "expense")):
            sql = f"select count(*) as n from {table} where user_id = %s"
            assert db.execute(sql, [hot.user.id]).fetchall() == [{"n": tally.counts[f"{key} {hot.user.id}"]}]
    assert db.execute("select * from private.calendar_mismatches").fetchall() == []
