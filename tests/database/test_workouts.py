"""create_workout: a workout with its exercises, everything or nothing."""

from typing import Any

import httpx
import pytest

from tests.conftest import NewUser, User
from tests.database.data_api import DataApi, assert_refused, the_row
from tests.database.tables import Row, count

PUSH: Row = {
    "name": "Push",
    "date": "2026-11-24",
    "start_time": "18:00",
    "duration_minutes": 50,
    "notes": "Chest and shoulders.",
    "status": "planned",
    "exercises": [
        {"name": "Bench press", "sets": [{"reps": 8, "weight_kg": 60, "rest_seconds": 120}], "notes": None},
        {"name": "Plank", "sets": [{"duration_seconds": 60}, {"duration_seconds": 45}], "notes": "Breathe."},
    ],
}


@pytest.fixture(scope="module")
def owner(new_user: NewUser) -> User:
    return new_user(timezone="Europe/Berlin", currency="EUR")


def create(data_api: DataApi, by: User | None, workout: Any) -> httpx.Response:
    """Calls create_workout."""
    return data_api.post("rpc/create_workout", {"workout": workout}, by=by)


def all_rows(owner: User) -> list[int]:
    """How many rows there are of what create_workout writes."""
    tables = ("fitness_workouts", "fitness_workout_exercises", "calendar_events")
    return [count(table, owner) for table in tables]


def push(**changes: Any) -> Row:
    return PUSH | changes


def with_exercise(**changes: Any) -> Row:
    return push(exercises=[*PUSH["exercises"], PUSH["exercises"][0] | changes])


def test_a_workout_is_made_with_its_exercises(data_api: DataApi, owner: User) -> None:
    created = create(data_api, owner, PUSH)
    assert created.status_code == 200
    workout = created.json()
    assert workout["user_id"] == owner.id
    said = push(start_time="18:00:00", exercises=None)
    assert {column: workout.get(column) for column in said} == said
    listed = data_api.get(
        f"fitness_workout_exercises?workout_id=eq.{workout['id']}&select=name,sets,notes&order=order_index",
        by=owner,
    )
    assert listed.json() == PUSH["exercises"]
    event = the_row(data_api.get(f"calendar_events?source_id=eq.{workout['id']}", by=owner))
    assert (event["title"], event["start_time"]) == ("Push", "2026-11-24T17:00:00+00:00")


@pytest.mark.parametrize(
    "workout",
    [
        {"name": "Rest", "date": "2026-11-24"},
        dict.fromkeys(PUSH) | {"name": "Rest", "date": "2026-11-24"},
        {"name": "Rest", "date": "2026-11-24", "exercises": [], "status": "done"},
    ],
)
def test_only_a_name_and_a_date_are_required(data_api: DataApi, owner: User, workout: Row) -> None:
    created = create(data_api, owner, workout)
    assert created.status_code == 200
    assert created.json()["status"] == (workout.get("status") or "planned")


@pytest.mark.parametrize(
    ("workout", "message"),
    [
        (None, "workout must be a JSON object"),
        ("push", "workout must be a JSON object"),
        ({"name": "Push"}, "workout.date is missing"),
        (push(name=" Push"), "workout is not valid: fitness workouts name trimmed max 100"),
        (push(date="2026-02-30"), 'workout.date must be a date such as "2026-11-24"'),
        (push(date="2200-01-01"), "workout is not valid: fitness workouts date 1900 to 2199"),
        (push(start_time="24:00"), "workout is not valid: fitness workouts start time before 24 00"),
        (push(duration_minutes=0), "workout is not valid: fitness workouts duration minutes 1 to 1440"),
        (push(duration_minutes="50"), "workout.duration_minutes must be a whole number"),
        (push(notes="x" * 5001), "workout is not valid: fitness workouts notes max 5000"),
        (push(status="cooked"), "workout is not valid: fitness workouts status is planned or done"),
        (push(user_id="00000000-0000-4000-8000-000000000000"), "workout has an unknown key: user_id"),
        (push(exercises={"name": "Plank"}), "workout.exercises must be an array"),
        (push(exercises=["Plank"]), "exercise 1 must be a JSON object"),
        (with_exercise(name=""), "workout is not valid: fitness workout exercises name not blank"),
        (with_exercise(sets=None), "exercise 3.sets is missing"),
        (
            with_exercise(sets=[]),
            "the sets of exercise 3 (Bench press) are not valid",
        ),
        (
            with_exercise(sets=[{"reps": 8}, {"reps": "many"}]),
            "the sets of exercise 3 (Bench press) are not valid",
        ),
        (with_exercise(order_index=1), "exercise 3 has an unknown key: order_index"),
    ],
)
def test_a_bad_workout_leaves_nothing(data_api: DataApi, owner: User, workout: Any, message: str) -> None:
    before = all_rows(owner)
    answer = create(data_api, owner, workout)
    assert_refused(answer, 422, message)
    assert all_rows(owner) == before


def test_anon_cannot_create_a_workout(data_api: DataApi) -> None:
    answer = create(data_api, None, PUSH)
    assert answer.status_code == 401
    assert answer.json()["code"] == "42501"
