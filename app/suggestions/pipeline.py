"""Suggestions, end to end: context, prompt, model, grounding; the planner when the model is of no help.

At most three calls of the Data API: start (which counts the request against the user's budget) and finish;
start, finish and planner; or, when nothing could be started, start, planner and record.
"""

import logging
import time
from typing import Any

from app import budget, metrics
from app.ai import Model
from app.data_api import UserDataApi
from app.errors import BudgetSpent, DataApiError, ModelError, ModelInvalidOutput, ModelNotConfigured
from app.suggestions import prompts
from app.suggestions.kinds import Kind
from app.suggestions.schemas import SuggestionRequest

_log = logging.getLogger(__name__)

Json = dict[str, Any]


class Suggester:
    """One request of one user on its way to an answer."""

    def __init__(
        self, kind: Kind, request: SuggestionRequest, data: UserDataApi, model: Model | None
    ) -> None:
        self._kind = kind
        self._fallback = request.fallback
        self._count = request.count
        self._wanted = request.for_database()
        self._data = data
        self._model = model
        self._budget: Json | None = None

    def suggest(self) -> tuple[Json, str | None]:
        """The answer's data and message. Raises DataApiError; without fallback also ModelError.

        Without fallback it is the model's answer or none: the planner doesn't stand in for one that isn't
        there, either.
        """
        if self._model is None:
            if not self._fallback:
                raise ModelNotConfigured
            return self._plan(record=True)
        try:
            found = self._ask(self._model)
        except ModelError as failure:
            if not self._fallback:
                raise
            metrics.count_fallback(self._kind.name, failure.code)
            # A spent budget started nothing that could have been recorded.
            return self._plan(
                f"{failure.message}; the built-in planner answered instead.",
                record=isinstance(failure, BudgetSpent),
            )
        return self._answer("openai", self._model.name, found)

    def _ask(self, model: Model) -> Json:
        """The model's suggestions as far as they hold, at least one, and warnings. Raises ModelError."""
        kind = self._kind
        fixed = model.most_tokens(
            model.max_output_tokens, kind.proposal, kind.system_prompt, prompts.user_message(self._wanted, {})
        )
        with budget.spent_is_named():
            started = self._data.call(
                "start_suggestions",
                kind=kind.name,
                request=self._wanted,
                reserve_tokens=fixed,
                **budget.limits(model),
            )
        self._budget = started["budget"]
        ticket = budget.Ticket(started["ticket"])
        try:
            generated = model.generate(
                prompts.user_message(self._wanted, started["context"]),
                kind.system_prompt,
                model.temperature,
                model.max_output_tokens,
                kind.proposal,
            )
        except ModelError as failure:
            self._settle(ticket.settlement(failure))
            raise
        proposed = generated.value.model_dump(exclude_none=True)["suggestions"][: self._count]
        finished: Json = self._data.call(
            "finish_suggestions", suggestions=proposed, request=self._wanted, **ticket.settlement(generated)
        )
        self._budget = finished.pop("budget")
        if not finished["suggestions"]:
            raise ModelInvalidOutput
        return finished

    def _settle(self, settlement: dict[str, Any]) -> None:
        """Counts a failed request as what it took. The planner can answer yet: faults are only logged."""
        try:
            self._budget = self._data.call("finish_ai_request", **settlement)
        except DataApiError as error:
            _log.error("an AI request was not settled: %s", error.code)

    def _plan(self, message: str = "", *, record: bool) -> tuple[Json, str | None]:
        """The planner's answer."""
        started = time.perf_counter()
        found = self._data.call(self._kind.planner, request=self._wanted)
        if record:
            self._record(budget.milliseconds_since(started))
        return self._answer("planner", None, found, message)

    def _record(self, latency_ms: int) -> None:
        """Notes the planner's answer. It is worth more than the note, so a failure is only logged."""
        limits = self._model.daily_limits if self._model else {}
        note = {"kind": self._kind.name, "source": "planner", "latency_ms": latency_ms}
        try:
            self._budget = self._data.call("record_ai_request", **note, **limits)
        except DataApiError as error:
            _log.error("an AI request was not recorded: %s", error.code)

    def _answer(
        self, source: str, model: str | None, found: Json, message: str = ""
    ) -> tuple[Json, str | None]:
        warnings = [warning["message"] for warning in found["warnings"]]
        caution = self._kind.caution if found["suggestions"] else ""
        data = {"source": source, "model": model, **found, "budget": self._budget}
        return data, " ".join(filter(None, [message, *warnings, caution])) or None
