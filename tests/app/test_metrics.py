"""Metrics: what happened is counted, over all workers, and tells nobody who it happened to."""

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from app import create_app
from tests import fakes
from tests.app.conftest import assert_error, bearer, settings_for, suggestion, with_model
from tests.app.test_gunicorn import gunicorn, model_settings, workers_of

MEALS = "/api/ai/meal-suggestions"
Sample = tuple[str, frozenset[tuple[str, str]]]


def samples(text: str) -> dict[Sample, float]:
    """Every number of an exposition, by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def read(client: FlaskClient) -> dict[Sample, float]:
    answer = client.get("/api/metrics")
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    return samples(answer.get_data(as_text=True))


def change(client: FlaskClient, action: Callable[[], object]) -> Callable[..., float]:
    """How much an action adds to a metric: `added("life_os_requests_total", status="200")`."""
    before = read(client)
    action()
    after = read(client)

    def added(name: str, **labels: str) -> float:
        key = (name, frozenset(labels.items()))
        return after.get(key, 0) - before.get(key, 0)

    return added


def test_requests_are_counted_by_method_route_and_status(
    client: FlaskClient, project: fakes.FakeDataApi
) -> None:
    def ask() -> None:
        client.post(MEALS, json={}, headers=bearer(project.token()))
        client.post(MEALS, json={})
        client.get("/api/nothing/at/all")
        client.open("/api/health", method="PROPFIND")

    added = change(client, ask)
    assert added("life_os_requests_total", method="POST", route=MEALS, status="200") == 1
    assert added("life_os_requests_total", method="POST", route=MEALS, status="401") == 1
    assert added("life_os_requests_total", method="GET", route="none", status="404") == 1
    assert added("life_os_requests_total", method="other", route="none", status="405") == 1
    assert added("life_os_request_seconds_count", route=MEALS) == 2
    assert added("life_os_refusals_total", code="authentication_required") == 1


def test_the_models_time_tokens_and_outcome_are_counted(
    ai_client: FlaskClient, project: fakes.FakeDataApi, openai: fakes.FakeOpenAI
) -> None:
    def ask() -> None:
        openai.enqueue(fakes.answer({"suggestions": [suggestion()]}), fakes.refusal())
        for _ in range(2):
            ai_client.post(MEALS, json={}, headers=bearer(project.token()))

    added = change(ai_client, ask)
    assert added("life_os_model_seconds_count", outcome="ok") == 1
    assert added("life_os_model_seconds_count", outcome="refusal") == 1
    assert added("life_os_model_tokens_total", direction="input") == 1800
    assert added("life_os_model_tokens_total", direction="output") == 800
    assert added("life_os_fallbacks_total", kind="meal_suggestions", reason="model_refusal") == 1


def test_a_failure_without_fallback_is_a_refusal_and_no_fallback(
    ai_client: FlaskClient, project: fakes.FakeDataApi, openai: fakes.FakeOpenAI
) -> None:
    def ask() -> None:
        openai.enqueue(fakes.truncated())
        ai_client.post(MEALS, json={"fallback": False}, headers=bearer(project.token()))

    added = change(ai_client, ask)
    assert added("life_os_refusals_total", code="model_truncated") == 1
    assert added("life_os_fallbacks_total", kind="meal_suggestions", reason="model_truncated") == 0


def test_metrics_say_nothing_about_anybody(client: FlaskClient, project: fakes.FakeDataApi) -> None:
    token = project.token(sub="3b241101-e2bb-4255-8caf-4136c566a962")
    client.post(f"{MEALS}?email=SECRET@example.com", json={"notes": "SECRET"}, headers=bearer(token))
    client.get("/api/SECRET/3b241101-e2bb-4255-8caf-4136c566a962")
    text = client.get("/api/metrics").get_data(as_text=True)
    assert "SECRET" not in text
    assert "3b241101" not in text


TOKEN = "a token of the operators"


@pytest.fixture
def guarded(project: fakes.FakeDataApi) -> FlaskClient:
    return create_app(settings_for(project, metrics_token=TOKEN)).test_client()


def test_only_the_operators_token_reads_metrics_where_there_is_one(
    guarded: FlaskClient, project: fakes.FakeDataApi
) -> None:
    assert_error(guarded.get("/api/metrics"), 401, "authentication_required")
    for wrong in (project.token(), TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "ü"):
        assert_error(guarded.get("/api/metrics", headers=bearer(wrong)), 401, "invalid_token")
    assert guarded.get("/api/metrics", headers=bearer(TOKEN)).status_code == 200


def test_the_operators_token_is_no_access_token(guarded: FlaskClient) -> None:
    assert_error(guarded.post(MEALS, json={}, headers=bearer(TOKEN)), 401, "invalid_token")


def answered(url: str) -> float:
    """How many suggestions were answered, as any one worker tells."""
    key = ("life_os_requests_total", frozenset({"method": "POST", "route": MEALS, "status": "200"}.items()))
    return samples(httpx.get(f"{url}/api/metrics").text).get(key, 0)


def test_workers_count_together_and_a_dead_ones_counts_stay(
    project: fakes.FakeDataApi, openai: fakes.FakeOpenAI, tmp_path: Path
) -> None:
    openai.always = fakes.answer({"suggestions": [suggestion()]})
    settings = {**model_settings(openai), "WEB_CONCURRENCY": "3", "TMPDIR": str(tmp_path)}
    with gunicorn(project, **settings) as (url, process):
        deadline = time.monotonic() + 30
        while len(set(counting(tmp_path))) < 2 and time.monotonic() < deadline:
            httpx.post(f"{url}{MEALS}", json={}, headers=bearer(project.token()))
        served = len(openai.history)
        assert len(set(counting(tmp_path))) >= 2
        assert {answered(url) for _ in range(12)} == {served}
        os.kill(workers_of(process.pid)[0], signal.SIGKILL)
        while len(workers_of(process.pid)) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        httpx.post(f"{url}{MEALS}", json={}, headers=bearer(project.token()))
        assert answered(url) == served + 1
    assert list(tmp_path.iterdir()) == []


def counting(folder: Path) -> list[str]:
    """The workers that have counted something."""
    files = folder.glob("life-os-*/counts/counter_*.db")
    return [found.group(1) for file in files if (found := re.search(r"_(\d+)\.db", file.name))]


def test_settings_of_the_model_are_none_of_the_metrics(
    project: fakes.FakeDataApi, openai: fakes.FakeOpenAI
) -> None:
    client = create_app(settings_for(project, **with_model(openai))).test_client()
    assert openai.api_key not in client.get("/api/metrics").get_data(as_text=True)
