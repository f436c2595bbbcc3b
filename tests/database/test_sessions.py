"""Sessions: legal transitions pass, others are refused in words; pauses are what the database measured."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from local_supabase import Instance
from tests.conftest import NewUser, User
from tests.database.data_api import DataApi, assert_refused, the_row
from tests.database.sessions import long_ago
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
    assert_refused(answer, 409, f"a session can't start as {status}")
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
    assert_refused(change(data_api, owner, session, **columns), 409, "the session is completed")
    assert read("user_sessions", owner, session["id"]) == completed


def test_a_completed_session_can_be_sent_back_as_it_is(data_api: DataApi, owner: User, session: Row) -> None:
    completed = the_row(change(data_api, owner, session, status="completed"))
    assert the_row(change(data_api, owner, session, **completed)) == completed


@pytest.mark.parametrize("columns", [{"session_type": "cooking"}, {"started_at": "2026-01-01T00:00:00Z"}])
def test_what_was_started_stays(data_api: DataApi, owner: User, session: Row, columns: Row) -> None:
    answer = change(data_api, owner, session, **columns)
    assert_refused(answer, 409, "session_type and started_at of a session never change")
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


# Pauses.


def seconds_spent(session: Row) -> float:
    """Time spent in a session that is paused or completed, as a client computes it."""
    until = datetime.fromisoformat(session["data"].get("paused_at") or session["ended_at"])
    pauses: float = session["data"].get("paused_seconds", 0)
    return (until - datetime.fromisoformat(session["started_at"])).total_seconds() - pauses


def test_pauses_are_not_time_spent(stack: Instance, data_api: DataApi, owner: User, session: Row) -> None:
    long_ago(stack, session, timedelta(minutes=20))
    paused = the_row(change(data_api, owner, session, status="paused"))
    assert 1200 <= seconds_spent(paused) < 1210
    assert "paused_seconds" not in paused["data"]

    long_ago(stack, session, timedelta(hours=9))
    resumed = the_row(change(data_api, owner, session, status="active"))
    assert "paused_at" not in resumed["data"]
    assert 32400 <= resumed["data"]["paused_seconds"] < 32410

    long_ago(stack, session, timedelta(minutes=5))
    paused = the_row(change(data_api, owner, session, status="paused"))
    assert 1500 <= seconds_spent(paused) < 1520

    long_ago(stack, session, timedelta(hours=1))
    completed = the_row(change(data_api, owner, session, status="completed"))
    assert 1500 <= seconds_spent(completed) < 1530
    assert 36000 <= completed["data"]["paused_seconds"] < 36020


@pytest.mark.parametrize("minutes", [-50, -20, -10, 5])
def test_time_spent_is_never_negative_whenever_the_client_says_that_it_ended(
    stack: Instance, data_api: DataApi, owner: User, session: Row, minutes: int
) -> None:
    # Active for 20 minutes, paused for 10, active for 20, paused for 10.
    for status, ago in (("paused", 20), ("active", 10), ("paused", 20), ("paused", 10)):
        long_ago(stack, session, timedelta(minutes=ago))
        session = the_row(change(data_api, owner, session, status=status))
    session = read("user_sessions", owner, session["id"])
    ended_at = datetime.fromisoformat(session["data"]["paused_at"]) + timedelta(minutes=minutes)
    answer = change(data_api, owner, session, status="completed", ended_at=ended_at.isoformat())
    spent = seconds_spent(the_row(answer))
    # An end before the second stretch: what was spent until then isn't known exactly, but it is no debt.
    # Pauses are counted in milliseconds.
    assert (
        {-50: -0.001, -20: 1140, -10: 1740, 5: 2380}[minutes]
        <= spent
        <= {-50: 1, -20: 1260}.get(minutes, 2460)
    )


FORGED: Row = {"paused_at": "2020-01-01T00:00:00+00:00", "paused_seconds": -86400}


def test_a_client_cannot_forge_or_drop_pauses(data_api: DataApi, owner: User) -> None:
    row = new_row("user_sessions", owner) | {"data": FORGED | {"exercise": 1}}
    session = the_row(data_api.post("user_sessions", row, by=owner))
    assert session["data"] == {"exercise": 1}
    assert the_row(change(data_api, owner, session, data=FORGED | {"exercise": 1})) == session

    paused = the_row(change(data_api, owner, session, status="paused", data=FORGED))
    paused_at = paused["data"]["paused_at"]
    assert paused_at > session["updated_at"]
    for data in ({}, FORGED, {"paused_at": None}):
        assert the_row(change(data_api, owner, session, data=data))["data"] == {"paused_at": paused_at}

    resumed = the_row(change(data_api, owner, session, status="active", data=FORGED))
    assert set(resumed["data"]) == {"paused_seconds"}
    assert 0 <= resumed["data"]["paused_seconds"] < 30
    for data in ({}, FORGED, {"paused_seconds": None}):
        assert the_row(change(data_api, owner, session, data=data))["data"] == resumed["data"]
    completed = the_row(change(data_api, owner, session, status="completed", data=FORGED))
    assert completed["data"] == resumed["data"]


def test_a_client_can_change_its_own_data_at_any_time(data_api: DataApi, owner: User, session: Row) -> None:
    for status in ("paused", "active", "completed"):
        data = {"exercise": 2, "at": status, "paused": None}
        changed = the_row(change(data_api, owner, session, status=status, data=data))
        assert changed["data"] | data == changed["data"]


@pytest.mark.covers("user_sessions_data_is_an_object_max_256_kb")
def test_a_session_full_of_data_can_still_be_paused(data_api: DataApi, owner: User, session: Row) -> None:
    data = {"note": "x" * (262144 - len('{"note": ""}'))}
    assert the_row(change(data_api, owner, session, data=data))["data"] == data
    for n in range(20):
        timer = {"session_id": session["id"], "name": f"{n:02}" + "🥚" * 48, "seconds": 86400}
        assert data_api.post("rpc/set_timer", timer, by=owner).status_code == 200
    for status in ("paused", "active", "paused", "completed"):
        session = the_row(change(data_api, owner, session, status=status))
        assert session["data"]["note"] == data["note"]


@pytest.mark.parametrize("data", ["text", 7, True, [1], ["paused_at"]])
def test_data_is_an_object(data_api: DataApi, owner: User, session: Row, data: Any) -> None:
    for status in ("active", "paused", "completed"):
        answer = change(data_api, owner, session, status=status, data=data)
        assert answer.status_code == 400
        assert '"user_sessions_data_is_an_object_max_256_kb"' in answer.json()["message"]
    assert read("user_sessions", owner, session["id"]) == session
    answer = data_api.post("user_sessions", {"session_type": "cardio", "data": data}, by=owner)
    assert '"user_sessions_data_is_an_object_max_256_kb"' in answer.json()["message"]


def test_other_user_cannot_change_a_session(
    data_api: DataApi, owner: User, other_user: User, session: Row
) -> None:
    assert change(data_api, other_user, session, status="paused").json() == []
    assert read("user_sessions", owner, session["id"]) == session
    assert the_row(change(data_api, owner, session, status="paused"))["status"] == "paused"
