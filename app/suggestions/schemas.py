"""The shapes of suggestions: what a client asks, what it gets, and what the model proposes."""

import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from app.ai import Structured


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


# What a client asks.

Day = Annotated[
    datetime.date,
    Field(ge=datetime.date(1900, 1, 1), le=datetime.date(2199, 12, 31)),
    # JSON schema can't compare dates.
    WithJsonSchema({"type": "string", "format": "date", "pattern": "^(19|20|21)"}),
]
# To JSON schema 2.0 is an integer, and some clients have no other. Stands last, or the limits get lost.
WHOLE = BeforeValidator(_whole)
# PostgreSQL stores no NUL.
_STORABLE = r"^[^\x00]*$"
EquipmentName = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=_STORABLE)]
Notes = Annotated[str, StringConstraints(max_length=500, pattern=_STORABLE)]


# The database's, which knows what each of them trains.
Focus = Literal[
    "arms",
    "back",
    "cardio",
    "chest",
    "core",
    "full body",
    "glutes",
    "legs",
    "lower",
    "mobility",
    "pull",
    "push",
    "shoulders",
    "upper",
]


class SuggestionRequest(BaseModel):
    """What every request for suggestions may say. All of it is optional, nothing else is taken."""

    model_config = ConfigDict(extra="forbid", strict=True)

    count: Annotated[int, Field(ge=1, le=5), WHOLE] = Field(default=3, description="How many suggestions.")
    date: Day | None = Field(default=None, description="The day they are for: the user's today, or later.")
    notes: Notes | None = Field(
        default=None, description="Wishes, in plain words, for the model: the planner doesn't read them."
    )
    fallback: bool = Field(
        default=True,
        description="False: the model's answer, or an error (429, 502, 503, 504), also where there is no "
        "model; the planner doesn't answer.",
    )

    def for_database(self) -> dict[str, Any]:
        """The request as the database's planners, contexts and grounding checks take it."""
        return self.model_dump(mode="json", exclude={"fallback"}, exclude_none=True)


class MealSuggestionRequest(SuggestionRequest):
    """The body of POST /api/ai/meal-suggestions."""

    meal_time: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = Field(
        default=None, description="When it is eaten, such as 19:00.", examples=["19:00"]
    )
    max_total_minutes: Annotated[int, Field(ge=1, le=960), WHOLE] | None = Field(
        default=None, description="Preparation and cooking, together."
    )
    servings: Annotated[int, Field(ge=1, le=50), WHOLE] | None = Field(
        default=None, description="For how many people."
    )


class WorkoutSuggestionRequest(SuggestionRequest):
    """The body of POST /api/ai/workout-suggestions."""

    duration_minutes: Annotated[int, Field(ge=5, le=240), WHOLE] | None = Field(
        default=None, description="The time there is."
    )
    focus: Focus | None = Field(default=None, description="What to train.")
    equipment: Annotated[list[EquipmentName], Field(max_length=20)] | None = Field(
        default=None,
        description="What there is to train with; an empty list is nothing.",
        examples=[["dumbbells"]],
    )


# What a client gets.


class Budget(BaseModel):
    """What is left of the user's day (UTC) with the model."""

    requests_left: int = Field(ge=0)
    tokens_left: int = Field(ge=0)


class Ingredient(BaseModel):
    food_item_name: str
    quantity: float
    unit: str


class Meal(BaseModel):
    """What `create_meal` takes."""

    name: str
    description: str | None = None
    prep_time: int | None = None
    cook_time: int | None = None
    servings: int | None = None
    instructions: list[str] | None = None
    ingredients: list[Ingredient]


SuggestionId = Annotated[
    UUID, Field(description="Goes with it to accept_…_suggestion, which may then be repeated: it saves once.")
]


class MealSuggestion(BaseModel):
    id: SuggestionId
    meal: Meal
    meal_id: UUID | None = Field(description="The user's recipe that it is, if it is one.")
    in_pantry: list[str] = Field(description="Ingredients that are at home, in sufficient amount.")
    missing: list[str] = Field(description="Ingredients to buy.")
    uses_expiring: list[str] = Field(description="Ingredients that are good for at most three more days.")
    reason: str


class ExerciseSet(BaseModel):
    reps: int | None = None
    weight_kg: float | None = None
    duration_seconds: int | None = None
    rest_seconds: int | None = None


class Exercise(BaseModel):
    name: str
    sets: list[ExerciseSet]
    notes: str | None = None


class Workout(BaseModel):
    """What `create_workout` takes."""

    name: str
    date: datetime.date
    start_time: str | None = None
    duration_minutes: int | None = None
    notes: str | None = None
    exercises: list[Exercise]


class PastExercise(BaseModel):
    name: str
    date: datetime.date
    sets: list[ExerciseSet]


class WorkoutSuggestion(BaseModel):
    id: SuggestionId
    workout: Workout
    based_on: list[PastExercise] = Field(description="The last time of each exercise, if there was one.")
    reason: str


class SuggestionWarning(BaseModel):
    code: Literal[
        "notes_unread",
        "past_time",
        "far_ahead",
        "unknown_allergy",
        "unknown_diet",
        "unknown_equipment",
        "few_suggestions",
    ]
    message: str = Field(description="For people; it names what is meant.")


class Suggested(BaseModel):
    """What every answer says."""

    source: Literal["openai", "planner"] = Field(
        description="What answered: the model, or the built-in planner."
    )
    model: str | None = Field(description="The model's name; null when the planner answered.")
    warnings: list[SuggestionWarning] = Field(
        description="What of the request or the profile couldn't be followed; also in the answer's message."
    )
    budget: Budget | None = Field(description="null where no model is configured, or the count isn't known.")


class MealSuggestions(Suggested):
    suggestions: list[MealSuggestion]


class WorkoutSuggestions(Suggested):
    suggestions: list[WorkoutSuggestion]


# What the model proposes. Limits are absent on purpose: structured output knows few of them, and a server
# refuses the whole request for one that it doesn't know. The database has them: it drops what `create_meal`
# and `create_workout` would refuse. JSON has no infinity, but 1e400 is read as one, and the database couldn't
# be sent it.


class ProposedIngredient(Structured):
    food_item_name: str
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


class ProposedMealSuggestion(Structured):
    meal: ProposedMeal
    meal_id: str | None
    reason: str


class ProposedMeals(Structured):
    """The model's answer to a request for meals."""

    suggestions: list[ProposedMealSuggestion]


class ProposedSet(Structured):
    reps: int | None
    weight_kg: float | None = Field(allow_inf_nan=False)
    duration_seconds: int | None
    rest_seconds: int | None


class ProposedExercise(Structured):
    name: str
    sets: list[ProposedSet]
    notes: str | None


class ProposedWorkout(Structured):
    name: str
    date: str
    start_time: str | None
    duration_minutes: int
    notes: str | None
    exercises: list[ProposedExercise]


class ProposedWorkoutSuggestion(Structured):
    workout: ProposedWorkout
    reason: str


class ProposedWorkouts(Structured):
    """The model's answer to a request for workouts."""

    suggestions: list[ProposedWorkoutSuggestion]
