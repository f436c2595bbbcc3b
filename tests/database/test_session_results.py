"""complete_session: what came of a session is recorded with its end, everything or nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from local_supabase import Instance
from tests.conftest import NewUser, User
from tests.database.calendar_sources import event_of
from tests.database.data_api import DataApi, the_row
from tests.database.sessions import long_ago
from tests.database.tables import Row, count, new_row, only, read, stored

pytestmark = pytest.mark.covers("user_sessions.check_session_transition_on_update")

PLANNED: Row = {"name": "Row", "sets": [{"reps": 5}], "notes": None}
DONE: Row = {"name": "Bench press", "sets": [{"reps": 8, "weight_kg": 60, "done": True}], "notes": "Heavy."}


@pytest.fixture(scope="module")
def owner(new_user: NewUser) -> User:
    return new_user(timezone="Europe/Berlin", currency="EUR")


def start(owner: User, session_type: str, **columns: Any) -> Row:
    """A new open session."""
    row = new_row("user_sessions", owner) | {"session_type": session_type} | columns
    return only(owner.client.table("user_sessions").insert(row).execute().data)


def complete(data_api: DataApi, by: User | None, session: Row, *result: Any) -> httpx.Response:
    """Calls complete_session, with a result or without."""
    arguments = {"session_id": session["id"]} | ({"result": result[0]} if result else {})
    return data_api.post("rpc/complete_session", arguments, by=by)


def completed(data_api: DataApi, owner: User, session: Row, *result: Any) -> Row:
    """The session after it was completed, as stored."""
    answer = complete(data_api, owner, session, *result)
    assert answer.status_code == 200, answer.text
    row: Row = answer.json()
    assert row == read("user_sessions", owner, session["id"])
    assert row["status"] == "completed"
    return row


def planned_workout(data_api: DataApi, owner: User) -> Row:
    """A workout with one exercise."""
    workout = {
        "name": "Push",
        "date": "2026-11-24",
        "start_time": "18:00",
        "duration_minutes": 50,
        "notes": "As planned.",
        "exercises": [PLANNED],
    }
    row: Row = data_api.post("rpc/create_workout", {"workout": workout}, by=owner).json()
    return row


def exercises(data_api: DataApi, owner: User, workout_id: str) -> Any:
    path = f"fitness_workout_exercises?workout_id=eq.{workout_id}&select=name,sets,notes&order=order_index"
    return data_api.get(path, by=owner).json()


# Workouts.


@pytest.mark.parametrize("result", [(), ({},), ({"exercises": None, "name": None, "notes": None},)])
def test_a_planned_workout_is_done_as_planned(
    stack: Instance, data_api: DataApi, owner: User, result: tuple[Any, ...]
) -> None:
    workout = planned_workout(data_api, owner)
    session = start(owner, "workout", workout_id=workout["id"])
    long_ago(stack, session, timedelta(minutes=47, seconds=20))
    assert completed(data_api, owner, session, *result)["workout_id"] == workout["id"]
    done = read("fitness_workouts", owner, workout["id"])
    changes = {"status": "done", "duration_minutes": 47, "updated_at": done["updated_at"]}
    assert done == workout | changes
    assert exercises(data_api, owner, workout["id"]) == [PLANNED]
    event = event_of(owner, workout["id"])
    assert (event["status"], event["start_time"]) == ("done", "2026-11-24T17:00:00+00:00")


@pytest.mark.parametrize("exercised", [[], [DONE], [DONE, PLANNED, DONE]])
def test_what_was_done_replaces_what_was_planned(
    data_api: DataApi, owner: User, exercised: list[Row]
) -> None:
    workout = planned_workout(data_api, owner)
    session = start(owner, "workout", workout_id=workout["id"])
    result = {"name": "Push, short", "notes": "Tired.", "exercises": exercised}
    completed(data_api, owner, session, result)
    done = read("fitness_workouts", owner, workout["id"])
    assert (done["name"], done["notes"], done["duration_minutes"]) == ("Push, short", "Tired.", 1)
    assert exercises(data_api, owner, workout["id"]) == exercised


@pytest.mark.parametrize("name", [None, "Legs"])
def test_an_unplanned_workout_is_created(
    stack: Instance, data_api: DataApi, owner: User, name: str | None
) -> None:
    session = start(owner, "workout")
    long_ago(stack, session, timedelta(minutes=30))
    result = {"exercises": [DONE], "notes": "Felt strong.", "name": name}
    linked = completed(data_api, owner, session, result)["workout_id"]
    workout = read("fitness_workouts", owner, linked)
    assert (workout["name"], workout["notes"]) == (name or "Workout", "Felt strong.")
    assert (workout["status"], workout["duration_minutes"]) == ("done", 30)
    assert exercises(data_api, owner, linked) == [DONE]
    assert event_of(owner, linked)["status"] == "done"


@pytest.mark.parametrize(
    "zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati", "Pacific/Pago_Pago"]
)
@pytest.mark.parametrize(
    ("session_type", "table"), [("workout", "fitness_workouts"), ("cardio", "fitness_cardio")]
)
def test_it_is_recorded_when_it_started_on_the_owners_clock(
    data_api: DataApi, new_user: NewUser, zone: str, session_type: str, table: str
) -> None:
    owner = new_user(timezone=zone)
    started = datetime(2026, 11, 24, 11, 30, 40, tzinfo=UTC)
    session = start(owner, session_type, started_at=started.isoformat())
    result = {"activity_type": "Run"} if session_type == "cardio" else {}
    completed(data_api, owner, session, result)
    row = the_row(data_api.get(table, by=owner))
    local = started.astimezone(ZoneInfo(zone)).replace(second=0)
    assert (row["date"], row["start_time"]) == (str(local.date()), str(local.time()))


@pytest.mark.parametrize(
    ("ago", "minutes"), [(29, 1), (89, 1), (91, 2), (86400, 1440), (40 * 86400, 1440)], ids=str
)
def test_a_workout_has_1_to_1440_minutes(
    stack: Instance, data_api: DataApi, owner: User, ago: int, minutes: int
) -> None:
    session = start(owner, "workout")
    long_ago(stack, session, timedelta(seconds=ago))
    linked = completed(data_api, owner, session)["workout_id"]
    assert read("fitness_workouts", owner, linked)["duration_minutes"] == minutes


def test_pauses_do_not_count(stack: Instance, data_api: DataApi, owner: User) -> None:
    session = start(owner, "workout")
    for status, minutes in (("paused", 20), ("active", 300), ("paused", 15), ("paused", 100)):
        long_ago(stack, session, timedelta(minutes=minutes))
        the_row(data_api.patch(f"user_sessions?id=eq.{session['id']}", {"status": status}, by=owner))
    linked = completed(data_api, owner, session)["workout_id"]
    assert read("fitness_workouts", owner, linked)["duration_minutes"] == 35


def test_a_workout_deleted_meanwhile_is_recorded_anew(data_api: DataApi, owner: User) -> None:
    workout = planned_workout(data_api, owner)
    session = start(owner, "workout", workout_id=workout["id"])
    data_api.request("DELETE", f"fitness_workouts?id=eq.{workout['id']}", by=owner)
    linked = completed(data_api, owner, session, {"name": "Push", "exercises": [DONE]})["workout_id"]
    assert linked not in {None, workout["id"]}
    assert exercises(data_api, owner, linked) == [DONE]


# Cardio and cooking.


def test_a_cardio_session_becomes_a_cardio_row(stack: Instance, data_api: DataApi, owner: User) -> None:
    session = start(owner, "cardio")
    long_ago(stack, session, timedelta(minutes=31))
    result = {"activity_type": "Run", "distance_miles": 3.11, "calories_burned": 320, "notes": "Rain."}
    completed(data_api, owner, session, result)
    row = the_row(data_api.get("fitness_cardio?order=created_at.desc&limit=1", by=owner))
    assert {key: row[key] for key in result} == result
    assert (row["status"], row["duration_minutes"]) == ("done", 31)
    assert event_of(owner, row["id"])["title"] == "Run"


@pytest.mark.parametrize("status", ["planned", "skipped", "cooked"])
def test_a_cooking_session_marks_its_meal_cooked(data_api: DataApi, owner: User, status: str) -> None:
    meal = stored("planned_meals", owner)
    data_api.patch(f"planned_meals?id=eq.{meal['id']}", {"status": status}, by=owner)
    session = start(owner, "cooking", planned_meal_id=meal["id"])
    completed(data_api, owner, session)
    assert read("planned_meals", owner, meal["id"])["status"] == "cooked"
    assert event_of(owner, meal["id"])["status"] == "done"


def test_a_cooking_session_of_no_planned_meal_just_ends(data_api: DataApi, owner: User) -> None:
    before = data_api.get("planned_meals?order=id", by=owner).json()
    completed(data_api, owner, start(owner, "cooking"))
    meal = stored("planned_meals", owner)
    session = start(owner, "cooking", planned_meal_id=meal["id"])
    data_api.request("DELETE", f"meals?id=eq.{meal['meal_id']}", by=owner)
    assert completed(data_api, owner, session)["planned_meal_id"] is None
    assert data_api.get("planned_meals?order=id", by=owner).json() == before


# Refusals.

BAD: list[tuple[str, Any, str]] = [
    ("workout", None, "result must be a JSON object"),
    ("workout", [], "result must be a JSON object"),
    ("workout", {"sets": []}, "result has an unknown key: sets"),
    ("workout", {"status": "planned"}, "result has an unknown key: status"),
    ("workout", {"name": 7}, "result.name must be a string"),
    ("workout", {"exercises": {}}, "result.exercises must be an array"),
    ("workout", {"exercises": ["Row"]}, "exercise 1 must be a JSON object"),
    ("workout", {"exercises": [DONE, {"name": "Row"}]}, "exercise 2.sets is missing"),
    ("workout", {"exercises": [DONE | {"sets": []}]}, "the sets of exercise 1 (Bench press) are not valid"),
    ("workout", {"exercises": [DONE, DONE | {"name": " "}]}, "exercises name not blank"),
    ("workout", {"name": ""}, "fitness workouts name not blank"),
    ("workout", {"notes": "x" * 5001}, "fitness workouts notes max 5000"),
    ("cardio", {}, "result.activity_type is missing"),
    ("cardio", {"activity_type": " "}, "result is not valid: fitness cardio activity type not blank"),
    ("cardio", {"activity_type": "Run", "distance_miles": 3.141}, "distance miles 0 to 999 99"),
    ("cardio", {"activity_type": "Run", "distance_miles": "3"}, "result.distance_miles must be a number"),
    (
        "cardio",
        {"activity_type": "Run", "calories_burned": 0.5},
        "result.calories_burned must be a whole number",
    ),
    ("cardio", {"activity_type": "Run", "calories_burned": 1e30}, "result is not valid"),
    ("cardio", {"activity_type": "Run", "date": "2026-11-24"}, "result has an unknown key: date"),
    ("cooking", {"status": "cooked"}, "result has an unknown key: status"),
]


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize(("session_type", "result", "message"), BAD)
def test_a_bad_result_changes_nothing(
    data_api: DataApi, owner: User, session_type: str, result: Any, message: str, linked: bool
) -> None:
    link = {}
    if linked and session_type == "workout":
        link = {"workout_id": planned_workout(data_api, owner)["id"]}
    elif linked and session_type == "cooking":
        link = {"planned_meal_id": stored("planned_meals", owner)["id"]}
    session = start(owner, session_type, **link)
    written = (
        "fitness_workouts",
        "fitness_workout_exercises",
        "fitness_cardio",
        "planned_meals",
        "calendar_events",
    )
    before = [data_api.get(f"{table}?order=id", by=owner).json() for table in written]
    answer = complete(data_api, owner, session, result)
    assert answer.status_code == 422, answer.text
    error = answer.json()
    assert error["code"] == "PT422"
    assert message in error["message"]
    assert error["details"]
    assert error["hint"]
    assert read("user_sessions", owner, session["id"]) == session
    assert [data_api.get(f"{table}?order=id", by=owner).json() for table in written] == before


@pytest.mark.parametrize("how", ["by PATCH", "by complete_session"])
def test_a_session_cannot_be_completed_twice(data_api: DataApi, owner: User, how: str) -> None:
    session = start(owner, "workout")
    if how == "by PATCH":
        data_api.patch(f"user_sessions?id=eq.{session['id']}", {"status": "completed"}, by=owner)
    else:
        completed(data_api, owner, session)
    before, workouts = read("user_sessions", owner, session["id"]), count("fitness_workouts", owner)
    answer = complete(data_api, owner, session, {"name": "Again"})
    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["message"]) == ("PT409", "the session is completed")
    assert read("user_sessions", owner, session["id"]) == before
    assert count("fitness_workouts", owner) == workouts


def test_only_the_owner_can_complete_a_session(
    stack: Instance, data_api: DataApi, owner: User, other_user: User
) -> None:
    session = start(owner, "workout", workout_id=planned_workout(data_api, owner)["id"])
    answer = complete(data_api, other_user, session)
    assert (answer.status_code, answer.json()["code"]) == (404, "PT404")
    assert complete(data_api, None, session).status_code == 401
    key = {"apikey": stack.secret_key}
    arguments = {"session_id": session["id"]}
    answer = data_api.request("POST", "rpc/complete_session", arguments, by=None, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (403, "42501")
    assert read("user_sessions", owner, session["id"]) == session
    assert count("fitness_workouts", other_user) == 0
    completed(data_api, owner, session)
