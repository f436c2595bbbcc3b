"""Training for tests of workout suggestions: what was done, and questions to the planner."""

from typing import Any

from tests.conftest import User
from tests.database.kitchen import call
from tests.database.tables import Row

Exercise = tuple[str, list[Row]]


def empty(person: User) -> User:
    """The same person without any training."""
    for table in ("fitness_workouts", "fitness_cardio", "fitness_sports", "fitness_stretching"):
        person.client.table(table).delete().eq("user_id", person.id).execute()
    person.client.table("calendar_events").delete().eq("source", "custom").execute()
    person.client.table("profiles").update({"unit_system": "metric"}).eq("id", person.id).execute()
    return person


def sets(count: int, reps: int, weight_kg: float | None = None) -> list[Row]:
    """The same set several times."""
    return [{"reps": reps} | ({} if weight_kg is None else {"weight_kg": weight_kg})] * count


def trained(by: User, on: str, name: str, *exercises: Exercise, **columns: Any) -> Row:
    """A workout, done unless told otherwise."""
    listed = [{"name": exercise, "sets": done} for exercise, done in exercises]
    workout = {"name": name, "date": on, "status": "done", "exercises": listed} | columns
    made: Row = call(by, "create_workout", workout=workout)
    return made


def trained_often(by: User, days: list[str], exercises: int) -> None:
    """A done workout with so many different exercises on each of the days."""
    workouts = [{"name": "Everything", "date": on, "status": "done"} for on in days]
    made: Any = by.client.table("fitness_workouts").insert(workouts).execute().data
    rows = [
        {"workout_id": row["id"], "name": f"Odd lift {n}", "sets": sets(4, 8, 50), "order_index": n}
        for row in made
        for n in range(exercises)
    ]
    for start in range(0, len(rows), 500):
        by.client.table("fitness_workout_exercises").insert(rows[start : start + 500]).execute()


def answer(by: User, **request: Any) -> Row:
    """What the planner answers: suggestions and warnings."""
    answered: Row = call(by, "plan_workouts", request=request)
    return answered


def plan(by: User, **request: Any) -> list[Row]:
    """What the planner suggests."""
    suggestions: list[Row] = answer(by, **request)["suggestions"]
    return suggestions


def lifts(suggestion: Row) -> dict[str, list[Row]]:
    """Exercise → sets of a suggestion."""
    return {exercise["name"]: exercise["sets"] for exercise in suggestion["workout"]["exercises"]}
