"""Logs and error reports: enough to find a request, nothing that belongs to a user."""

import json
import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from flask import request
from flask.testing import FlaskClient
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from app import create_app, telemetry
from tests import fakes
from tests.app.conftest import bearer, settings_for

URL = "/api/ai/meal-suggestions"


def test_every_request_is_one_line_of_json_with_its_id(
    client: FlaskClient, project: fakes.FakeDataApi, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="app.requests"):
        headers = {"X-Request-Id": "trace-12345678", **bearer(project.token())}
        with client:
            client.post(URL, json={"notes": "SECRET wish"}, headers=headers)
            (record,) = [record for record in caplog.records if record.name == "app.requests"]
            line = json.loads(telemetry.JsonLines().format(record))
    assert line["request_id"] == "trace-12345678"
    assert "code" not in line
    assert (line["method"], line["route"], line["status"]) == ("POST", URL, 200)
    assert line["duration_ms"] >= 0
    assert "SECRET" not in str(line)
    assert project.token()[:20] not in str(line)


def test_the_line_of_a_failed_request_says_which_failure(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="app.requests"):
        client.post(URL, json={})
    line = json.loads(telemetry.JsonLines().format(caplog.records[-1]))
    assert (line["status"], line["code"]) == (401, "authentication_required")


def test_a_logged_exception_carries_its_trace() -> None:
    try:
        raise ValueError("broken")
    except ValueError as error:
        record = logging.LogRecord(
            "app", logging.ERROR, "", 1, "it %s", ("failed",), (ValueError, error, None)
        )
    line = json.loads(telemetry.JsonLines().format(record))
    assert line["message"] == "it failed"
    assert "ValueError: broken" in line["exception"]


class Captured(Transport):
    """Keeps what would be sent to Sentry."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        event: Any = envelope.get_event()
        if event:
            self.events.append(event)


@pytest.fixture
def sentry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Captured]:
    captured = Captured()
    start = sentry_sdk.init
    monkeypatch.setattr(sentry_sdk, "init", lambda **given: start(**given, transport=captured))
    yield captured
    start()


def test_an_unexpected_failure_is_reported_without_anything_of_the_users(
    project: fakes.FakeDataApi, sentry: Captured
) -> None:
    app = create_app(settings_for(project, sentry_dsn="https://key@sentry.example.com/1"))

    @app.post("/api/broken")
    def broken() -> str:
        wish = request.get_json()["notes"]
        raise RuntimeError(f"unexpected, with {len(wish)}")

    wish, token = uuid.uuid4().hex, project.token()
    answer = app.test_client().post("/api/broken", json={"notes": wish}, headers=bearer(token))
    assert answer.status_code == 500
    (event,) = sentry.events
    assert event["exception"]["values"][0]["type"] == "RuntimeError"
    reported = json.dumps(event, default=str)
    assert wish not in reported
    assert token not in reported


def test_an_expected_failure_is_not_reported(project: fakes.FakeDataApi, sentry: Captured) -> None:
    app = create_app(settings_for(project, sentry_dsn="https://key@sentry.example.com/1"))
    assert app.test_client().post(URL, json={}).status_code == 401
    assert sentry.events == []
