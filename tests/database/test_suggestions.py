"""What the database knows for suggestions: which recipes fit, what is at home, what a model may claim."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.conftest import NewUser, User
from tests.database.data_api import DataApi
from tests.database.tables import Row, count, only

ZONE = "Pacific/Kiritimati"
"""UTC+14: the owner's day is mostly not the server's."""


@pytest.fixture(scope="module")
def person(new_user: NewUser) -> User:
    return new_user(timezone=ZONE, currency="EUR")


@pytest.fixture
def owner(person: User) -> User:
    """Somebody with an empty kitchen."""
    for table in ("planned_meals", "meals", "pantry_items"):
        person.client.table(table).delete().eq("user_id", person.id).execute()
    person.client.table("profiles").update({"allergies": [], "dietary": []}).eq("id", person.id).execute()
    return person


@pytest.fixture(scope="module")
def other_user(new_user: NewUser) -> User:
    return new_user(timezone="America/Los_Angeles")


def day(offset: int) -> str:
    """A day relative to the owner's today."""
    return (datetime.now(ZoneInfo(ZONE)).date() + timedelta(days=offset)).isoformat()


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


def plan(by: User, **request: Any) -> list[Row]:
    """What the planner suggests."""
    suggestions: list[Row] = call(by, "plan_meals", request=request)
    return suggestions


def names(suggestions: list[Row]) -> list[str]:
    return [suggestion["meal"]["name"] for suggestion in suggestions]


def context(by: User, **request: Any) -> Row:
    """What a model is told."""
    told: Row = call(by, "meal_suggestion_context", request=request)
    return told


def ground(data_api: DataApi, by: User | None, suggestions: Any) -> httpx.Response:
    """What is kept of a model's suggestions."""
    return data_api.post("rpc/ground_meal_suggestions", {"suggestions": suggestions}, by=by)


# The planner's ranking.


def test_what_is_at_home_counts_most(owner: User) -> None:
    lot(owner, 1, "kg", "rice")
    lot(owner, 100, "g", "cream", expires_in=1)
    recipe(owner, "A soup", (100, "g", "cream"), (1, "kg", "pumpkin"), (1, "piece", "onion"))
    recipe(owner, "Rice", (200, "g", "rice"))
    recipe(owner, "Nothing at home", (1, "kg", "lobster"))
    suggestions = plan(owner)
    assert names(suggestions) == ["Rice", "A soup", "Nothing at home"]
    assert [(s["in_pantry"], s["missing"]) for s in suggestions] == [
        (["rice"], []),
        (["cream"], ["pumpkin", "onion"]),
        ([], ["lobster"]),
    ]


def test_what_expires_comes_first_when_both_are_at_home(owner: User) -> None:
    lot(owner, 1, "kg", "rice")
    lot(owner, 500, "g", "spinach", expires_in=3)
    lot(owner, 500, "g", "carrots", expires_in=4)
    recipe(owner, "Carrots", (200, "g", "carrots"))
    recipe(owner, "Rice", (200, "g", "rice"))
    recipe(owner, "Spinach", (200, "g", "spinach"))
    suggestions = plan(owner)
    assert names(suggestions) == ["Spinach", "Carrots", "Rice"]
    assert [s["uses_expiring"] for s in suggestions] == [["spinach"], [], []]
    assert f"uses spinach, good until {day(3)}" in suggestions[0]["reason"]


def test_what_was_cooked_long_ago_comes_first(owner: User) -> None:
    for name, days_ago in (("Yesterday", 1), ("Last week", 7), ("Weeks ago", 21), ("Never", None)):
        meal = recipe(owner, name)
        if days_ago:
            cooked(owner, meal, days_ago)
            cooked(owner, meal, days_ago + 30)
    suggestions = plan(owner, count=5)
    assert names(suggestions) == ["Never", "Weeks ago", "Last week", "Yesterday"]
    assert "not cooked yet" in suggestions[0]["reason"]
    assert "last cooked 7 days ago" in suggestions[2]["reason"]


def test_what_is_planned_for_the_coming_week_comes_later(owner: User) -> None:
    for name, offset in (("A planned", 7), ("B planned later", 8)):
        row = {"meal_id": recipe(owner, name)["id"], "planned_date": day(offset)}
        owner.client.table("planned_meals").insert(row).execute()
    recipe(owner, "C not planned")
    assert names(plan(owner)) == ["B planned later", "C not planned", "A planned"]


def test_the_same_kitchen_gives_the_same_answer(owner: User) -> None:
    for name in ("Beans", "Apple pie", "Curry", "Dal"):
        recipe(owner, name, (1, "piece", "onion"))
    first = plan(owner, count=4)
    assert names(first) == ["Apple pie", "Beans", "Curry", "Dal"]
    assert plan(owner, count=4) == first


@pytest.mark.parametrize(
    ("request_", "expected"), [({}, 3), ({"count": 1}, 1), ({"count": 5}, 5), ({"count": 2.0}, 2)]
)
def test_as_many_are_suggested_as_asked_for(owner: User, request_: Row, expected: int) -> None:
    for number in range(6):
        recipe(owner, f"Recipe {number}")
    assert len(plan(owner, **request_)) == expected


def test_an_empty_kitchen_gets_no_suggestions(owner: User) -> None:
    assert plan(owner) == []


def test_other_peoples_kitchens_do_not_count(owner: User, other_user: User) -> None:
    recipe(other_user, "Their rice", (200, "g", "rice"))
    lot(other_user, 1, "kg", "rice")
    recipe(owner, "My rice", (200, "g", "rice"))
    suggestion = only(plan(owner))
    assert suggestion["meal"]["name"] == "My rice"
    assert (suggestion["in_pantry"], suggestion["missing"]) == ([], ["rice"])


# What may be suggested at all.


@pytest.mark.parametrize(
    ("allergy", "name", "food"),
    [
        ("peanut", "Satay", "peanut butter"),
        ("Peanuts", "Satay", "Peanut Butter"),
        ("peanut", "Peanut soup", "stock"),
        ("peanut butter", "Toast", "crunchy peanut butter"),
        ("egg", "Omelette", "eggs"),
        ("Tomatoes", "Pasta", "chopped tomato"),
        ("milk", "Pancakes", "whole milk"),
    ],
)
def test_an_allergy_excludes_a_recipe(owner: User, allergy: str, name: str, food: str) -> None:
    recipe(owner, name, (1, "piece", "lemon"), (100, "g", food))
    recipe(owner, "Plain rice", (100, "g", "rice"))
    assert sorted(names(plan(owner))) == sorted(["Plain rice", name])
    owner.client.table("profiles").update({"allergies": ["celery", allergy]}).eq("id", owner.id).execute()
    assert names(plan(owner)) == ["Plain rice"]
    assert [known["name"] for known in context(owner)["recipes"]] == ["Plain rice"]


def test_an_allergy_to_something_else_excludes_nothing(owner: User) -> None:
    recipe(owner, "Satay", (100, "g", "peanut butter"))
    # All words of an allergy count; "the" is none.
    allergies = ["walnut", "butter beans", "the"]
    owner.client.table("profiles").update({"allergies": allergies}).eq("id", owner.id).execute()
    assert names(plan(owner)) == ["Satay"]


def test_a_limit_of_minutes_excludes_what_takes_longer(owner: User) -> None:
    recipe(owner, "Exactly", prep_time=10, cook_time=20)
    recipe(owner, "Longer", prep_time=10, cook_time=21)
    recipe(owner, "Who knows", prep_time=10, cook_time=None)
    assert names(plan(owner, max_total_minutes=30)) == ["Exactly"]
    assert names(plan(owner, max_total_minutes=30.0)) == ["Exactly"]
    assert names(plan(owner)) == ["Exactly", "Longer", "Who knows"]


# At home, or missing.


@pytest.mark.parametrize(
    ("lots", "need", "there"),
    [
        ([(1, "kg", "chickpeas")], (800, "g", "chickpeas"), True),
        ([(0.5, "kg", "chickpeas")], (800, "g", "chickpeas"), False),
        ([(500, "g", "chickpeas"), (0.3, "kg", "chickpeas")], (800, "g", "chickpeas"), True),
        ([(500, "g", "chickpeas"), (0.299, "kg", "chickpeas")], (800, "g", "chickpeas"), False),
        ([(1, "lb", "butter")], (453, "g", "butter"), True),
        ([(1, "lb", "butter")], (454, "g", "butter"), False),
        ([(16, "oz", "butter")], (1, "lb", "butter"), True),
        ([(1, "l", "milk")], (10, "dl", "milk"), True),
        ([(1, "L", "milk")], (101, "cl", "milk"), False),
        ([(3, "tsp", "oil")], (1, "tbsp", "oil"), True),
        ([(1, "cup", "oil")], (237, "ml", "oil"), False),
        ([(4, "pcs", "eggs")], (4, "piece", "eggs"), True),
        ([(3, "pc", "eggs")], (4, "pieces", "eggs"), False),
        # The name: stems, and not how it is cut or kept.
        ([(1, "kg", "Fresh tomatoes")], (2, "g", "chopped tomato"), True),
        ([(1, "kg", "tomato paste")], (2, "g", "tomatoes"), False),
        ([(1, "kg", "coconut milk")], (2, "g", "milk"), False),
        # No common unit: being there counts, but no conversion is guessed.
        ([(2, "cans", "chickpeas")], (800, "g", "chickpeas"), True),
        ([(1, "bunch", "dill")], (2, "bunch", "dill"), False),
        ([(2, "bunch", "dill")], (2, "Bunch", "dill"), True),
        ([(1, "bunch", "dill"), (5, "g", "dill")], (2, "bunch", "dill"), False),
        ([(1, "kg", "honey")], (1, "l", "honey"), True),
        # Names without a word that says what it is.
        ([(1, "kg", "Other")], (1, "g", "Same"), False),
    ],
)
def test_units_are_compared_and_never_guessed(
    owner: User, lots: list[tuple[float, str, str]], need: tuple[float, str, str], there: bool
) -> None:
    for one in lots:
        lot(owner, *one)
    recipe(owner, "Dinner", need)
    suggestion = only(plan(owner))
    assert suggestion["in_pantry"] == ([need[2]] if there else [])
    assert suggestion["missing"] == ([] if there else [need[2]])


@pytest.mark.parametrize(
    ("quantity", "expires_in", "there", "expiring"),
    [
        (1, None, True, False),
        (1, 4, True, False),
        (1, 3, True, True),
        (1, 0, True, True),
        (1, -1, False, False),
        (0, 3, False, False),
    ],
)
def test_only_what_is_left_and_good_counts(
    owner: User, quantity: float, expires_in: int | None, there: bool, expiring: bool
) -> None:
    lot(owner, quantity, "kg", "rice", expires_in)
    recipe(owner, "Rice", (100, "g", "rice"))
    suggestion = only(plan(owner))
    assert bool(suggestion["in_pantry"]) == there
    assert bool(suggestion["uses_expiring"]) == expiring


# What the suggestion says.


def test_a_suggestion_is_scaled_and_create_meal_takes_it(data_api: DataApi, owner: User) -> None:
    instructions = ["Boil.", "Eat."]
    meal = recipe(owner, "Rice", (250, "g", "rice"), (1, "tsp", "salt"), instructions=instructions)
    suggestion = only(plan(owner, servings=3))
    assert suggestion["meal_id"] == meal["id"]
    assert suggestion["meal"] == {
        "name": "Rice",
        "description": None,
        "prep_time": 10,
        "cook_time": 20,
        "servings": 3,
        "instructions": instructions,
        "ingredients": [
            {"food_item_name": "rice", "quantity": 375, "unit": "g"},
            {"food_item_name": "salt", "quantity": 1.5, "unit": "tsp"},
        ],
    }
    assert suggestion["reason"] == "0 of 2 ingredients at home; not cooked yet; 30 minutes"
    created = data_api.post("rpc/create_meal", {"meal": suggestion["meal"]}, by=owner)
    assert created.status_code == 200


@pytest.mark.parametrize(
    ("quantity", "servings", "asked", "scaled"),
    [
        (0.001, 50, 1, 0.001),
        (1, 3, 1, 0.333),
        (9999999.999, 1, 50, 9999999.999),
        (2, None, 4, 2),
        (5, 2, 2.0, 5),
    ],
)
def test_scaled_quantities_stay_within_what_create_meal_takes(
    data_api: DataApi, owner: User, quantity: float, servings: int | None, asked: float, scaled: float
) -> None:
    recipe(owner, "Dinner", (quantity, "g", "rice"), servings=servings)
    meal = only(plan(owner, servings=asked))["meal"]
    assert meal["ingredients"][0]["quantity"] == scaled
    assert data_api.post("rpc/create_meal", {"meal": meal}, by=owner).status_code == 200


@pytest.mark.parametrize("rpc", ["plan_meals", "meal_suggestion_context"])
@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (None, "request must be a JSON object"),
        ([], "request must be a JSON object"),
        ({"count": 0}, "request is out of range"),
        ({"count": 6}, "request is out of range"),
        ({"count": 1.5}, "request.count must be a whole number"),
        ({"count": "3"}, "request.count must be a whole number"),
        ({"servings": 51}, "request is out of range"),
        ({"max_total_minutes": 0}, "request is out of range"),
        ({"user_id": "00000000-0000-4000-8000-000000000000"}, "request has an unknown key: user_id"),
        ({"date": "tomorrow-ish"}, 'request.date must be a date such as "2026-11-24"'),
        ({"date": "2026-02-30"}, 'request.date must be a date such as "2026-11-24"'),
        ({"date": "infinity"}, "request is out of range"),
    ],
)
def test_a_malformed_request_is_refused(
    data_api: DataApi, owner: User, rpc: str, request_: Any, message: str
) -> None:
    answer = data_api.post(f"rpc/{rpc}", {"request": request_}, by=owner)
    assert answer.status_code == 422
    error = answer.json()
    assert error["code"] == "PT422"
    assert error["message"] == message
    assert error["details"]
    assert error["hint"]


@pytest.mark.parametrize("rpc", ["plan_meals", "meal_suggestion_context"])
def test_keys_may_be_null_or_left_out(data_api: DataApi, owner: User, rpc: str) -> None:
    keys = ("count", "date", "meal_time", "max_total_minutes", "servings", "notes")
    bodies: list[Row] = [{}, {"request": {}}, {"request": dict.fromkeys(keys)}, {"request": {"date": day(1)}}]
    for body in bodies:
        assert data_api.post(f"rpc/{rpc}", body, by=owner).status_code == 200


# The context of a prompt.


def test_a_model_is_told_what_it_needs(owner: User) -> None:
    settings = {"dietary": ["vegetarian"], "allergies": ["celery"]}
    owner.client.table("profiles").update(settings).eq("id", owner.id).execute()
    lot(owner, 500, "g", "spinach", expires_in=2)
    lot(owner, 1, "kg", "rice")
    lot(owner, 1, "l", "milk", expires_in=-1)
    lot(owner, 0, "g", "salt")
    rice = recipe(owner, "Rice", (200, "g", "rice"), description="Plain.", instructions=["Boil."])
    cooked(owner, rice, 3)
    tonight = {"meal_id": rice["id"], "planned_date": day(0), "meal_time": "19:00"}
    owner.client.table("planned_meals").insert(tonight).execute()
    assert context(owner) == {
        "today": day(0),
        "profile": {"timezone": ZONE, "currency": "EUR", "unit_system": "metric"} | settings,
        "pantry": [
            {"name": "spinach", "quantity": 500, "unit": "g", "expires_in_days": 2},
            {"name": "rice", "quantity": 1, "unit": "kg", "expires_in_days": None},
        ],
        "recipes": [
            {
                "id": rice["id"],
                "name": "Rice",
                "prep_time": 10,
                "cook_time": 20,
                "servings": 2,
                "ingredients": [{"food_item_name": "rice", "quantity": 200, "unit": "g"}],
                "last_cooked_on": day(-3),
            }
        ],
        "planned": [{"name": "Rice", "date": day(0), "time": "19:00"}],
    }


def test_a_large_household_fits_a_prompt(owner: User) -> None:
    lots = [
        {"name": f"Food {number:03}", "quantity": 1, "unit": "kg", "expiry_date": day(number)}
        for number in range(201)
    ]
    owner.client.table("pantry_items").insert(lots).execute()
    owner.client.table("meals").insert([{"name": f"Recipe {number:02}"} for number in range(51)]).execute()
    told = context(owner)
    assert [told["pantry"][0]["name"], len(told["pantry"])] == ["Food 000", 200]
    assert [told["recipes"][0]["name"], len(told["recipes"])] == ["Recipe 00", 50]


def test_other_user_is_told_nothing_of_it(owner: User, new_user: NewUser) -> None:
    recipe(owner, "Secret sauce", (1, "kg", "saffron"))
    lot(owner, 1, "kg", "saffron", expires_in=1)
    stranger = new_user()
    told = context(stranger)
    assert (told["pantry"], told["recipes"], told["planned"]) == ([], [], [])
    assert plan(stranger) == []


# What a model may claim.


def suggestion(*, meal_id: Any = None, **changes: Any) -> Row:
    """What a model suggests; changes go to its meal."""
    meal = {
        "name": "Fried rice",
        "description": None,
        "prep_time": 10,
        "cook_time": 10,
        "servings": 2,
        "instructions": ["Fry."],
        "ingredients": [
            {"food_item_name": "rice", "quantity": 300, "unit": "g"},
            {"food_item_name": "egg", "quantity": 2, "unit": "piece"},
        ],
    } | changes
    return {"meal": meal, "meal_id": meal_id, "reason": "Quick."}


def test_a_suggestion_is_grounded_in_the_pantry(data_api: DataApi, owner: User) -> None:
    lot(owner, 1, "kg", "rice")
    lot(owner, 3, "pieces", "eggs", expires_in=2)
    mine = recipe(owner, "Fried rice")
    sent = [suggestion(), suggestion(meal_id=mine["id"], ingredients=[])]
    grounded = ground(data_api, owner, sent)
    assert grounded.status_code == 200
    assert grounded.json() == [
        sent[0] | {"in_pantry": ["rice", "egg"], "missing": [], "uses_expiring": ["egg"]},
        sent[1] | {"in_pantry": [], "missing": [], "uses_expiring": []},
    ]


def test_suggestions_that_do_not_hold_are_dropped(data_api: DataApi, owner: User, other_user: User) -> None:
    foreign = recipe(other_user, "Their rice")["id"]
    bad: list[Any] = [
        suggestion(meal_id=foreign),
        suggestion(meal_id="00000000-0000-4000-8000-000000000000"),
        suggestion(meal_id="not an id"),
        suggestion(meal_id=7),
        suggestion(name=""),
        suggestion(name="x" * 101),
        suggestion(prep_time=481),
        suggestion(instructions=["x"] * 21),
        suggestion(ingredients=[{"food_item_name": "rice", "quantity": 0, "unit": "g"}]),
        suggestion(ingredients=[{"food_item_name": "rice", "quantity": "some", "unit": "g"}]),
        suggestion(ingredients="rice"),
        suggestion(id="00000000-0000-4000-8000-000000000000"),
        suggestion() | {"in_pantry": ["rice"]},
        {"meal": "rice", "meal_id": None, "reason": "Quick."},
        {"meal_id": None, "reason": "Quick."},
        {"meal": suggestion()["meal"], "meal_id": None},
        "rice",
        None,
    ]
    good = suggestion(name="Good")
    for one in bad:
        kept = ground(data_api, owner, [one, good])
        assert kept.status_code == 200, one
        assert [row["meal"]["name"] for row in kept.json()] == ["Good"], one
    assert ground(data_api, owner, []).json() == []


def test_grounding_saves_nothing(data_api: DataApi, owner: User) -> None:
    tables = ("meals", "meal_ingredients", "planned_meals", "pantry_items", "calendar_events")
    before = [count(table, owner) for table in tables]
    assert len(ground(data_api, owner, [suggestion()] * 5).json()) == 5
    assert [count(table, owner) for table in tables] == before


@pytest.mark.parametrize("suggestions", [None, {}, "rice", [{}] * 6])
def test_what_is_no_list_of_suggestions_is_refused(data_api: DataApi, owner: User, suggestions: Any) -> None:
    answer = ground(data_api, owner, suggestions)
    assert answer.status_code == 422
    error = answer.json()
    assert error["message"] == "suggestions must be an array of at most 5"
    assert error["details"]
    assert error["hint"]


@pytest.mark.parametrize(
    ("rpc", "body"),
    [
        ("plan_meals", {}),
        ("meal_suggestion_context", {}),
        ("ground_meal_suggestions", {"suggestions": []}),
    ],
)
def test_anon_cannot_call(data_api: DataApi, owner: User, rpc: str, body: Row) -> None:
    assert data_api.post(f"rpc/{rpc}", body, by=owner).status_code == 200
    answer = data_api.post(f"rpc/{rpc}", body, by=None)
    assert answer.status_code == 401
    assert answer.json()["code"] == "42501"
