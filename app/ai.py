"""The language model: one prompt in, one checked answer out. The only module that imports openai."""

import contextvars
import email.utils
import functools
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import openai
from flask import Flask, current_app
from openai.types.responses import Response, ResponseTextConfigParam
from pydantic import BaseModel, ConfigDict, ValidationError

from app.config import Settings
from app.errors import ModelError, ModelInvalidOutput, ModelRefusal, ModelTruncated, ModelUnavailable

_EXTENSION = "life_os_ai"
_log = logging.getLogger(__name__)


class Structured(BaseModel):
    """A shape that a model can be held to: closed objects, and (in subclasses) no defaults."""

    model_config = ConfigDict(extra="forbid")


Schema = TypeVar("Schema", bound=Structured)


@dataclass(frozen=True, slots=True)
class Generated(Generic[Schema]):
    """A model response that fits its schema, and the tokens it took."""

    value: Schema
    input_tokens: int
    output_tokens: int


def init_app(app: Flask, settings: Settings) -> None:
    """Gives `app` its model; none without an API key."""
    app.extensions[_EXTENSION] = Model(settings) if settings.openai_api_key else None


def model_of_app() -> "Model | None":
    """The model of the current application; None when the built-in planner does all the work."""
    model: Model | None = current_app.extensions[_EXTENSION]
    return model


class Model:
    """A model behind OpenAI's Responses API. `generate` takes at most `timeout` seconds, whatever happens."""

    def __init__(self, settings: Settings) -> None:
        if settings.openai_api_key is None:
            raise ValueError("a model needs an API key")
        self.name = settings.openai_model
        self.timeout = settings.openai_timeout_seconds
        self.temperature = settings.openai_temperature
        self.max_output_tokens = settings.openai_max_output_tokens
        self._retries = settings.openai_max_retries
        self._reasoning: Any = (
            {"effort": settings.openai_reasoning_effort} if settings.openai_reasoning_effort else openai.omit
        )
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
    ) -> Generated[Schema]:
        """The model's answer to `prompt` as a `schema`; `max_tokens` bounds it, reasoning included.

        Raises ModelUnavailable, ModelRefusal, ModelTruncated or ModelInvalidOutput.
        """
        request = {
            "model": self.name,
            "instructions": system_prompt,
            "input": [{"role": "user", "content": prompt}],
            "temperature": openai.omit if temperature is None else temperature,
            "max_output_tokens": max_tokens,
            "reasoning": self._reasoning,
            "text": _format(schema),
            "store": False,
        }
        response = self._within_timeout(lambda deadline: self._send(request, deadline))
        usage = getattr(response, "usage", None)
        input_tokens, output_tokens = (
            getattr(usage, name, None) or 0 for name in ("input_tokens", "output_tokens")
        )
        try:
            return Generated(_read(response, schema), input_tokens, output_tokens)
        except ModelError as failure:
            failure.input_tokens, failure.output_tokens = input_tokens, output_tokens
            raise

    def _within_timeout(self, call: Callable[[float], Response]) -> Response:
        deadline = time.monotonic() + self.timeout
        context = contextvars.copy_context()
        future = self._calls.submit(context.run, call, deadline)
        try:
            return future.result(timeout=self.timeout)
        except FutureTimeout:
            future.cancel()
            raise ModelUnavailable(timed_out=True) from None

    def _send(self, request: dict[str, Any], deadline: float) -> Response:
        """Sends `request`, again if that may help and there is time. Raises ModelUnavailable."""
        for attempt in range(self._retries + 1):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                response: Response = self._client.responses.create(**request, timeout=left)
                return response
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
        raise ModelUnavailable(timed_out=True)


@functools.cache
def _format(schema: type[Structured]) -> ResponseTextConfigParam:
    """`schema` as the request states it, made once.

    `responses.parse` would make it anew each time (half of a request's CPU) and raise on a truncated or
    malformed answer, losing its status and its tokens.
    """
    return {
        "format": {
            "type": "json_schema",
            "name": schema.__name__,
            "schema": schema.model_json_schema(),
            "strict": True,
        }
    }


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


def _read(response: Response, schema: type[Schema]) -> Schema:
    """What the model said. Raises ModelError. The client checks nothing that a server sends, so this does."""
    try:
        text = _text(response)
    except (AttributeError, TypeError):
        raise ModelInvalidOutput from None
    try:
        return schema.model_validate_json(text)
    except ValidationError:
        raise ModelInvalidOutput from None


def _text(response: Response) -> str:
    contents = [part for item in response.output if item.type == "message" for part in item.content]
    stopped = response.incomplete_details.reason if response.incomplete_details else None
    if any(part.type == "refusal" for part in contents) or stopped == "content_filter":
        raise ModelRefusal
    if response.status == "incomplete":
        raise ModelTruncated
    if response.status == "failed":
        raise ModelUnavailable
    return response.output_text
