"""Sessions: legal transitions pass, others are refused in words."""

from typing import Any

import httpx
import pytest

from tests.conftest import NewUser, User
from tests.database.data_api import DataApi, the_row
from tests.database.tables import Row, count, new_row, read, stored

pytestmark = pytest.mark.covers(
    "user_sessions.check_session_transition_on_insert", "user_sessions.check_session_transition_on_update"
)


@pytest.fixture(scope="module")
def owner(new_user: NewUser) -> User:
    return new_user(timezone="Europe/Berlin", currency="EUR")


@pytest.fixture
def session(owner: User) -> Row:
    return stored("user_sessions", owner)


def change(data_api: DataApi, owner: User, session: Row, **columns: Any) -> httpx.Response:
    """Asks for a change of the session."""
    return data_api.patch(f"user_sessions?id=eq.{session['id']}", columns, by=owner)


def assert_refused(answer: httpx.Response, message: str) -> None:
    """A 409 that says what, why, and what to do instead."""
    assert answer.status_code == 409
    error = answer.json()
    assert error["code"] == "PT409"
    assert error["message"] == message
    assert error["details"]
    assert error["hint"]


def test_a_session_starts_active(data_api: DataApi, owner: User) -> None:
    row = new_row("user_sessions", owner)
    session = the_row(data_api.post("user_sessions", row, by=owner))
    assert session["status"] == "active"
    assert session["ended_at"] is None
    assert session["started_at"]


@pytest.mark.parametrize("status", ["paused", "completed"])
def test_a_session_cannot_start_otherwise(data_api: DataApi, owner: User, status: str) -> None:
    row = new_row("user_sessions", owner) | {"status": status}
    before = count("user_sessions", owner)
    answer = data_api.post("user_sessions", row, by=owner)
    assert_refused(answer, f"a session can't start as {status}")
    assert count("user_sessions", owner) == before


@pytest.mark.parametrize(
    "steps", [["completed"], ["paused", "completed"], ["paused", "active", "paused", "active", "completed"]]
)
def test_a_session_goes_its_way(data_api: DataApi, owner: User, session: Row, steps: list[str]) -> None:
    for status in steps:
        session = the_row(change(data_api, owner, session, status=status))
        assert session["status"] == status
        assert (session["ended_at"] is not None) == (status == "completed")
    assert session["ended_at"] >= session["started_at"]


def test_the_client_may_say_when_it_ended(data_api: DataApi, owner: User) -> None:
    row = new_row("user_sessions", owner) | {"started_at": "2026-11-24T18:00:00+00:00"}
    session = the_row(data_api.post("user_sessions", row, by=owner))
    ended = change(data_api, owner, session, status="completed", ended_at="2026-11-24T18:47:00+00:00")
    assert the_row(ended)["ended_at"] == "2026-11-24T18:47:00+00:00"


def test_a_session_ends_even_when_the_clients_clock_was_ahead(data_api: DataApi, owner: User) -> None:
    row = new_row("user_sessions", owner) | {"started_at": "2150-01-01T00:00:00+00:00"}
    session = the_row(data_api.post("user_sessions", row, by=owner))
    assert the_row(change(data_api, owner, session, status="completed"))["ended_at"] == session["started_at"]


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "active"},
        {"status": "paused"},
        {"status": "active", "ended_at": None},
        {"ended_at": "2199-01-01T00:00:00Z"},
        {"data": {"exercise": 9}},
        {"started_at": "2026-01-01T00:00:00Z"},
    ],
)
def test_a_completed_session_is_history(data_api: DataApi, owner: User, session: Row, columns: Row) -> None:
    completed = the_row(change(data_api, owner, session, status="completed"))
    assert_refused(change(data_api, owner, session, **columns), "the session is completed")
    assert read("user_sessions", owner, session["id"]) == completed


def test_a_completed_session_can_be_sent_back_as_it_is(data_api: DataApi, owner: User, session: Row) -> None:
    completed = the_row(change(data_api, owner, session, status="completed"))
    assert the_row(change(data_api, owner, session, **completed)) == completed


@pytest.mark.parametrize("columns", [{"session_type": "cooking"}, {"started_at": "2026-01-01T00:00:00Z"}])
def test_what_was_started_stays(data_api: DataApi, owner: User, session: Row, columns: Row) -> None:
    answer = change(data_api, owner, session, **columns)
    assert_refused(answer, "session_type and started_at of a session never change")
    assert read("user_sessions", owner, session["id"]) == session


def test_devices_share_what_is_going_on(data_api: DataApi, owner: User, session: Row) -> None:
    timer = {"exercise": 2, "rest": {"ends_at": "2026-11-24T18:05:00Z"}}
    assert the_row(change(data_api, owner, session, data=timer))["data"] == timer


def test_a_session_without_an_end_is_not_over(data_api: DataApi, owner: User, session: Row) -> None:
    answer = change(data_api, owner, session, ended_at="2099-01-01T00:00:00Z")
    assert answer.status_code == 400
    assert '"user_sessions_ended_at_exactly_when_completed"' in answer.json()["message"]
    assert read("user_sessions", owner, session["id"]) == session


@pytest.mark.parametrize(
    ("column", "table", "session_type"),
    [("planned_meal_id", "planned_meals", "cooking"), ("workout_id", "fitness_workouts", "workout")],
)
@pytest.mark.parametrize("status", ["active", "completed"])
def test_deleting_what_a_session_was_about_keeps_the_session(
    data_api: DataApi, owner: User, column: str, table: str, session_type: str, status: str
) -> None:
    parent = stored(table, owner)
    row = new_row("user_sessions", owner) | {"session_type": session_type, column: parent["id"]}
    session = the_row(data_api.post("user_sessions", row, by=owner))
    if status == "completed":
        session = the_row(change(data_api, owner, session, status="completed"))
    deleted = data_api.request("DELETE", f"{table}?id=eq.{parent['id']}", by=owner)
    assert deleted.status_code == 204
    now = read("user_sessions", owner, session["id"])
    assert now == session | {column: None, "updated_at": now["updated_at"]}
