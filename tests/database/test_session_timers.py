"""Timers of a session: by the database's clock, the same on every device, right after any pause."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from local_supabase import Instance
from tests.conftest import NewUser, User
from tests.database.data_api import DataApi, the_row
from tests.database.sessions import long_ago
from tests.database.tables import Row, new_row, read, stored

pytestmark = pytest.mark.covers(
    "user_sessions.check_session_transition_on_insert", "user_sessions.check_session_transition_on_update"
)

TIMER: Row = {"name": "Rest", "seconds": 90, "remaining_seconds": 30}


@pytest.fixture(scope="module")
def owner(new_user: NewUser) -> User:
    return new_user()


@pytest.fixture
def session(owner: User) -> Row:
    return stored("user_sessions", owner)


def set_timer(data_api: DataApi, by: User | None, session: Row, name: Any, seconds: Any) -> httpx.Response:
    """Calls set_timer."""
    return data_api.post(
        "rpc/set_timer", {"session_id": session["id"], "name": name, "seconds": seconds}, by=by
    )


def change(data_api: DataApi, owner: User, session: Row, **columns: Any) -> Row:
    """The session after a change."""
    return the_row(data_api.patch(f"user_sessions?id=eq.{session['id']}", columns, by=owner))


def timers(session: Row) -> list[Row]:
    found: list[Row] = session["data"].get("timers", [])
    return found


def seconds_left(timer: Row) -> float:
    """How long a running timer has to go."""
    assert set(timer) == {"name", "seconds", "ends_at"}
    return (datetime.fromisoformat(timer["ends_at"]) - datetime.now(UTC)).total_seconds()


def test_a_timer_starts_and_every_device_sees_when_it_ends(
    data_api: DataApi, owner: User, session: Row
) -> None:
    answer = set_timer(data_api, owner, session, "Rest", 90)
    assert answer.status_code == 200, answer.text
    assert answer.json() == read("user_sessions", owner, session["id"])
    (timer,) = timers(answer.json())
    assert (timer["name"], timer["seconds"]) == ("Rest", 90)
    assert 85 < seconds_left(timer) <= 90
    assert answer.json()["data"]["exercise"] == 1


def test_a_timer_is_started_again_or_removed_and_the_others_stay(
    data_api: DataApi, owner: User, session: Row
) -> None:
    for name, seconds in (("Rest", 90), ("Plank", 60)):
        set_timer(data_api, owner, session, name, seconds)
    rest, plank = timers(read("user_sessions", owner, session["id"]))
    assert timers(set_timer(data_api, owner, session, "Rest", 1000).json())[0] == plank
    (_, again) = timers(read("user_sessions", owner, session["id"]))
    assert again["ends_at"] > rest["ends_at"]
    assert timers(set_timer(data_api, owner, session, "Rest", None).json()) == [plank]
    assert timers(set_timer(data_api, owner, session, "Unknown", None).json()) == [plank]
    assert timers(set_timer(data_api, owner, session, "Plank", None).json()) == []


@pytest.mark.parametrize(("name", "seconds"), [("x", 0), ("x" * 50, 86400), ("Eier 🥚", 0.125)])
def test_a_timer_may_be(data_api: DataApi, owner: User, session: Row, name: str, seconds: float) -> None:
    (timer,) = timers(set_timer(data_api, owner, session, name, seconds).json())
    assert (timer["name"], timer["seconds"]) == (name, seconds)


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("", 90),
        (" \n", 90),
        (None, 90),
        (None, None),
        ("x" * 51, 90),
        ("x", -1),
        ("x", 86400.001),
        ("x", 1e9),
        ("x", 0.0001),
        ("x", "NaN"),
        ("x", "Infinity"),
    ],
)
def test_a_timer_cannot_be(data_api: DataApi, owner: User, session: Row, name: Any, seconds: Any) -> None:
    answer = set_timer(data_api, owner, session, name, seconds)
    assert answer.status_code == 422, answer.text
    assert answer.json()["message"] == "the timer is not valid"
    assert answer.json()["details"]
    assert answer.json()["hint"]
    assert read("user_sessions", owner, session["id"]) == session


def test_a_session_has_at_most_20_timers(data_api: DataApi, owner: User, session: Row) -> None:
    for n in range(20):
        set_timer(data_api, owner, session, f"Timer {n}", 60)
    full = read("user_sessions", owner, session["id"])
    assert len(timers(full)) == 20
    answer = set_timer(data_api, owner, session, "One more", 60)
    assert answer.status_code == 422
    assert answer.json()["message"] == "a session has at most 20 timers"
    assert read("user_sessions", owner, session["id"]) == full
    assert len(timers(set_timer(data_api, owner, session, "Timer 3", 90).json())) == 20


def test_other_user_cannot_set_a_timer(
    data_api: DataApi, owner: User, other_user: User, session: Row
) -> None:
    answer = set_timer(data_api, other_user, session, "Rest", 90)
    assert (answer.status_code, answer.json()["code"]) == (404, "PT404")
    assert set_timer(data_api, None, session, "Rest", 90).status_code == 401
    assert read("user_sessions", owner, session["id"]) == session


def test_a_completed_session_has_no_timers_and_gets_none(
    data_api: DataApi, owner: User, session: Row
) -> None:
    set_timer(data_api, owner, session, "Rest", 90)
    completed = change(data_api, owner, session, status="completed")
    assert completed["data"] == {"exercise": 1}
    for seconds in (90, None):
        answer = set_timer(data_api, owner, session, "Rest", seconds)
        assert (answer.status_code, answer.json()["code"]) == (409, "PT409")
    assert read("user_sessions", owner, session["id"]) == completed


# Pauses.


def test_a_pause_keeps_what_remains(stack: Instance, data_api: DataApi, owner: User, session: Row) -> None:
    set_timer(data_api, owner, session, "Rest", 90)
    set_timer(data_api, owner, session, "Warm-up", 10)
    long_ago(stack, session, timedelta(seconds=60))
    paused = change(data_api, owner, session, status="paused")
    rest, warm_up = timers(paused)
    assert set(rest) == {"name", "seconds", "remaining_seconds"}
    assert 25 < rest["remaining_seconds"] <= 30
    assert warm_up["remaining_seconds"] == 0

    long_ago(stack, session, timedelta(hours=9))
    resumed = change(data_api, owner, session, status="active")
    assert rest["remaining_seconds"] - 5 < seconds_left(timers(resumed)[0]) <= rest["remaining_seconds"]
    assert -5 < seconds_left(timers(resumed)[1]) <= 0


def test_a_timer_set_while_paused_waits_for_the_session(data_api: DataApi, owner: User, session: Row) -> None:
    change(data_api, owner, session, status="paused")
    (timer,) = timers(set_timer(data_api, owner, session, "Rest", 90).json())
    assert timer == {"name": "Rest", "seconds": 90, "remaining_seconds": 90}
    (timer,) = timers(change(data_api, owner, session, status="active"))
    assert 85 < seconds_left(timer) <= 90


# What devices write into data.


def test_data_without_timers_keeps_them(data_api: DataApi, owner: User, session: Row) -> None:
    before = set_timer(data_api, owner, session, "Rest", 90).json()
    after = change(data_api, owner, session, data={"exercise": 2, "note": None})
    assert after["data"] == {"exercise": 2, "note": None, "timers": before["data"]["timers"]}
    # As it was read.
    assert change(data_api, owner, session, data=after["data"])["updated_at"] == after["updated_at"]


@pytest.mark.parametrize("nothing", [None, []])
def test_a_device_can_remove_all_timers(data_api: DataApi, owner: User, session: Row, nothing: Any) -> None:
    set_timer(data_api, owner, session, "Rest", 90)
    assert timers(change(data_api, owner, session, data={"timers": nothing})) == []
    assert len(timers(set_timer(data_api, owner, session, "Rest", 90).json())) == 1
    assert change(data_api, owner, session, status="paused")["status"] == "paused"


def test_a_device_that_missed_the_pause_stops_its_timer_all_the_same(
    data_api: DataApi, owner: User, session: Row
) -> None:
    seen = set_timer(data_api, owner, session, "Rest", 90).json()
    change(data_api, owner, session, status="paused")
    (timer,) = timers(change(data_api, owner, session, data=seen["data"] | {"exercise": 2}))
    assert 85 < timer["remaining_seconds"] <= 90


def test_a_device_can_start_a_session_with_a_timer(data_api: DataApi, owner: User) -> None:
    row = new_row("user_sessions", owner) | {"data": {"timers": [TIMER]}}
    (timer,) = timers(the_row(data_api.post("user_sessions", row, by=owner)))
    assert 25 < seconds_left(timer) <= 30


def test_an_end_is_stored_as_one_instant_however_it_was_written(
    data_api: DataApi, owner: User, session: Row
) -> None:
    said = {"name": "Rest", "seconds": 90, "ends_at": "2026-11-24 18:00:00.5+01"}
    (timer,) = timers(change(data_api, owner, session, data={"timers": [said]}))
    assert timer["ends_at"] == "2026-11-24T17:00:00.5+00:00"


NO_INSTANTS: list[Any] = [
    None,
    7,
    "",
    "soon",
    {},
    "infinity",
    "-infinity",
    "2199-01-01T00:00:00Z",
    "44 BC",
]
BAD_TIMERS: list[Any] = [
    {},
    "soon",
    90,
    True,
    [None],
    ["Rest"],
    [[]],
    [{}],
    [{"name": "Rest", "seconds": 90}],
    [TIMER | {"name": ""}],
    [TIMER | {"name": 7}],
    [TIMER | {"name": "x" * 51}],
    [TIMER | {"seconds": "90"}],
    [TIMER | {"seconds": -1}],
    [TIMER | {"remaining_seconds": 1e9}],
    [TIMER | {"remaining_seconds": None}],
    [TIMER | {"remaining_seconds": "soon"}],
    [TIMER | {"color": "red"}],
    [TIMER | {"ends_at": "2026-11-24T18:00:00Z"}],
    [TIMER, TIMER],
    [TIMER | {"name": f"Timer {n}"} for n in range(21)],
    *([{"name": "Rest", "seconds": 90, "ends_at": ends_at}] for ends_at in NO_INSTANTS),
]


@pytest.mark.parametrize("bad", BAD_TIMERS, ids=str)
def test_what_is_no_timer_is_refused_and_the_session_can_still_be_paused(
    data_api: DataApi, owner: User, session: Row, bad: Any
) -> None:
    path = f"user_sessions?id=eq.{session['id']}"
    answer = data_api.patch(path, {"data": {"timers": bad}}, by=owner)
    assert answer.status_code == 422, answer.text
    assert answer.json()["message"] == "the timers are not valid"
    assert read("user_sessions", owner, session["id"]) == session
    for status in ("paused", "active", "completed"):
        assert change(data_api, owner, session, status=status)["status"] == status
    row = new_row("user_sessions", owner) | {"data": {"timers": bad}}
    assert data_api.post("user_sessions", row, by=owner).status_code == 422
