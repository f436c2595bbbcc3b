"""The shapes of suggestions: what a client asks, what the model proposes, what `create_meal` takes."""

import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from app.ai import Structured


class MealSuggestionRequest(BaseModel):
    """The body of POST /api/ai/meal-suggestions. Every field is optional, none other is taken."""

    model_config = ConfigDict(extra="forbid", strict=True)

    count: int = Field(default=3, ge=1, le=5)
    date: datetime.date | None = Field(
        default=None, ge=datetime.date(1900, 1, 1), le=datetime.date(2199, 12, 31)
    )
    meal_time: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = None
    max_total_minutes: int | None = Field(default=None, ge=1, le=960)
    servings: int | None = Field(default=None, ge=1, le=50)
    notes: Annotated[str, StringConstraints(max_length=500)] | None = None
    fallback: bool = Field(default=True, description="False: fail rather than let the planner stand in.")

    @field_validator("notes")
    @classmethod
    def _is_storable(cls, value: str | None) -> str | None:
        if value is not None and "\x00" in value:
            raise ValueError("must not contain NUL characters")
        return value

    def for_database(self) -> dict[str, Any]:
        """The request as `plan_meals` and `meal_suggestion_context` take it."""
        return self.model_dump(mode="json", exclude={"fallback"}, exclude_none=True)


# What the model proposes. Limits are absent on purpose: structured output knows few of them, and a server
# refuses the whole request for one that it doesn't know. The database has them: it drops what `create_meal`
# would refuse.


class ProposedIngredient(Structured):
    food_item_name: str
    # JSON has no infinity, but 1e400 is read as one, and the database couldn't be sent it.
    quantity: float = Field(allow_inf_nan=False)
    unit: str


class ProposedMeal(Structured):
    name: str
    description: str | None
    prep_time: int
    cook_time: int
    servings: int
    instructions: list[str]
    ingredients: list[ProposedIngredient]


class ProposedSuggestion(Structured):
    meal: ProposedMeal
    meal_id: str | None
    reason: str


class ProposedSuggestions(Structured):
    """The model response's schema."""

    suggestions: list[ProposedSuggestion]
