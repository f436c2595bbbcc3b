"""What operators count, in Prometheus' format. Labels have few values, and none is about a user."""

import os
from contextlib import AbstractContextManager

from flask import Blueprint, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from app import auth

blueprint = Blueprint("metrics", __name__)

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_registry = CollectorRegistry()
_requests = Counter(
    "life_os_requests",
    "Requests answered.",
    ["method", "route", "status"],
    registry=_registry,
)
_request_seconds = Histogram(
    "life_os_request_seconds",
    "How long requests took.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=_registry,
)
_refusals = Counter(
    "life_os_refusals",
    "Requests that failed or were refused, by the code of the answer.",
    ["code"],
    registry=_registry,
)
_model_seconds = Histogram(
    "life_os_model_seconds",
    "How long the language model took, by what came of it.",
    ["outcome"],
    buckets=(0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120),
    registry=_registry,
)
_model_tokens = Counter(
    "life_os_model_tokens",
    "Tokens that the language model says it used.",
    ["direction"],
    registry=_registry,
)
_fallbacks = Counter(
    "life_os_fallbacks",
    "Requests that something built in answered instead of the language model.",
    ["kind", "reason"],
    registry=_registry,
)
_reading_seconds = Histogram(
    "life_os_reading_seconds",
    "How long receipts' files took to be prepared and read, with waiting.",
    ["job"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120),
    registry=_registry,
)


@blueprint.get("/metrics")
@auth.operators_only
def metrics() -> Response:
    """All of it, summed over the worker processes."""
    registry = _registry
    # gunicorn.conf.py sets it: each worker then counts in files of its own there.
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def count_request(method: str, route: str | None, status: int, code: str | None, seconds: float) -> None:
    """Counts a request that was answered; `code` is that of a failure."""
    # A client may send any method to any address.
    method = method if method in _METHODS else "other"
    _requests.labels(method, route or "none", status).inc()
    _request_seconds.labels(route or "none").observe(seconds)
    if code:
        _refusals.labels(code).inc()


def count_model_call(
    outcome: str, seconds: float, input_tokens: int | None, output_tokens: int | None
) -> None:
    """Counts a request to the language model."""
    _model_seconds.labels(outcome).observe(seconds)
    _model_tokens.labels("input").inc(input_tokens or 0)
    _model_tokens.labels("output").inc(output_tokens or 0)


def count_fallback(kind: str, reason: str) -> None:
    """Counts an answer that stood in for the language model's."""
    _fallbacks.labels(kind, reason).inc()


def reading(job: str) -> AbstractContextManager[object]:
    """Measures how long the reader takes for a job."""
    return _reading_seconds.labels(job).time()
