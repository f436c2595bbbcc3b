"""Kitchens for tests of meal suggestions: recipes, lots, what was cooked, and questions to the planner."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.conftest import User
from tests.database.messages import Database
from tests.database.tables import Row

ZONE = "Pacific/Kiritimati"
"""UTC+14: the owner's day is mostly not the server's."""


def day(offset: int, zone: str = ZONE) -> str:
    """A day relative to the owner's today."""
    return (datetime.now(ZoneInfo(zone)).date() + timedelta(days=offset)).isoformat()


def empty(person: User) -> User:
    """The same person with an empty kitchen, an empty calendar, and no wishes."""
    for table in ("planned_meals", "meals", "pantry_items", "expenses"):
        person.client.table(table).delete().eq("user_id", person.id).execute()
    person.client.table("calendar_events").delete().eq("source", "custom").execute()
    avoids(person)
    return person


def avoids(by: User, *allergies: str, dietary: tuple[str, ...] = ()) -> None:
    """What the person may not and will not eat."""
    settings = {"allergies": list(allergies), "dietary": list(dietary)}
    by.client.table("profiles").update(settings).eq("id", by.id).execute()


def call(by: User, rpc: str, **arguments: Any) -> Any:
    """Calls an RPC."""
    return by.client.rpc(rpc, arguments).execute().data


def recipe(by: User, name: str, *ingredients: tuple[float, str, str], **columns: Any) -> Row:
    """A recipe of (quantity, unit, food); half an hour for two unless told otherwise."""
    meal = {"name": name, "prep_time": 10, "cook_time": 20, "servings": 2} | columns
    listed = [
        {"food_item_name": food, "quantity": quantity, "unit": unit} for quantity, unit, food in ingredients
    ]
    made: Row = call(by, "create_meal", meal=meal | {"ingredients": listed})
    return made


def lot(by: User, quantity: float, unit: str, food: str, expires_in: int | None = None) -> None:
    """A lot in the pantry."""
    expiry = None if expires_in is None else day(expires_in)
    row = {"name": food, "quantity": quantity, "unit": unit, "expiry_date": expiry}
    by.client.table("pantry_items").insert(row).execute()


def cooked(by: User, meal: Row, days_ago: int) -> None:
    """The recipe was cooked then."""
    row = {"meal_id": meal["id"], "planned_date": day(-days_ago), "status": "cooked"}
    by.client.table("planned_meals").insert(row).execute()


def planned(by: User, meal: Row, on: str, **columns: Any) -> None:
    """The recipe is planned for then."""
    row = {"meal_id": meal["id"], "planned_date": on} | columns
    by.client.table("planned_meals").insert(row).execute()


def event(by: User, on: str, start: str, end: str, zone: str = ZONE) -> None:
    """Something else is on in the calendar."""
    moments = [
        datetime.fromisoformat(f"{on}T{time}").replace(tzinfo=ZoneInfo(zone)).isoformat()
        for time in (start, end)
    ]
    by.client.table("calendar_events").insert(
        {"title": "Busy", "start_time": moments[0], "end_time": moments[1]}
    ).execute()


def answer(by: User, **request: Any) -> Row:
    """What the planner answers: suggestions and warnings."""
    answered: Row = call(by, "plan_meals", request=request)
    return answered


def plan_all(by: User, **request: Any) -> list[Row]:
    """What the planner suggests."""
    suggestions: list[Row] = answer(by, **request)["suggestions"]
    return suggestions


def warnings(answered: Row) -> dict[str, str]:
    """Code → message of an answer's warnings."""
    return {warning["code"]: warning["message"] for warning in answered["warnings"]}


def plan(by: User, **request: Any) -> list[Row]:
    """What the planner suggests of the person's own recipes."""
    return [suggestion for suggestion in plan_all(by, **request) if suggestion["meal_id"]]


def without_ids(suggestions: list[Row]) -> list[Row]:
    """What is suggested; each time that something is suggested has its own ids."""
    return [{key: value for key, value in one.items() if key != "id"} for one in suggestions]


def conflicts(db: Database, foods: list[str], allergies: list[str], dietary: Sequence[str] = ()) -> list[str]:
    """Those of the allergies that any of the foods carries, and those of the diets that they break."""
    row = db.execute(
        """select array(
            select distinct c.allergy from private.food_conflicts(%s::text[], %s::text[]) as c order by 1)
          || private.diet_conflicts(%s::text[], %s::text[]) as found""",
        [allergies, foods, list(dietary), foods],
    ).fetchone()
    assert row is not None
    found: list[str] = row["found"]
    return found


def names(suggestions: list[Row]) -> list[str]:
    return [suggestion["meal"]["name"] for suggestion in suggestions]


def context(by: User, **request: Any) -> Row:
    """What a model is told."""
    told: Row = call(by, "meal_suggestion_context", request=request)
    return told
