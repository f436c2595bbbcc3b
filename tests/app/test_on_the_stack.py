"""The service in front of the real database: real tokens, real row level security, real planner."""

import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import config, create_app
from local_supabase import Instance
from tests import fakes
from tests.app.conftest import CURRY, assert_error, bearer, suggestion, with_model
from tests.conftest import User

URL = "/api/ai/meal-suggestions"
TODAY = datetime.datetime.now(datetime.UTC).date()


def settings(stack: Instance, **changes: Any) -> config.Settings:
    given = {"supabase_url": stack.url, "supabase_publishable_key": stack.publishable_key, **changes}
    return config.load(**given)


@pytest.fixture
def planner(stack: Instance) -> FlaskClient:
    """The service without a model."""
    return create_app(settings(stack)).test_client()


@pytest.fixture
def with_ai(stack: Instance, openai: fakes.FakeOpenAI) -> FlaskClient:
    """The service with the fake model."""
    return create_app(settings(stack, **with_model(openai))).test_client()


def ask(client: FlaskClient, user: User, **body: Any) -> dict[str, Any]:
    response = client.post(URL, json=body, headers=bearer(user.token))
    assert response.status_code == 200, response.get_json()
    data: dict[str, Any] = response.get_json()["data"]
    return data


def cook(user: User, name: str, *foods: str) -> str:
    """Gives `user` a recipe of 100 g of each food. Returns its id."""
    ingredients = [{"food_item_name": food, "quantity": 100, "unit": "g"} for food in foods]
    meal = {**CURRY, "name": name, "ingredients": ingredients}
    answer: Any = user.client.rpc("create_meal", {"meal": meal}).execute()
    meal_id: str = answer.data["id"]
    return meal_id


def stock(user: User, food: str, days: int | None = None) -> None:
    """Puts 500 g of `food` in the pantry, good for `days` more days."""
    expiry = None if days is None else str(TODAY + datetime.timedelta(days=days))
    lot = {"name": food, "quantity": 500, "unit": "g", "expiry_date": expiry}
    user.client.table("pantry_items").insert(lot).execute()


def test_the_service_is_ready_on_a_migrated_stack(planner: FlaskClient) -> None:
    assert planner.get("/api/health/ready").get_json()["data"] == {"status": "ready"}


def test_the_planner_prefers_what_is_at_home(planner: FlaskClient, owner: User) -> None:
    cook(owner, "Nothing at home", "saffron", "lobster")
    at_home = cook(owner, "All at home", "chickpeas", "spinach")
    stock(owner, "chickpeas")
    stock(owner, "spinach", days=1)
    answer = ask(planner, owner, count=2)
    assert (answer["source"], answer["model"]) == ("planner", None)
    first, second = answer["suggestions"]
    assert first["meal_id"] == at_home
    assert first["in_pantry"] == ["chickpeas", "spinach"]
    assert first["missing"] == []
    assert first["uses_expiring"] == ["spinach"]
    assert first["reason"]
    assert second["missing"] == ["saffron", "lobster"]


def test_a_suggestion_is_in_the_shape_that_create_meal_takes(planner: FlaskClient, owner: User) -> None:
    cook(owner, "All at home", "chickpeas")
    suggested = ask(planner, owner)["suggestions"][0]
    created: Any = owner.client.rpc("create_meal", {"meal": suggested["meal"]}).execute()
    assert created.data["name"] == "All at home"


def test_another_users_pantry_and_recipes_are_not_suggested(
    planner: FlaskClient, owner: User, other_user: User
) -> None:
    cook(owner, "The owner's", "chickpeas")
    stock(owner, "chickpeas")
    for user, own in ((owner, ["The owner's"]), (other_user, [])):
        suggested = ask(planner, user)["suggestions"]
        assert [s["meal"]["name"] for s in suggested if s["meal_id"]] == own


def test_the_models_answer_is_grounded_in_the_owners_pantry(
    with_ai: FlaskClient, openai: fakes.FakeOpenAI, owner: User, other_user: User
) -> None:
    mine = cook(owner, "Mine", "chickpeas")
    theirs = cook(other_user, "Theirs", "chickpeas")
    stock(owner, "chickpeas", days=2)
    stock(other_user, "truffles")
    proposed = [
        {**suggestion(name="Mine"), "meal_id": mine},
        {**suggestion(name="Theirs"), "meal_id": theirs},
        suggestion(name="Blank unit", ingredients=[{"food_item_name": "salt", "quantity": 1, "unit": " "}]),
        suggestion(name="New", ingredients=[{"food_item_name": "tofu", "quantity": 200, "unit": "g"}]),
    ]
    openai.enqueue(fakes.answer({"suggestions": proposed}))
    answer = ask(with_ai, owner, count=5, notes="quick", date=str(TODAY))
    assert answer["source"] == "openai"
    assert [s["meal"]["name"] for s in answer["suggestions"]] == ["Mine", "New"]
    assert answer["suggestions"][0]["in_pantry"] == ["chickpeas"]
    assert answer["suggestions"][0]["uses_expiring"] == ["chickpeas"]
    assert answer["suggestions"][1]["missing"] == ["tofu"]
    (prompt,) = openai.prompts()
    assert [lot["name"] for lot in prompt["context"]["pantry"]] == ["chickpeas"]
    assert [recipe["id"] for recipe in prompt["context"]["recipes"]] == [mine]
    for suggested in answer["suggestions"]:
        owner.client.rpc("create_meal", {"meal": suggested["meal"]}).execute()


def requests_of(user: User) -> list[dict[str, Any]]:
    rows: Any = user.client.table("ai_requests").select("*").order("created_at").execute().data
    return list(rows)


def test_requests_are_recorded_for_their_owner_only(
    planner: FlaskClient, with_ai: FlaskClient, openai: fakes.FakeOpenAI, owner: User, other_user: User
) -> None:
    cook(owner, "Mine", "chickpeas")
    ask(planner, owner)
    openai.enqueue(fakes.answer({"suggestions": [suggestion()]}), fakes.refusal())
    ask(with_ai, owner)
    assert ask(with_ai, owner)["source"] == "planner"
    recorded = [
        (row["source"], row["model"], row["output_tokens"], row["outcome"]) for row in requests_of(owner)
    ]
    assert requests_of(owner)[1]["reserved_tokens"] > 8000
    assert recorded == [
        ("planner", None, 0, "ok"),
        ("openai", "gpt-6-luna", 400, "ok"),
        ("openai", "gpt-6-luna", 400, "refusal"),
    ]
    assert requests_of(other_user) == []


def test_a_request_that_python_lets_through_is_one_that_the_database_takes(
    planner: FlaskClient, owner: User
) -> None:
    for edge in (
        {"count": 5, "date": "2199-12-31", "meal_time": "00:00", "max_total_minutes": 1, "servings": 1},
        {"count": 1, "date": "2199-12-31", "meal_time": "23:59", "max_total_minutes": 960, "servings": 50},
        {"notes": "ü" * 500},
        {"notes": 'null "quoted" \\ \u2028 \x01'},
    ):
        ask(planner, owner, **edge)


def test_real_tokens_are_told_from_keys_and_changed_tokens(
    planner: FlaskClient, stack: Instance, owner: User
) -> None:
    assert planner.post(URL, json={}, headers=bearer(owner.token)).status_code == 200
    header, payload, signature = owner.token.split(".")
    swapped = ("A" if signature[0] != "A" else "B") + signature[1:]
    for token in (f"{header}.{payload}.{swapped}", stack.publishable_key, stack.secret_key):
        assert_error(planner.post(URL, json={}, headers=bearer(token)), 401, "invalid_token")
