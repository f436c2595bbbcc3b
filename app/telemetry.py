"""What operators see: one structured log line per request, metrics, and Sentry when a DSN is set.

None carries tokens, bodies, prompts, images or addresses: a request is its id, method, route, status, time.
"""

import json
import logging
import re
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sentry_sdk
from flask import Flask, Response, g, has_request_context, request
from sentry_sdk.integrations.flask import FlaskIntegration
from sentry_sdk.integrations.stdlib import StdlibIntegration
from sentry_sdk.types import Event, Hint

from app import metrics
from app.config import Settings
from app.errors import ModelError

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")
# What must not leave with a message, however it got into it.
_PRIVATE = re.compile(
    r"""
    eyJ[\w-]+(?:\.[\w-]*)*                           # tokens
    | \b(?:sk|sb_secret|sb_publishable)[-_][\w-]+    # keys
    | \bbearer\s+\S+
    | [^\s@"'<>,;:()]+@[\w-]+(?:\.[\w-]+)+           # e-mail addresses
    | data:[\w/.+-]*(?:;[\w=-]+)*;base64,[\w+/=]+    # images
    """,
    re.VERBOSE | re.IGNORECASE,
)
_REMOVED = "[removed]"
_requests = logging.getLogger("app.requests")


def init_app(app: Flask, settings: Settings) -> None:
    """Starts logs and error reports, and gives every request an id (the caller's, if it sent a sane one)."""
    _log_to_stdout(settings.log_level)
    if settings.sentry_dsn:
        sentry_sdk.init(
            dsn=settings.sentry_dsn,
            traces_sample_rate=settings.sentry_traces_sample_rate,
            max_request_body_size="never",
            include_local_variables=False,
            # Those that come by themselves record prompts, command lines, URLs with their queries, headers.
            auto_enabling_integrations=False,
            disabled_integrations=[StdlibIntegration()],
            integrations=[FlaskIntegration(transaction_style="url")],
            before_send=_without_private_data,
            before_send_transaction=_without_private_data,
            before_breadcrumb=lambda crumb, _: _scrubbed(crumb),
        )

    @app.before_request
    def start() -> None:
        sent = request.headers.get("X-Request-Id", "")
        g.request_id = sent if _REQUEST_ID.fullmatch(sent) else str(uuid.uuid4())
        g.started = time.perf_counter()
        sentry_sdk.set_tag("request_id", g.request_id)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        route = request.url_rule.rule if request.url_rule else None
        code = g.get("error_code")
        seconds = time.perf_counter() - g.started
        metrics.count_request(request.method, route, response.status_code, code, seconds)
        fields = {
            "method": request.method,
            "route": route,
            "status": response.status_code,
            "code": code,
            "duration_ms": round(seconds * 1000, 1),
        }
        _requests.info("request", extra={"fields": fields})
        return response


@contextmanager
def span(operation: str, name: str) -> Iterator[None]:
    """Around a call of another service: its time, as part of the request's trace."""
    with sentry_sdk.start_span(op=operation, name=name):
        yield


@dataclass(slots=True)
class ModelCall:
    """What is known of a request to the model by its end."""

    input_tokens: int | None = None
    output_tokens: int | None = None


@contextmanager
def model_call(model: str) -> Iterator[ModelCall]:
    """Around a request to the language model: a span, and the metrics."""
    call = ModelCall()
    outcome = "ok"
    started = time.perf_counter()
    try:
        with span("model.request", model):
            yield call
    except ModelError as failure:
        outcome = failure.code.removeprefix("model_")
        raise
    finally:
        seconds = time.perf_counter() - started
        metrics.count_model_call(outcome, seconds, call.input_tokens, call.output_tokens)


class JsonLines(logging.Formatter):
    """One JSON object per record; `extra={"fields": {…}}` adds to it."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": g.get("request_id") if has_request_context() else None,
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(
            {name: _scrubbed(value) for name, value in line.items() if value is not None}, ensure_ascii=False
        )


def _without_private_data(event: Event, _: Hint) -> Event:
    """An event for Sentry, without what could be a user's."""
    event.pop("user", None)
    sent = event.get("request", {})
    event["request"] = {name: sent[name] for name in ("method", "url") if name in sent}
    for exception in (event.get("exception") or {}).get("values", []):
        # Libraries quote their input in it, which may be a prompt; the type and the stack say where to look.
        exception["value"] = _REMOVED
    scrubbed: Event = _scrubbed(event)
    return scrubbed


def _scrubbed(value: Any) -> Any:
    """The same value with everything private taken out of its texts."""
    if isinstance(value, str):
        return _PRIVATE.sub(_REMOVED, value)
    if isinstance(value, dict):
        return {name: _scrubbed(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_scrubbed(item) for item in value]
    return value


def _log_to_stdout(level: str) -> None:
    logger = logging.getLogger("app")
    logger.setLevel(level)
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(JsonLines())
        logger.addHandler(handler)
        logger.propagate = False
