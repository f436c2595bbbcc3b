"""Whatever is sent, the answer is a success or a refusal in the one shape, and never a crash."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import create_app
from tests.app.conftest import assert_error, bearer, sensible_project, settings_for

URL = "/api/ai/meal-suggestions"
CODES = {400: "malformed_body", 422: "invalid_request"}

anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(
    ["count", "date", "meal_time", "max_total_minutes", "servings", "notes", "fallback", "other"]
)
plausible = st.dictionaries(fields, anything | st.integers(-1, 1000) | st.from_regex(r"[0-9:\-]{4,10}"))


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[FlaskClient, dict[str, str]]]:
    """A client of the service without a model, and headers of a signed-in user."""
    with sensible_project() as project:
        yield create_app(settings_for(project)).test_client(), bearer(project.token())


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    content=plausible.map(json.dumps).map(str.encode) | anything.map(json.dumps).map(str.encode) | st.binary()
)
def test_any_body_is_answered(service: tuple[FlaskClient, dict[str, str]], content: bytes) -> None:
    client, headers = service
    response = client.post(URL, data=content, content_type="application/json", headers=headers)
    if response.status_code == 200:
        assert response.get_json()["data"]["source"] == "planner"
    else:
        assert_error(response, response.status_code, CODES[response.status_code])
