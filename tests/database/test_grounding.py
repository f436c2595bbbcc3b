"""What is kept of a language model's suggestions: what holds against the database, and nothing else."""

from typing import Any

import httpx
import pytest

from tests.conftest import NewUser, User
from tests.database import gym, kitchen
from tests.database.data_api import DataApi
from tests.database.gym import sets
from tests.database.kitchen import ZONE, avoids, day, lot, plan_all, recipe, without_ids
from tests.database.tables import Row, count


@pytest.fixture(scope="module")
def person(new_user: NewUser) -> User:
    return new_user(timezone=ZONE, currency="EUR")


@pytest.fixture
def owner(person: User) -> User:
    return gym.empty(kitchen.empty(person))


@pytest.fixture(scope="module")
def other_user(new_user: NewUser) -> User:
    return new_user(timezone="America/Los_Angeles")


# Meals.


def ground(data_api: DataApi, by: User, suggestions: Any, **request: Any) -> httpx.Response:
    """What is kept of a model's suggestions."""
    body = {"suggestions": suggestions, "request": request}
    return data_api.post("rpc/ground_meal_suggestions", body, by=by)


def kept(data_api: DataApi, by: User, suggestions: list[Any], **request: Any) -> list[str]:
    """The names of the meals that are kept."""
    answer = ground(data_api, by, suggestions, **request)
    assert answer.status_code == 200, answer.text
    return kitchen.names(answer.json())


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
    sent = suggestion()
    grounded = ground(data_api, owner, [sent])
    assert without_ids(grounded.json()) == [
        sent | {"in_pantry": ["rice", "egg"], "missing": [], "uses_expiring": ["egg"]}
    ]
    # By the day it is for.
    later = ground(data_api, owner, [sent], date=day(3))
    assert without_ids(later.json()) == [
        sent | {"in_pantry": ["rice"], "missing": ["egg"], "uses_expiring": []}
    ]


def test_an_own_recipe_is_shown_as_it_is_stored(data_api: DataApi, owner: User) -> None:
    mine = recipe(
        owner,
        "Egg rice",
        (300, "g", "rice"),
        (2, "piece", "eggs"),
        instructions=["Boil."],
        description="Good.",
    )
    foods = [{"food_item_name": food, "quantity": 1, "unit": "kg"} for food in ("Eier", "rice")]
    sent = suggestion(meal_id=mine["id"], name="egg rice", ingredients=foods)
    grounded = ground(data_api, owner, [sent], servings=4).json()
    assert [row["meal_id"] for row in grounded] == [mine["id"]]
    assert grounded[0]["meal"] == {
        "name": "Egg rice",
        "description": "Good.",
        "prep_time": 10,
        "cook_time": 20,
        "servings": 4,
        "instructions": ["Boil."],
        "ingredients": [
            {"food_item_name": "rice", "quantity": 600, "unit": "g"},
            {"food_item_name": "eggs", "quantity": 4, "unit": "piece"},
        ],
    }


def test_suggestions_that_do_not_hold_are_dropped(data_api: DataApi, owner: User, other_user: User) -> None:
    foreign = recipe(other_user, "Their rice")["id"]
    mine = recipe(owner, "My rice", (300, "g", "rice"))["id"]
    only_rice = [{"food_item_name": "rice", "quantity": 300, "unit": "g"}]
    bad: list[Any] = [
        suggestion(meal_id=foreign),
        suggestion(meal_id="00000000-0000-4000-8000-000000000000"),
        suggestion(meal_id="not an id"),
        suggestion(meal_id=7),
        # Their recipe, but another dish.
        suggestion(meal_id=mine, name="My rice"),
        suggestion(meal_id=mine, name="My rice pudding", ingredients=only_rice),
        suggestion(meal_id=mine, name="My rice", ingredients=[]),
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
        suggestion() | {"reason": " "},
        suggestion() | {"reason": "x" * 501},
        "rice",
        None,
    ]
    good = suggestion(name="Good")
    for one in bad:
        assert kept(data_api, owner, [one, good]) == ["Good"], one
    assert kept(data_api, owner, [suggestion(meal_id=mine, name="My rice", ingredients=only_rice)]) == [
        "My rice"
    ]
    assert ground(data_api, owner, []).json() == []


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Egg and peanut rice"},
        {"ingredients": [{"food_item_name": "Erdnussbutter", "quantity": 1, "unit": "tbsp"}]},
        {"description": "With a satay of peanuts."},
        {"instructions": ["Fry.", "Scatter with roasted peanuts."]},
        {"ingredients": []},
    ],
)
def test_an_allergen_anywhere_drops_a_suggestion(data_api: DataApi, owner: User, change: Row) -> None:
    poisoned = suggestion(**({"name": "Poisoned"} | change))
    assert kept(data_api, owner, [poisoned, suggestion()]) == [poisoned["meal"]["name"], "Fried rice"]
    avoids(owner, "peanut")
    assert kept(data_api, owner, [poisoned, suggestion()]) == ["Fried rice"]


def test_an_allergen_in_an_own_recipe_drops_it(data_api: DataApi, owner: User) -> None:
    foods = [{"food_item_name": "peanuts", "quantity": 100, "unit": "g"}]
    sent = suggestion(
        meal_id=recipe(owner, "Satay", (100, "g", "peanuts"))["id"], name="Satay", ingredients=foods
    )
    assert kept(data_api, owner, [sent]) == ["Satay"]
    avoids(owner, "Erdnuss")
    assert kept(data_api, owner, [sent]) == []


def test_what_breaks_a_diet_is_dropped(data_api: DataApi, owner: User) -> None:
    avoids(owner, dietary=("vegetarian",))
    ham = [{"food_item_name": "ham", "quantity": 100, "unit": "g"}]
    assert kept(data_api, owner, [suggestion(name="Toast", ingredients=ham), suggestion()]) == ["Fried rice"]
    avoids(owner, dietary=("vegan",))
    assert kept(data_api, owner, [suggestion()]) == []


@pytest.mark.parametrize(
    ("request_", "holds"),
    [
        ({"max_total_minutes": 20}, True),
        ({"max_total_minutes": 19}, False),
        ({"servings": 2}, True),
        ({"servings": 3}, False),
    ],
)
def test_what_was_asked_for_is_kept_to(data_api: DataApi, owner: User, request_: Row, holds: bool) -> None:
    assert kept(data_api, owner, [suggestion()], **request_) == (["Fried rice"] if holds else [])


def test_unknown_times_do_not_keep_to_a_limit(data_api: DataApi, owner: User) -> None:
    assert kept(data_api, owner, [suggestion(cook_time=None)]) == ["Fried rice"]
    assert kept(data_api, owner, [suggestion(cook_time=None)], max_total_minutes=60) == []


def test_repetitions_and_more_than_asked_for_are_dropped(data_api: DataApi, owner: User) -> None:
    sent = [suggestion(name=name) for name in ("Rice", "rice", "Beans", "Pasta")]
    assert kept(data_api, owner, sent) == ["Rice", "Beans", "Pasta"]
    assert kept(data_api, owner, sent, count=2) == ["Rice", "Beans"]


@pytest.mark.parametrize(
    ("allergies", "dietary", "request_"),
    [
        ([], (), {}),
        (["milk", "gluten", "nuts"], (), {"servings": 5}),
        (["egg"], ("vegetarian",), {"max_total_minutes": 30, "meal_time": "19:00"}),
        ([], ("vegan",), {"meal_time": "08:00"}),
    ],
)
def test_what_the_planner_suggests_holds(
    data_api: DataApi, owner: User, allergies: list[str], dietary: tuple[str, ...], request_: Row
) -> None:
    recipe(owner, "Plain rice", (300, "g", "rice"))
    recipe(owner, "Omelette", (3, "piece", "eggs"))
    lot(owner, 1, "kg", "rice", expires_in=1)
    avoids(owner, *allergies, dietary=dietary)
    request = request_ | {"count": 5, "date": day(1)}
    suggested = plan_all(owner, **request)
    assert len(suggested) >= 3
    asked = [{key: one[key] for key in ("meal", "meal_id", "reason")} for one in suggested]
    assert without_ids(ground(data_api, owner, asked, **request).json()) == without_ids(suggested)


def test_grounding_saves_nothing(data_api: DataApi, owner: User) -> None:
    tables = ("meals", "meal_ingredients", "planned_meals", "pantry_items", "calendar_events")
    before = [count(table, owner) for table in tables]
    assert len(ground(data_api, owner, [suggestion(name=str(n)) for n in range(5)]).json()) == 5
    assert [count(table, owner) for table in tables] == before


RPCS = ["ground_meal_suggestions", "ground_workout_suggestions"]


@pytest.mark.parametrize("rpc", RPCS)
@pytest.mark.parametrize("suggestions", [None, {}, "rice", [{}] * 6])
def test_what_is_no_list_of_suggestions_is_refused(
    data_api: DataApi, owner: User, rpc: str, suggestions: Any
) -> None:
    answer = data_api.post(f"rpc/{rpc}", {"suggestions": suggestions}, by=owner)
    assert answer.status_code == 422
    error = answer.json()
    assert error["message"] == "suggestions must be an array of at most 5"
    assert error["details"]
    assert error["hint"]


# Workouts.


def workout(*exercises: gym.Exercise, **changes: Any) -> Row:
    """What a model suggests; changes go to the workout."""
    listed = [
        {"name": name, "sets": done, "notes": None} for name, done in exercises or [("Push-up", sets(3, 10))]
    ]
    made = {
        "name": "Push",
        "date": day(1),
        "start_time": "18:00",
        "duration_minutes": 45,
        "notes": None,
        "exercises": listed,
    }
    return {"workout": made | changes, "reason": "Your chest has rested."}


def kept_workouts(data_api: DataApi, by: User, suggestions: list[Any], **request: Any) -> list[Any]:
    """The workouts that are kept."""
    body = {"suggestions": suggestions, "request": request}
    answer = data_api.post("rpc/ground_workout_suggestions", body, by=by)
    assert answer.status_code == 200, answer.text
    kept: list[Any] = answer.json()
    return kept


def test_a_workout_is_grounded_in_what_was_lifted(data_api: DataApi, owner: User) -> None:
    gym.trained(owner, day(-3), "Push", ("Bankdrücken", sets(2, 8, 60)))
    sent = workout(("Bench press", sets(3, 8, 62.5)), ("Push-up", sets(2, 10)))
    assert without_ids(kept_workouts(data_api, owner, [sent])) == [
        sent | {"based_on": [{"name": "Bankdrücken", "date": day(-3), "sets": sets(2, 8, 60)}]}
    ]


@pytest.mark.parametrize(
    ("exercise", "weight_kg", "holds"),
    [
        ("Bench press", 72, True),
        ("Flat bench", 72.5, False),
        ("Bankdrücken", 600, False),
        ("Zercher carry", 48, True),
        ("zercher carries", 20.5, False),
        ("Zercher Carry", 48.5, False),
        # Never lifted.
        ("Deadlift", 20, True),
        ("Deadlift", 20.5, False),
        ("Something odd", 21, False),
    ],
)
def test_a_jump_in_weight_is_dropped(
    data_api: DataApi, owner: User, exercise: str, weight_kg: float, holds: bool
) -> None:
    gym.trained(owner, day(-30), "Push", ("Bench press", sets(1, 5, 60)), ("Zercher carry", sets(1, 5, 40)))
    gym.trained(owner, day(-3), "Push", ("Bench press", sets(1, 12, 50)))
    sent = workout(("Push-up", sets(3, 10)), (exercise, sets(2, 5, 10) + sets(1, 5, weight_kg)))
    assert bool(kept_workouts(data_api, owner, [sent])) == holds


def test_workouts_that_do_not_hold_are_dropped(data_api: DataApi, owner: User) -> None:
    bad: list[Any] = [
        workout(name=" "),
        workout(date=day(-1)),
        workout(date="someday"),
        workout(duration_minutes=0),
        workout(exercises=[]),
        workout(exercises=None),
        workout(exercises=[{"name": "Plank", "sets": []}]),
        workout(("Plank", [{"duration_seconds": 60, "done": True}])),
        workout(("Plank", [{"kilograms": 60}])),
        workout(status="done"),
        workout(user_id="00000000-0000-4000-8000-000000000000"),
        workout() | {"reason": ""},
        workout() | {"based_on": []},
        {"workout": workout()["workout"]},
        {"workout": "Push", "reason": "Push."},
        "Push",
        None,
    ]
    good = workout(("Plank", [{"duration_seconds": 60}]), name="Good")
    for one in bad:
        assert [row["workout"]["name"] for row in kept_workouts(data_api, owner, [one, good])] == ["Good"], (
            one
        )


@pytest.mark.parametrize(
    ("request_", "holds"),
    [
        ({"date": day(1)}, True),
        ({"date": day(2)}, False),
        ({"duration_minutes": 45}, True),
        ({"duration_minutes": 44}, False),
        ({"equipment": ["none"]}, False),
        ({"equipment": ["Kurzhanteln"]}, True),
    ],
)
def test_what_was_asked_of_a_workout_is_kept_to(
    data_api: DataApi, owner: User, request_: Row, holds: bool
) -> None:
    sent = workout(("Dumbbell row", sets(3, 10, 10)), ("Push-up", sets(3, 10)))
    assert bool(kept_workouts(data_api, owner, [sent], **request_)) == holds


def test_a_workout_that_says_it_is_short_and_is_not_is_dropped(data_api: DataApi, owner: User) -> None:
    endless = workout(("Plank", [{"duration_seconds": 600}] * 6), duration_minutes=20)
    assert kept_workouts(data_api, owner, [endless], duration_minutes=20) == []
    assert len(kept_workouts(data_api, owner, [endless])) == 1


def test_each_suggestion_has_an_id_to_accept_it_with(data_api: DataApi, owner: User) -> None:
    rpc = "accept_workout_suggestion"
    first, again = (kept_workouts(data_api, owner, [workout()])[0] for _ in range(2))
    assert first["id"] != again["id"]
    saved = [kitchen.call(owner, rpc, suggestion=one)["id"] for one in (first, first, again)]
    assert saved[0] == saved[1] != saved[2]
    meals = [ground(data_api, owner, [suggestion()]).json()[0]["id"] for _ in range(2)]
    assert len({*meals}) == 2


def test_repeated_workouts_and_more_than_asked_for_are_dropped(data_api: DataApi, owner: User) -> None:
    sent = [
        workout(name="A"),
        workout(("Plank", sets(1, 9)), name="a"),
        workout(name="Same exercises"),
        workout(("Squat", sets(1, 9)), name="B"),
        workout(("Lunge", sets(1, 9)), ("Squat", sets(1, 9)), name="C"),
    ]
    assert [row["workout"]["name"] for row in kept_workouts(data_api, owner, sent)] == ["A", "B", "C"]
    assert [row["workout"]["name"] for row in kept_workouts(data_api, owner, sent, count=1)] == ["A"]
    other_order = workout(("Squat", sets(1, 9)), ("Lunge", sets(1, 9)), name="Another order")
    (kept,) = kept_workouts(data_api, owner, [sent[4], other_order])
    assert kept["workout"]["name"] == "C"
    more = workout(("Squat", sets(2, 9)), ("Lunge", sets(1, 9)), name="More sets")
    assert len(kept_workouts(data_api, owner, [sent[4], more])) == 2


def test_grounding_workouts_saves_nothing(data_api: DataApi, owner: User) -> None:
    tables = ("fitness_workouts", "fitness_workout_exercises", "calendar_events")
    before = [count(table, owner) for table in tables]
    assert len(kept_workouts(data_api, owner, [workout()])) == 1
    assert [count(table, owner) for table in tables] == before
