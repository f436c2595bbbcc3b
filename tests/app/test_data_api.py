"""The Data API from the service's side: as the user, over one pool, every failure mapped."""

import itertools

import httpx
import pytest
from flask.testing import FlaskClient

from app import create_app, data_api
from app.auth import Caller, VerifiedClaims
from app.errors import (
    DataApiError,
    DataApiRefusal,
    DataApiTimeout,
    DataApiUnreachable,
    InvalidToken,
    LifeOSError,
)
from tests import fakes
from tests.app.conftest import PUBLISHABLE_KEY, assert_error, bearer, settings_for

URL = "/api/ai/meal-suggestions"


def user_api(project: fakes.FakeDataApi, token: str = "a-token", **changes: object) -> data_api.UserDataApi:
    caller = Caller(VerifiedClaims("id", "authenticated", 1, None), token)
    return data_api.DataApi(settings_for(project, **changes)).for_user(caller)


def test_calls_carry_the_users_token_and_the_publishable_key(project: fakes.FakeDataApi) -> None:
    assert user_api(project).call("plan_meals", request={"count": 1})
    (request,) = project.history
    assert (request.method, request.path) == ("POST", "/rest/v1/rpc/plan_meals")
    assert request.headers["Authorization"] == "Bearer a-token"
    assert request.headers["apikey"] == PUBLISHABLE_KEY
    assert request.body == {"request": {"count": 1}}


def test_one_users_token_never_reaches_another_users_call(project: fakes.FakeDataApi) -> None:
    api = data_api.DataApi(settings_for(project))
    claims = VerifiedClaims("id", "authenticated", 1, None)
    owner, other = api.for_user(Caller(claims, "owners")), api.for_user(Caller(claims, "others"))
    for user in (owner, other, owner):
        user.call("plan_meals", request={})
    assert [r.headers["Authorization"] for r in project.history] == [
        "Bearer owners",
        "Bearer others",
        "Bearer owners",
    ]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (422, "PT422"),
        (409, "PT409"),
        (409, "23505"),
        (400, "23514"),
        (403, "42501"),
        (400, "P0001"),
        (400, "22P02"),
    ],
)
def test_a_refusal_of_the_database_keeps_its_words(
    client: FlaskClient, project: fakes.FakeDataApi, status: int, code: str
) -> None:
    body = {"code": code, "message": "count is too large", "hint": "At most 5.", "details": None}
    project.replies["plan_meals"] = fakes.Reply(status, body)
    answer = assert_error(client.post(URL, json={}, headers=bearer(project.token())), status, code)
    assert answer["error"] == "count is too large"
    assert answer["hint"] == "At most 5."


def test_details_of_built_in_errors_are_kept_back_and_ours_are_passed_on(project: fakes.FakeDataApi) -> None:
    body = {"code": "23505", "message": "duplicate key", "details": "Key (email)=(SECRET) exists."}
    project.replies["f"] = fakes.Reply(409, body)
    with pytest.raises(DataApiRefusal) as refused:
        user_api(project).call("f")
    assert refused.value.details is None
    project.replies["f"] = fakes.Reply(422, {**body, "code": "PT422", "details": "meal.servings"})
    with pytest.raises(DataApiRefusal) as refused:
        user_api(project).call("f")
    assert refused.value.details == "meal.servings"


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (fakes.Reply(401, {"code": "PGRST301", "message": "JWT expired SECRET"}), 401, "invalid_token"),
        (fakes.Reply(401, {"message": "Invalid API key SECRET"}), 502, "data_api_fault"),
        (fakes.Reply(404, {"code": "PGRST202", "message": "no function SECRET"}), 502, "data_api_fault"),
        (fakes.Reply(500, {"code": "XX000", "message": "internal SECRET"}), 502, "data_api_fault"),
        (fakes.Reply(500, b"<html>SECRET</html>"), 502, "data_api_fault"),
        (fakes.Reply(400, [1, 2]), 502, "data_api_fault"),
        (fakes.Reply(302, {}, {"Location": "https://evil.example/"}), 502, "data_api_fault"),
        (fakes.Reply(500, {"code": "57014", "message": "canceling SECRET"}), 504, "data_api_timeout"),
        (fakes.Reply(504, {"code": "PGRST003", "message": "pool SECRET"}), 504, "data_api_timeout"),
        (
            fakes.Reply(503, {"code": "PGRST001", "message": "no database SECRET"}),
            503,
            "data_api_unreachable",
        ),
        (fakes.Reply(502, b"SECRET bad gateway"), 503, "data_api_unreachable"),
        (fakes.Reply(drop=True), 503, "data_api_unreachable"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_fault_of_the_data_api_is_mapped_and_its_body_kept_back(
    client: FlaskClient, project: fakes.FakeDataApi, reply: fakes.Reply, status: int, code: str
) -> None:
    project.replies["plan_meals"] = reply
    assert_error(client.post(URL, json={}, headers=bearer(project.token())), status, code)


def test_an_unreachable_data_api_is_answered_with_503(project: fakes.FakeDataApi) -> None:
    client = create_app(settings_for(project)).test_client()
    assert client.get("/api/health/ready").status_code == 200
    project.__exit__()
    answer = client.get("/api/health/ready")
    assert_error(answer, 503, "data_api_unreachable")
    assert answer.headers["Retry-After"]
    assert client.get("/api/health").status_code == 200


def test_a_slow_data_api_is_answered_with_504(project: fakes.FakeDataApi) -> None:
    client = create_app(settings_for(project, data_api_timeout_seconds=0.2)).test_client()
    project.replies["plan_meals"] = fakes.Reply(body=[], delay=5)
    answer = client.post(URL, json={}, headers=bearer(project.token()))
    assert_error(answer, 504, "data_api_timeout")


def all_subclasses(kind: type[Exception]) -> list[type[Exception]]:
    below = [all_subclasses(child) for child in kind.__subclasses__()]
    return [kind, *itertools.chain.from_iterable(below)]


@pytest.mark.parametrize("kind", all_subclasses(httpx.HTTPError), ids=lambda kind: kind.__name__)
def test_every_failure_of_the_http_client_is_mapped(
    project: fakes.FakeDataApi, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    def fail(*_: object, **__: object) -> None:
        if issubclass(kind, httpx.HTTPStatusError):
            request = httpx.Request("GET", "http://x")
            raise httpx.HTTPStatusError("SECRET", request=request, response=httpx.Response(500))
        raise kind("SECRET")

    monkeypatch.setattr(httpx.Client, "send", fail)
    with pytest.raises(DataApiError) as mapped:
        user_api(project).call("f")
    assert isinstance(mapped.value, LifeOSError)
    if issubclass(kind, httpx.ReadTimeout | httpx.WriteTimeout):
        assert isinstance(mapped.value, DataApiTimeout)
    elif issubclass(kind, httpx.TransportError) and kind is not httpx.TimeoutException:
        assert isinstance(mapped.value, DataApiUnreachable)


def test_the_service_is_ready_only_with_the_schema_and_a_good_key(
    client: FlaskClient, project: fakes.FakeDataApi
) -> None:
    assert client.get("/api/health/ready").get_json()["data"] == {"status": "ready"}
    for reply in (
        fakes.Reply(404, {"code": "PGRST205", "message": "no table"}),
        fakes.Reply(404, {"code": "42P01", "message": "no table"}),
        fakes.Reply(401, {"message": "Invalid API key"}),
    ):
        project.replies["profiles"] = reply
        assert_error(client.get("/api/health/ready"), 502, "data_api_fault")


def test_a_token_the_data_api_doesnt_take_is_an_invalid_token(project: fakes.FakeDataApi) -> None:
    project.replies["f"] = fakes.Reply(401, {"code": "PGRST303", "message": "JWT not yet valid"})
    with pytest.raises(InvalidToken):
        user_api(project).call("f")
