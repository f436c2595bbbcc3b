"""The model room: the real openai client against a server that answers, declines, breaks and hangs."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import openai as openai_library
import pytest

from app import ai, config
from app.errors import (
    ModelError,
    ModelInvalidOutput,
    ModelRefusal,
    ModelTimeout,
    ModelTruncated,
    ModelUnavailable,
)
from app.suggestions.schemas import ProposedMeals, ProposedWorkouts
from tests import fakes
from tests.app.conftest import PUBLISHABLE_KEY, with_model


class Fruit(ai.Structured):
    name: str
    price: float | None


def model_of(openai: fakes.FakeOpenAI, **changes: Any) -> ai.Model:
    settings = config.load(
        supabase_url="http://127.0.0.1:1",
        supabase_publishable_key=PUBLISHABLE_KEY,
        **with_model(openai, **{"openai_timeout_seconds": 2.0, **changes}),
    )
    return ai.Model(settings)


def ask(model: ai.Model, temperature: float | None = None, images: Sequence[str] = ()) -> ai.Generated[Fruit]:
    return model.generate("Name a fruit.", "You name fruit.", temperature, 500, Fruit, images)


# Both of OpenAI's APIs say the same in other words, so most tests here run on each.
@pytest.fixture(params=["responses", "chat"])
def openai(request: pytest.FixtureRequest) -> Iterator[fakes.FakeOpenAI]:
    with fakes.FakeOpenAI(api=request.param) as fake:
        yield fake


def test_an_answer_comes_back_as_the_schema_with_its_tokens(openai: fakes.FakeOpenAI) -> None:
    openai.enqueue(fakes.answer({"name": "apple", "price": 0.4}))
    generated = ask(model_of(openai))
    assert generated.value == Fruit(name="apple", price=0.4)
    assert (generated.input_tokens, generated.output_tokens) == (900, 400)


def test_a_request_says_what_is_wanted_and_isnt_stored(openai: fakes.FakeOpenAI) -> None:
    openai.enqueue(fakes.answer({"name": "apple", "price": None}))
    ask(model_of(openai))
    (request,) = openai.history
    schema = {**Fruit.model_json_schema(), "additionalProperties": False, "required": ["name", "price"]}
    wanted = {"name": "Fruit", "schema": schema, "strict": True}
    if openai.api == "responses":
        assert request.body == {
            "model": "gpt-6-luna",
            "instructions": "You name fruit.",
            "input": [{"role": "user", "content": "Name a fruit."}],
            "max_output_tokens": 500,
            "text": {"format": {"type": "json_schema", **wanted}},
            "store": False,
        }
    else:
        assert request.body == {
            "model": "gpt-6-luna",
            "messages": [
                {"role": "system", "content": "You name fruit."},
                {"role": "user", "content": "Name a fruit."},
            ],
            "max_tokens": 500,
            "response_format": {"type": "json_schema", "json_schema": wanted},
        }


def test_images_are_shown_after_the_prompt(openai: fakes.FakeOpenAI) -> None:
    openai.enqueue(fakes.answer({"name": "apple", "price": None}))
    urls = ["data:image/jpeg;base64,AAAA", "data:image/jpeg;base64,BBBB"]
    ask(model_of(openai), images=urls)
    body = openai.history[0].body
    text, *images = (body.get("input") or body["messages"])[-1]["content"]
    assert text["text"] == "Name a fruit."
    shown = [image["image_url"] for image in images]
    if openai.api == "chat":
        shown = [image["url"] for image in shown]
    assert shown == urls


def test_the_most_tokens_of_a_request_are_bounded_by_its_bytes(openai: fakes.FakeOpenAI) -> None:
    openai.enqueue(fakes.answer({"name": "apple", "price": None}))
    model = model_of(openai)
    ask(model)
    schema = len(json.dumps(Fruit.model_json_schema()))
    bare = model.most_tokens(500, Fruit)
    assert bare > 500 + schema
    assert model.most_tokens(500, Fruit, "Äpfel", "x" * 100) == bare + 6 + 100
    assert model.most_tokens(500, Fruit, images=2) > bare + 2 * 2000


def strictness_problems(schema: dict[str, Any]) -> list[str]:
    """Objects of a JSON schema that structured output refuses: open ones and ones with optional parts."""
    objects = [part for part in [schema, *schema.get("$defs", {}).values()] if part.get("type") == "object"]
    return [
        part["title"]
        for part in objects
        if part.get("additionalProperties") is not False or set(part["required"]) != set(part["properties"])
    ]


@pytest.mark.parametrize("proposal", [ProposedMeals, ProposedWorkouts])
def test_the_schemas_for_the_model_are_ones_that_structured_output_takes(
    proposal: type[ai.Structured],
) -> None:
    schema = proposal.model_json_schema()
    assert strictness_problems(schema) == []
    limits = {
        "minLength",
        "maxLength",
        "pattern",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "minItems",
        "maxItems",
    }
    assert not [limit for limit in limits if f'"{limit}"' in json.dumps(schema)]


def test_temperature_and_effort_are_sent_only_when_set(openai: fakes.FakeOpenAI) -> None:
    openai.always = fakes.answer({"name": "apple", "price": None})
    ask(model_of(openai))
    assert not {"temperature", "reasoning", "reasoning_effort"} & set(openai.history[-1].body)
    ask(model_of(openai, openai_reasoning_effort="low"), temperature=0.3)
    body = openai.history[-1].body
    assert body["temperature"] == 0.3
    assert body.get("reasoning", {}).get("effort") or body["reasoning_effort"] == "low"


@pytest.mark.parametrize(
    ("reply", "error", "status", "outcome"),
    [
        (fakes.refusal(), ModelRefusal, 502, "refusal"),
        (fakes.truncated(), ModelTruncated, 502, "truncated"),
        (fakes.text("I'd say apple"), ModelInvalidOutput, 502, "invalid_output"),
        (fakes.text(""), ModelInvalidOutput, 502, "invalid_output"),
        (fakes.answer({"name": "apple"}), ModelInvalidOutput, 502, "invalid_output"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_answer_of_no_use_is_named_and_its_tokens_are_kept(
    openai: fakes.FakeOpenAI, reply: fakes.Reply, error: type[ModelError], status: int, outcome: str
) -> None:
    openai.enqueue(reply)
    with pytest.raises(error) as failed:
        ask(model_of(openai))
    assert (failed.value.http_status, failed.value.outcome) == (status, outcome)
    assert (failed.value.input_tokens, failed.value.output_tokens) == (900, 400)
    assert len(openai.history) == 1


@pytest.mark.parametrize(
    "reply",
    [
        fakes.Reply(body=b"<html>SECRET</html>"),
        fakes.Reply(body=b"<html>SECRET</html>", headers={"Content-Type": "text/html"}),
        fakes.Reply(body=b""),
        fakes.Reply(body={}),
        fakes.Reply(body=[]),
        fakes.Reply(body=None),
        fakes.Reply(body="text"),
        fakes.Reply(body={"output": None}),
        fakes.Reply(body={"output": [None, 3]}),
        fakes.Reply(body={"output": [{"type": "message", "content": None}]}),
        fakes.Reply(body={"output": [{"type": "message", "content": [{"type": "output_text"}]}]}),
        fakes.Reply(body={"choices": None}),
        fakes.Reply(body={"choices": []}),
        fakes.Reply(body={"choices": [None]}),
        fakes.Reply(body={"choices": [{"message": None}]}),
        fakes.Reply(body={"choices": [{"message": {"content": ["no text"]}}]}),
        fakes.Reply(body={"output": [], "choices": [{"message": {"content": "neither"}}]}),
    ],
    ids=lambda reply: str(reply.body)[:30],
)
def test_a_server_that_doesnt_speak_the_api_is_of_no_use_and_no_crash(
    openai: fakes.FakeOpenAI, reply: fakes.Reply
) -> None:
    openai.enqueue(reply, reply)
    with pytest.raises(ModelError):
        ask(model_of(openai))


def test_an_answer_without_token_counts_is_taken(openai: fakes.FakeOpenAI) -> None:
    openai.enqueue(fakes.answer({"name": "apple", "price": None}, with_usage=False))
    generated = ask(model_of(openai))
    assert (generated.value.name, generated.input_tokens, generated.output_tokens) == ("apple", None, None)


@pytest.mark.parametrize(
    "usage", [{}, [], "many", {"input_tokens": 1}, {"input_tokens": -1, "output_tokens": 2}], ids=str
)
def test_token_counts_that_are_none_are_not_believed(openai: fakes.FakeOpenAI, usage: object) -> None:
    said = fakes.Said('{"name": "apple", "price": null}')
    body = fakes._response(said) if openai.api == "responses" else fakes._completion(said)
    openai.enqueue(fakes.Reply(body={**body, "usage": usage}))
    generated = ask(model_of(openai))
    assert (generated.input_tokens, generated.output_tokens) == (None, None)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_passing_fault_is_tried_again_once(openai: fakes.FakeOpenAI, status: int) -> None:
    openai.enqueue(fakes.failure(status, retry_after="0.05"), fakes.answer({"name": "apple", "price": None}))
    assert ask(model_of(openai)).value.name == "apple"
    openai.enqueue(fakes.failure(status, retry_after="0.05"), fakes.failure(status, retry_after="0.05"))
    with pytest.raises(ModelUnavailable) as failed:
        ask(model_of(openai))
    assert failed.value.http_status == 503
    assert len(openai.history) == 4


def test_a_dropped_connection_is_tried_again(openai: fakes.FakeOpenAI) -> None:
    openai.enqueue(fakes.Reply(drop=True), fakes.answer({"name": "apple", "price": None}))
    assert ask(model_of(openai)).value.name == "apple"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_fault_of_ours_is_not_tried_again(openai: fakes.FakeOpenAI, status: int) -> None:
    openai.enqueue(fakes.failure(status))
    with pytest.raises(ModelUnavailable) as failed:
        ask(model_of(openai))
    assert failed.value.http_status == 503
    assert len(openai.history) == 1


def test_no_retries_means_none(openai: fakes.FakeOpenAI) -> None:
    openai.enqueue(fakes.failure(500, retry_after="0"))
    with pytest.raises(ModelUnavailable):
        ask(model_of(openai, openai_max_retries=0))
    assert len(openai.history) == 1


@pytest.mark.parametrize("wait", ["86400", "Thu, 31 Dec 2099 23:59:59 GMT"])
def test_a_server_that_asks_for_more_time_than_there_is_isnt_waited_for(
    openai: fakes.FakeOpenAI, wait: str
) -> None:
    openai.enqueue(fakes.failure(429, retry_after=wait))
    started = time.monotonic()
    with pytest.raises(ModelUnavailable):
        ask(model_of(openai))
    assert time.monotonic() - started < 1
    assert len(openai.history) == 1


@pytest.mark.parametrize(
    ("value", "seconds"), [("2", 2.0), ("0", 0.0), ("-3", 0.0), (None, 0.5), ("soon", 0.5), ("", 0.5)]
)
def test_retry_after_is_read_or_assumed(value: str | None, seconds: float) -> None:
    assert ai._retry_after(value) == seconds


@pytest.mark.parametrize(
    "reply",
    [fakes.Reply(delay=30), fakes.answer({"name": "apple", "price": None}, trickle=0.05)],
    ids=["hang", "trickle"],
)
def test_a_model_that_hangs_or_trickles_is_given_up_on_time(
    openai: fakes.FakeOpenAI, reply: fakes.Reply
) -> None:
    openai.enqueue(reply)
    model = model_of(openai, openai_timeout_seconds=0.5)
    started = time.monotonic()
    with pytest.raises(ModelTimeout) as failed:
        ask(model)
    assert time.monotonic() - started < 1.0
    assert (failed.value.http_status, failed.value.code) == (504, "model_timeout")
    # It may have been working on the answer, so nobody knows what it took.
    assert (failed.value.input_tokens, failed.value.output_tokens) == (None, None)


def test_retries_dont_extend_the_timeout(openai: fakes.FakeOpenAI) -> None:
    openai.enqueue(fakes.Reply(500, {}, delay=0.4), fakes.Reply(delay=30))
    started = time.monotonic()
    with pytest.raises(ModelUnavailable):
        ask(model_of(openai, openai_timeout_seconds=1.2))
    assert time.monotonic() - started < 1.7


def test_an_unreachable_server_is_named(openai: fakes.FakeOpenAI) -> None:
    model = model_of(openai)
    openai.__exit__()
    with pytest.raises(ModelUnavailable) as failed:
        ask(model)
    assert (failed.value.http_status, failed.value.input_tokens, failed.value.output_tokens) == (503, 0, 0)


def test_calls_that_hang_dont_keep_others_waiting_beyond_their_time(openai: fakes.FakeOpenAI) -> None:
    openai.always = fakes.Reply(delay=30)
    model = model_of(openai, openai_timeout_seconds=0.5, web_threads=2)
    took = []

    def call() -> None:
        started = time.monotonic()
        with pytest.raises(ModelUnavailable):
            ask(model)
        took.append(time.monotonic() - started)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(took) == 8
    assert max(took) < 1.0


def exceptions_of_the_library() -> list[type[Exception]]:
    found = [openai_library.OpenAIError]
    for kind in found:
        found.extend(child for child in kind.__subclasses__() if child.__module__.startswith("openai"))
    return list(found)


@pytest.mark.parametrize("kind", exceptions_of_the_library(), ids=lambda kind: kind.__name__)
def test_every_exception_of_the_openai_client_is_mapped(
    openai: fakes.FakeOpenAI, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    error = kind.__new__(kind)
    Exception.__init__(error, "SECRET")
    if isinstance(error, openai_library.APIStatusError):
        error.response = type("Response", (), {"headers": {}})()
    model = model_of(openai, openai_max_retries=0)

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(model._client, "post", fail)
    with pytest.raises(ModelUnavailable):
        ask(model)
