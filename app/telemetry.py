"""What operators see: one structured log line per request, and Sentry when a DSN is set.

Neither carries tokens, bodies, prompts or addresses: a request is its id, method, route, status and time.
"""

import json
import logging
import re
import sys
import time
import uuid
from typing import Any

import sentry_sdk
from flask import Flask, Response, g, has_request_context, request
from sentry_sdk.integrations.flask import FlaskIntegration

from app.config import Settings

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")
_requests = logging.getLogger("app.requests")


def init_app(app: Flask, settings: Settings) -> None:
    """Starts logs and error reports, and gives every request an id (the caller's, if it sent a sane one)."""
    _log_to_stdout(settings.log_level)
    if settings.sentry_dsn:
        sentry_sdk.init(
            dsn=settings.sentry_dsn,
            max_request_body_size="never",
            include_local_variables=False,
            auto_enabling_integrations=False,
            integrations=[FlaskIntegration()],
        )

    @app.before_request
    def start() -> None:
        sent = request.headers.get("X-Request-Id", "")
        g.request_id = sent if _REQUEST_ID.fullmatch(sent) else str(uuid.uuid4())
        g.started = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        fields = {
            "method": request.method,
            "route": request.url_rule.rule if request.url_rule else None,
            "status": response.status_code,
            "code": g.get("error_code"),
            "duration_ms": round((time.perf_counter() - g.started) * 1000, 1),
        }
        _requests.info("request", extra={"fields": fields})
        return response


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
            {name: value for name, value in line.items() if value is not None}, ensure_ascii=False
        )


def _log_to_stdout(level: str) -> None:
    logger = logging.getLogger("app")
    logger.setLevel(level)
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(JsonLines())
        logger.addHandler(handler)
        logger.propagate = False
