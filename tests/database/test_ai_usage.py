"""AI usage and its budget: counted before the model is asked, settled once, never made smaller by hand."""

import datetime
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg.rows import DictRow

from tests.conftest import NewUser, User
from tests.database.data_api import DataApi
from tests.database.tables import AI_REQUEST, Row, count, read, stored

Database = psycopg.Connection[DictRow]

KINDS = ["meal_suggestions", "workout_suggestions"]
LIMITS = {"model": "gpt", "max_requests": 10, "max_tokens": 10_000, "reserve_tokens": 1000}
USED = {"outcome": "ok", "latency_ms": 900, "input_tokens": 300, "output_tokens": 100}
MEAL = {
    "name": "Chickpea curry",
    "prep_time": 10,
    "cook_time": 25,
    "servings": 2,
    "ingredients": [{"food_item_name": "chickpeas", "quantity": 400, "unit": "g"}],
}


@pytest.fixture
def owner(new_user: NewUser) -> User:
    """Somebody who has used nothing yet."""
    return new_user(timezone="Pacific/Kiritimati", currency="EUR")


@pytest.fixture(scope="module")
def other_user(new_user: NewUser) -> User:
    return new_user()


def call(data_api: DataApi, by: User | None, rpc: str, **arguments: Any) -> httpx.Response:
    return data_api.post(f"rpc/{rpc}", arguments, by=by)


def start(data_api: DataApi, by: User, **changes: Any) -> Row:
    """A request that was counted: its ticket and the budget that is left."""
    answer = call(data_api, by, "start_ai_request", **{"kind": "receipt_extraction", **LIMITS, **changes})
    assert answer.status_code == 200, answer.text
    started: Row = answer.json()
    return started


def finish(data_api: DataApi, by: User | None, ticket: Any, **changes: Any) -> httpx.Response:
    return call(data_api, by, "finish_ai_request", ticket=ticket, **{**USED, **changes})


def age(db: Database, owner: User, interval: str) -> None:
    """Makes the owner's requests older; nobody can through the Data API."""
    db.execute(
        "update public.ai_requests set created_at = created_at - %s::interval where user_id = %s",
        [interval, owner.id],
    )


# Counting.


def test_a_request_is_counted_when_it_starts_and_settled_to_what_it_took(
    data_api: DataApi, owner: User
) -> None:
    started = start(data_api, owner)
    assert started["budget"] == {"requests_left": 9, "tokens_left": 9000}
    pending = read("ai_requests", owner, started["ticket"]["id"])
    assert (
        pending.items()
        >= {
            "kind": "receipt_extraction",
            "source": "openai",
            "model": "gpt",
            "outcome": "pending",
            "latency_ms": None,
            "input_tokens": None,
            "output_tokens": None,
            "reserved_tokens": 1000,
            "user_id": owner.id,
        }.items()
    )
    settled = finish(data_api, owner, started["ticket"])
    assert settled.json() == {"requests_left": 9, "tokens_left": 9600}
    row = read("ai_requests", owner, started["ticket"]["id"])
    assert row == {**pending, **USED}


@pytest.mark.parametrize("outcome", ["ok", "timeout", "refusal", "truncated", "invalid_output"])
def test_a_request_ends_as_it_ended(data_api: DataApi, owner: User, outcome: str) -> None:
    ticket = start(data_api, owner)["ticket"]
    assert finish(data_api, owner, ticket, outcome=outcome).status_code == 200
    assert read("ai_requests", owner, ticket["id"])["outcome"] == outcome


def test_tokens_that_nobody_knows_stay_counted_at_the_most(data_api: DataApi, owner: User) -> None:
    ticket = start(data_api, owner)["ticket"]
    settled = finish(data_api, owner, ticket, outcome="timeout", input_tokens=None, output_tokens=None)
    assert settled.json() == {"requests_left": 9, "tokens_left": 9000}


def test_a_request_that_never_ends_stays_counted_at_the_most(data_api: DataApi, owner: User) -> None:
    start(data_api, owner)
    assert start(data_api, owner)["budget"] == {"requests_left": 8, "tokens_left": 8000}


def test_more_tokens_than_reserved_are_counted_too(data_api: DataApi, owner: User) -> None:
    ticket = start(data_api, owner)["ticket"]
    settled = finish(data_api, owner, ticket, input_tokens=2_147_483_647, output_tokens=2_147_483_647)
    assert settled.json() == {"requests_left": 9, "tokens_left": 0}


def test_what_is_built_in_costs_nothing(data_api: DataApi, owner: User) -> None:
    limits = {"max_requests": 10, "max_tokens": 10_000}
    for kind, source in (("meal_suggestions", "planner"), ("receipt_extraction", "ocr")):
        answer = call(data_api, owner, "record_ai_request", kind=kind, source=source, latency_ms=7, **limits)
        assert answer.json() == {"requests_left": 10, "tokens_left": 10_000}
    answer = call(
        data_api, owner, "record_ai_request", kind="meal_suggestions", source="planner", latency_ms=7
    )
    assert answer.json() is None
    assert count("ai_requests", owner) == 3


# The limits.


def refused_as_spent(answer: httpx.Response) -> Row:
    assert answer.status_code == 429, answer.text
    error: Row = answer.json()
    assert error["code"] == "PT429"
    assert "budget" in error["message"]
    return error


def test_the_last_request_is_allowed_and_the_next_is_refused(data_api: DataApi, owner: User) -> None:
    start(data_api, owner, max_requests=2)
    assert start(data_api, owner, max_requests=2)["budget"]["requests_left"] == 0
    answer = call(data_api, owner, "start_ai_request", **{**AI_REQUEST, **LIMITS, "max_requests": 2})
    error = refused_as_spent(answer)
    assert "2 of 2 requests" in error["details"]
    tomorrow = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1)
    assert error["hint"] == f"Try again after {tomorrow}T00:00:00Z."
    assert count("ai_requests", owner) == 2


def test_the_last_token_is_allowed_and_the_next_is_refused(data_api: DataApi, owner: User) -> None:
    assert start(data_api, owner, reserve_tokens=10_000)["budget"]["tokens_left"] == 0
    answer = call(data_api, owner, "start_ai_request", **{**AI_REQUEST, **LIMITS, "reserve_tokens": 1})
    assert "10000 of 10000 tokens" in refused_as_spent(answer)["details"]


def test_a_limit_of_nothing_allows_nothing(data_api: DataApi, owner: User) -> None:
    for limit in ("max_requests", "max_tokens"):
        refused_as_spent(
            call(data_api, owner, "start_ai_request", **{**AI_REQUEST, **LIMITS, limit: 0}),
        )


def test_settling_gives_back_what_was_not_used(data_api: DataApi, owner: User) -> None:
    everything = {**AI_REQUEST, **LIMITS, "reserve_tokens": 10_000}
    ticket = start(data_api, owner, reserve_tokens=10_000)["ticket"]
    refused_as_spent(call(data_api, owner, "start_ai_request", **everything))
    finish(data_api, owner, ticket, input_tokens=0, output_tokens=0)
    assert call(data_api, owner, "start_ai_request", **everything).status_code == 200


def test_each_kind_draws_on_the_same_budget_and_each_person_on_their_own(
    data_api: DataApi, owner: User, other_user: User
) -> None:
    for kind in ("meal_suggestions", "workout_suggestions", "receipt_extraction"):
        left = start(data_api, owner, kind=kind)["budget"]["requests_left"]
    assert left == 7
    assert start(data_api, other_user)["budget"]["requests_left"] == 9


def test_a_new_day_starts_at_midnight_utc_whatever_the_persons_zone(
    data_api: DataApi, db: Database, owner: User
) -> None:
    start(data_api, owner)
    row = db.execute("select now() - date_trunc('day', now(), 'UTC') as since_midnight").fetchone()
    assert row is not None
    age(db, owner, str(row["since_midnight"] - datetime.timedelta(seconds=1)))
    assert start(data_api, owner)["budget"]["requests_left"] == 8
    age(db, owner, str(row["since_midnight"] + datetime.timedelta(minutes=5)))
    owner.client.table("profiles").update({"timezone": "America/Los_Angeles"}).eq("id", owner.id).execute()
    assert start(data_api, owner)["budget"]["requests_left"] == 9


def test_concurrent_requests_never_overshoot(data_api: DataApi, owner: User) -> None:
    def one(_: int) -> int:
        limits = {**LIMITS, "max_requests": 1000, "max_tokens": 5000}
        return call(data_api, owner, "start_ai_request", **{**AI_REQUEST, **limits}).status_code

    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(one, range(40)))
    assert sorted(statuses) == [200] * 5 + [429] * 35
    assert count("ai_requests", owner) == 5


# Tickets.


def refused_as_no_ticket(answer: httpx.Response) -> None:
    assert answer.status_code == 404, answer.text
    assert answer.json()["code"] == "PT404"
    assert answer.json()["hint"]


def test_a_ticket_is_good_once(data_api: DataApi, owner: User) -> None:
    ticket = start(data_api, owner)["ticket"]
    assert finish(data_api, owner, ticket).status_code == 200
    refused_as_no_ticket(finish(data_api, owner, ticket, input_tokens=0, output_tokens=0))
    assert read("ai_requests", owner, ticket["id"])["input_tokens"] == 300


def test_the_owner_cannot_settle_without_the_key(data_api: DataApi, owner: User) -> None:
    ticket = start(data_api, owner)["ticket"]
    own = start(data_api, owner)["ticket"]
    for forged in (
        {"id": ticket["id"], "key": ""},
        {"id": ticket["id"], "key": str(uuid4())},
        {"id": ticket["id"], "key": own["key"]},
        {"id": own["id"], "key": ticket["key"]},
        {"id": "nonsense", "key": ticket["key"]},
    ):
        refused_as_no_ticket(finish(data_api, owner, forged, input_tokens=0, output_tokens=0))
        refused_as_no_ticket(
            call(data_api, owner, "finish_suggestions", ticket=forged, suggestions=[], **USED)
        )
    no_tickets: list[Any] = [None, {}, [], {"id": ticket["id"]}, {"id": ticket["id"], "key": None}]
    for no_ticket in no_tickets:
        answer = finish(data_api, owner, no_ticket)
        assert answer.status_code == 422, answer.text
    assert read("ai_requests", owner, ticket["id"])["outcome"] == "pending"
    assert finish(data_api, owner, ticket).status_code == 200


def test_another_user_cannot_settle_even_with_the_key(
    data_api: DataApi, owner: User, other_user: User
) -> None:
    ticket = start(data_api, owner)["ticket"]
    refused_as_no_ticket(finish(data_api, other_user, ticket))
    assert finish(data_api, owner, ticket).status_code == 200


def test_the_key_is_nowhere_to_be_read(data_api: DataApi, db: Database, owner: User) -> None:
    ticket = start(data_api, owner)["ticket"]
    assert ticket["key"] not in data_api.get("ai_requests", by=owner).text
    rows = db.execute("select t::text as row from private.ai_tickets as t").fetchall()
    assert rows
    assert not [row for row in rows if ticket["key"] in row["row"]]
    table = data_api.request("GET", "ai_tickets", by=owner, headers={"Accept-Profile": "private"})
    assert table.status_code == 406


def test_starting_by_hand_only_costs_the_caller(data_api: DataApi, owner: User) -> None:
    # Somebody who starts under limits of their own, and settles to nothing, has used a request all the same.
    generous = {"max_requests": 1_000_000, "max_tokens": 1_000_000}
    ticket = start(data_api, owner, **generous)["ticket"]
    finish(data_api, owner, ticket, input_tokens=0, output_tokens=0)
    assert start(data_api, owner)["budget"] == {"requests_left": 8, "tokens_left": 9000}


# What nobody can write.


@pytest.mark.covers("ai_requests_model_exactly_when_one_was_asked", "ai_requests_source_is_known")
def test_a_recorded_answer_is_of_something_built_in(data_api: DataApi, owner: User) -> None:
    record = {"kind": "meal_suggestions", "source": "planner", "latency_ms": 3}
    assert call(data_api, owner, "record_ai_request", **record).status_code == 200
    rules = {"openai": "ai_requests_model_exactly_when_one_was_asked", "guess": "ai_requests_source_is_known"}
    for source, rule in rules.items():
        answer = call(data_api, owner, "record_ai_request", **{**record, "source": source})
        assert answer.status_code == 400
        assert f'"{rule}"' in answer.json()["message"]
    assert count("ai_requests", owner) == 1


@pytest.mark.covers(
    "ai_requests_latency_ms_not_negative",
    "ai_requests_latency_ms_exactly_when_settled",
    "ai_requests_input_tokens_not_negative",
    "ai_requests_output_tokens_not_negative",
    "ai_requests_tokens_known_both_or_neither",
    "ai_requests_outcome_is_known",
)
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"latency_ms": -1}, "latency_ms_not_negative"),
        ({"latency_ms": None}, "latency_ms_exactly_when_settled"),
        ({"input_tokens": -1}, "input_tokens_not_negative"),
        ({"output_tokens": -2147483648}, "output_tokens_not_negative"),
        ({"output_tokens": None}, "tokens_known_both_or_neither"),
        ({"outcome": "fine"}, "outcome_is_known"),
    ],
)
def test_a_request_cannot_be_settled_to_what_cannot_be(
    data_api: DataApi, owner: User, change: Row, rule: str
) -> None:
    ticket = start(data_api, owner)["ticket"]
    answer = finish(data_api, owner, ticket, **change)
    assert answer.status_code == 400, answer.text
    assert f'"ai_requests_{rule}"' in answer.json()["message"]
    # Nothing was written, and the ticket is still good.
    assert finish(data_api, owner, ticket, latency_ms=0, input_tokens=0, output_tokens=0).status_code == 200


@pytest.mark.parametrize("outcome", ["pending", None])
def test_a_settled_request_has_ended(data_api: DataApi, owner: User, outcome: str | None) -> None:
    ticket = start(data_api, owner)["ticket"]
    answer = finish(data_api, owner, ticket, outcome=outcome)
    assert answer.status_code == 422
    assert answer.json()["hint"]
    assert read("ai_requests", owner, ticket["id"])["outcome"] == "pending"


@pytest.mark.parametrize("argument", ["model", "max_requests", "max_tokens", "reserve_tokens"])
def test_a_request_without_limits_is_refused(data_api: DataApi, owner: User, argument: str) -> None:
    rpcs: dict[str, Row] = {"start_ai_request": {}, "start_suggestions": {"request": {}}}
    for rpc, more in rpcs.items():
        answer = call(data_api, owner, rpc, **{**AI_REQUEST, **more, argument: None})
        assert answer.status_code == 422, answer.text
    assert count("ai_requests", owner) == 0


def test_usage_cannot_be_written_changed_or_deleted(data_api: DataApi, owner: User) -> None:
    row = stored("ai_requests", owner)
    path = f"ai_requests?id=eq.{row['id']}"
    assert data_api.get(path, by=owner).json() == [row]
    for answer in (
        data_api.post("ai_requests", {**row, "id": str(uuid4())}, by=owner),
        data_api.patch(path, {"reserved_tokens": 0}, by=owner),
        data_api.request("DELETE", path, by=owner),
    ):
        assert answer.status_code == 403
        assert answer.json()["code"] == "42501"


@pytest.mark.parametrize(
    ("rpc", "arguments"),
    [
        ("start_ai_request", AI_REQUEST),
        ("start_suggestions", {**AI_REQUEST, "request": {}}),
        ("record_ai_request", {"kind": "meal_suggestions", "source": "planner", "latency_ms": 1}),
    ],
)
def test_anon_cannot_start(data_api: DataApi, owner: User, rpc: str, arguments: Row) -> None:
    assert call(data_api, owner, rpc, **arguments).status_code == 200
    answer = call(data_api, None, rpc, **arguments)
    assert answer.status_code == 401
    assert answer.json()["code"] == "42501"


def test_anon_cannot_finish(data_api: DataApi, owner: User) -> None:
    rpcs: dict[str, Row] = {"finish_ai_request": {}, "finish_suggestions": {"suggestions": []}}
    for rpc, more in rpcs.items():
        ticket = start(data_api, owner)["ticket"]
        assert call(data_api, None, rpc, ticket=ticket, **USED, **more).status_code == 401
        assert call(data_api, owner, rpc, ticket=ticket, **USED, **more).status_code == 200


# Suggestions: context and grounding in the same round trips.


@pytest.mark.parametrize("kind", KINDS)
def test_suggestions_start_with_their_context(data_api: DataApi, owner: User, kind: str) -> None:
    limits = {"model": "gpt", "max_requests": 10, "max_tokens": 1_000_000, "reserve_tokens": 1000}
    started = call(data_api, owner, "start_suggestions", kind=kind, request={"count": 2}, **limits).json()
    context = kind.removesuffix("s").replace("_suggestion", "_suggestion_context")
    assert started["context"] == call(data_api, owner, context, request={"count": 2}).json()
    # Every byte of the context may be a token.
    row = read("ai_requests", owner, started["ticket"]["id"])
    assert row["kind"] == kind
    assert row["reserved_tokens"] > 1000 + len(started["context"])
    assert started["budget"] == {"requests_left": 9, "tokens_left": 1_000_000 - row["reserved_tokens"]}


def test_suggestions_of_what_is_not_suggested_are_refused(data_api: DataApi, owner: User) -> None:
    for kind in ("receipt_extraction", "", None):
        answer = call(data_api, owner, "start_suggestions", **{**AI_REQUEST, "kind": kind, "request": {}})
        assert answer.status_code == 422
        assert "meal_suggestions" in answer.json()["message"]
    assert count("ai_requests", owner) == 0


def test_a_malformed_request_costs_nothing(data_api: DataApi, owner: User) -> None:
    answer = call(data_api, owner, "start_suggestions", **AI_REQUEST, request={"count": 6})
    assert answer.status_code == 422
    assert count("ai_requests", owner) == 0


def started_meals(data_api: DataApi, owner: User) -> Row:
    answer = call(data_api, owner, "start_suggestions", **AI_REQUEST, request={})
    ticket: Row = answer.json()["ticket"]
    return ticket


def test_suggestions_finish_with_those_that_hold(data_api: DataApi, owner: User) -> None:
    good = {"meal": MEAL, "meal_id": None, "reason": "Quick."}
    bad = {**good, "meal_id": str(uuid4())}
    ticket = started_meals(data_api, owner)
    answer = call(
        data_api,
        owner,
        "finish_suggestions",
        ticket=ticket,
        suggestions=[bad, good],
        request={"count": 2},
        **USED,
    )
    assert answer.status_code == 200, answer.text
    (warning,) = answer.json()["warnings"]
    assert warning["code"] == "few_suggestions"
    assert warning["message"].startswith("There are fewer suggestions than you asked for: ")
    (kept,) = answer.json()["suggestions"]
    assert kept["meal"]["name"] == "Chickpea curry"
    assert kept["missing"] == ["chickpeas"]
    row = read("ai_requests", owner, ticket["id"])
    assert (row["outcome"], row["input_tokens"], row["output_tokens"]) == ("ok", 300, 100)
    assert answer.json()["budget"].keys() == {"requests_left", "tokens_left"}


def test_as_many_suggestions_as_were_asked_for_are_no_warning(data_api: DataApi, owner: User) -> None:
    good = {"meal": MEAL, "meal_id": None, "reason": "Quick."}
    answer = call(
        data_api,
        owner,
        "finish_suggestions",
        ticket=started_meals(data_api, owner),
        suggestions=[good],
        request={"count": 1},
        **USED,
    )
    assert (len(answer.json()["suggestions"]), answer.json()["warnings"]) == (1, [])


@pytest.mark.parametrize("suggestions", [[], [{}], [{}] * 6, "rice", None, {"meal": 1}])
def test_suggestions_of_no_use_are_settled_all_the_same(
    data_api: DataApi, owner: User, suggestions: Any
) -> None:
    ticket = started_meals(data_api, owner)
    answer = call(data_api, owner, "finish_suggestions", ticket=ticket, suggestions=suggestions, **USED)
    assert answer.status_code == 200, answer.text
    assert answer.json()["suggestions"] == []
    row = read("ai_requests", owner, ticket["id"])
    assert (row["outcome"], row["input_tokens"]) == ("invalid_output", 300)
