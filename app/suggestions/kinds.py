"""What sets meals and workouts apart; everything else about suggestions is the same."""

from dataclasses import dataclass

from app.suggestions import prompts
from app.suggestions.schemas import ProposedMeals, ProposedWorkouts


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of suggestions. `name` is the database's, `planner` the RPC that answers without a model."""

    name: str
    planner: str
    system_prompt: str
    proposal: type[ProposedMeals] | type[ProposedWorkouts]
    caution: str


MEALS = Kind(
    "meal_suggestions",
    "plan_meals",
    prompts.MEALS,
    ProposedMeals,
    "Allergens are recognised by the names of foods only: always check the label.",
)
WORKOUTS = Kind(
    "workout_suggestions",
    "plan_workouts",
    prompts.WORKOUTS,
    ProposedWorkouts,
    "",
)
