"""Accepting a suggestion: checked again, created and planned at once, or nothing at all."""

from typing import Any

import httpx
import pytest

from tests.conftest import NewUser, User
from tests.database.data_api import DataApi, the_row
from tests.database.tables import TABLES, Row, count, only

TOAST: Row = {
    "name": "Beans on toast",
    "servings": 2,
    "ingredients": [
        {"food_item_name": "baked beans", "quantity": 400, "unit": "g"},
        {"food_item_name": "wholemeal toast", "quantity": 2, "unit": "slices"},
    ],
}
SUGGESTION: Row = {
    "meal": TOAST,
    "meal_id": None,
    "in_pantry": ["baked beans"],
    "missing": [],
    "uses_expiring": [],
    "reason": "Quick.",
}
PUSH: Row = {
    "name": "Push",
    "date": "2026-11-24",
    "start_time": "18:00",
    "duration_minutes": 50,
    "exercises": [{"name": "Bench press", "sets": [{"reps": 8, "weight_kg": 60}], "notes": None}],
}


@pytest.fixture(scope="module")
def person(new_user: NewUser) -> User:
    return new_user(timezone="Europe/Berlin", currency="EUR")


@pytest.fixture
def owner(person: User) -> User:
    """Somebody without allergies."""
    allergic(person)
    return person


@pytest.fixture(scope="module")
def other_user(new_user: NewUser) -> User:
    return new_user()


def allergic(who: User, *allergies: str) -> None:
    """Has exactly these allergies from now on."""
    who.client.table("profiles").update({"allergies": list(allergies)}).eq("id", who.id).execute()


def accept(data_api: DataApi, by: User | None, suggestion: Any, **arguments: Any) -> httpx.Response:
    """Calls accept_meal_suggestion."""
    return data_api.post("rpc/accept_meal_suggestion", {"suggestion": suggestion} | arguments, by=by)


def accept_workout(data_api: DataApi, by: User | None, suggestion: Any, **arguments: Any) -> httpx.Response:
    """Calls accept_workout_suggestion."""
    return data_api.post("rpc/accept_workout_suggestion", {"suggestion": suggestion} | arguments, by=by)


def everything(owner: User) -> dict[str, int]:
    """How many rows of each table somebody has."""
    return {table: count(table, owner) for table in TABLES}


def own_recipe(data_api: DataApi, by: User, *foods: str, name: str = "My dish") -> str:
    """The id of a recipe that somebody stored."""
    ingredients = [{"food_item_name": food, "quantity": 1, "unit": "piece"} for food in foods]
    answer = data_api.post("rpc/create_meal", {"meal": {"name": name, "ingredients": ingredients}}, by=by)
    id_: str = answer.json()["id"]
    return id_


# Meals


def test_an_accepted_meal_becomes_a_recipe(data_api: DataApi, owner: User) -> None:
    answer = accept(data_api, owner, SUGGESTION)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"meal", "planned_meal"}
    assert answer.json()["planned_meal"] is None
    meal = answer.json()["meal"]
    assert (meal["name"], meal["user_id"]) == (TOAST["name"], owner.id)
    path = f"meal_ingredients?meal_id=eq.{meal['id']}&select=food_item_name,quantity,unit&order=position"
    assert data_api.get(path, by=owner).json() == TOAST["ingredients"]
    assert the_row(data_api.get(f"meals?id=eq.{meal['id']}", by=owner)) == meal


def test_an_accepted_meal_is_planned_in_the_same_step(data_api: DataApi, owner: User) -> None:
    plan = {"date": "2026-11-25", "time": "19:00", "servings": 3}
    accepted = accept(data_api, owner, SUGGESTION, plan=plan).json()
    planned = accepted["planned_meal"]
    assert planned["meal_id"] == accepted["meal"]["id"]
    assert (planned["planned_date"], planned["meal_time"]) == ("2026-11-25", "19:00:00")
    assert (planned["servings"], planned["status"]) == (3, "planned")
    assert the_row(data_api.get(f"planned_meals?id=eq.{planned['id']}", by=owner)) == planned
    event = the_row(data_api.get(f"calendar_events?source_id=eq.{planned['id']}", by=owner))
    assert event["title"] == TOAST["name"]


def test_an_own_recipe_is_planned_and_not_copied(data_api: DataApi, owner: User) -> None:
    id_ = own_recipe(data_api, owner, "rice")
    before = everything(owner)
    accepted = accept(data_api, owner, SUGGESTION | {"meal_id": id_}, plan={"date": "2026-11-26"}).json()
    assert accepted["meal"]["id"] == accepted["planned_meal"]["meal_id"] == id_
    assert accepted["meal"]["name"] == accepted["planned_meal"]["meal_name"] == "My dish"
    after = everything(owner)
    changed = {table: after[table] - before[table] for table in after if after[table] != before[table]}
    assert changed == {"planned_meals": 1, "calendar_events": 1}


@pytest.mark.parametrize(("plan", "servings"), [({}, 2), ({"servings": 5}, 5), ({"servings": None}, None)])
def test_a_plan_is_for_as_many_as_the_suggestion(
    data_api: DataApi, owner: User, plan: Row, servings: int | None
) -> None:
    # An own recipe is suggested for as many as were asked for, whatever it was written for.
    suggestion = SUGGESTION | {"meal_id": own_recipe(data_api, owner, "rice")}
    accepted = accept(data_api, owner, suggestion, plan={"date": "2026-11-26"} | plan).json()
    assert accepted["planned_meal"]["servings"] == servings


@pytest.mark.parametrize("plan", [None, {"date": "2026-11-26"}])
def test_an_allergen_is_refused_at_the_last_moment(data_api: DataApi, owner: User, plan: Row | None) -> None:
    allergic(owner, "kiwi", "Weizen", "gluten-free")
    before = everything(owner)
    answer = accept(data_api, owner, SUGGESTION, plan=plan)
    assert (answer.status_code, answer.json()["code"]) == (409, "PT409")
    assert answer.json()["message"] == "this meal carries what you are allergic to"
    # The name and the ingredient.
    assert answer.json()["details"].split("; ") == [
        "Beans on toast: Weizen",
        "Beans on toast: gluten-free",
        "wholemeal toast: Weizen",
        "wholemeal toast: gluten-free",
    ]
    assert "create_meal" in answer.json()["hint"]
    assert everything(owner) == before
    allergic(owner, "kiwi", "milk")
    assert accept(data_api, owner, SUGGESTION, plan=plan).status_code == 200


@pytest.mark.parametrize(
    "field", [{"instructions": ["Boil it.", "Add satay."]}, {"description": "With satay"}]
)
def test_an_allergen_in_the_steps_of_a_new_meal_is_refused(
    data_api: DataApi, owner: User, field: Row
) -> None:
    allergic(owner, "peanuts")
    before = everything(owner)
    answer = accept(data_api, owner, {"meal": TOAST | field})
    assert answer.status_code == 409
    assert answer.json()["details"] in ("Add satay.: peanuts", "With satay: peanuts")
    assert everything(owner) == before
    harmless = {"instructions": ["Boil it.", "Add salt."], "description": "With salt"}
    assert accept(data_api, owner, {"meal": TOAST | harmless}).status_code == 200


def test_the_stored_ingredients_of_an_own_recipe_decide(data_api: DataApi, owner: User) -> None:
    allergic(owner, "nuts")
    id_ = own_recipe(data_api, owner, "Mandeln", "rice")
    # What the suggestion shows isn't what would be cooked.
    answer = accept(data_api, owner, SUGGESTION | {"meal_id": id_}, plan={"date": "2026-11-26"})
    assert (answer.status_code, answer.json()["details"]) == (409, "Mandeln: nuts")
    harmless = own_recipe(data_api, owner, "Muskatnuss", "rice")
    assert accept(data_api, owner, SUGGESTION | {"meal_id": harmless}).status_code == 200


def test_the_name_of_a_meal_counts(data_api: DataApi, owner: User) -> None:
    allergic(owner, "Erdnüsse")
    for name, status in (("Satay", 409), ("Kokossuppe", 200)):
        assert accept(data_api, owner, {"meal": TOAST | {"name": name}}).status_code == status


def test_a_meal_without_ingredients_cannot_be_called_safe(data_api: DataApi, owner: User) -> None:
    unlisted = {"meal": {"name": "Soup of the day"}}
    assert accept(data_api, owner, unlisted).status_code == 200
    allergic(owner, "kiwi")
    before = everything(owner)
    answer = accept(data_api, owner, unlisted)
    assert (answer.status_code, answer.json()["code"]) == (409, "PT409")
    assert answer.json()["message"] == "this meal lists no ingredients, and you have allergies"
    assert "create_meal" in answer.json()["hint"]
    assert everything(owner) == before


def test_the_allergies_of_others_do_not_count(data_api: DataApi, owner: User, other_user: User) -> None:
    allergic(other_user, "gluten")
    assert accept(data_api, owner, SUGGESTION).status_code == 200
    assert accept(data_api, other_user, SUGGESTION).status_code == 409


def test_people_may_still_cook_for_others(data_api: DataApi, owner: User) -> None:
    allergic(owner, "gluten")
    assert data_api.post("rpc/create_meal", {"meal": TOAST}, by=owner).status_code == 200


@pytest.mark.parametrize("id_", ["00000000-0000-4000-8000-000000000000", "my dish", ""])
def test_a_recipe_that_does_not_exist_cannot_be_accepted(data_api: DataApi, owner: User, id_: str) -> None:
    answer = accept(data_api, owner, SUGGESTION | {"meal_id": id_})
    assert (answer.status_code, answer.json()["code"]) == (404, "PT404")
    assert answer.json()["message"] == "no such recipe"
    assert "meal_id" in answer.json()["hint"]


def test_another_users_recipe_cannot_be_accepted(data_api: DataApi, owner: User, other_user: User) -> None:
    theirs = own_recipe(data_api, other_user, "rice")
    before = everything(owner)
    answer = accept(data_api, owner, SUGGESTION | {"meal_id": theirs}, plan={"date": "2026-11-26"})
    assert answer.status_code == 404
    assert everything(owner) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"suggestion": None}, "suggestion must be a JSON object"),
        ({"suggestion": []}, "suggestion must be a JSON object"),
        ({"suggestion": {}}, "meal must be a JSON object"),
        ({"suggestion": {"meal": "toast"}}, "suggestion.meal must be an object"),
        ({"suggestion": {"meal": TOAST, "meal_id": 7}}, "suggestion.meal_id must be a string"),
        ({"suggestion": {"meal": {}}}, "meal.name is missing"),
        ({"suggestion": {"meal": TOAST | {"colour": "red"}}}, "meal has an unknown key: colour"),
        ({"suggestion": {"meal": TOAST | {"name": ""}}}, "meal is not valid: meals name not blank"),
        ({"suggestion": SUGGESTION, "plan": []}, "plan must be a JSON object"),
        ({"suggestion": SUGGESTION, "plan": {}}, "plan.date is missing"),
        (
            {"suggestion": SUGGESTION, "plan": {"date": "soon"}},
            'plan.date must be a date such as "2026-11-24"',
        ),
        (
            {"suggestion": SUGGESTION, "plan": {"date": "1800-01-01"}},
            "plan is not valid: planned meals planned date 1900 to 2199",
        ),
        (
            {"suggestion": SUGGESTION, "plan": {"date": "2026-11-26", "servings": 51}},
            "plan is not valid: planned meals servings 1 to 50",
        ),
    ],
)
def test_a_malformed_suggestion_saves_nothing(
    data_api: DataApi, owner: User, arguments: Row, message: str
) -> None:
    before = everything(owner)
    answer = data_api.post("rpc/accept_meal_suggestion", arguments, by=owner)
    assert (answer.status_code, answer.json()["code"]) == (422, "PT422")
    assert answer.json()["message"] == message
    assert answer.json()["details"]
    assert answer.json()["hint"]
    assert everything(owner) == before


def test_anon_cannot_accept_anything(data_api: DataApi) -> None:
    assert accept(data_api, None, SUGGESTION).status_code == 401
    assert accept_workout(data_api, None, {"workout": PUSH}).status_code == 401


def test_what_the_planner_suggests_can_be_accepted(data_api: DataApi, owner: User) -> None:
    own_recipe(data_api, owner, "rice", "beans", name="Rice and beans")
    suggestions = data_api.post("rpc/plan_meals", {"request": {"count": 5}}, by=owner).json()
    assert suggestions
    for suggestion in suggestions:
        answer = accept(data_api, owner, suggestion, plan={"date": "2026-11-26"})
        assert answer.status_code == 200, answer.text


# Workouts


def test_an_accepted_workout_is_planned_as_suggested(data_api: DataApi, owner: User) -> None:
    workout = the_row_of(accept_workout(data_api, owner, {"workout": PUSH, "reason": "Rested."}))
    assert (workout["name"], workout["user_id"], workout["status"]) == ("Push", owner.id, "planned")
    assert (workout["date"], workout["start_time"]) == ("2026-11-24", "18:00:00")
    path = f"fitness_workout_exercises?workout_id=eq.{workout['id']}&select=name,sets"
    assert only(data_api.get(path, by=owner).json()) == {
        "name": "Bench press",
        "sets": [{"reps": 8, "weight_kg": 60}],
    }


@pytest.mark.parametrize(
    ("plan", "start_time"),
    [
        ({"date": "2026-11-27"}, "18:00:00"),
        ({"date": "2026-11-27", "start_time": "07:30"}, "07:30:00"),
        ({"date": "2026-11-27", "start_time": None}, None),
    ],
)
def test_an_accepted_workout_can_be_moved(
    data_api: DataApi, owner: User, plan: Row, start_time: str | None
) -> None:
    workout = the_row_of(accept_workout(data_api, owner, {"workout": PUSH}, plan=plan))
    assert (workout["date"], workout["start_time"]) == ("2026-11-27", start_time)


def test_a_workout_without_a_day_gets_it_from_the_plan(data_api: DataApi, owner: User) -> None:
    undated = {key: value for key, value in PUSH.items() if key != "date"}
    answer = accept_workout(data_api, owner, {"workout": undated}, plan={"date": "2026-11-28"})
    assert the_row_of(answer)["date"] == "2026-11-28"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"suggestion": None}, "suggestion must be a JSON object"),
        ({"suggestion": {}}, "suggestion.workout is missing"),
        ({"suggestion": {"workout": []}}, "suggestion.workout must be an object"),
        ({"suggestion": {"workout": {"name": "Push"}}}, "workout.date is missing"),
        ({"suggestion": {"workout": PUSH}, "plan": {}}, "plan.date is missing"),
        (
            {"suggestion": {"workout": PUSH}, "plan": {"date": "2026-11-27", "name": "x"}},
            "plan has an unknown key: name",
        ),
        (
            {"suggestion": {"workout": PUSH | {"duration_minutes": -1}}},
            "workout is not valid: fitness workouts duration minutes",
        ),
    ],
)
def test_a_malformed_workout_suggestion_saves_nothing(
    data_api: DataApi, owner: User, arguments: Row, message: str
) -> None:
    before = everything(owner)
    answer = data_api.post("rpc/accept_workout_suggestion", arguments, by=owner)
    assert (answer.status_code, answer.json()["code"]) == (422, "PT422")
    assert answer.json()["message"].startswith(message)
    assert everything(owner) == before


def the_row_of(answer: httpx.Response) -> Row:
    """The row that an RPC returned."""
    assert answer.status_code == 200, answer.text
    row: Row = answer.json()
    return row
