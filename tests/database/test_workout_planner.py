"""The built-in planner of workouts: balance, recovery, progression, time and equipment."""

import random
from typing import Any

import pytest

from tests.conftest import NewUser, User
from tests.database import gym
from tests.database.data_api import DataApi
from tests.database.gym import lifts, plan, sets, trained
from tests.database.kitchen import ZONE, call, day, event, warnings, without_ids
from tests.database.tables import Row, only


@pytest.fixture(scope="module")
def person(new_user: NewUser) -> User:
    return new_user(timezone=ZONE)


@pytest.fixture
def owner(person: User) -> User:
    return gym.empty(person)


PUSH = ("Bench press", "Overhead press", "Lateral raise")
PULL = ("Lat pulldown", "Seated row", "Biceps curl")
LEGS = ("Back squat", "Leg curl", "Calf raise")


def routine(by: User, *last_done: tuple[str, int], weeks: int = 4) -> None:
    """Somebody who does these workouts every week, each the last time so many days ago."""
    moves = {"Push": PUSH, "Pull": PULL, "Legs": LEGS}
    for week in range(weeks):
        for name, days_ago in last_done:
            trained(by, day(-days_ago - 7 * week), name, *[(move, sets(3, 8, 40)) for move in moves[name]])


def suggested(suggestions: list[Row]) -> list[str]:
    return [suggestion["workout"]["name"] for suggestion in suggestions]


def only_lift(suggestions: list[Row], name: str) -> list[Row]:
    """The sets of an exercise in the first suggestion."""
    done = lifts(suggestions[0])
    assert name in done, done
    return done[name]


# Who starts.


def test_somebody_who_starts_gets_easy_workouts_without_equipment_or_weights(
    data_api: DataApi, owner: User
) -> None:
    suggestions = plan(owner, count=5)
    assert len(suggestions) == 5
    assert "A first workout for the whole body, easy to learn." in suggestions[0]["reason"]
    for suggestion in suggestions:
        assert suggestion["based_on"] == []
        workout = suggestion["workout"]
        assert (workout["date"], workout["start_time"]) == (day(0), None)
        assert 5 <= workout["duration_minutes"] <= 30
        assert "weight_kg" not in str(workout)
        assert data_api.post("rpc/create_workout", {"workout": workout}, by=owner).status_code == 200
    needed = {tuple(row["equipment"]) for row in known(suggestions)}
    assert needed == {()}


def known(suggestions: list[Row]) -> list[Row]:
    """The known exercises that are suggested, as the database has them."""
    names = [name for suggestion in suggestions for name in lifts(suggestion)]
    rows: list[Row] = [row for row in EXERCISES if row["name"] in names]
    return rows


EXERCISES: list[Row] = []


@pytest.fixture(scope="module", autouse=True)
def _exercises(db: Any) -> None:
    EXERCISES[:] = db.execute("select * from private.exercises order by rank").fetchall()


def test_weights_are_not_made_up(owner: User) -> None:
    suggestions = plan(owner, count=3, equipment=["gym"], focus="push")
    assert "Bench press" in lifts(suggestions[0])
    for suggestion in suggestions:
        assert "weight_kg" not in str(suggestion)
    bench = next(e for e in suggestions[0]["workout"]["exercises"] if e["name"] == "Bench press")
    assert (
        bench["notes"] == "New: start with a weight that you could lift three more times, and write it down."
    )


# Balance.


def test_what_rested_longest_comes_first(owner: User) -> None:
    routine(owner, ("Push", 2), ("Pull", 4), ("Legs", 6))
    assert suggested(plan(owner, count=3)) == ["Legs", "Pull", "Push"]
    reason = plan(owner, count=1)[0]["reason"]
    assert reason.startswith("Legs is from your routine, last done 6 days ago. ")


def test_muscles_that_a_routine_forgets_are_suggested(owner: User) -> None:
    for week in range(9):
        trained(owner, day(-3 - 7 * week), "Upper", *[(move, sets(3, 8, 40)) for move in PUSH + PULL])
    assert suggested(plan(owner, count=2, equipment=["gym"])) == ["Upper", "Legs"]


def test_suggestions_of_a_day_differ(owner: User) -> None:
    routine(owner, ("Push", 3), ("Pull", 4), ("Legs", 6))
    for request in ({}, {"focus": "legs"}, {"focus": "core"}, {"focus": "cardio"}, {"equipment": ["none"]}):
        suggestions = plan(owner, count=5, date=day(1), **request)
        assert len(suggestions) >= 2
        assert len(set(suggested(suggestions))) == len(suggestions)
        exercises = [str(suggestion["workout"]["exercises"]) for suggestion in suggestions]
        assert len(set(exercises)) == len(exercises)


@pytest.mark.parametrize("focus", ["push", "pull", "legs", "upper", "lower", "full body", "core", "arms"])
def test_a_focus_is_kept_to(db: Any, owner: User, focus: str) -> None:
    slots = db.execute("select pattern from private.workout_slots where focus = %s", [focus]).fetchall()
    patterns = {row["pattern"] for row in slots}
    for equipment in ([], ["gym"], ["dumbbells", "bench"]):
        suggestions = plan(owner, count=2, focus=focus, equipment=equipment)
        assert suggestions
        assert {row["pattern"] for row in known(suggestions)} <= patterns
        assert len(lifts(suggestions[0])) >= 3


# Recovery.


@pytest.mark.parametrize("focus", ["push", "pull", "legs", "chest", "back"])
def test_what_was_trained_yesterday_is_left_alone(owner: User, focus: str) -> None:
    routine(owner, ("Push", 1), ("Pull", 1), ("Legs", 1))
    suggestions = plan(owner, count=1, focus=focus, date=day(0))
    assert suggested(suggestions) == ["Mobility"]
    assert "need a day to recover, so something gentle." in suggestions[0]["reason"]
    # Without a date, the day is the first on which it is ready.
    assert plan(owner, count=1, focus=focus)[0]["workout"]["date"] == day(1)
    assert plan(owner, count=1, focus=focus, date=day(1))[0]["workout"]["date"] == day(1)


def test_nothing_trains_hard_what_is_recovering(owner: User) -> None:
    routine(owner, ("Push", 1), ("Legs", 5))
    tired = {"chest", "triceps", "shoulders"}
    for request in (
        {},
        {"equipment": ["gym"]},
        {"focus": "full body"},
        {"focus": "upper", "equipment": ["gym"]},
    ):
        for suggestion in plan(owner, count=5, date=day(0), **request):
            for exercise in known([suggestion]):
                assert exercise["pattern"] == "mobility" or not tired & set(exercise["muscles"]), suggestion


def test_a_plan_for_tomorrow_is_kept_free(owner: User) -> None:
    routine(owner, ("Push", 4), ("Pull", 3))
    assert suggested(plan(owner, count=1)) == ["Push"]
    trained(owner, day(1), "Push", ("Bench press", sets(3, 8)), status="planned")
    assert "Bench press" not in str([s["workout"] for s in plan(owner, count=5)])


def test_hard_sports_and_long_runs_tire_the_legs(owner: User) -> None:
    routine(owner, ("Legs", 5))
    assert suggested(plan(owner, count=1)) == ["Legs"]
    run = {"activity_type": "Run", "date": day(-1), "status": "done", "duration_minutes": 30}
    stored = only(owner.client.table("fitness_cardio").insert(run).execute().data)
    assert "Legs" in suggested(plan(owner, count=5))
    owner.client.table("fitness_cardio").update({"duration_minutes": 60}).eq("id", stored["id"]).execute()
    assert "Legs" not in suggested(plan(owner, count=5))


@pytest.mark.parametrize("days", [2, 3, 4])
def test_after_days_of_training_comes_a_light_one(owner: User, days: int) -> None:
    for days_ago in range(1, days + 1):
        exercise = ("Bench press", "Leg curl", "Plank", "Seated row")[days_ago - 1]
        trained(owner, day(-days_ago), f"Day {days_ago}", (exercise, sets(3, 8, 40)))
    first = plan(owner, count=1)[0]
    assert (first["workout"]["name"] == "Mobility") == (days >= 3)
    if days >= 3:
        assert first["reason"].startswith(f"You have trained on {days} days in a row;")
        # Who asks for something gets it.
        assert suggested(plan(owner, count=1, focus="core")) == ["Core"]


# Progression.


def last_time(by: User, name: str, done: list[Row], days_ago: int = 3) -> None:
    """Two weeks of a workout with one exercise, so that it is a routine; these sets were the last."""
    trained(by, day(-days_ago - 7), "Day", (name, done))
    trained(by, day(-days_ago), "Day", (name, done))


@pytest.mark.parametrize(
    ("exercise", "done", "next_set"),
    [
        # A rep more until the top of the range, then the next weight from the bottom.
        ("Bench press", sets(3, 8, 60), {"reps": 9, "weight_kg": 60}),
        ("Bankdrücken", sets(3, 10, 60), {"reps": 6, "weight_kg": 62.5}),
        ("Squat", sets(3, 10, 100), {"reps": 6, "weight_kg": 105}),
        ("Bench press", [*sets(2, 10, 60), {"reps": 8, "weight_kg": 60}], {"reps": 9, "weight_kg": 60}),
        # Sets to warm up don't count.
        ("Bench press", [*sets(1, 12, 30), *sets(3, 10, 60)], {"reps": 6, "weight_kg": 62.5}),
        # Never more than a tenth: the smaller step, or another rep.
        ("Squat", sets(3, 10, 40), {"reps": 6, "weight_kg": 42.5}),
        ("Overhead press", sets(3, 10, 20), {"reps": 11, "weight_kg": 20}),
        ("Lateral raise", sets(3, 15, 8), {"reps": 16, "weight_kg": 8}),
        ("Lateral raise", sets(3, 15, 10), {"reps": 10, "weight_kg": 11}),
        ("Lateral raise", sets(3, 23, 8), {"reps": 23, "weight_kg": 8}),
        ("Dumbbell row", sets(3, 12, 30), {"reps": 8, "weight_kg": 32}),
        ("Dumbbell row", sets(3, 12, 27.5), {"reps": 8, "weight_kg": 30}),
        # Few reps: strength.
        ("Bench press", sets(5, 5, 80), {"reps": 6, "weight_kg": 80}),
        # A test of strength is no workout.
        ("Bench press", sets(1, 1, 100), {"reps": 5, "weight_kg": 80}),
        # Without weights, and by time.
        ("Push-up", sets(3, 12), {"reps": 13}),
        ("Push-up", sets(3, 30), {"reps": 30}),
        ("Plank", [{"duration_seconds": 40}] * 3, {"duration_seconds": 45}),
        ("Plank", [{"duration_seconds": 58}] * 3, {"duration_seconds": 60}),
        ("Plank", [{"duration_seconds": 90}] * 3, {"duration_seconds": 90}),
        # 8.0 is a whole number, too.
        (
            "Bench press",
            [{"reps": 8.0, "weight_kg": 60.0, "rest_seconds": 90.0}] * 3,
            {"reps": 9, "weight_kg": 60},
        ),
        # What nobody knows but the person.
        ("Zercher carry", sets(3, 12, 50), {"reps": 8, "weight_kg": 52.5}),
    ],
)
def test_what_was_lifted_progresses(owner: User, exercise: str, done: list[Row], next_set: Row) -> None:
    last_time(owner, exercise, done)
    suggestion = plan(owner, count=1)[0]
    prescribed = only_lift([suggestion], exercise)
    assert [{k: v for k, v in one.items() if k != "rest_seconds"} for one in prescribed] == [next_set] * len(
        prescribed
    )
    assert 2 <= len(prescribed) <= 5
    based_on = only(suggestion["based_on"])
    assert (based_on["name"], based_on["date"], len(based_on["sets"])) == (exercise, day(-3), len(done))


@pytest.mark.parametrize(
    ("days_ago", "next_set"),
    [
        (10, {"reps": 6, "weight_kg": 62.5}),
        (11, {"reps": 10, "weight_kg": 60}),
        (21, {"reps": 10, "weight_kg": 60}),
        (22, {"reps": 10, "weight_kg": 52.5}),
        (56, {"reps": 10, "weight_kg": 52.5}),
    ],
)
def test_after_a_pause_weights_wait_or_fall(owner: User, days_ago: int, next_set: Row) -> None:
    last_time(owner, "Bench press", sets(3, 10, 60), days_ago)
    prescribed = only_lift(plan(owner, count=1), "Bench press")
    assert {k: v for k, v in prescribed[0].items() if k != "rest_seconds"} == next_set


def test_a_reason_says_what_changes(owner: User) -> None:
    done = [
        ("Bench press", sets(3, 10, 60)),
        ("Seated row", sets(3, 8, 50)),
        ("Plank", [{"duration_seconds": 60}]),
    ]
    for days_ago in (10, 3):
        trained(owner, day(-days_ago), "Day", *done)
    assert plan(owner, count=1, date=day(1))[0]["reason"] == (
        "Day is from your routine, last done 3 days ago. "
        "Bench press: more weight, because every set reached the top of its range. "
        "A little more than last time: Seated row. About 25 minutes."
    )
    assert (
        "After the break as last time: Bench press, Seated row and Plank."
        in (plan(owner, count=1, date=day(12))[0]["reason"])
    )
    assert (
        "Lighter than last time: Bench press and Seated row."
        in plan(owner, count=1, date=day(25))[0]["reason"]
    )


def test_after_half_a_year_weights_are_forgotten(owner: User) -> None:
    trained(owner, day(-183), "Day", ("Bench press", sets(3, 10, 60)))
    assert "weight_kg" not in str(plan(owner, count=5, equipment=["gym"]))


def test_pounds_go_up_by_pounds(owner: User) -> None:
    owner.client.table("profiles").update({"unit_system": "imperial"}).eq("id", owner.id).execute()
    pounds = 0.45359237
    last_time(owner, "Bench press", sets(3, 10, round(135 * pounds, 3)))
    suggestion = plan(owner, count=1)[0]
    assert only_lift([suggestion], "Bench press")[0]["weight_kg"] == pytest.approx(140 * pounds, abs=0.001)
    notes = suggestion["workout"]["exercises"][0]["notes"]
    assert notes.endswith("3 × 10 × 135 lb. All sets at the top of the range, so 5 lb more.")


def test_sets_that_were_not_done_do_not_count(owner: User) -> None:
    undone = [{"reps": 10, "weight_kg": 90, "done": False}]
    last_time(owner, "Bench press", sets(3, 8, 60) + undone)
    assert only_lift(plan(owner, count=1), "Bench press")[0]["weight_kg"] == 60


def test_cardio_is_what_they_usually_do(owner: User) -> None:
    first = plan(owner, count=1, focus="cardio", duration_minutes=25)[0]["workout"]
    assert first["exercises"][0]["name"] == "Brisk walk"
    assert first["exercises"][0]["sets"] == [{"duration_seconds": 25 * 60}]
    ride = {"activity_type": "Ride", "date": day(-4), "status": "done", "duration_minutes": 50}
    owner.client.table("fitness_cardio").insert(ride).execute()
    assert plan(owner, count=1, focus="cardio")[0]["workout"]["exercises"][0]["name"] == "Ride"
    long_one = {"date": day(-1), "duration_minutes": 90}
    owner.client.table("fitness_cardio").update(long_one).eq("user_id", owner.id).execute()
    assert plan(owner, count=1, focus="cardio")[0]["workout"]["exercises"][0]["name"] == "Brisk walk"


def test_alternatives_for_cardio_are_different_kinds_of_session(data_api: DataApi, owner: User) -> None:
    for days_ago in (4, 6):
        ride = {"activity_type": "Ride", "date": day(-days_ago), "status": "done", "duration_minutes": 50}
        owner.client.table("fitness_cardio").insert(ride).execute()
    answered = gym.answer(owner, count=5, date=day(1), focus="cardio")
    assert suggested(answered["suggestions"]) == [
        "Cardio",
        "Cardio circuit",
        "Intervals",
        "Tempo",
        "Long and easy",
    ]
    assert answered["warnings"] == []
    steady, circuit, intervals, tempo, long = answered["suggestions"]
    assert lifts(steady) == {"Ride": [{"duration_seconds": 30 * 60}]}
    assert len(lifts(circuit)) == 6
    assert lifts(intervals) == {"Ride": [{"duration_seconds": 60, "rest_seconds": 90}] * 10}
    assert lifts(tempo) == {"Ride": [{"duration_seconds": 360, "rest_seconds": 120}] * 3}
    assert lifts(long) == {"Ride": [{"duration_seconds": 45 * 60}]}
    assert len({one["reason"] for one in answered["suggestions"]}) == 5
    for suggestion in answered["suggestions"]:
        assert data_api.post("rpc/create_workout", {"workout": suggestion["workout"]}, by=owner).is_success


@pytest.mark.parametrize(
    ("minutes", "kinds"),
    [
        (60, ["Cardio", "Cardio circuit", "Intervals", "Tempo"]),
        (12, ["Cardio", "Cardio circuit", "Intervals"]),
        (5, ["Cardio", "Cardio circuit"]),
    ],
)
def test_a_kind_of_cardio_that_the_time_does_not_allow_is_not_suggested(
    owner: User, minutes: int, kinds: list[str]
) -> None:
    answered = gym.answer(owner, count=5, focus="cardio", duration_minutes=minutes)
    assert suggested(answered["suggestions"]) == kinds
    assert warnings(answered)["few_suggestions"].startswith(f"Only {len(kinds)} workouts for this differ ")


@pytest.mark.parametrize(
    "focus", ["push", "pull", "legs", "upper", "full body", "core", "arms", "glutes", "mobility", None]
)
@pytest.mark.parametrize("equipment", [[], ["gym"]])
def test_alternatives_share_at_most_half_of_their_exercises(
    owner: User, focus: str | None, equipment: list[str]
) -> None:
    answered = gym.answer(owner, count=5, focus=focus, equipment=equipment)
    exercises = [set(lifts(suggestion)) for suggestion in answered["suggestions"]]
    assert exercises
    for n, some in enumerate(exercises):
        assert all(2 * len(some & others) <= len(some | others) for others in exercises[:n])
    assert ("few_suggestions" in warnings(answered)) == (len(exercises) < 5)


def test_other_peoples_training_does_not_count(owner: User, new_user: NewUser) -> None:
    stranger = new_user(timezone=ZONE)
    last_time(stranger, "Bench press", sets(3, 8, 60))
    assert "Bench press" not in str(plan(owner, count=5))
    assert "Bench press" in str(plan(stranger, count=1))


# Time and equipment.


@pytest.mark.parametrize("minutes", [5, 7, 12, 20, 30, 45, 60, 90, 240])
@pytest.mark.parametrize("focus", [None, "full body", "push", "core", "cardio", "mobility"])
def test_a_workout_fits_its_time(owner: User, minutes: int, focus: str | None) -> None:
    last_time(owner, "Bench press", sets(5, 8, 60))
    suggestions = plan(owner, count=5, focus=focus, duration_minutes=minutes, equipment=["gym"])
    assert suggestions
    for suggestion in suggestions:
        assert suggestion["workout"]["duration_minutes"] <= minutes
        seconds = 0
        for done in lifts(suggestion).values():
            for one in done:
                seconds += one.get("duration_seconds", 4 * one.get("reps", 0)) + one.get("rest_seconds", 0)
        assert seconds <= minutes * 60


def test_more_time_is_more_training(owner: User) -> None:
    routine(owner, ("Push", 3))
    short, long = (
        sum(
            len(done)
            for done in lifts(plan(owner, count=1, focus="upper", duration_minutes=minutes)[0]).values()
        )
        for minutes in (20, 75)
    )
    assert 0 < short < long


def test_a_routine_takes_as_long_as_it_took(owner: User) -> None:
    for days_ago in (10, 3):
        trained(owner, day(-days_ago), "Push", ("Bench press", sets(3, 8, 60)), duration_minutes=70)
    assert plan(owner, count=1, date=day(1))[0]["workout"]["duration_minutes"] == 70
    assert plan(owner, count=1, duration_minutes=40)[0]["workout"]["duration_minutes"] == 40


def test_a_full_day_gets_a_short_workout(owner: User) -> None:
    event(owner, day(1), "00:00", "19:00")
    event(owner, day(1), "19:20", "23:59")
    assert plan(owner, count=1, date=day(1))[0]["workout"]["duration_minutes"] <= 20
    assert (
        plan(owner, count=1, date=day(1), focus="full body", duration_minutes=30)[0]["workout"][
            "duration_minutes"
        ]
        > 20
    )


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Europe/Berlin", "Australia/Sydney", ZONE])
def test_a_workout_is_at_the_usual_hour_or_when_there_is_time(new_user: NewUser, zone: str) -> None:
    person = new_user(timezone=zone)
    for days_ago in (3, 10, 17):
        trained(
            person,
            day(-days_ago, zone),
            "Push",
            ("Bench press", sets(3, 8, 60)),
            start_time="18:00",
            duration_minutes=45,
        )
    tomorrow = day(1, zone)
    assert plan(person, count=1, date=tomorrow)[0]["workout"]["start_time"] == "18:00"
    event(person, tomorrow, "17:30", "18:22", zone)
    suggestion = plan(person, count=1, date=tomorrow)[0]
    assert suggestion["workout"]["start_time"] == "18:25"
    assert "tomorrow from 18:25, when you are free" in suggestion["reason"]


@pytest.mark.parametrize(
    ("equipment", "allowed"),
    [
        ([], set()),
        (["none"], set()),
        (["Kurzhanteln"], {"dumbbells"}),
        (["two dumbbells up to 10 kg", "a pull-up bar"], {"dumbbells", "pull-up bar"}),
        (["resistance bands"], {"bands"}),
        (["trampoline"], set()),
    ],
)
def test_equipment_is_respected(owner: User, equipment: list[str], allowed: set[str]) -> None:
    routine(owner, ("Push", 3), ("Pull", 5), ("Legs", 7))
    for focus in (None, "full body", "push", "pull", "legs"):
        suggestions = plan(owner, count=5, focus=focus, equipment=equipment)
        assert suggestions
        for exercise in known(suggestions):
            assert set(exercise["equipment"]) <= allowed, exercise


def test_without_a_word_on_equipment_what_they_use_is_there(owner: User) -> None:
    trained(owner, day(-5), "Arms", ("Dumbbell curl", sets(3, 10, 10)))
    used = {item for row in known(plan(owner, count=5)) for item in row["equipment"]}
    assert used == {"dumbbells"}


def test_equipment_that_is_not_known_is_named_with_what_is(owner: User) -> None:
    answered = gym.answer(owner, equipment=["trampoline", "two dumbbells", "Sandsack", "keine", " "])
    assert warnings(answered)["unknown_equipment"] == (
        'Not known as equipment, and so left out: "trampoline" and "Sandsack". Known are bands, barbell, '
        'bench, cable, dumbbells, kettlebell, machines and pull-up bar, and "gym" for all of them.'
    )
    assert {item for row in known(answered["suggestions"]) for item in row["equipment"]} == {"dumbbells"}
    for equipment in (None, [], ["gym"], ["Langhantel", "bench"]):
        assert "unknown_equipment" not in warnings(gym.answer(owner, equipment=equipment))


# What can't be followed.


def test_notes_are_not_read_and_injuries_are_the_persons_to_mind(owner: User) -> None:
    said = warnings(gym.answer(owner, notes="My left knee hurts."))["notes_unread"]
    assert "doesn't read notes" in said
    assert "injuries" in said
    for notes in (None, "", " "):
        assert "notes_unread" not in warnings(gym.answer(owner, notes=notes))


def test_a_far_day_is_planned_from_what_is_known_now(owner: User) -> None:
    for days_ago in (10, 3):
        trained(owner, day(-days_ago), "Push", ("Bench press", sets(3, 8, 60)))
    answered = gym.answer(owner, count=1, date=day(400))
    assert "400 days away" in warnings(answered)["far_ahead"]
    reason = answered["suggestions"][0]["reason"]
    assert reason.startswith("Push is from your routine, last done 3 days ago.")
    # As after a break, not as after a year.
    assert only_lift(answered["suggestions"], "Bench press")[0]["weight_kg"] == 52.5
    assert "far_ahead" not in warnings(gym.answer(owner, date=day(28)))


def test_when_nothing_asked_for_is_wise_there_is_something_gentle_and_a_word_on_it(owner: User) -> None:
    trained(owner, day(0), "Legs", *[(move, sets(4, 8, 80)) for move in LEGS])
    answered = gym.answer(owner, focus="legs", date=day(1))
    assert suggested(answered["suggestions"]) == ["Mobility"]
    assert "need a day to recover, so something gentle." in answered["suggestions"][0]["reason"]
    assert "few_suggestions" in warnings(answered)


def test_a_reason_keeps_to_500_characters_and_whole_words(owner: User) -> None:
    moves = [f"{'word ' * 18}{letter}" for letter in "abcdefgh"]
    for days_ago in (10, 3):
        trained(owner, day(-days_ago), "Day", *[(move, sets(2, 8, 20)) for move in moves[:4]])
        trained(owner, day(-days_ago), "Other", *[(move, sets(2, 12, 40)) for move in moves[4:]])
    for name in moves[:4]:
        kept = {"name": f"Plan {name}", "date": day(1), "status": "planned", "exercises": []}
        call(owner, "create_workout", workout=kept)
    reasons = [one["reason"] for one in plan(owner, count=5, date=day(1))]
    assert max(len(reason) for reason in reasons) <= 500
    cut = [reason for reason in reasons if reason.endswith("…")]
    assert cut
    assert all(reason.rstrip("…").split()[-1] in {"word", *"abcdefgh", "Plan"} for reason in cut)


# All of it.


def test_the_same_training_gives_the_same_answer(owner: User) -> None:
    routine(owner, ("Push", 2), ("Pull", 4), ("Legs", 6))
    for request in ({}, {"focus": "upper", "duration_minutes": 40}):
        first = plan(owner, count=5, date=day(1), **request)
        assert plan(owner, count=5, date=day(1), **request) == first


@pytest.mark.parametrize(
    ("request_", "expected"), [({}, 3), ({"count": 1}, 1), ({"count": 5}, 5), ({"count": 2.0}, 2)]
)
def test_as_many_workouts_are_suggested_as_asked_for(owner: User, request_: Row, expected: int) -> None:
    assert len(plan(owner, **request_)) == expected


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"date": "tomorrow", "duration_minutes": 30},
        {"focus": "legs", "equipment": ["gym"]},
        {"focus": "cardio", "duration_minutes": 5},
        {"focus": "mobility"},
        {"equipment": ["dumbbells"], "duration_minutes": 90},
    ],
)
def test_what_the_planner_suggests_is_saved_and_holds(data_api: DataApi, owner: User, request_: Row) -> None:
    routine(owner, ("Push", 2), ("Pull", 30), ("Legs", 12))
    request = {key: day(1) if value == "tomorrow" else value for key, value in request_.items()} | {
        "count": 5
    }
    suggestions = plan(owner, **request)
    assert suggestions
    asked = [{key: one[key] for key in ("workout", "reason")} for one in suggestions]
    grounded = call(owner, "ground_workout_suggestions", suggestions=asked, request=request)
    assert without_ids(grounded) == without_ids(suggestions)
    for suggestion in suggestions:
        created = data_api.post("rpc/create_workout", {"workout": suggestion["workout"]}, by=owner)
        assert created.status_code == 200, created.text


@pytest.mark.parametrize("seed", range(8))
def test_whatever_was_trained_suggestions_are_safe(data_api: DataApi, owner: User, seed: int) -> None:
    chance = random.Random(seed)
    names = [row["name"] for row in EXERCISES] + ["Zercher carry", "Bankdrücken", "KB swings", "Klimmzüge"]
    workouts = []
    for days_ago in chance.sample(range(1, 100), k=chance.randint(1, 40)):
        moves = chance.sample(names, k=chance.randint(1, 6))
        done = [
            (
                move,
                sets(
                    chance.randint(1, 6), chance.randint(1, 25), chance.choice([None, 2.5, 17.5, 60, 142.5])
                ),
            )
            for move in moves
        ]
        workouts.append((days_ago, done))
        trained(owner, day(-days_ago), chance.choice(["Push", "Legs", "Day", "Gym"]), *done)
    request: Row = {
        "count": 5,
        # Today would be another matter from minute to minute: what is past isn't free.
        "date": day(chance.randint(1, 3)),
        "focus": chance.choice([None, "push", "legs", "full body"]),
        "duration_minutes": chance.choice([None, 15, 45, 120]),
        "equipment": chance.choice([None, [], ["gym"], ["dumbbells"]]),
    }
    suggestions = plan(owner, **request)
    assert suggestions
    assert plan(owner, **request) == suggestions
    heaviest = max(
        (one.get("weight_kg", 0) for _, done in workouts for _, made in done for one in made), default=0
    )
    for suggestion in suggestions:
        for made in lifts(suggestion).values():
            assert all(one.get("weight_kg", 0) <= 1.1 * heaviest for one in made)
        saved = data_api.post("rpc/create_workout", {"workout": suggestion["workout"]}, by=owner)
        assert saved.status_code == 200, saved.text
    owner.client.table("fitness_workouts").delete().eq("status", "planned").execute()
    asked = [{key: one[key] for key in ("workout", "reason")} for one in suggestions]
    grounded = call(owner, "ground_workout_suggestions", suggestions=asked, request=request)
    assert without_ids(grounded) == without_ids(suggestions)


# What people call exercises.


@pytest.mark.parametrize(
    ("name", "exercise"),
    [
        ("Bench Press", "Bench press"),
        ("bench presses", None),
        ("Flat Bench Press (barbell)", "Bench press"),
        ("Incline Dumbbell Bench Press", "Incline dumbbell press"),
        ("Incline DB press, slow", None),
        ("BANKDRÜCKEN", "Bench press"),
        ("KH-Bankdrücken", "Bench press"),
        ("Kurzhantel-Bankdrücken", "Dumbbell bench press"),
        ("Squats", "Back squat"),
        ("Bodyweight Squats", "Bodyweight squat"),
        ("Bulgarian split squats", "Bulgarian split squat"),
        ("Pull-ups", "Pull-up"),
        ("pullups", "Pull-up"),
        ("Assisted pull ups", "Assisted pull-up"),
        ("Klimmzüge", "Pull-up"),
        ("push-ups", "Push-up"),
        ("Pushups", "Push-up"),
        ("Incline push up", "Incline push-up"),
        ("Liegestütze", "Push-up"),
        ("RDL", "Romanian deadlift"),
        ("Romanian Deadlift (DB)", "Romanian deadlift"),
        ("Leg Curls", "Leg curl"),
        ("Hammer curls", "Hammer curl"),
        ("Curls", "Dumbbell curl"),
        ("OHP", "Overhead press"),
        ("Seated rows", "Seated cable row"),
        ("Side plank", "Side plank"),
        ("Planks", "Plank"),
        ("Basket weaving", None),
        ("", None),
    ],
)
def test_exercises_are_known_by_what_people_call_them(db: Any, name: str, exercise: str | None) -> None:
    found = db.execute("select exercise from private.known_exercises(%s)", [[name]]).fetchone()
    assert found["exercise"] == exercise


def test_every_exercise_is_known_by_its_own_name(db: Any) -> None:
    unknown = db.execute(
        """select e.name, k.exercise from private.exercises as e
        cross join lateral private.known_exercises(array[e.name]) as k
        where k.exercise is distinct from e.name"""
    ).fetchall()
    assert unknown == []
