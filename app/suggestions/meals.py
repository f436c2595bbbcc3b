"""Meal suggestions, end to end: context, prompt, model, grounding; the planner when the model is of no help.

Three calls of the Data API: context, grounding and record, or context, record and planner. (A fourth only if
the database drops every suggestion that passed the checks here.)
"""

import dataclasses
import logging
import time
from dataclasses import dataclass
from typing import Any

from app.ai import Model
from app.data_api import UserDataApi
from app.errors import DataApiError, DataApiRefusal, ModelError, ModelInvalidOutput
from app.suggestions import grounding, prompts
from app.suggestions.schemas import MealSuggestionRequest, ProposedSuggestions

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MealSuggestions:
    """An answer. Each suggestion: {"meal", "meal_id", "in_pantry", "missing", "uses_expiring", "reason"}."""

    source: str
    model: str | None
    suggestions: list[dict[str, Any]]
    message: str | None = None

    def data(self) -> dict[str, Any]:
        """The `data` of the envelope."""
        return {"source": self.source, "model": self.model, "suggestions": self.suggestions}


@dataclass(slots=True)
class _Usage:
    """What a request took, for `record_ai_request`."""

    source: str
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    latency_ms: int = 0
    outcome: str = "ok"


def suggest(request: MealSuggestionRequest, data: UserDataApi, model: Model | None) -> MealSuggestions:
    """Suggestions for the user behind `data`.

    Raises DataApiError; when `request.fallback` is false also ModelError.
    """
    if model is None:
        usage = _Usage("planner")
        started = time.perf_counter()
        planned = _plan(request, data)
        usage.latency_ms = _milliseconds_since(started)
        _record(usage, data)
        return planned
    usage = _Usage("openai", model.name)
    try:
        suggestions = _ask(request, data, model, usage)
    except ModelError as failure:
        usage.outcome = failure.outcome
        _record(usage, data)
        if not request.fallback:
            raise
        planned = _plan(request, data)
        messages = [f"{failure.message}; the built-in planner answered instead.", planned.message]
        return dataclasses.replace(planned, message=" ".join(filter(None, messages)))
    _record(usage, data)
    return MealSuggestions("openai", model.name, suggestions)


def _ask(
    request: MealSuggestionRequest, data: UserDataApi, model: Model, usage: _Usage
) -> list[dict[str, Any]]:
    """The model's suggestions as far as they hold; at least one. Fills in `usage`. Raises ModelError."""
    wanted = request.for_database()
    context = data.call("meal_suggestion_context", request=wanted)
    prompt = prompts.meals(wanted, context)
    started = time.perf_counter()
    try:
        generated = model.generate(
            prompt, prompts.MEALS, model.temperature, model.max_output_tokens, ProposedSuggestions
        )
    except ModelError as failure:
        usage.input_tokens, usage.output_tokens = failure.input_tokens, failure.output_tokens
        raise
    finally:
        usage.latency_ms = _milliseconds_since(started)
    usage.input_tokens, usage.output_tokens = generated.input_tokens, generated.output_tokens
    return _ground(grounding.meals(generated.value, context, request), data)


def _ground(suggestions: list[dict[str, Any]], data: UserDataApi) -> list[dict[str, Any]]:
    """The same with what the user's pantry has and lacks for them. Raises ModelInvalidOutput if none hold."""
    if not suggestions:
        raise ModelInvalidOutput
    try:
        grounded: list[dict[str, Any]] = data.call("ground_meal_suggestions", suggestions=suggestions)
    except DataApiRefusal as refusal:
        raise ModelInvalidOutput from refusal
    if not grounded:
        raise ModelInvalidOutput
    return grounded


def _plan(request: MealSuggestionRequest, data: UserDataApi) -> MealSuggestions:
    suggestions: list[dict[str, Any]] = data.call("plan_meals", request=request.for_database())
    message = None if suggestions else "None of your recipes fits; add some, or ask for less."
    return MealSuggestions("planner", None, suggestions, message)


def _record(usage: _Usage, data: UserDataApi) -> None:
    """Counts the request. The suggestions are worth more than the count, so a failure is only logged."""
    try:
        data.call("record_ai_request", kind="meal_suggestions", **dataclasses.asdict(usage))
    except DataApiError as error:
        _log.error("an AI request was not recorded: %s", error.code)


def _milliseconds_since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
