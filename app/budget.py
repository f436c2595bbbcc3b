"""A user's daily budget of the language model. The database counts: before the model is asked, and after."""

import contextlib
import datetime
import time
from collections.abc import Iterator
from typing import Any

from app.ai import Generated, Model
from app.errors import BudgetSpent, DataApiRefusal, ModelError


def limits(model: Model) -> dict[str, Any]:
    """Arguments of `start_ai_request` and `start_suggestions`: who is asked, and how much a day allows."""
    return {"model": model.name, **model.daily_limits}


@contextlib.contextmanager
def spent_is_named() -> Iterator[None]:
    """Around the call that starts a request: raises BudgetSpent for the database's refusal."""
    try:
        yield
    except DataApiRefusal as refusal:
        if refusal.http_status == BudgetSpent.status:
            raise BudgetSpent(_seconds_left_today(), hint=refusal.hint, details=refusal.details) from refusal
        raise


class Ticket:
    """A request that the database has counted; made right before the model is asked."""

    def __init__(self, ticket: dict[str, str]) -> None:
        self._ticket = ticket
        self._started = time.perf_counter()

    def settlement(self, result: Generated[Any] | ModelError) -> dict[str, Any]:
        """Arguments of `finish_ai_request` and `finish_suggestions`: how it went and what it took."""
        return {
            "ticket": self._ticket,
            "outcome": result.outcome,
            "latency_ms": milliseconds_since(self._started),
            "input_tokens": result.input_tokens,
            "output_tokens": result.output_tokens,
        }


def milliseconds_since(started: float) -> int:
    """Whole milliseconds from a time of `time.perf_counter` to now."""
    return round((time.perf_counter() - started) * 1000)


def _seconds_left_today() -> int:
    """Until midnight UTC, when the database's day ends."""
    now = datetime.datetime.now(datetime.UTC)
    midnight = datetime.datetime.combine(
        now.date() + datetime.timedelta(days=1), datetime.time(), datetime.UTC
    )
    return int((midnight - now).total_seconds()) + 1
