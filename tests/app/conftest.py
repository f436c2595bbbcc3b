"""The service under test, against fakes over real HTTP; `…_on_the_stack` tests use the real database."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from app import config, create_app
from tests import fakes

PUBLISHABLE_KEY = "sb_publishable_test"

CURRY = {
    "name": "Chickpea curry",
    "description": None,
    "prep_time": 10,
    "cook_time": 25,
    "servings": 2,
    "instructions": ["Fry the spices.", "Add the rest."],
    "ingredients": [{"food_item_name": "chickpeas", "quantity": 400, "unit": "g"}],
}
RECIPE_ID = "6f2f7d5c-7f0e-4f0e-9f57-0d3c1f4c1a11"
SUGGESTION_ID = "0d0c4f0a-51c4-4d6e-8b1e-5b0a3f6f1a22"
PUSH = {
    "name": "Push",
    "date": "2026-11-25",
    "duration_minutes": 40,
    "exercises": [
        {"name": "Bench press", "sets": [{"reps": 8, "weight_kg": 62.5, "rest_seconds": 120}], "notes": None}
    ],
}
MEAL_CONTEXT = {
    "today": "2026-11-24",
    "profile": {"timezone": "Europe/Berlin", "currency": "EUR", "unit_system": "metric"},
    "pantry": [{"name": "chickpeas", "quantity": 400, "unit": "g", "expires_in_days": 2}],
    "recipes": [{"id": RECIPE_ID, **CURRY, "last_cooked_on": None}],
    "planned": [],
}
WORKOUT_CONTEXT = {"today": "2026-11-24", "workouts": [{**PUSH, "date": "2026-11-20"}]}
BUDGET = {"requests_left": 18, "tokens_left": 41000}


def suggestion(**changes: Any) -> dict[str, Any]:
    """What the model proposes: a valid suggestion, with `changes` to its meal."""
    return {"meal": {**CURRY, **changes}, "meal_id": None, "reason": "Uses the chickpeas."}


def grounded_suggestion() -> dict[str, Any]:
    """What is answered: the proposed meal, grounded in the pantry."""
    pantry = {"in_pantry": ["chickpeas"], "missing": [], "uses_expiring": []}
    return {"id": SUGGESTION_ID, **suggestion(), **pantry}


def workout_suggestion(**changes: Any) -> dict[str, Any]:
    """What is answered: a workout, with `changes`."""
    past = {"name": "Bench press", "date": "2026-11-20", "sets": [{"reps": 8, "weight_kg": 60, "done": True}]}
    reason = "Chest was last trained four days ago."
    return {"id": SUGGESTION_ID, "workout": {**PUSH, **changes}, "based_on": [past], "reason": reason}


def proposed_workout() -> dict[str, Any]:
    """The same as the model proposes it: structured output leaves nothing out."""
    one_set = {"reps": 8, "weight_kg": 62.5, "duration_seconds": None, "rest_seconds": 120}
    exercise = {"name": "Bench press", "sets": [one_set], "notes": None}
    workout = {**PUSH, "start_time": None, "notes": None, "exercises": [exercise]}
    return {"workout": workout, "reason": "Chest was last trained four days ago."}


@pytest.fixture(scope="package", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    """A developer's environment and .env, which may hold real keys, don't reach these tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in config.Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        patch.setitem(config.Settings.model_config, "env_file", None)
        yield


@pytest.fixture
def openai() -> Iterator[fakes.FakeOpenAI]:
    with fakes.FakeOpenAI() as fake:
        yield fake


@pytest.fixture
def project() -> Iterator[fakes.FakeDataApi]:
    """A Supabase project whose Data API gives sensible answers to the service's calls."""
    with sensible_project() as fake:
        yield fake


def sensible_project() -> fakes.FakeDataApi:
    """A project that isn't running yet; see `project`."""
    fake = fakes.FakeDataApi()
    meal = grounded_suggestion()
    contexts = {"meal_suggestions": MEAL_CONTEXT, "workout_suggestions": WORKOUT_CONTEXT}
    grounded = {"meal_suggestions": meal, "workout_suggestions": workout_suggestion()}
    fake.replies = {
        "plan_meals": planned({**meal, "reason": "From the planner."}),
        "plan_workouts": planned({**workout_suggestion(), "reason": "From the planner."}),
        "record_ai_request": fakes.Reply(body=None),
        "start_suggestions": lambda request: fakes.Reply(
            body={
                "context": contexts[request.body["kind"]],
                "ticket": {"id": request.body["kind"], "key": "SECRET KEY"},
                "budget": BUDGET,
            }
        ),
        "finish_suggestions": lambda request: fakes.Reply(
            body={"suggestions": [grounded[request.body["ticket"]["id"]]], "warnings": [], "budget": BUDGET}
        ),
        "finish_ai_request": fakes.Reply(body=BUDGET),
        "profiles": fakes.Reply(401, {"code": "42501", "message": "permission denied"}),
    }
    return fake


def planned(*suggestions: dict[str, Any], **warnings: str) -> fakes.Reply:
    """What a planner answers: suggestions, and warnings as code=message."""
    warned = [{"code": code, "message": message} for code, message in warnings.items()]
    return fakes.Reply(body={"suggestions": suggestions, "warnings": warned})


def settings_for(project: fakes.FakeDataApi, **changes: Any) -> config.Settings:
    """Settings of a service without a model in front of `project`, with `changes`."""
    given = {"supabase_url": project.url, "supabase_publishable_key": PUBLISHABLE_KEY, **changes}
    return config.load(**given)


def with_model(openai: fakes.FakeOpenAI, **changes: Any) -> dict[str, Any]:
    """The changes to settings that put the fake model behind the service."""
    return {
        "openai_api_key": SecretStr(openai.api_key),
        "openai_base_url": openai.base_url,
        "openai_api": openai.api,
        **changes,
    }


@pytest.fixture
def client(project: fakes.FakeDataApi) -> FlaskClient:
    """A client of the service without a model."""
    return create_app(settings_for(project)).test_client()


@pytest.fixture
def ai_client(project: fakes.FakeDataApi, openai: fakes.FakeOpenAI) -> FlaskClient:
    """A client of the service with the fake model, which may take 2 s."""
    settings = settings_for(project, **with_model(openai, openai_timeout_seconds=2.0))
    return create_app(settings).test_client()


def bearer(token: str) -> dict[str, str]:
    """Request headers that carry `token`."""
    return {"Authorization": f"Bearer {token}"}


def assert_error(response: Any, status: int, code: str) -> dict[str, Any]:
    """Every failure has this one shape. Returns the body."""
    body: dict[str, Any] = response.get_json()
    assert response.status_code == status, body
    assert body["code"] == code
    assert set(body) <= {"error", "code", "hint", "details", "timestamp"}
    assert {"error", "code", "timestamp"} <= set(body)
    assert isinstance(body["error"], str)
    assert body["timestamp"].endswith("Z")
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "SECRET" not in response.get_data(as_text=True)
    assert "Traceback" not in response.get_data(as_text=True)
    return body
