"""POST /api/ai/…-suggestions."""

from flask import Blueprint, Response

from app import ai, auth, data_api, http, openapi
from app.errors import DataApiError, ModelError
from app.suggestions.kinds import MEALS, WORKOUTS, Kind
from app.suggestions.pipeline import Suggester
from app.suggestions.schemas import (
    MealSuggestionRequest,
    MealSuggestions,
    SuggestionRequest,
    WorkoutSuggestionRequest,
    WorkoutSuggestions,
)

blueprint = Blueprint("suggestions", __name__)

ERRORS = (DataApiError, ModelError)
# 409: the account is gone, and its token isn't yet; 422: what the planners know better.
REFUSALS = (409, 422)


@blueprint.post("/meal-suggestions")
@openapi.operation(request=MealSuggestionRequest, answer=MealSuggestions, errors=ERRORS, refusals=REFUSALS)
@auth.required
def suggest_meals(caller: auth.Caller) -> Response:
    """What to cook next, from the caller's pantry and recipes."""
    return _suggest(MEALS, http.body(MealSuggestionRequest), caller)


@blueprint.post("/workout-suggestions")
@openapi.operation(
    request=WorkoutSuggestionRequest, answer=WorkoutSuggestions, errors=ERRORS, refusals=REFUSALS
)
@auth.required
def suggest_workouts(caller: auth.Caller) -> Response:
    """How to train next, from the caller's recent training."""
    return _suggest(WORKOUTS, http.body(WorkoutSuggestionRequest), caller)


def _suggest(kind: Kind, request: SuggestionRequest, caller: auth.Caller) -> Response:
    suggester = Suggester(kind, request, data_api.of_app().for_user(caller), ai.model_of_app())
    return http.envelope(*suggester.suggest())
