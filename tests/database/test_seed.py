"""The demo life: supabase/seed.sql as its owner sees it, and applied again and on other days."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import DictRow
from supabase import Client

from local_supabase import Instance
from tests.conftest import ROOT, User, client_for

SEED = (ROOT / "supabase" / "seed.sql").read_text(encoding="utf-8")
ROBIN = "00000000-0000-4000-8000-000000000001"
ZONE = ZoneInfo("Europe/Berlin")
SOURCES = {"custom", "meal", "workout", "cardio", "sport", "stretching", "expense"}

Database = psycopg.Connection[DictRow]


@pytest.fixture(scope="module")
def robin(stack: Instance) -> Client:
    """The demo user, signed in with the password that the docs give."""
    client = client_for(stack, stack.publishable_key)
    answer = client.auth.sign_in_with_password({"email": "demo@example.com", "password": "life-os-demo"})
    assert answer.user is not None
    assert answer.user.id == ROBIN
    return client


@pytest.fixture(scope="module")
def seeded_at(robin: Client) -> datetime:
    """When the seed was applied; its "today" is this moment's day in Robin's zone."""
    return datetime.fromisoformat(rows(robin, "profiles")[0]["created_at"]).astimezone(ZONE)


def rows(client: Client, table: str, columns: str = "*") -> list[dict[str, Any]]:
    data: Any = client.table(table).select(columns).execute().data
    return list(data)


def day(value: str) -> date:
    return date.fromisoformat(value)


@contextmanager
def undone(db: Database) -> Iterator[None]:
    """Whatever happens in the block, the demo life stays as it is for the other tests."""
    with db.transaction(force_rollback=True):
        yield


def apply_seed(db: Database, moment: datetime | None = None) -> None:
    """Applies the seed, as if it were `moment`."""
    text = SEED if moment is None else SEED.replace("now()", f"timestamptz '{moment.isoformat()}'")
    db.execute(text.encode())


def row_counts(db: Database, owner: str) -> dict[str, int]:
    """How many rows of each table are the person's."""
    tables = db.execute(
        """select c.table_name as name from information_schema.columns as c
        where c.table_schema = 'public' and c.column_name = 'user_id' order by 1"""
    ).fetchall()
    count = sql.SQL("select count(*) as n from public.{} where user_id = %s")
    found = {t["name"]: db.execute(count.format(sql.Identifier(t["name"])), [owner]) for t in tables}
    return {name: (cursor.fetchone() or {"n": 0})["n"] for name, cursor in found.items()}


def assert_past_is_done(events: list[dict[str, Any]], moment: datetime) -> None:
    """Done is what has ended, planned what hasn't; an expense is done from the start of its day."""
    for event in events:
        start, end = (datetime.fromisoformat(str(event[key])) for key in ("start_time", "end_time"))
        if event["source"] == "expense":
            assert (event["status"], start <= moment) == ("done", True), event
        else:
            assert event["status"] == ("done" if end <= moment else "planned"), event


# --- As Robin sees it ---


def test_demo_user_has_a_profile_that_suggestions_respect(robin: Client) -> None:
    [profile] = rows(robin, "profiles")
    assert (profile["first_name"], profile["last_name"]) == ("Robin", "Demo")
    assert (profile["timezone"], profile["currency"]) == ("Europe/Berlin", "EUR")
    assert (profile["dietary"], profile["allergies"]) == (["pescatarian"], ["peanut"])


def test_the_week_around_today_has_events_of_every_source(robin: Client, seeded_at: datetime) -> None:
    today = seeded_at.date()
    week = [e for e in rows(robin, "calendar_events") if abs(day(e["local_date"]) - today) <= timedelta(3)]
    assert {e["source"] for e in week} == SOURCES
    assert {day(e["local_date"]) for e in week} == {today + timedelta(n) for n in range(-3, 4)}


def test_nothing_past_is_open_and_nothing_to_come_is_done(robin: Client, seeded_at: datetime) -> None:
    assert_past_is_done(rows(robin, "calendar_events"), seeded_at)
    for expense in rows(robin, "expenses"):
        assert day(expense["date"]) <= seeded_at.date(), expense


def test_every_recipe_has_ingredients_and_steps(robin: Client) -> None:
    recipes = rows(robin, "meals", "*, meal_ingredients(*)")
    assert len(recipes) >= 12
    for recipe in recipes:
        assert len(recipe["meal_ingredients"]) >= 5, recipe
        assert len(recipe["instructions"]) >= 3, recipe
        assert None not in (recipe["prep_time"], recipe["cook_time"], recipe["servings"]), recipe


def test_pantry_has_lots_about_to_expire(robin: Client, seeded_at: datetime) -> None:
    lots = rows(robin, "pantry_items")
    days_left = [(day(lot["expiry_date"]) - seeded_at.date()).days for lot in lots if lot["expiry_date"]]
    assert len([n for n in days_left if 1 <= n <= 3]) >= 4
    assert days_left.count(-1) == 1
    assert len(days_left) < len(lots)
    assert max(Counter(lot["name"] for lot in lots).values()) == 2


def planned_meals(by: Client, **request: int) -> list[Any]:
    answer: Any = by.rpc("plan_meals", {"request": request}).execute().data
    suggestions: list[Any] = answer["suggestions"]
    return suggestions


def test_planner_finds_uses_for_what_expires_and_leaves_out_the_allergen(robin: Client) -> None:
    suggestions = planned_meals(robin)
    assert len(suggestions) == 3
    assert any(s["uses_expiring"] for s in suggestions)
    foods = [i["food_item_name"] for s in planned_meals(robin, count=5) for i in s["meal"]["ingredients"]]
    assert not [food for food in foods if "peanut" in food]


def test_three_weeks_of_workouts_grow_heavier(robin: Client) -> None:
    workouts = rows(robin, "fitness_workouts", "*, fitness_workout_exercises(*)")
    assert {w["name"] for w in workouts} == {"Push", "Pull", "Legs"}
    squats = {
        w["date"]: e["sets"][0]["weight_kg"]
        for w in workouts
        for e in w["fitness_workout_exercises"]
        if e["name"] == "Back squat"
    }
    weights = [squats[when] for when in sorted(squats)]
    assert len(weights) >= 4
    assert weights == sorted(set(weights))
    for workout in workouts:
        ticked = {s.get("done", False) for e in workout["fitness_workout_exercises"] for s in e["sets"]}
        assert ticked == {workout["status"] == "done"}, workout


def test_receipts_add_up(robin: Client) -> None:
    receipts = rows(robin, "receipts", "*, receipt_lines(amount), expenses(amount)")
    assert {r["status"] for r in receipts} == {"confirmed", "draft"}
    for receipt in receipts:
        assert round(sum(line["amount"] for line in receipt["receipt_lines"]), 2) == receipt["amount"]
        spent = [e["amount"] for e in receipt["expenses"]]
        assert spent == ([receipt["amount"]] if receipt["status"] == "confirmed" else [])


def test_sessions_are_completed_and_over(robin: Client, seeded_at: datetime) -> None:
    sessions = rows(robin, "user_sessions")
    assert {s["session_type"]: s["status"] for s in sessions} == {
        "workout": "completed",
        "cooking": "completed",
    }
    for session in sessions:
        assert session["planned_meal_id"] or session["workout_id"]
        assert datetime.fromisoformat(session["ended_at"]) <= seeded_at


# --- Applied again, and on other days ---


def test_applying_the_seed_again_leaves_the_same_life(db: Database, owner: User) -> None:
    owner.client.rpc("create_meal", {"meal": {"name": "Owner's soup"}}).execute()
    with undone(db):
        apply_seed(db)
        once = row_counts(db, ROBIN)
        db.execute(
            "insert into public.pantry_items (user_id, name, quantity, unit) values (%s, 'x', 1, 'g')",
            [ROBIN],
        )
        apply_seed(db)
        assert row_counts(db, ROBIN) == once
        assert min(once.values()) > 0
        assert row_counts(db, owner.id)["meals"] == 1


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("2026-11-23T00:05:00+01:00", id="Monday just after midnight"),
        pytest.param("2027-03-02T06:30:00+01:00", id="Tuesday early"),
        pytest.param("2027-06-30T12:00:00+02:00", id="Wednesday noon"),
        pytest.param("2026-12-31T23:55:00+01:00", id="Thursday, New Year's Eve"),
        pytest.param("2027-01-01T09:00:00+01:00", id="Friday, first of the month"),
        pytest.param("2027-07-03T18:20:00+02:00", id="Saturday, third of the month"),
        pytest.param("2027-03-28T03:30:00+02:00", id="Sunday when summer time begins"),
        pytest.param("2026-10-25T02:30:00+01:00", id="Sunday when summer time ends"),
        pytest.param("2028-02-29T20:00:00+01:00", id="leap day"),
    ],
)
def test_the_life_is_whole_on_any_day(db: Database, moment: str) -> None:
    now = datetime.fromisoformat(moment)
    today = now.astimezone(ZONE).date()
    with undone(db):
        apply_seed(db, now)
        assert db.execute("select * from private.calendar_mismatches").fetchall() == []
        events = db.execute("select * from public.calendar_events where user_id = %s", [ROBIN]).fetchall()
        week = [e for e in events if abs(e["local_date"] - today) <= timedelta(3)]
        assert {e["source"] for e in week} == SOURCES
        assert_past_is_done(events, now)
        linked = db.execute(
            "select name from public.expenses where user_id = %s and receipt_id is not null", [ROBIN]
        )
        assert linked.fetchall() == [{"name": "Biomarkt"}]
