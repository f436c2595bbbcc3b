"""What all answers have in common: one error shape, strict JSON, limits, headers, CORS."""

import pytest
from flask.testing import FlaskClient

from app import create_app, http
from tests import fakes
from tests.app.conftest import assert_error, bearer, settings_for

URL = "/api/ai/meal-suggestions"


@pytest.fixture
def headers(project: fakes.FakeDataApi) -> dict[str, str]:
    return bearer(project.token())


def test_unknown_addresses_and_methods_are_answered_in_the_error_shape(client: FlaskClient) -> None:
    assert_error(client.get("/"), 404, "not_found")
    assert "/api/docs" in assert_error(client.get("/api/nothing"), 404, "not_found")["hint"]
    refused = client.get(URL)
    assert "/api/docs" in assert_error(refused, 405, "method_not_allowed")["hint"]
    assert refused.headers["Allow"] == "OPTIONS, POST"


def test_an_unexpected_failure_is_answered_without_its_text(project: fakes.FakeDataApi) -> None:
    app = create_app(settings_for(project))

    @app.get("/api/broken")
    def broken() -> str:
        raise RuntimeError("SECRET detail")

    assert_error(app.test_client().get("/api/broken"), 500, "internal_error")


def test_a_body_that_doesnt_claim_to_be_json_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    for mimetype in (None, "text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json"):
        refused = client.post(URL, data="{}", content_type=mimetype, headers=headers)
        assert_error(refused, 415, "unsupported_media_type")
    taken = client.post(URL, data="{}", content_type="application/json; charset=utf-8", headers=headers)
    assert taken.status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"nope",
        b"{'count': 1}",
        b"{} {}",
        b"{},",
        b'{"count": 1,}',
        b'{"count": 01}',
        b'{"count": NaN}',
        b'{"count": Infinity}',
        b'{"other": -Infinity}',
        b'{"count": 1, "count": 2}',
        b'{"count": 1, "other": {"a": 1, "a": 1}}',
        b'{"notes": "a\tb"}',
        b'{"notes": "\\ud800"}',
        b'// comment\n{"count": 1}',
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"count": ' + b"9" * 50_000 + b"}",
    ],
    ids=lambda content: repr(content[:30]),
)
def test_a_body_that_isnt_strict_json_is_refused(
    client: FlaskClient, headers: dict[str, str], content: bytes
) -> None:
    refused = client.post(URL, data=content, content_type="application/json", headers=headers)
    assert_error(refused, 400, "malformed_body")


def test_what_makes_the_body_malformed_is_said(client: FlaskClient, headers: dict[str, str]) -> None:
    for content, word in ((b'{"count": 1, "count": 2}', "twice"), (b'{"count": NaN}', "NaN")):
        refused = client.post(URL, data=content, content_type="application/json", headers=headers)
        assert word in assert_error(refused, 400, "malformed_body")["hint"]


@pytest.mark.parametrize("content", [b"[]", b"null", b'"text"', b"3"])
def test_a_body_that_isnt_an_object_is_refused(
    client: FlaskClient, headers: dict[str, str], content: bytes
) -> None:
    refused = client.post(URL, data=content, content_type="application/json", headers=headers)
    body = assert_error(refused, 422, "invalid_request")
    assert body["details"][0]["field"] == "body"


def test_an_oversized_body_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    padding = " " * http.MAX_BODY_BYTES
    refused = client.post(URL, data="{}" + padding, content_type="application/json", headers=headers)
    assert_error(refused, 413, "body_too_large")
    padding = padding[:-2]
    taken = client.post(URL, data="{}" + padding, content_type="application/json", headers=headers)
    assert taken.status_code == 200


def test_every_answer_carries_security_headers_and_a_request_id(client: FlaskClient) -> None:
    for path in ("/api/health", "/api/nothing"):
        answer = client.get(path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert len(answer.headers["X-Request-Id"]) == 36


def test_a_callers_request_id_is_kept_if_it_is_sane(client: FlaskClient) -> None:
    kept = client.get("/api/health", headers={"X-Request-Id": "trace-12345678"})
    assert kept.headers["X-Request-Id"] == "trace-12345678"
    for odd in ("short", "with space in it", "x" * 200, '{"json": "injection"}'):
        assert client.get("/api/health", headers={"X-Request-Id": odd}).headers["X-Request-Id"] != odd


def test_answers_for_one_user_are_never_stored_and_health_may_be(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    assert client.post(URL, json={}, headers=headers).headers["Cache-Control"] == "private, no-store"
    assert client.get("/api/health").headers["Cache-Control"] == (
        "public, s-maxage=10, stale-while-revalidate=30"
    )


@pytest.fixture
def cors_client(project: fakes.FakeDataApi) -> FlaskClient:
    allowed = ("https://life.example.com", "http://localhost:5173")
    return create_app(settings_for(project, allowed_origins=allowed)).test_client()


def test_a_page_of_an_allowed_origin_may_call(cors_client: FlaskClient, project: fakes.FakeDataApi) -> None:
    origin = {"Origin": "https://life.example.com"}
    asked = {**origin, "Access-Control-Request-Method": "POST"}
    preflight = cors_client.options(URL, headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://life.example.com"
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in preflight.headers
    answer = cors_client.post(URL, json={}, headers={**origin, **bearer(project.token())})
    assert answer.headers["Access-Control-Allow-Origin"] == "https://life.example.com"
    assert "Origin" in answer.headers["Vary"]
    refused = cors_client.post(URL, json={}, headers=origin)
    assert_error(refused, 401, "authentication_required")
    assert refused.headers["Access-Control-Allow-Origin"] == "https://life.example.com"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.com",
        "http://life.example.com",
        "https://life.example.com.evil.com",
        "https://life.example.com:8443",
        "https://LIFE.example.com",
        "null",
        "*",
        "",
    ],
)
def test_a_page_of_another_origin_may_not(cors_client: FlaskClient, origin: str) -> None:
    for answer in (cors_client.options(URL, headers={"Origin": origin}), cors_client.get("/api/health")):
        assert not [name for name in answer.headers.keys() if name.startswith("Access-Control")]  # noqa: SIM118
        assert "Origin" in answer.headers["Vary"]
