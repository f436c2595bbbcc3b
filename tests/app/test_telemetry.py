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
from tests.app.conftest import bearer, settings_for, suggestion, with_model

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
        event: Any = envelope.get_event() or envelope.get_transaction_event()
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
        logging.getLogger("app").warning("asked by %s", request.headers["From"])
        raise RuntimeError(f"what a library says of {wish}")

    # Sentry is shown the source, too, so what must not be there is made up anew.
    wish, token, cookie, query = (uuid.uuid4().hex, project.token(), uuid.uuid4().hex, uuid.uuid4().hex)
    address = f"{uuid.uuid4().hex}@example.com"
    headers = {**bearer(token), "Cookie": f"session={cookie}", "From": address}
    answer = app.test_client().post(f"/api/broken?q={query}", json={"notes": wish}, headers=headers)
    assert answer.status_code == 500
    (event,) = sentry.events
    (exception,) = event["exception"]["values"]
    assert exception["type"] == "RuntimeError"
    assert exception["stacktrace"]["frames"][-1]["function"] == "broken"
    assert event["tags"]["request_id"] == answer.headers["X-Request-Id"]
    assert event["request"] == {"method": "POST", "url": "http://localhost/api/broken"}
    reported = json.dumps(event, default=str)
    for private in (wish, token, cookie, query, address):
        assert private not in reported


def test_an_expected_failure_is_not_reported(project: fakes.FakeDataApi, sentry: Captured) -> None:
    app = create_app(settings_for(project, sentry_dsn="https://key@sentry.example.com/1"))
    assert app.test_client().post(URL, json={}).status_code == 401
    assert sentry.events == []


def test_a_trace_shows_each_call_and_nothing_that_was_said(
    project: fakes.FakeDataApi, openai: fakes.FakeOpenAI, sentry: Captured
) -> None:
    dsn = "https://key@sentry.example.com/1"
    settings = with_model(openai, sentry_dsn=dsn, sentry_traces_sample_rate=1.0)
    app = create_app(settings_for(project, **settings))
    openai.enqueue(fakes.answer({"suggestions": [suggestion(name="SECRET dish")]}))
    token = project.token()
    answer = app.test_client().post(URL, json={"notes": "SECRET wish"}, headers=bearer(token))
    assert answer.get_json()["data"]["source"] == "openai"
    (trace,) = sentry.events
    assert trace["transaction"] == URL
    spans = [(span["op"], span["description"]) for span in trace["spans"]]
    assert spans == [
        ("db.rpc", "start_suggestions"),
        ("model.request", "gpt-6-luna"),
        ("db.rpc", "finish_suggestions"),
    ]
    reported = json.dumps(trace, default=str)
    for private in ("SECRET", "chickpeas", token, openai.api_key, "owner@example.com"):
        assert private not in reported


@pytest.mark.parametrize(
    "private",
    [
        "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "sk-proj-abc_DEF-123",
        "sb_secret_abcdef",
        "Bearer abc.def",
        "robin.o'neil+life@mail.example.co.uk",
        "data:image/jpeg;base64,/9j/4AAQSkZJRg==",
    ],
)
def test_a_log_line_loses_what_is_private(private: str) -> None:
    try:
        raise ValueError(f"it says {private}, and more")
    except ValueError as error:
        record = logging.LogRecord(
            "app", logging.ERROR, "", 1, "of %s", (f"({private})",), (type(error), error, None)
        )
    line = telemetry.JsonLines().format(record)
    assert private.rpartition(" ")[2] not in line
    assert "[removed]" in json.loads(line)["message"]
    assert "and more" in json.loads(line)["exception"]


def test_a_log_line_keeps_what_is_not_private() -> None:
    message = "Data API answered 503, code PGRST001; skip-level sketch, eyes at 12:00; id 3b241101-e2bb-4255"
    record = logging.LogRecord("app", logging.INFO, "", 1, message, (), None)
    assert json.loads(telemetry.JsonLines().format(record))["message"] == message
