"""The language model: one prompt in, one checked answer out. The only module that imports openai."""

import contextvars
import email.utils
import functools
import json
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import openai
from flask import Flask, current_app
from pydantic import BaseModel, ConfigDict, ValidationError

from app import telemetry
from app.config import Settings
from app.errors import (
    ModelError,
    ModelInvalidOutput,
    ModelRefusal,
    ModelTimeout,
    ModelTruncated,
    ModelUnavailable,
)

_EXTENSION = "life_os_ai"
# What a server may add around the texts of a request, and what an image may take at high detail.
_OVERHEAD_TOKENS = 200
_IMAGE_TOKENS = 4000
_log = logging.getLogger(__name__)


class Structured(BaseModel):
    """A shape that a model can be held to: closed objects, and (in subclasses) no defaults."""

    model_config = ConfigDict(extra="forbid")


Schema = TypeVar("Schema", bound=Structured)


@dataclass(frozen=True, slots=True)
class Generated(Generic[Schema]):
    """A model response that fits its schema, and the tokens it took (None: the server didn't say)."""

    value: Schema
    input_tokens: int | None
    output_tokens: int | None
    outcome: ClassVar[str] = "ok"


def init_app(app: Flask, settings: Settings) -> None:
    """Gives `app` its model; none without an API key."""
    app.extensions[_EXTENSION] = Model(settings) if settings.openai_api_key else None


def model_of_app() -> "Model | None":
    """The model of the current application; None when the built-in planner does all the work."""
    model: Model | None = current_app.extensions[_EXTENSION]
    return model


class Model:
    """A model behind OpenAI's API. `generate` takes at most `timeout` seconds, whatever happens."""

    def __init__(self, settings: Settings) -> None:
        if settings.openai_api_key is None:
            raise ValueError("a model needs an API key")
        self.name = settings.openai_model
        self.timeout = settings.openai_timeout_seconds
        self.temperature = settings.openai_temperature
        self.max_output_tokens = settings.openai_max_output_tokens
        self.daily_limits = {
            "max_requests": settings.ai_daily_requests,
            "max_tokens": settings.ai_daily_tokens,
        }
        self._retries = settings.openai_max_retries
        self._effort = settings.openai_reasoning_effort
        self._api: _Api = _Chat() if settings.openai_api == "chat" else _Responses()
        self._client = openai.OpenAI(
            api_key=settings.openai_api_key.get_secret_value(),
            base_url=settings.openai_base_url,
            max_retries=0,
        )
        # The client's time-outs bound the gaps between bytes, not the whole: a server that trickles, or a
        # name server that hangs, would hold a request for minutes. So calls run here and are given up on
        # time; calls that still hang use up these threads and nothing else.
        self._calls = ThreadPoolExecutor(settings.web_threads, thread_name_prefix="model")

    def generate(
        self,
        prompt: str,
        system_prompt: str,
        temperature: float | None,
        max_tokens: int,
        schema: type[Schema],
        images: Sequence[str] = (),
    ) -> Generated[Schema]:
        """The model's answer to `prompt` as a `schema`; `max_tokens` bounds it, reasoning included.

        `images` are data: URLs, shown after the prompt. Raises ModelUnavailable (ModelTimeout), ModelRefusal,
        ModelTruncated or ModelInvalidOutput.
        """
        request = self._api.request(prompt, system_prompt, max_tokens, schema, images, self._effort)
        request["model"] = self.name
        if temperature is not None:
            request["temperature"] = temperature
        with telemetry.model_call(self.name) as call:
            response = self._within_timeout(lambda deadline: self._send(request, deadline))
            call.input_tokens, call.output_tokens = _usage(response, self._api.usage)
            try:
                value = _parse(self._api, response, schema)
            except ModelError as failure:
                failure.input_tokens, failure.output_tokens = call.input_tokens, call.output_tokens
                raise
        return Generated(value, call.input_tokens, call.output_tokens)

    def most_tokens(self, max_tokens: int, schema: type[Structured], *texts: str, images: int = 0) -> int:
        """The most that `generate` can use with these texts: a token is at least one byte."""
        prompt = sum(len(text.encode()) for text in texts) + len(json.dumps(_json_schema(schema)))
        return prompt + max_tokens + images * _IMAGE_TOKENS + _OVERHEAD_TOKENS

    def _within_timeout(self, call: Callable[[float], Any]) -> Any:
        deadline = time.monotonic() + self.timeout
        context = contextvars.copy_context()
        future = self._calls.submit(context.run, call, deadline)
        try:
            return future.result(timeout=self.timeout)
        except FutureTimeout:
            future.cancel()
            raise ModelTimeout from None

    def _send(self, request: dict[str, Any], deadline: float) -> Any:
        """Sends `request`, again if that may help and there is time. Raises ModelUnavailable."""
        for attempt in range(self._retries + 1):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                # Not `responses.create`, which walks through what is sent and makes objects of what comes
                # back, unchecked ones at that: half of a request's CPU. `responses.parse` loses the tokens of
                # truncated answers, too.
                return self._client.post(
                    self._api.path, cast_to=object, body=request, options={"timeout": left}
                )
            except openai.APITimeoutError:
                break
            except ValueError:
                raise ModelInvalidOutput from None
            except openai.OpenAIError as error:
                # The status tells a wrong key or model name from an outage; the text may quote the prompt.
                status = getattr(error, "status_code", None)
                _log.warning("the model's server failed: %s, status %s", type(error).__name__, status)
                pause = _pause_before_retry(error)
                if pause is None or attempt == self._retries:
                    raise ModelUnavailable from error
                if time.monotonic() + pause >= deadline:
                    raise ModelUnavailable from error
                time.sleep(pause)
        raise ModelTimeout


class _Api(Protocol):
    """How one of OpenAI's APIs words a request and its answer."""

    path: str
    usage: tuple[str, str]
    """The names of the counts of input and output tokens."""

    def request(
        self,
        prompt: str,
        system_prompt: str,
        max_tokens: int,
        schema: type[Structured],
        images: Sequence[str],
        effort: str | None,
    ) -> dict[str, Any]: ...

    def text(self, response: Any) -> str:
        """What the model said. Raises ModelError, or KeyError and the like for what is no answer."""
        ...


class _Responses:
    """The Responses API."""

    path = "/responses"
    usage = ("input_tokens", "output_tokens")

    def request(
        self,
        prompt: str,
        system_prompt: str,
        max_tokens: int,
        schema: type[Structured],
        images: Sequence[str],
        effort: str | None,
    ) -> dict[str, Any]:
        shown = [{"type": "input_image", "image_url": url, "detail": "high"} for url in images]
        said = [{"type": "input_text", "text": prompt}]
        return {
            "instructions": system_prompt,
            "input": [{"role": "user", "content": [*said, *shown] if shown else prompt}],
            "max_output_tokens": max_tokens,
            "text": {"format": {"type": "json_schema", **_named_schema(schema)}},
            "store": False,
            **({"reasoning": {"effort": effort}} if effort else {}),
        }

    def text(self, response: Any) -> str:
        contents = [
            part for item in response["output"] if item["type"] == "message" for part in item["content"]
        ]
        stopped = (response.get("incomplete_details") or {}).get("reason")
        if any(part["type"] == "refusal" for part in contents) or stopped == "content_filter":
            raise ModelRefusal
        if response.get("status") == "incomplete":
            raise ModelTruncated
        if response.get("status") == "failed":
            raise ModelUnavailable
        return "".join(part["text"] for part in contents if part["type"] == "output_text")


class _Chat:
    """The older chat/completions API, for servers that know no other."""

    path = "/chat/completions"
    usage = ("prompt_tokens", "completion_tokens")

    def request(
        self,
        prompt: str,
        system_prompt: str,
        max_tokens: int,
        schema: type[Structured],
        images: Sequence[str],
        effort: str | None,
    ) -> dict[str, Any]:
        shown = [{"type": "image_url", "image_url": {"url": url, "detail": "high"}} for url in images]
        said = [{"type": "text", "text": prompt}]
        return {
            "messages": [
                {"role": "system", "content": system_prompt},
                {"role": "user", "content": [*said, *shown] if shown else prompt},
            ],
            # Not max_completion_tokens, which few servers but OpenAI's know.
            "max_tokens": max_tokens,
            "response_format": {"type": "json_schema", "json_schema": _named_schema(schema)},
            **({"reasoning_effort": effort} if effort else {}),
        }

    def text(self, response: Any) -> str:
        choice = response["choices"][0]
        if choice["message"].get("refusal") or choice.get("finish_reason") == "content_filter":
            raise ModelRefusal
        if choice.get("finish_reason") == "length":
            raise ModelTruncated
        return choice["message"]["content"] or ""


@functools.cache
def _json_schema(schema: type[Structured]) -> dict[str, Any]:
    return schema.model_json_schema()


def _named_schema(schema: type[Structured]) -> dict[str, Any]:
    return {"name": schema.__name__, "schema": _json_schema(schema), "strict": True}


def _pause_before_retry(error: openai.OpenAIError) -> float | None:
    """Seconds to wait before sending again; None when that wouldn't help."""
    if isinstance(error, openai.RateLimitError | openai.InternalServerError):
        return _retry_after(error.response.headers.get("retry-after"))
    return 0.5 if isinstance(error, openai.APIConnectionError) else None


def _retry_after(value: str | None) -> float:
    """A Retry-After header (seconds or a date) in seconds; half a second when it says nothing usable."""
    try:
        return max(0.0, float(value or 0.5))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value or "").timestamp() - time.time())
    except ValueError:
        return 0.5


def _usage(response: Any, names: tuple[str, str]) -> tuple[int, int] | tuple[None, None]:
    """The tokens that a response took, if it says so."""
    usage = response.get("usage") if isinstance(response, dict) else None
    counts = [usage.get(name) for name in names] if isinstance(usage, dict) else []
    known = [count for count in counts if isinstance(count, int) and 0 <= count < 2**31]
    return (known[0], known[1]) if len(known) == 2 else (None, None)


def _parse(api: _Api, response: Any, schema: type[Schema]) -> Schema:
    """What the model said. Raises ModelError."""
    try:
        text = api.text(response)
    except (AttributeError, IndexError, KeyError, TypeError):
        raise ModelInvalidOutput from None
    try:
        return schema.model_validate_json(text)
    except ValidationError:
        raise ModelInvalidOutput from None
