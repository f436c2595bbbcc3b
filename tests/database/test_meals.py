"""Recipes, their plans, and create_meal: everything or nothing, and a 422 that says what is wrong."""

from typing import Any

import httpx
import pytest
from supabase import Client

from tests.conftest import NewUser, User
from tests.database.data_api import DataApi, the_row
from tests.database.tables import Row, count, only, read, stored

CURRY: Row = {
    "name": "Chickpea curry",
    "description": "Creamy.",
    "prep_time": 10,
    "cook_time": 25,
    "servings": 4,
    "instructions": ["Fry the spices.", "Add the rest."],
    "ingredients": [
        {"food_item_name": "chickpeas", "quantity": 800, "unit": "g"},
        {"food_item_name": "spinach", "quantity": 0.25, "unit": "kg"},
    ],
}
TONIGHT: Row = {"date": "2026-11-24", "time": "19:00", "servings": 2}


@pytest.fixture(scope="module")
def owner(new_user: NewUser) -> User:
    return new_user(timezone="Europe/Berlin", currency="EUR")


@pytest.fixture(scope="module")
def other_user(new_user: NewUser) -> User:
    return new_user()


def create(data_api: DataApi, by: User | None, meal: Any, **arguments: Any) -> httpx.Response:
    """Calls create_meal."""
    return data_api.post("rpc/create_meal", {"meal": meal} | arguments, by=by)


def all_rows(owner: User) -> dict[str, int]:
    """How many rows there are of what create_meal writes."""
    tables = ("meals", "meal_ingredients", "planned_meals", "calendar_events")
    return {table: count(table, owner) for table in tables}


def planned(owner: User, status: str, **columns: Any) -> Row:
    """A plan of a new recipe's."""
    meal = stored("meals", owner)
    row = {"meal_id": meal["id"], "planned_date": "2026-11-24", "status": status} | columns
    return only(owner.client.table("planned_meals").insert(row).execute().data)


# create_meal


def test_a_meal_is_made_with_its_ingredients(data_api: DataApi, owner: User) -> None:
    before = all_rows(owner)
    created = create(data_api, owner, CURRY)
    assert created.status_code == 200
    meal = created.json()
    assert meal["user_id"] == owner.id
    assert {key: meal[key] for key in CURRY if key != "ingredients"} == {
        key: value for key, value in CURRY.items() if key != "ingredients"
    }
    listed = data_api.get(
        f"meal_ingredients?meal_id=eq.{meal['id']}&select=food_item_name,quantity,unit&order=position",
        by=owner,
    )
    assert listed.json() == CURRY["ingredients"]
    assert all_rows(owner) == before | {"meals": before["meals"] + 1} | {
        "meal_ingredients": before["meal_ingredients"] + 2
    }


def test_a_meal_is_made_and_planned(data_api: DataApi, owner: User) -> None:
    meal = create(data_api, owner, CURRY, plan=TONIGHT).json()
    plan = the_row(data_api.get(f"planned_meals?meal_id=eq.{meal['id']}", by=owner))
    assert plan["meal_name"] == CURRY["name"]
    assert (plan["planned_date"], plan["meal_time"], plan["servings"]) == ("2026-11-24", "19:00:00", 2)
    event = the_row(data_api.get(f"calendar_events?source_id=eq.{plan['id']}", by=owner))
    assert event["title"] == CURRY["name"]
    assert (event["start_time"], event["end_time"]) == (
        "2026-11-24T18:00:00+00:00",
        "2026-11-24T18:35:00+00:00",
    )


@pytest.mark.parametrize("meal", [{"name": "Toast"}, dict.fromkeys(CURRY) | {"name": "Toast"}])
@pytest.mark.parametrize("plan", [None, {"date": "2026-11-24"}, {"date": "2026-11-24", "time": None}])
def test_only_a_name_and_a_date_are_required(
    data_api: DataApi, owner: User, meal: Row, plan: Row | None
) -> None:
    before = all_rows(owner)["planned_meals"]
    assert create(data_api, owner, meal, plan=plan).status_code == 200
    assert all_rows(owner)["planned_meals"] == before + (plan is not None)


def curry(**changes: Any) -> Row:
    return CURRY | changes


def with_ingredient(**changes: Any) -> Row:
    return curry(ingredients=[*CURRY["ingredients"], CURRY["ingredients"][0] | changes])


@pytest.mark.parametrize(
    ("meal", "message"),
    [
        (None, "meal must be a JSON object"),
        ([], "meal must be a JSON object"),
        ("curry", "meal must be a JSON object"),
        ({}, "meal.name is missing"),
        (curry(name=None), "meal.name is missing"),
        (curry(name=7), "meal.name must be a string"),
        (curry(name=" "), "meal is not valid: meals name not blank"),
        (curry(name="x" * 101), "meal is not valid: meals name trimmed max 100"),
        (curry(description="x" * 501), "meal is not valid: meals description max 500"),
        (curry(prep_time="10"), "meal.prep_time must be a whole number"),
        (curry(prep_time=-1), "meal is not valid: meals prep time 0 to 480"),
        (curry(prep_time=10.5), "meal.prep_time must be a whole number"),
        (curry(cook_time=10**10), 'meal is not valid: value "10000000000" is out of range for type integer'),
        (curry(servings=51), "meal is not valid: meals servings 1 to 50"),
        (curry(instructions="Cook."), "meal.instructions must be an array"),
        (curry(instructions=["x"] * 21), "meal is not valid: meals instructions max 20 steps of 2000"),
        (curry(instructions=[" "]), "meal is not valid: meals instructions max 20 steps of 2000"),
        (
            curry(instructions=[["Cook."], ["Eat."]]),
            "meal is not valid: meals instructions max 20 steps of 2000",
        ),
        (curry(user_id="00000000-0000-4000-8000-000000000000"), "meal has an unknown key: user_id"),
        (curry(id="00000000-0000-4000-8000-000000000000"), "meal has an unknown key: id"),
        (curry(ingredients={}), "meal.ingredients must be an array"),
        (curry(ingredients=["rice"]), "ingredient must be a JSON object"),
        (curry(ingredients=[None]), "ingredient must be a JSON object"),
        (with_ingredient(food_item_name=None), "ingredient.food_item_name is missing"),
        (with_ingredient(quantity="800"), "ingredient.quantity must be a number"),
        (with_ingredient(quantity=0), "meal is not valid: meal ingredients quantity above 0"),
        (
            with_ingredient(quantity=0.0001),
            "meal is not valid: meal ingredients quantity max 9999999 with 3 decimals",
        ),
        (with_ingredient(unit=""), "meal is not valid: meal ingredients unit not blank"),
        (
            with_ingredient(meal_id="00000000-0000-4000-8000-000000000000"),
            "ingredient has an unknown key: meal_id",
        ),
        (
            curry(ingredients=CURRY["ingredients"] * 501),
            "meal is not valid: meal ingredients position 0 to 999",
        ),
    ],
)
def test_a_bad_meal_leaves_nothing(data_api: DataApi, owner: User, meal: Any, message: str) -> None:
    before = all_rows(owner)
    answer = create(data_api, owner, meal, plan=TONIGHT)
    assert answer.status_code == 422, answer.text
    error = answer.json()
    assert error["code"] == "PT422"
    assert error["message"] == message
    assert error["details"]
    assert error["hint"]
    assert all_rows(owner) == before


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ([], "plan must be a JSON object"),
        ({}, "plan.date is missing"),
        ({"date": 20261124}, 'plan.date must be a date such as "2026-11-24"'),
        ({"date": "2026-02-30"}, 'plan.date must be a date such as "2026-11-24"'),
        *(
            ({"date": date}, 'plan.date must be a date such as "2026-11-24"')
            for date in ("today", "now", "infinity", "epoch", "24.11.2026", "2026-11-24T19:00", "2026-W48-2")
        ),
        ({"date": "2200-01-01"}, "meal is not valid: planned meals planned date 1900 to 2199"),
        (TONIGHT | {"time": "24:00"}, "meal is not valid: planned meals meal time before 24 00"),
        *(
            (TONIGHT | {"time": time}, 'plan.time must be a time such as "19:00"')
            for time in ("7 pm-ish", "now", "allballs", "25:00", "19:00+02")
        ),
        (TONIGHT | {"servings": 0}, "meal is not valid: planned meals servings 1 to 50"),
        (TONIGHT | {"status": "cooked"}, "plan has an unknown key: status"),
    ],
)
def test_a_bad_plan_leaves_no_meal(data_api: DataApi, owner: User, plan: Any, message: str) -> None:
    before = all_rows(owner)
    answer = create(data_api, owner, CURRY, plan=plan)
    assert answer.status_code == 422, answer.text
    error = answer.json()
    assert error["message"] == message
    assert error["details"]
    assert error["hint"]
    assert all_rows(owner) == before


def test_anon_cannot_create_a_meal(data_api: DataApi, owner: User) -> None:
    before = all_rows(owner)
    answer = create(data_api, None, CURRY)
    assert answer.status_code == 401
    assert answer.json()["code"] == "42501"
    assert all_rows(owner) == before


# Plans follow their recipes.


@pytest.mark.covers("planned_meals.name_planned_meal")
def test_a_plan_is_named_after_its_recipe(data_api: DataApi, owner: User) -> None:
    plan = planned(owner, "planned", meal_name="Something else")
    assert plan["meal_name"] == "Chickpea curry"
    renamed = data_api.patch(f"planned_meals?id=eq.{plan['id']}", {"meal_name": "My own name"}, by=owner)
    assert the_row(renamed)["meal_name"] == "Chickpea curry"
    soup = create(data_api, owner, {"name": "Soup"}).json()
    moved = data_api.patch(f"planned_meals?id=eq.{plan['id']}", {"meal_id": soup["id"]}, by=owner)
    assert the_row(moved)["meal_name"] == "Soup"


@pytest.mark.covers("planned_meals.name_planned_meal")
def test_what_was_eaten_without_a_recipe_has_its_own_name(data_api: DataApi, owner: User) -> None:
    eaten = {"planned_date": "2026-11-24", "status": "cooked", "meal_name": "Leftovers"}
    plan = the_row(data_api.post("planned_meals", eaten, by=owner))
    assert plan["meal_name"] == "Leftovers"
    renamed = data_api.patch(f"planned_meals?id=eq.{plan['id']}", {"meal_name": "Rice"}, by=owner)
    assert the_row(renamed)["meal_name"] == "Rice"
    nameless = data_api.post("planned_meals", eaten | {"meal_name": None}, by=owner)
    assert nameless.status_code == 400
    assert '"meal_name"' in nameless.json()["message"]


@pytest.mark.covers("planned_meals.name_planned_meal")
def test_other_user_cannot_learn_a_recipes_name(data_api: DataApi, owner: User, other_user: User) -> None:
    secret = create(data_api, owner, {"name": "Secret sauce"}).json()
    plan = {"meal_id": secret["id"], "planned_date": "2026-11-24"}
    answer = data_api.post("planned_meals", plan, by=other_user)
    assert answer.status_code == 409
    assert "Secret sauce" not in answer.text


@pytest.mark.covers("meals.rename_planned_meals")
@pytest.mark.parametrize("status", ["planned", "cooked", "skipped"])
def test_a_plan_is_renamed_with_its_recipe(
    data_api: DataApi, owner: User, other_user: User, status: str
) -> None:
    plan, other_plan = planned(owner, status), planned(other_user, status)
    the_row(data_api.patch(f"meals?id=eq.{plan['meal_id']}", {"name": "Dal"}, by=owner))
    assert read("planned_meals", owner, plan["id"])["meal_name"] == "Dal"
    assert read("planned_meals", other_user, other_plan["id"]) == other_plan


@pytest.mark.covers("meals.remove_planned_meals")
def test_deleting_a_recipe_removes_what_is_not_cooked(data_api: DataApi, owner: User) -> None:
    meal = stored("meals", owner)
    rows = [
        {"meal_id": meal["id"], "planned_date": "2026-11-24", "status": status}
        for status in ("planned", "cooked", "skipped")
    ]
    plans = data_api.post("planned_meals", rows, by=owner).json()
    ingredient = {"meal_id": meal["id"], "food_item_name": "rice", "quantity": 1, "unit": "kg"}
    ingredient = the_row(data_api.post("meal_ingredients", ingredient, by=owner))
    bystander = planned(owner, "planned")

    deleted = data_api.request("DELETE", f"meals?id=eq.{meal['id']}", by=owner)
    assert deleted.status_code == 204
    ids = ",".join(plan["id"] for plan in plans)
    left = data_api.get(f"planned_meals?id=in.({ids})&select=status,meal_id,meal_name&order=status", by=owner)
    assert left.json() == [
        {"status": "cooked", "meal_id": None, "meal_name": "Chickpea curry"},
        {"status": "skipped", "meal_id": None, "meal_name": "Chickpea curry"},
    ]
    assert data_api.get(f"meal_ingredients?id=eq.{ingredient['id']}", by=owner).json() == []
    assert read("planned_meals", owner, bystander["id"]) == bystander


def test_what_is_planned_needs_its_recipe(data_api: DataApi, owner: User) -> None:
    plan = planned(owner, "cooked")
    data_api.request("DELETE", f"meals?id=eq.{plan['meal_id']}", by=owner)
    answer = data_api.patch(f"planned_meals?id=eq.{plan['id']}", {"status": "planned"}, by=owner)
    assert answer.status_code == 400
    assert '"planned_meals_planned_needs_a_recipe"' in answer.json()["message"]
    assert read("planned_meals", owner, plan["id"])["status"] == "cooked"


def test_admin_client_cannot_make_a_meal_for_nobody(admin: Client, data_api: DataApi) -> None:
    # create_meal writes for the caller; the secret key is nobody.
    headers = {"apikey": admin.supabase_key, "Authorization": f"Bearer {admin.supabase_key}"}
    answer = data_api.request("POST", "rpc/create_meal", {"meal": CURRY}, by=None, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["message"] == "permission denied for function create_meal"
