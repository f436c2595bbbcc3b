"""POST /api/ai/…-suggestions."""

from flask import Blueprint, Response

from app import ai, auth, data_api, http
from app.suggestions import meals
from app.suggestions.schemas import MealSuggestionRequest

blueprint = Blueprint("suggestions", __name__)


@blueprint.post("/meal-suggestions")
@auth.required
def suggest_meals(caller: auth.Caller) -> Response:
    """What to cook next, from the caller's pantry and recipes."""
    request = http.body(MealSuggestionRequest)
    answer = meals.suggest(request, data_api.of_app().for_user(caller), ai.model_of_app())
    return http.envelope(answer.data(), answer.message)
