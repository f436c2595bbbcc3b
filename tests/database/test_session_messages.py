"""What devices hear of sessions: the sessions themselves, and what their owner is doing."""

from typing import Any

import pytest

from local_supabase import Instance
from tests.conftest import NewUser, User
from tests.database.accounts import people
from tests.database.calendar_sources import Database
from tests.database.data_api import DataApi, the_row
from tests.database.messages import Inbox, Inboxes, told
from tests.database.sessions import history
from tests.database.tables import Row, stored

pytestmark = pytest.mark.covers(
    "user_sessions.broadcast_on_insert",
    "user_sessions.broadcast_on_update",
    "user_sessions.broadcast_on_delete",
)

TYPES = {
    "workout": "fitness:session:update",
    "cardio": "fitness:session:update",
    "cooking": "meal:cooking:update",
}
STATUS = "user:status:change"


@pytest.fixture
def owner(new_user: NewUser) -> User:
    return new_user()


@pytest.fixture
def inbox(db: Database, owner: User) -> Inbox:
    return Inbox(db, owner.id)


def start(data_api: DataApi, owner: User, session_type: str, **columns: Any) -> Row:
    return the_row(data_api.post("user_sessions", {"session_type": session_type} | columns, by=owner))


def change(data_api: DataApi, owner: User, session: Row, **columns: Any) -> Row:
    return the_row(data_api.patch(f"user_sessions?id=eq.{session['id']}", columns, by=owner))


def doing(status: str, session: Row | None = None) -> Row:
    """The data of a user:status:change."""
    session_type, session_id = (session["session_type"], session["id"]) if session else (None, None)
    return {"status": status, "session_type": session_type, "session_id": session_id}


@pytest.mark.parametrize("session_type", TYPES)
def test_devices_follow_a_session_from_start_to_end(
    data_api: DataApi, owner: User, inbox: Inbox, session_type: str
) -> None:
    active = "cooking" if session_type == "cooking" else "working_out"

    def heard(operation: str, row: Row, status: Row | None) -> None:
        expected = [told(TYPES[session_type], "user_sessions", operation, row)]
        expected += [{"type": STATUS, "data": status}] if status else []
        assert sorted(inbox.new(), key=lambda message: str(message["type"])) == expected

    session = start(data_api, owner, session_type, data={"exercise": 1})
    heard("INSERT", session, doing(active, session))
    heard("UPDATE", change(data_api, owner, session, data={"exercise": 2}), None)
    heard("UPDATE", change(data_api, owner, session, status="paused"), doing("paused", session))
    timer = {"session_id": session["id"], "name": "Rest", "seconds": 90}
    heard("UPDATE", data_api.post("rpc/set_timer", timer, by=owner).json(), None)
    heard("UPDATE", change(data_api, owner, session, status="active"), doing(active, session))
    session = change(data_api, owner, session, status="completed")
    heard("UPDATE", session, doing("idle"))
    data_api.request("DELETE", f"user_sessions?id=eq.{session['id']}", by=owner)
    heard("DELETE", session, None)


def test_of_several_sessions_the_one_that_goes_on_counts_then_the_last_one_started(
    data_api: DataApi, owner: User, inbox: Inbox
) -> None:
    def status() -> Any:
        return [message["data"] for message in inbox.new() if message["type"] == STATUS]

    times = {"cooking": "2026-11-24T17:00:00Z", "workout": "2026-11-24T18:00:00Z"}
    workout = start(data_api, owner, "workout", started_at=times["workout"])
    assert status() == [doing("working_out", workout)]
    cooking = start(data_api, owner, "cooking", started_at=times["cooking"])
    assert status() == []
    change(data_api, owner, workout, status="paused")
    assert status() == [doing("cooking", cooking)]
    change(data_api, owner, workout, data={"exercise": 2})
    assert status() == []
    change(data_api, owner, cooking, status="paused")
    assert status() == [doing("paused", workout)]
    # Both at once.
    data_api.patch("user_sessions?status=eq.paused", {"status": "active"}, by=owner)
    assert status() == [doing("working_out", workout)]
    change(data_api, owner, cooking, status="completed")
    assert status() == []
    change(data_api, owner, workout, status="completed")
    assert status() == [doing("idle")]


def test_starts_are_compared_as_instants(data_api: DataApi, owner: User, inbox: Inbox) -> None:
    start(data_api, owner, "workout", started_at="2026-10-25T00:45:00Z")
    inbox.clear()
    # In Berlin the clocks show 02:45 twice, and here the earlier 02:45 and the later 02:10.
    row = {"session_type": "cooking", "started_at": "2026-10-25T01:10:00Z"}
    headers = {"Prefer": "timezone=Europe/Berlin, return=representation"}
    cooking = the_row(data_api.request("POST", "user_sessions", row, by=owner, headers=headers))
    assert inbox.only(STATUS) == doing("cooking", cooking)


def test_one_statement_is_one_message_of_each_type(data_api: DataApi, owner: User, inbox: Inbox) -> None:
    hours = {"workout": 17, "cardio": 18, "cooking": 16}
    rows = [{"session_type": name, "started_at": f"2026-11-24T{hour}:00Z"} for name, hour in hours.items()]
    assert data_api.post("user_sessions", rows, by=owner).status_code == 201
    assert inbox.summary() == [
        "fitness:session:update INSERT 2",
        "meal:cooking:update INSERT 1",
        "user:status:change working_out",
    ]
    data_api.patch("user_sessions?status=eq.active", {"status": "completed"}, by=owner)
    assert inbox.summary() == [
        "fitness:session:update UPDATE 2",
        "meal:cooking:update UPDATE 1",
        "user:status:change idle",
    ]


def test_completing_a_session_tells_what_it_wrote(data_api: DataApi, owner: User, inbox: Inbox) -> None:
    session = start(data_api, owner, "workout")
    inbox.clear()
    result = {"exercises": [{"name": "Row", "sets": [{"reps": 5}]}]}
    arguments = {"session_id": session["id"], "result": result}
    assert data_api.post("rpc/complete_session", arguments, by=owner).status_code == 200
    assert inbox.summary() == [
        "calendar:update INSERT 1",
        "fitness:session:update UPDATE 1",
        "fitness:session:update UPDATE 1",
        "user:status:change idle",
        "workouts:update INSERT 1",
        "workouts:update INSERT 1",
    ]
    meal = stored("planned_meals", owner)
    cooking = start(data_api, owner, "cooking", planned_meal_id=meal["id"])
    inbox.clear()
    data_api.post("rpc/complete_session", {"session_id": cooking["id"]}, by=owner)
    assert inbox.summary() == [
        "calendar:update UPDATE 1",
        "meal:cooking:update UPDATE 1",
        "meals:update UPDATE 1",
        "user:status:change idle",
    ]


def test_what_is_refused_or_changes_nothing_is_not_told(
    data_api: DataApi, owner: User, other_user: User, inbox: Inbox
) -> None:
    session = start(data_api, owner, "workout", data={"exercise": 1})
    inbox.clear()
    change(data_api, owner, session, status="active", data={"exercise": 1, "paused_seconds": 7})
    assert data_api.post("user_sessions", {"session_type": "workout"}, by=owner).status_code == 409
    data_api.patch(f"user_sessions?id=eq.{session['id']}", {"status": "paused"}, by=other_user)
    arguments = {"session_id": session["id"], "result": {"name": ""}}
    assert data_api.post("rpc/complete_session", arguments, by=owner).status_code == 422
    data_api.patch("user_sessions?status=eq.completed", {"data": {}}, by=owner)
    data_api.request("DELETE", "user_sessions?status=eq.completed", by=owner)
    assert inbox.summary() == []


def test_deleting_what_a_session_was_about_tells_of_the_session(
    data_api: DataApi, owner: User, inbox: Inbox
) -> None:
    workout = stored("fitness_workouts", owner)
    session = start(data_api, owner, "workout", workout_id=workout["id"])
    inbox.clear()
    data_api.request("DELETE", f"fitness_workouts?id=eq.{workout['id']}", by=owner)
    (message,) = [m for m in inbox.new() if m["type"] == "fitness:session:update"]
    (row,) = message["data"]["rows"]
    assert (row["id"], row["workout_id"]) == (session["id"], None)


@pytest.mark.parametrize(
    ("sessions", "characters", "rows"), [(1, 190_000, True), (1, 210_000, False), (5, 50_000, False)]
)
def test_data_too_large_for_a_message_is_left_to_be_fetched(
    stack: Instance, db: Database, owner: User, inbox: Inbox, sessions: int, characters: int, rows: bool
) -> None:
    history(stack, owner, sessions, characters)
    inbox.clear()
    db.execute("delete from user_sessions where user_id = %s", [owner.id])
    (message,) = inbox.new()
    assert ("rows" in message["data"]) is rows
    assert rows or message["data"] == {
        "operation": "DELETE",
        "table": "user_sessions",
        "ids": None,
        "count": sessions,
        "resync": True,
    }


@pytest.mark.parametrize(("sessions", "ids"), [(100, None), (101, 101), (1000, 1000), (1001, None)])
def test_a_long_history_deleted_at_once_is_one_message(
    stack: Instance, db: Database, owner: User, inbox: Inbox, sessions: int, ids: int | None
) -> None:
    history(stack, owner, sessions, 10)
    inbox.clear()
    db.execute("delete from user_sessions where user_id = %s", [owner.id])
    (message,) = inbox.new()
    data = message["data"]
    if sessions <= 100:
        assert len(data["rows"]) == sessions
    else:
        assert (data["count"], data["resync"]) == (sessions, True)
        assert (data["ids"] and len(data["ids"])) == ids


@pytest.mark.parametrize("persons", [3, 50, 51, 500])
def test_a_statement_over_many_people_tells_each_of_theirs(db: Database, persons: int) -> None:
    ids = people(db, persons)
    inboxes = Inboxes(db, ids)
    # Everybody works out; every third cooks, too.
    db.execute(
        """insert into user_sessions (user_id, session_type, started_at)
        select p.id, t.name, now() - case t.name when 'cooking' then interval '1 hour' else '0' end
        from unnest(%s::uuid[]) with ordinality as p (id, n)
        cross join (values ('workout', 1), ('cooking', 3)) as t (name, every) where p.n %% t.every = 0""",
        [ids],
    )
    for n, heard in enumerate(inboxes.summaries(), 1):
        cooks = ["meal:cooking:update INSERT 1"] if n % 3 == 0 else []
        assert heard == ["fitness:session:update INSERT 1", *cooks, "user:status:change working_out"]
    db.execute(
        """update user_sessions set status = 'completed'
        where user_id = any (%s) and session_type = 'workout'""",
        [ids],
    )
    for n, heard in enumerate(inboxes.summaries(), 1):
        status = "cooking" if n % 3 == 0 else "idle"
        assert heard == ["fitness:session:update UPDATE 1", f"user:status:change {status}"]
