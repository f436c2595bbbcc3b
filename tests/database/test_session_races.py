"""A person's devices act on one session at the same time, on connections of their own."""

import random
import time as clock
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from local_supabase import Instance
from tests.conftest import User
from tests.database.calendar_sources import Database, acting_as
from tests.database.races import meet as meet  # Fixtures.
from tests.database.races import pool as pool
from tests.database.tables import Row, count, read, stored

pytestmark = pytest.mark.covers("user_sessions.check_session_transition_on_update", "a_lock_calendar")

COMPLETE = "select (complete_session(%(session)s)).status"
PATCH = "update user_sessions set status = '{}' where id = %(session)s"
SECONDS = 3.0


@pytest.fixture
def session(owner: User) -> Row:
    return stored("user_sessions", owner)


@pytest.mark.parametrize("first", [COMPLETE, PATCH.format("completed")])
@pytest.mark.parametrize("second", [COMPLETE, PATCH.format("paused")])
def test_of_two_devices_only_the_first_completes_the_session(
    meet: Callable[[str, str, Row], None], owner: User, session: Row, first: str, second: str
) -> None:
    with pytest.raises(psycopg.Error, match="the session is completed") as refused:
        meet(first, second, {"session": session["id"]})
    assert refused.value.sqlstate == "PT409"
    assert read("user_sessions", owner, session["id"])["status"] == "completed"
    assert count("fitness_workouts", owner) == (1 if first == COMPLETE else 0)


def test_two_devices_that_pause_pause_once(
    meet: Callable[[str, str, Row], None], owner: User, session: Row
) -> None:
    meet(PATCH.format("paused"), PATCH.format("paused"), {"session": session["id"]})
    paused = read("user_sessions", owner, session["id"])
    assert (paused["status"], set(paused["data"])) == ("paused", {"exercise", "paused_at"})
    meet(PATCH.format("active"), PATCH.format("active"), {"session": session["id"]})
    resumed = read("user_sessions", owner, session["id"])
    assert (resumed["status"], set(resumed["data"])) == ("active", {"exercise", "paused_seconds"})


def test_a_pause_and_a_resume_are_done_in_their_order(
    meet: Callable[[str, str, Row], None], owner: User, session: Row
) -> None:
    meet(PATCH.format("paused"), PATCH.format("active"), {"session": session["id"]})
    after = read("user_sessions", owner, session["id"])
    assert (after["status"], set(after["data"])) == ("active", {"exercise", "paused_seconds"})


def test_two_devices_that_set_timers_lose_none(
    meet: Callable[[str, str, Row], None], owner: User, session: Row
) -> None:
    set_timer = "select (set_timer(%(session)s, '{}', 90)).id"
    meet(set_timer.format("Rest"), set_timer.format("Plank"), {"session": session["id"]})
    timers = read("user_sessions", owner, session["id"])["data"]["timers"]
    assert [timer["name"] for timer in timers] == ["Rest", "Plank"]


def test_a_workout_deleted_while_its_session_is_completed_goes_afterwards(
    meet: Callable[[str, str, Row], None], owner: User
) -> None:
    delete = "delete from fitness_workouts where id = %(workout)s"
    for first, second, left in ((COMPLETE, delete, 0), (delete, COMPLETE, 1)):
        workout = stored("fitness_workouts", owner)["id"]
        session = stored("user_sessions", owner)["id"]
        owner.client.table("user_sessions").update({"workout_id": workout}).eq("id", session).execute()
        meet(first, second, {"session": session, "workout": workout})
        after = read("user_sessions", owner, session)
        assert (after["status"], after["workout_id"] is not None) == ("completed", left == 1)
        assert count("fitness_workouts", owner) == left


# Many at random.

START = "insert into user_sessions (session_type, workout_id, planned_meal_id) values (%s, %s, %s)"


def start(connection: Database, rng: random.Random) -> None:
    session_type = rng.choice(["workout", "cooking", "cardio"])
    table = {"workout": "fitness_workouts", "cooking": "planned_meals"}.get(session_type)
    about = None
    if table:
        row = connection.execute(f"select id from {table} order by random() limit 1").fetchone()
        about = row and row["id"]
    try:
        workout = about if session_type == "workout" else None
        meal = about if session_type == "cooking" else None
        connection.execute(START, [session_type, workout, meal])
    except (psycopg.errors.UniqueViolation, psycopg.errors.ForeignKeyViolation):
        pass  # One is open, or what it was about is gone.


def finish(connection: Database, _: random.Random) -> None:
    row = connection.execute(
        "select id, session_type from user_sessions where status <> 'completed' order by random() limit 1"
    ).fetchone()
    if row:
        result = '{"activity_type": "Run"}' if row["session_type"] == "cardio" else "{}"
        connection.execute("select complete_session(%s, %s::jsonb)", [row["id"], result])


def run_on(sql: str) -> Callable[[Database, random.Random], None]:
    def run(connection: Database, _: random.Random) -> None:
        connection.execute(sql)

    return run


OPERATIONS: list[Callable[[Database, random.Random], None]] = [
    start,
    start,
    finish,
    finish,
    run_on("update user_sessions set status = 'paused' where status = 'active'"),
    run_on("update user_sessions set status = 'active' where status = 'paused'"),
    run_on("update user_sessions set data = data || '{\"a\": 1}' where status <> 'completed'"),
    run_on("select set_timer(id, 'Rest', 90) from user_sessions where status = 'paused'"),
    run_on("insert into fitness_workouts (name, date, start_time) values ('Legs', '2026-11-24', '18:00')"),
    run_on("update calendar_events set start_time = start_time + interval '1 day' where random() < 0.2"),
    run_on("delete from fitness_workouts where random() < 0.3"),
    run_on("insert into planned_meals (meal_id, planned_date) select id, '2026-11-24' from meals limit 1"),
    run_on("delete from planned_meals where random() < 0.3"),
    run_on("delete from user_sessions where status = 'completed' and random() < 0.5"),
]


def test_devices_at_random_neither_deadlock_nor_leave_two_open_sessions(
    stack: Instance, db: Database, pool: ThreadPoolExecutor, owner: User
) -> None:
    stored("planned_meals", owner)
    end = clock.monotonic() + SECONDS

    def act(seed: int) -> int:
        rng, done = random.Random(seed), 0
        with acting_as(stack, owner) as connection:
            while clock.monotonic() < end:
                try:
                    rng.choice(OPERATIONS)(connection, rng)
                except psycopg.Error as error:
                    # What another device has just completed or deleted.
                    if not (error.sqlstate or "").startswith("PT4"):
                        raise
                done += 1
        return done

    assert sum(future.result() for future in [pool.submit(act, seed) for seed in range(6)]) > 100
    wrong = db.execute(
        """select * from user_sessions where user_id = %s and (
            (status = 'paused') <> (data ? 'paused_at') or (status = 'completed' and data ? 'timers'))""",
        [owner.id],
    ).fetchall()
    assert wrong == []
