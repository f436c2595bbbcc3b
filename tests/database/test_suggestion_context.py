"""What the database tells a language model, and which requests it takes."""

from typing import Any

import pytest

from tests.conftest import NewUser, User
from tests.database import gym, kitchen
from tests.database.data_api import DataApi
from tests.database.kitchen import ZONE, call, context, cooked, day, event, lot, planned, recipe
from tests.database.tables import Row


@pytest.fixture(scope="module")
def person(new_user: NewUser) -> User:
    return new_user(timezone=ZONE, currency="EUR")


@pytest.fixture
def owner(person: User) -> User:
    return gym.empty(kitchen.empty(person))


# Requests.

MEAL_RPCS = ["plan_meals", "meal_suggestion_context"]
WORKOUT_RPCS = ["plan_workouts", "workout_suggestion_context"]


def refusal(data_api: DataApi, by: User, rpc: str, request: Any) -> str:
    """The message of a 422 that also says what to do."""
    answer = data_api.post(f"rpc/{rpc}", {"request": request}, by=by)
    assert answer.status_code == 422, answer.text
    error = answer.json()
    assert error["code"] == "PT422"
    assert error["details"]
    assert error["hint"]
    message: str = error["message"]
    return message


@pytest.mark.parametrize("rpc", MEAL_RPCS)
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
        ({"date": "infinity"}, 'request.date must be a date such as "2026-11-24"'),
        ({"date": "2200-01-01"}, "request is out of range"),
        ({"date": day(-1)}, "request.date is in the past"),
        ({"meal_time": "24:00"}, "request is out of range"),
        ({"notes": "x" * 501}, "request is out of range"),
    ],
)
def test_a_malformed_request_for_meals_is_refused(
    data_api: DataApi, owner: User, rpc: str, request_: Any, message: str
) -> None:
    assert refusal(data_api, owner, rpc, request_) == message


@pytest.mark.parametrize("rpc", MEAL_RPCS)
def test_keys_of_a_request_for_meals_may_be_null_or_left_out(
    data_api: DataApi, owner: User, rpc: str
) -> None:
    keys = ("count", "date", "meal_time", "max_total_minutes", "servings", "notes")
    bodies: list[Row] = [{}, {"request": {}}, {"request": dict.fromkeys(keys)}, {"request": {"date": day(1)}}]
    for body in bodies:
        assert data_api.post(f"rpc/{rpc}", body, by=owner).status_code == 200


@pytest.mark.parametrize("rpc", WORKOUT_RPCS)
@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (None, "request must be a JSON object"),
        ({"count": 6}, "request is out of range"),
        ({"duration_minutes": 4}, "request is out of range"),
        ({"duration_minutes": 241}, "request is out of range"),
        ({"duration_minutes": 20.5}, "request.duration_minutes must be a whole number"),
        ({"equipment": "dumbbells"}, "request.equipment must be an array"),
        ({"equipment": [1]}, "request is out of range"),
        ({"equipment": [["barbell"]]}, "request is out of range"),
        ({"equipment": [None]}, "request is out of range"),
        ({"equipment": ["x"] * 21}, "request is out of range"),
        ({"equipment": ["x" * 1001]}, "request is out of range"),
        ({"focus": "world peace"}, "request.focus is not known"),
        ({"date": day(-1)}, "request.date is in the past"),
        ({"notes": "x" * 501}, "request is out of range"),
        ({"servings": 2}, "request has an unknown key: servings"),
    ],
)
def test_a_malformed_request_for_workouts_is_refused(
    data_api: DataApi, owner: User, rpc: str, request_: Any, message: str
) -> None:
    assert refusal(data_api, owner, rpc, request_) == message


@pytest.mark.parametrize("rpc", WORKOUT_RPCS)
def test_keys_of_a_request_for_workouts_may_be_null_or_left_out(
    data_api: DataApi, owner: User, rpc: str
) -> None:
    keys = ("count", "date", "duration_minutes", "focus", "equipment", "notes")
    full = {"count": 2.0, "date": day(0), "focus": "full body", "equipment": ["bench"], "notes": "x" * 500}
    bodies: list[Row] = [{}, {"request": {}}, {"request": dict.fromkeys(keys)}, {"request": full}]
    for body in bodies:
        assert data_api.post(f"rpc/{rpc}", body, by=owner).status_code == 200


@pytest.mark.parametrize("rpc", MEAL_RPCS)
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Europe/Berlin", "Pacific/Kiritimati", "UTC"])
def test_today_is_the_owners(data_api: DataApi, new_user: NewUser, zone: str, rpc: str) -> None:
    person = new_user(timezone=zone)
    today = {"request": {"date": day(0, zone)}}
    assert data_api.post(f"rpc/{rpc}", today, by=person).status_code == 200
    assert refusal(data_api, person, rpc, {"date": day(-1, zone)}) == "request.date is in the past"


@pytest.mark.parametrize(
    ("rpc", "body"),
    [
        ("plan_meals", {}),
        ("meal_suggestion_context", {}),
        ("ground_meal_suggestions", {"suggestions": []}),
        ("plan_workouts", {}),
        ("workout_suggestion_context", {}),
        ("ground_workout_suggestions", {"suggestions": []}),
    ],
)
def test_anon_cannot_call(data_api: DataApi, owner: User, rpc: str, body: Row) -> None:
    assert data_api.post(f"rpc/{rpc}", body, by=owner).status_code == 200
    answer = data_api.post(f"rpc/{rpc}", body, by=None)
    assert answer.status_code == 401
    assert answer.json()["code"] == "42501"


# Meals.


def test_a_model_is_told_what_it_needs(owner: User) -> None:
    settings = {"dietary": ["vegetarian"], "allergies": ["celery"]}
    owner.client.table("profiles").update(settings).eq("id", owner.id).execute()
    lot(owner, 500, "g", "spinach", expires_in=2)
    lot(owner, 1, "kg", "rice")
    lot(owner, 1, "l", "milk", expires_in=-1)
    lot(owner, 0, "g", "salt")
    rice = recipe(owner, "Rice", (200, "g", "rice"), description="Plain.", instructions=["Boil."])
    cooked(owner, rice, 3)
    planned(owner, rice, day(1), meal_time="19:00")
    event(owner, day(1), "12:00", "16:30")
    bought = {"name": "Market", "category": "Groceries", "currency": "EUR", "date": day(0)}
    owner.client.table("expenses").insert(
        [bought | {"amount": "23.40"}, bought | {"amount": "6.60"}]
    ).execute()
    assert context(owner, date=day(1)) == {
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
        "planned": [{"name": "Rice", "date": day(1), "time": "19:00"}],
        "free_time": [
            {"date": on, "from": start, "to": end}
            for on, start, end in [
                (day(1), "06:00", "10:30"),
                (day(1), "11:00", "12:00"),
                (day(1), "17:00", "19:00"),
                (day(1), "19:30", "21:30"),
                *[
                    (day(offset), start, end)
                    for offset in (2, 3)
                    for start, end in (("06:00", "10:30"), ("11:00", "14:30"), ("17:00", "21:30"))
                ],
            ]
        ],
        "food_spending_this_month": [{"category": "Groceries", "currency": "EUR", "amount": 30}],
    }


def test_free_time_is_around_the_meal_that_is_asked_about(owner: User) -> None:
    event(owner, day(1), "16:00", "17:45")
    event(owner, day(1), "17:30", "18:00")
    told = context(owner, date=day(1), meal_time="19:00")
    assert told["free_time"] == [{"date": day(1), "from": "18:00", "to": "20:00"}]


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo", "Australia/Sydney"])
def test_free_time_is_the_owners_wall_clock(new_user: NewUser, zone: str) -> None:
    person = new_user(timezone=zone)
    event(person, day(1, zone), "18:00", "18:30", zone)
    told = context(person, date=day(1, zone), meal_time="19:00")
    assert [(free["from"], free["to"]) for free in told["free_time"]] == [
        ("16:00", "18:00"),
        ("18:30", "20:00"),
    ]


def test_all_day_events_and_what_others_do_leave_time_free(owner: User, new_user: NewUser) -> None:
    owner.client.table("calendar_events").insert(
        {"title": "Holiday", "all_day": True, "local_date": day(1), "start_time": f"{day(1)}T00:00:00Z"}
    ).execute()
    event(new_user(timezone=ZONE), day(1), "18:00", "19:00")
    told = context(owner, date=day(1), meal_time="19:00")
    assert told["free_time"] == [{"date": day(1), "from": "16:00", "to": "20:00"}]


def test_an_event_of_several_days_leaves_no_time(owner: User) -> None:
    start, end = f"{day(0)}T00:00:00+14:00", f"{day(3)}T12:00:00+14:00"
    owner.client.table("calendar_events").insert(
        {"title": "Expedition", "start_time": start, "end_time": end}
    ).execute()
    assert context(owner, date=day(1), meal_time="19:00")["free_time"] == []


def test_food_spending_is_of_this_month_by_currency_without_what_came_back(owner: User) -> None:
    lunch = {"name": "Lunch", "category": "Restaurants", "currency": "EUR", "date": day(0), "kind": "expense"}
    rows = [
        lunch | {"amount": "12.50"},
        lunch | {"amount": "2.50", "kind": "refund"},
        lunch | {"amount": "1500", "currency": "JPY"},
        lunch | {"amount": "80", "category": "Rent"},
        lunch | {"amount": "99", "date": day(-40)},
        lunch | {"amount": "33", "category": "Lebensmittel"},
    ]
    owner.client.table("expenses").insert(rows).execute()
    assert context(owner)["food_spending_this_month"] == [
        {"category": "Restaurants", "currency": "JPY", "amount": 1500},
        {"category": "Lebensmittel", "currency": "EUR", "amount": 33},
        {"category": "Restaurants", "currency": "EUR", "amount": 10},
    ]


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


def test_other_user_is_told_nothing_of_a_kitchen(owner: User, new_user: NewUser) -> None:
    recipe(owner, "Secret sauce", (1, "kg", "saffron"))
    lot(owner, 1, "kg", "saffron", expires_in=1)
    stranger = new_user()
    told = context(stranger)
    assert (told["pantry"], told["recipes"], told["planned"]) == ([], [], [])
    assert "Secret sauce" not in str(call(stranger, "plan_meals", request={"count": 5}))


# Workouts.


def test_a_model_is_told_of_the_training(owner: User) -> None:
    sets = [{"reps": 8, "weight_kg": 60}, {"reps": 6, "weight_kg": 70}]
    gym.trained(owner, day(-3), "Push", ("Bankdrücken", sets), start_time="18:00", duration_minutes=50)
    gym.trained(owner, day(-10), "Push", ("Bench press", [{"reps": 5, "weight_kg": 80}]))
    gym.trained(owner, day(2), "Legs", ("Squat", [{"reps": 5}]), status="planned")
    client = owner.client
    client.table("fitness_cardio").insert(
        {
            "activity_type": "Run",
            "date": day(-2),
            "duration_minutes": 30,
            "distance_miles": 3.1,
            "status": "done",
        }
    ).execute()
    client.table("fitness_sports").insert(
        {"sport": "Tennis", "date": day(-4), "intensity": "high", "duration_minutes": 60, "status": "done"}
    ).execute()
    client.table("fitness_stretching").insert(
        {"name": "Hips", "date": day(-5), "body_parts": ["hips"], "status": "done"}
    ).execute()
    event(owner, day(1), "06:00", "17:00")
    event(owner, day(1), "17:10", "18:00")
    told = call(owner, "workout_suggestion_context", request={"date": day(1)})
    assert told["today"] == day(0)
    assert told["profile"] == {"timezone": ZONE, "unit_system": "metric"}
    assert told["workouts"] == [
        {"date": day(-3), "name": "Push", "duration_minutes": 50, "exercises": ["Bankdrücken"]},
        {"date": day(-10), "name": "Push", "duration_minutes": None, "exercises": ["Bench press"]},
    ]
    assert told["exercises"] == [
        {
            "name": "Bankdrücken",
            "muscles": ["chest", "triceps"],
            "last_on": day(-3),
            "days": 2,
            "last_sets": sets,
            "best_weight_kg": 80,
            "volume_kg_8_weeks": 8 * 60 + 6 * 70 + 5 * 80,
        }
    ]
    assert told["cardio"] == [
        {"date": day(-2), "activity": "Run", "duration_minutes": 30, "distance_miles": 3.1}
    ]
    assert told["sports"] == [
        {"date": day(-4), "sport": "Tennis", "duration_minutes": 60, "intensity": "high"}
    ]
    assert told["stretching"] == [
        {"date": day(-5), "name": "Hips", "duration_minutes": None, "body_parts": ["hips"]}
    ]
    assert told["muscles"]["chest"] == {"days_since": 4, "sets_last_7_days": 2, "is_recovering": False}
    assert told["muscles"]["calves"] == {"days_since": 3, "sets_last_7_days": 0, "is_recovering": False}
    assert told["training_days_in_a_row"] == 0
    assert told["rest_days_last_14"] == 10
    assert told["planned"] == [{"date": day(2), "name": "Legs"}]
    assert told["free_time"] == [{"date": day(1), "from": "18:00", "to": "22:00"}]


def test_what_was_trained_hard_is_told_to_recover_for_two_days(owner: User) -> None:
    gym.trained(owner, day(0), "Push", ("Bench press", gym.sets(3, 8, 60)))
    for days_later, is_recovering in ((0, True), (1, True), (2, False)):
        told = call(owner, "workout_suggestion_context", request={"date": day(days_later)})
        assert told["muscles"]["chest"]["is_recovering"] is is_recovering


def test_years_of_training_fit_a_prompt(owner: User) -> None:
    gym.trained_often(owner, [day(-offset) for offset in range(1, 60)], exercises=12)
    told = call(owner, "workout_suggestion_context", request={})
    assert len(told["workouts"]) == 40
    assert len(told["exercises"]) <= 50
    assert len(str(told)) < 40_000


def test_other_user_is_told_nothing_of_the_training(owner: User, new_user: NewUser) -> None:
    gym.trained(owner, day(-3), "Push", ("Bench press", [{"reps": 8, "weight_kg": 60}]))
    told = call(new_user(), "workout_suggestion_context", request={})
    keys = ("workouts", "exercises", "cardio", "sports", "stretching", "planned")
    assert [told[key] for key in keys] == [[]] * 6
    assert told["muscles"] == {}
