"""POST /api/ai/…-suggestions."""

from flask import Blueprint, Response

from app import ai, auth, data_api, http
from app.suggestions.kinds import MEALS, WORKOUTS, Kind
from app.suggestions.pipeline import Suggester
from app.suggestions.schemas import MealSuggestionRequest, SuggestionRequest, WorkoutSuggestionRequest

blueprint = Blueprint("suggestions", __name__)


@blueprint.post("/meal-suggestions")
@auth.required
def suggest_meals(caller: auth.Caller) -> Response:
    """What to cook next, from the caller's pantry and recipes."""
    return _suggest(MEALS, http.body(MealSuggestionRequest), caller)


@blueprint.post("/workout-suggestions")
@auth.required
def suggest_workouts(caller: auth.Caller) -> Response:
    """How to train next, from the caller's recent training."""
    return _suggest(WORKOUTS, http.body(WorkoutSuggestionRequest), caller)


def _suggest(kind: Kind, request: SuggestionRequest, caller: auth.Caller) -> Response:
    suggester = Suggester(kind, request, data_api.of_app().for_user(caller), ai.model_of_app())
    return http.envelope(*suggester.suggest())
