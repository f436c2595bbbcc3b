"""Every table that the Data API exposes: a valid row, a harmless change, and what its owner may do.

A new table needs an entry here, or the suite fails; with the entry it gets every access test.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

from tests.conftest import User

Row = dict[str, Any]

EVERY_VERB = frozenset({"select", "insert", "update", "delete"})


@dataclass(frozen=True)
class Table:
    """How to make and change a row of a table as its owner."""

    row: Row = field(default_factory=dict)
    """What a client sends for a new row, without references."""
    change: Row = field(default_factory=dict)
    """A harmless change of it."""
    verbs: frozenset[str] = EVERY_VERB
    references: dict[str, str] = field(default_factory=dict)
    """Column → table of the owner's row that it names."""
    optional_references: dict[str, str] = field(default_factory=dict)
    owner_column: str = "user_id"
    stored: Callable[[User], Row] | None = None
    """Makes a row where the owner may not insert one."""


def _own_profile(owner: User) -> Row:
    return only(owner.client.table("profiles").select("*").eq("id", owner.id).execute().data)


AI_REQUEST: Row = {
    "kind": "meal_suggestions",
    "model": "gpt",
    "max_requests": 2_000_000_000,
    "max_tokens": 9_000_000_000_000_000_000,
    "reserve_tokens": 1000,
}
"""What start_ai_request takes, under limits that nobody reaches."""


def _started_ai_request(owner: User) -> Row:
    started: Any = owner.client.rpc("start_ai_request", AI_REQUEST).execute().data
    return read("ai_requests", owner, started["ticket"]["id"])


TABLES: dict[str, Table] = {
    "profiles": Table(
        change={"first_name": "Ada"},
        verbs=frozenset({"select", "update"}),
        owner_column="id",
        stored=_own_profile,
    ),
    "user_sessions": Table(
        row={"session_type": "workout", "data": {"exercise": 1}},
        change={"status": "paused"},
        optional_references={"planned_meal_id": "planned_meals", "workout_id": "fitness_workouts"},
    ),
    "fitness_workouts": Table(
        row={"name": "Push", "date": "2026-11-24", "start_time": "18:00", "duration_minutes": 50},
        change={"notes": "Felt strong."},
    ),
    "fitness_workout_exercises": Table(
        row={"name": "Bench press", "sets": [{"reps": 8, "weight_kg": 60}]},
        change={"order_index": 2},
        references={"workout_id": "fitness_workouts"},
    ),
    "fitness_cardio": Table(
        row={"activity_type": "Run", "date": "2026-11-24", "distance_miles": 3.11, "calories_burned": 320},
        change={"distance_miles": 3.2},
    ),
    "fitness_sports": Table(
        row={"sport": "Tennis", "date": "2026-11-24", "intensity": "moderate"},
        change={"intensity": "high"},
    ),
    "fitness_stretching": Table(
        row={"name": "Hips", "date": "2026-11-24", "body_parts": ["hips", "hamstrings"]},
        change={"body_parts": ["hips"]},
    ),
    "meals": Table(
        row={
            "name": "Chickpea curry",
            "prep_time": 10,
            "cook_time": 25,
            "servings": 4,
            "instructions": ["Cook."],
        },
        change={"servings": 2},
    ),
    "meal_ingredients": Table(
        row={"food_item_name": "chickpeas", "quantity": 800, "unit": "g"},
        change={"quantity": 0.125},
        references={"meal_id": "meals"},
    ),
    "pantry_items": Table(
        row={"name": "chickpeas", "quantity": 2, "unit": "kg", "expiry_date": "2027-01-31"},
        change={"quantity": 1.5},
        optional_references={"receipt_id": "receipts"},
    ),
    "planned_meals": Table(
        row={"planned_date": "2026-11-24", "meal_time": "19:00", "servings": 2},
        change={"status": "cooked"},
        references={"meal_id": "meals"},
    ),
    "receipts": Table(
        row={"store": "Corner shop", "amount": 23.4, "currency": "EUR", "date": "2026-11-24"},
        change={"payment_method": "card"},
    ),
    "receipt_lines": Table(
        row={"name": "Milk", "quantity": 2, "unit_price": 1.2, "amount": 2.4},
        change={"category": "Groceries"},
        references={"receipt_id": "receipts"},
    ),
    "receipt_item_names": Table(
        row={"printed_name": "mlk 2l", "pantry_name": "milk", "pantry_quantity": 2, "pantry_unit": "l"},
        change={"pantry_name": "oat milk"},
    ),
    "expenses": Table(
        row={"name": "Groceries", "amount": 23.4, "category": "Food", "date": "2026-11-24"},
        change={"store": "Corner shop"},
        optional_references={"receipt_id": "receipts"},
    ),
    "calendar_events": Table(
        row={"title": "Dentist", "start_time": "2026-11-24T09:00:00+01:00"},
        change={"notes": "Bring the X-ray."},
    ),
    "ai_requests": Table(verbs=frozenset({"select"}), stored=_started_ai_request),
}


def with_verb(*verbs: str) -> list[str]:
    """The tables whose owner has all of these verbs."""
    return [name for name, table in TABLES.items() if table.verbs >= set(verbs)]


def without_verb(verb: str) -> list[str]:
    """The tables whose owner lacks this verb."""
    return [name for name, table in TABLES.items() if verb not in table.verbs]


def only(rows: Any) -> Row:
    """The one row of an answer."""
    assert isinstance(rows, list)
    assert len(rows) == 1, rows
    return cast("Row", rows[0])


def new_row(name: str, owner: User) -> Row:
    """A valid row to send, with the owner's rows that it needs already stored."""
    table = TABLES[name]
    if name == "user_sessions":
        # One open session per type: the one of an earlier test makes room.
        owner.client.table(name).update({"status": "completed"}).neq("status", "completed").execute()
    # What a receipt prints has one name.
    unique = {"printed_name": f"item {uuid4().hex}"} if name == "receipt_item_names" else {}
    parents = {column: stored(parent, owner)["id"] for column, parent in table.references.items()}
    return table.row | unique | parents


def stored(name: str, owner: User) -> Row:
    """A row of the owner's, as it is in the database."""
    table = TABLES[name]
    if table.stored:
        return table.stored(owner)
    return only(owner.client.table(name).insert(new_row(name, owner)).execute().data)


def read(name: str, owner: User, id: str) -> Row:  # noqa: A002 - the column's name
    """The row as its owner reads it now."""
    return only(owner.client.table(name).select("*").eq("id", id).execute().data)


def count(name: str, owner: User) -> int:
    """How many rows of the table its owner sees."""
    found = owner.client.table(name).select("id", count="exact").limit(0).execute().count  # type: ignore[arg-type]
    assert found is not None
    return found
