"""Keeps what the model made up from the user. Pure; what fails is dropped, never repaired."""

from collections.abc import Mapping
from typing import Any

from app.suggestions.schemas import MealSuggestionRequest, ProposedSuggestion, ProposedSuggestions


def meals(
    proposed: ProposedSuggestions, context: Mapping[str, Any], request: MealSuggestionRequest
) -> list[dict[str, Any]]:
    """The suggestions that hold: their recipe exists, they fit the time.

    Their shape is for the database to check. At most `request.count`, each {"meal", "meal_id", "reason"}.
    """
    recipe_ids = {recipe["id"] for recipe in context.get("recipes", [])}
    checked = (_checked(suggestion, recipe_ids, request) for suggestion in proposed.suggestions)
    return [suggestion for suggestion in checked if suggestion][: request.count]


def _checked(
    suggestion: ProposedSuggestion, recipe_ids: set[str], request: MealSuggestionRequest
) -> dict[str, Any] | None:
    meal = suggestion.meal
    if suggestion.meal_id is not None and suggestion.meal_id not in recipe_ids:
        return None
    if request.max_total_minutes and meal.prep_time + meal.cook_time > request.max_total_minutes:
        return None
    return {"meal": meal.model_dump(), "meal_id": suggestion.meal_id, "reason": suggestion.reason.strip()}
