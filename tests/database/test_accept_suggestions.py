"""Accepting a suggestion: checked again, created and planned at once and only once, or nothing at all."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest
from psycopg.types.json import Jsonb

from tests.conftest import NewUser, User
from tests.database import kitchen
from tests.database.data_api import DataApi, the_row
from tests.database.races import meet as meet  # Fixtures.
from tests.database.races import pool as pool
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


def with_id(suggestion: Row) -> Row:
    """The suggestion as it is given: each has its id."""
    return suggestion | {"id": str(uuid4())}


def added(owner: User, before: dict[str, int]) -> dict[str, int]:
    """How many rows there are more than before, of each table where there are."""
    after = everything(owner)
    return {table: after[table] - before[table] for table in after if after[table] != before[table]}


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
    assert added(owner, before) == {"planned_meals": 1, "calendar_events": 1}


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
        ({"suggestion": SUGGESTION | {"id": "7"}}, "suggestion.id must be a uuid"),
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
    suggestions = kitchen.plan_all(owner, count=5)
    assert suggestions
    for suggestion in suggestions:
        answer = accept(data_api, owner, suggestion, plan={"date": "2026-11-26"})
        assert answer.status_code == 200, answer.text


# Again


DINNER = {"date": "2026-11-26", "time": "19:00"}
EVENING = {"date": "2026-11-26", "start_time": "19:00"}
A_PLANNED_MEAL = {"meals": 1, "meal_ingredients": 2, "planned_meals": 1, "calendar_events": 1}
A_WORKOUT = {"fitness_workouts": 1, "fitness_workout_exercises": 1, "calendar_events": 1}


def test_a_meal_that_is_accepted_again_is_saved_once(data_api: DataApi, owner: User) -> None:
    before = everything(owner)
    suggestion = with_id(SUGGESTION)
    first = accept(data_api, owner, suggestion, plan=DINNER)
    assert first.status_code == 200, first.text
    # However the time is written.
    again = accept(data_api, owner, suggestion, plan=DINNER | {"time": "19:00:00"})
    assert (again.status_code, again.json()) == (200, first.json())
    assert added(owner, before) == A_PLANNED_MEAL
    # Planning it comes later, perhaps.
    assert accept(data_api, owner, suggestion).json() == first.json() | {"planned_meal": None}
    assert added(owner, before) == A_PLANNED_MEAL


def test_an_own_recipe_that_is_accepted_again_is_planned_once(data_api: DataApi, owner: User) -> None:
    suggestion = with_id(SUGGESTION | {"meal_id": own_recipe(data_api, owner, "rice")})
    before = everything(owner)
    first, again = (accept(data_api, owner, suggestion, plan=DINNER).json() for _ in range(2))
    assert again == first
    assert added(owner, before) == {"planned_meals": 1, "calendar_events": 1}


def test_a_meal_can_be_accepted_for_several_days_and_times(data_api: DataApi, owner: User) -> None:
    before = everything(owner)
    suggestion = with_id(SUGGESTION)
    for plan in (DINNER, DINNER | {"date": "2026-11-27"}, DINNER | {"time": "12:00"}, {"date": "2026-11-26"}):
        assert accept(data_api, owner, suggestion, plan=plan).status_code == 200
    assert added(owner, before) == A_PLANNED_MEAL | {"planned_meals": 4, "calendar_events": 4}


def test_other_suggestions_and_those_without_an_id_are_saved_each_time(
    data_api: DataApi, owner: User
) -> None:
    before = everything(owner)
    for suggestion in (with_id(SUGGESTION), with_id(SUGGESTION), SUGGESTION, SUGGESTION | {"id": None}):
        assert accept(data_api, owner, suggestion, plan=DINNER).status_code == 200
    assert added(owner, before) == {table: 4 * rows for table, rows in A_PLANNED_MEAL.items()}


def test_what_was_accepted_and_changed_is_returned_as_it_is_now(data_api: DataApi, owner: User) -> None:
    suggestion = with_id(SUGGESTION)
    accepted = accept(data_api, owner, suggestion, plan=DINNER).json()
    data_api.patch(f"meals?id=eq.{accepted['meal']['id']}", {"name": "Beans"}, by=owner)
    again = accept(data_api, owner, suggestion, plan=DINNER).json()
    assert (again["meal"]["name"], again["planned_meal"]["meal_name"]) == ("Beans", "Beans")


def test_what_was_accepted_and_deleted_can_be_accepted_again(data_api: DataApi, owner: User) -> None:
    suggestion = with_id(SUGGESTION)
    accepted = accept(data_api, owner, suggestion, plan=DINNER).json()
    data_api.request("DELETE", f"meals?id=eq.{accepted['meal']['id']}", by=owner)
    before = everything(owner)
    assert accept(data_api, owner, suggestion, plan=DINNER).status_code == 200
    assert added(owner, before) == A_PLANNED_MEAL


def test_what_the_planner_suggests_again_after_it_was_accepted_is_another_suggestion(owner: User) -> None:
    first, again = (kitchen.plan_all(owner, count=5) for _ in range(2))
    assert [one["id"] for one in again] == [one["id"] for one in first]
    kitchen.call(owner, "accept_meal_suggestion", suggestion=first[0], plan=DINNER)
    later = kitchen.plan_all(owner, count=5)
    assert not {one["id"] for one in later} & {one["id"] for one in first}


@pytest.mark.parametrize("rpc", ["meal", "workout"])
def test_two_devices_that_accept_at_the_same_moment_save_once(
    meet: Callable[[str, str, Row], None], owner: User, rpc: str
) -> None:
    before = everything(owner)
    suggestion = with_id(SUGGESTION | {"workout": PUSH})
    plan = DINNER if rpc == "meal" else EVENING
    call = f"select public.accept_{rpc}_suggestion(%(suggestion)s, %(plan)s)"
    meet(call, call, {"suggestion": Jsonb(suggestion), "plan": Jsonb(plan)})
    assert added(owner, before) == (A_PLANNED_MEAL if rpc == "meal" else A_WORKOUT)


def test_many_taps_on_accept_save_once_and_all_get_the_same_answer(
    data_api: DataApi, owner: User, pool: ThreadPoolExecutor
) -> None:
    before = everything(owner)
    meal, workout = with_id(SUGGESTION), with_id({"workout": PUSH})
    meals = [pool.submit(accept, data_api, owner, meal, plan=DINNER) for _ in range(6)]
    workouts = [pool.submit(accept_workout, data_api, owner, workout) for _ in range(6)]
    for taps in (meals, workouts):
        answers = [tap.result() for tap in taps]
        assert {answer.status_code for answer in answers} == {200}, answers[0].text
        assert all(answer.json() == answers[0].json() for answer in answers)
    saved = added(owner, before)
    assert saved.pop("calendar_events") == 2
    assert saved == {key: n for key, n in (A_PLANNED_MEAL | A_WORKOUT).items() if key != "calendar_events"}


def test_the_id_of_another_users_row_cannot_be_taken(
    data_api: DataApi, owner: User, other_user: User
) -> None:
    allergic(other_user)
    theirs = accept(data_api, other_user, with_id(SUGGESTION)).json()["meal"]
    before = everything(owner)
    answer = accept(data_api, owner, SUGGESTION | {"id": theirs["id"]}, plan=DINNER)
    assert (answer.status_code, answer.json()["code"]) == (409, "23505")
    assert added(owner, before) == {}
    assert the_row(data_api.get(f"meals?id=eq.{theirs['id']}", by=other_user)) == theirs


@pytest.mark.parametrize(
    ("rpc", "plan", "unknown", "hint"),
    [
        ("meal", {"date": "2026-11-26", "start_time": "19:00"}, "start_time", "Call it time. Allowed: "),
        ("meal", {"date": "2026-11-26", "meal_time": "19:00"}, "meal_time", "Call it time. Allowed: "),
        ("meal", {"planned_date": "2026-11-26"}, "planned_date", "Call it date. Allowed: "),
        ("workout", {"date": "2026-11-26", "time": "19:00"}, "time", "Call it start_time. Allowed: "),
        ("workout", {"date": "2026-11-26", "colour": "red"}, "colour", "Allowed: "),
    ],
)
def test_a_key_that_a_plan_does_not_have_is_refused_with_the_right_one(
    data_api: DataApi, owner: User, rpc: str, plan: Row, unknown: str, hint: str
) -> None:
    before = everything(owner)
    body = {"suggestion": with_id(SUGGESTION | {"workout": PUSH}), "plan": plan}
    error = data_api.post(f"rpc/accept_{rpc}_suggestion", body, by=owner).json()
    assert (error["code"], error["message"]) == ("PT422", f"plan has an unknown key: {unknown}")
    assert error["hint"].startswith(hint)
    assert added(owner, before) == {}


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


def test_a_workout_that_is_accepted_again_is_saved_once(data_api: DataApi, owner: User) -> None:
    before = everything(owner)
    suggestion = with_id({"workout": PUSH})
    first = the_row_of(accept_workout(data_api, owner, suggestion))
    assert the_row_of(accept_workout(data_api, owner, suggestion)) == first
    # The day that it has anyway.
    assert the_row_of(accept_workout(data_api, owner, suggestion, plan={"date": PUSH["date"]})) == first
    assert added(owner, before) == A_WORKOUT
    moved = the_row_of(accept_workout(data_api, owner, suggestion, plan=EVENING))
    assert moved["id"] != first["id"]
    assert the_row_of(accept_workout(data_api, owner, suggestion, plan=EVENING)) == moved
    assert added(owner, before) == {table: 2 * rows for table, rows in A_WORKOUT.items()}


def test_workouts_without_an_id_are_saved_each_time(data_api: DataApi, owner: User) -> None:
    before = everything(owner)
    for _ in range(2):
        the_row_of(accept_workout(data_api, owner, {"workout": PUSH}))
    assert added(owner, before) == {table: 2 * rows for table, rows in A_WORKOUT.items()}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"suggestion": None}, "suggestion must be a JSON object"),
        ({"suggestion": {}}, "suggestion.workout is missing"),
        ({"suggestion": {"workout": []}}, "suggestion.workout must be an object"),
        ({"suggestion": {"workout": PUSH, "id": "7"}}, "suggestion.id must be a uuid"),
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
