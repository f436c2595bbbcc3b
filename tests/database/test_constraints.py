"""Every constraint, with values on both sides of it: outside, a 4xx whose message names the rule."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import DictRow
from supabase import Client

from local_supabase import Instance
from tests.conftest import NewUser, User
from tests.database.data_api import DataApi, the_row
from tests.database.tables import AI_REQUEST, TABLES, Row, count, new_row, read, stored, with_verb

Database = psycopg.Connection[DictRow]

Cases = tuple[list[Row], list[Row]]
"""Changes that break a rule in an otherwise valid row, and changes at the boundary that don't."""


@pytest.fixture(scope="module")
def owner(new_user: NewUser) -> User:
    return new_user(timezone="Europe/Berlin", currency="EUR")


@pytest.fixture(scope="module")
def other_user(new_user: NewUser) -> User:
    return new_user(timezone="America/Los_Angeles", currency="USD")


def values(column: str, bad: list[Any], good: list[Any]) -> Cases:
    """Cases that differ in one column."""
    return [{column: value} for value in bad], [{column: value} for value in good]


def name(prefix: str, column: str, longest: int = 100) -> dict[str, Cases]:
    """The two rules of a short text: not blank; trimmed, and of a bounded length in characters."""
    blank = ["", "   ", "\n\t", "\u3000"]
    untrimmed = [" x", "x ", "x\n", "\u3000x", "x" * (longest + 1)]
    good = ["x", "x y", "x" * longest, "ß" * longest, "🥕" * longest]
    return {
        f"{prefix}_{column}_not_blank": values(column, blank, ["0"]),
        f"{prefix}_{column}_trimmed_max_{longest}": values(column, untrimmed, good),
    }


def whole_number(prefix: str, column: str, low: int, high: int) -> dict[str, Cases]:
    """A whole number within bounds."""
    return {
        f"{prefix}_{column}_{low}_to_{high}": values(column, [low - 1, high + 1, 2147483647], [low, high])
    }


def day(prefix: str, column: str) -> dict[str, Cases]:
    """A day of the 20th to the 22nd century."""
    bad = ["1899-12-31", "2200-01-01", "infinity", "-infinity", "0044-03-15 BC"]
    return {
        f"{prefix}_{column}_1900_to_2199": values(column, bad, ["1900-01-01", "2199-12-31", "2024-02-29"])
    }


def quantity(rule: str, column: str, bad: list[Any], good: list[Any]) -> dict[str, Cases]:
    """A quantity, that is never rounded and never not a number."""
    bad = ["NaN", "Infinity", 0.0001, 10000000, 9999999.9999, *bad]
    return {rule: values(column, bad, [0.001, 9999999.999, "1.500000", *good])}


def money(prefix: str, column: str, *, positive: bool) -> dict[str, Cases]:
    """An amount with the decimals of its currency."""
    low = f"{prefix}_{column}_" + ("above_0" if positive else "not_negative")
    too_low = [-0.01, -1, 0] if positive else [-0.01, -1]
    bad: list[Row] = [
        {column: 1.234, "currency": "EUR"},
        {column: 0.001, "currency": "EUR"},
        {column: 12.5, "currency": "JPY"},
        {column: 1.2345, "currency": "KWD"},
        {column: "NaN", "currency": "EUR"},
        {column: "Infinity", "currency": "EUR"},
        {column: 1000000000, "currency": "EUR"},
    ]
    good: list[Row] = [
        {column: 1.23, "currency": "EUR"},
        {column: "1.2300", "currency": "EUR"},
        {column: 12, "currency": "JPY"},
        {column: 1.234, "currency": "KWD"},
        {column: 999999999, "currency": "EUR"},
    ]
    return {
        low: values(column, too_low, [0.01] if positive else [0, None]),
        # The total has the same currency.
        f"{prefix}_{column}_max_999999999_with_its_currencys_decimals": (
            [{"amount": 12} | case for case in bad],
            [{"amount": 12} | case for case in good],
        ),
    }


def one_of(rule: str, column: str, good: list[str]) -> dict[str, Cases]:
    """A word out of a list, spelled exactly."""
    return {rule: values(column, ["", "other", good[0].upper(), f"{good[0]} "], good)}


def activity(prefix: str, title: str) -> dict[str, Cases]:
    """What workouts, cardio, sports and stretching have in common."""
    return {
        **name(prefix, title),
        **day(prefix, "date"),
        f"{prefix}_start_time_before_24_00": values(
            "start_time", ["24:00"], ["00:00", "23:59:59.999999", None]
        ),
        **whole_number(prefix, "duration_minutes", 1, 1440),
        **one_of(f"{prefix}_status_is_planned_or_done", "status", ["planned", "done"]),
        f"{prefix}_notes_max_5000": values("notes", ["x" * 5001], ["x" * 5000, "", None]),
    }


def labels(rule: str, column: str, most: int, longest: int) -> dict[str, Cases]:
    """A flat list of short texts."""
    bad = [["x"] * (most + 1), ["x" * (longest + 1)], [""], [" "], ["x "], ["x", None], [["x"], ["y"]]]
    return {rule: values(column, bad, [[], ["x"] * most, ["x" * longest]])}


def json_object(rule: str, column: str, most_bytes: int) -> dict[str, Cases]:
    """A JSON object of bounded size: `{"k": "…"}` takes nine bytes beside its text."""
    bad = [[], "text", 1, True, {"k": "x" * (most_bytes - 8)}, {"k": "ß" * (most_bytes // 2)}]
    return {rule: values(column, bad, [{}, {"k": "x" * (most_bytes - 9)}, {"k": [1, {"l": None}]}])}


SHA = "0123456789abcdef" * 4
SETS_BAD: list[Any] = [
    [],
    {},
    "8x60",
    [8],
    [[]],
    [None],
    [{"reps": 8}] * 51,
    [{"reps": -1}],
    [{"reps": 1001}],
    [{"reps": 8.5}],
    [{"reps": "8"}],
    [{"reps": None}],
    [{"weight_kg": -1}],
    [{"weight_kg": 2001}],
    [{"weight_kg": 60.0001}],
    [{"duration_seconds": 86401}],
    [{"rest_seconds": 3601}],
    [{"done": "yes"}],
    [{"reps": 8}, {"repetitions": 8}],
]
SETS_GOOD: list[Any] = [
    [{}],
    [{"reps": 8}] * 50,
    [{"reps": 0, "weight_kg": 0, "duration_seconds": 0, "rest_seconds": 0, "done": False}],
    [{"reps": 1000, "weight_kg": 2000, "duration_seconds": 86400, "rest_seconds": 3600, "done": True}],
    [{"weight_kg": 60.125}],
]

CHECKS: dict[str, Cases] = {
    # profiles (changed, never inserted)
    "profiles_first_name_trimmed_max_100": values(
        "first_name", ["", " ", " A", "A ", "x" * 101], ["x" * 100, None]
    ),
    "profiles_last_name_trimmed_max_100": values(
        "last_name", ["", " ", " A", "A ", "x" * 101], ["x" * 100, None]
    ),
    "profiles_avatar_url_is_a_web_address_max_2048": values(
        "avatar_url",
        [
            "",
            "ada.png",
            "javascript:alert(1)",
            "https://",
            "https://a b",
            "https://a/\nb",
            f"https://{'x' * 2041}",
        ],
        ["https://example.com/ada.png", "HTTP://example.com/a", f"https://{'x' * 2040}", None],
    ),
    **json_object("profiles_preferences_is_an_object_max_16_kb", "preferences", 16384),
    "profiles_currency_is_iso_4217": values(
        "currency", ["", "eur", "EURO", "XXX", "DEM"], ["EUR", "JPY", "KWD"]
    ),
    **one_of("profiles_unit_system_is_metric_or_imperial", "unit_system", ["metric", "imperial"]),
    "profiles_week_starts_on_0_to_6": values("week_starts_on", [-1, 7], [0, 6]),
    **labels("profiles_dietary_max_20_labels", "dietary", 20, 50),
    **labels("profiles_allergies_max_50_labels", "allergies", 50, 50),
    # fitness
    **activity("fitness_workouts", "name"),
    **name("fitness_workout_exercises", "name"),
    "fitness_workout_exercises_sets_are_1_to_50_set_objects": values("sets", SETS_BAD, SETS_GOOD),
    "fitness_workout_exercises_notes_max_5000": values("notes", ["x" * 5001], ["x" * 5000]),
    **whole_number("fitness_workout_exercises", "order_index", 0, 999),
    **activity("fitness_cardio", "activity_type"),
    "fitness_cardio_distance_miles_0_to_999_99": values(
        "distance_miles", [-0.01, 3.141, 1000, "NaN", "Infinity", "-Infinity"], [0, 3.14, 999.99, "3.10000"]
    ),
    **whole_number("fitness_cardio", "calories_burned", 0, 20000),
    **activity("fitness_sports", "sport"),
    **one_of("fitness_sports_intensity_is_low_moderate_or_high", "intensity", ["low", "moderate", "high"]),
    **whole_number("fitness_sports", "calories_burned", 0, 20000),
    **activity("fitness_stretching", "name"),
    **labels("fitness_stretching_body_parts_max_20_labels", "body_parts", 20, 50),
    # meals
    **name("meals", "name"),
    "meals_description_max_500": values("description", ["x" * 501], ["x" * 500, "", None]),
    **whole_number("meals", "prep_time", 0, 480),
    **whole_number("meals", "cook_time", 0, 480),
    **whole_number("meals", "servings", 1, 50),
    **labels("meals_instructions_max_20_steps_of_2000", "instructions", 20, 2000),
    **name("meal_ingredients", "food_item_name"),
    "meal_ingredients_quantity_above_0": values("quantity", [0, -0.001, "-Infinity"], [0.001]),
    **quantity("meal_ingredients_quantity_max_9999999_with_3_decimals", "quantity", [], []),
    **name("meal_ingredients", "unit", 20),
    **whole_number("meal_ingredients", "position", 0, 999),
    **name("pantry_items", "name"),
    **quantity(
        "pantry_items_quantity_0_to_9999999_with_3_decimals", "quantity", [-0.001, -1, "-Infinity"], [0]
    ),
    **name("pantry_items", "unit", 20),
    **day("pantry_items", "expiry_date"),
    **day("planned_meals", "planned_date"),
    "planned_meals_meal_time_before_24_00": values(
        "meal_time", ["24:00"], ["00:00", "23:59:59.999999", None]
    ),
    **whole_number("planned_meals", "servings", 1, 50),
    **one_of("planned_meals_status_is_planned_cooked_or_skipped", "status", ["planned", "cooked", "skipped"]),
    "planned_meals_planned_needs_a_recipe": (
        [{"meal_id": None, "meal_name": "Leftovers"}],
        [{"meal_id": None, "meal_name": "Leftovers", "status": "cooked"}],
    ),
    # Without a recipe, the name is the client's.
    **{
        rule: tuple([case | {"meal_id": None, "status": "cooked"} for case in cases] for cases in both)  # type: ignore[misc]
        for rule, both in name("planned_meals", "meal_name").items()
    },
    # finances
    **name("receipts", "store"),
    **money("receipts", "amount", positive=True),
    "receipts_currency_is_iso_4217": values(
        "currency", ["", "eur", "EURO", "XXX", "DEM"], ["EUR", "USD", "CHF"]
    ),
    **one_of("receipts_kind_is_expense_or_refund", "kind", ["expense", "refund"]),
    **day("receipts", "date"),
    **money("receipts", "subtotal", positive=False),
    **money("receipts", "tax", positive=False),
    **money("receipts", "tip", positive=False),
    **name("receipts", "payment_method", 50),
    **name("receipts", "category", 50),
    "receipts_status_is_processing_draft_confirmed_or_failed": values(
        # The others are made by functions (see test_receipts.py).
        "status",
        ["", "done", "Draft"],
        ["draft"],
    ),
    "receipts_made_exactly_when_confirmed": values("made", [[], [str(uuid4())]], [None]),
    "receipts_claimed_exactly_while_processing": (
        [{"claim": str(uuid4())}, {"claimed_until": "2026-11-24T18:00:00Z"}],
        [{"claim": None, "claimed_until": None}],
    ),
    "receipts_image_sha256_is_64_hex_digits": values(
        "image_sha256", ["", SHA[1:], SHA + "0", SHA.upper(), "g" + SHA[1:], SHA + "\n"], [None]
    ),
    **json_object("receipts_extraction_is_an_object_max_256_kb", "extraction", 262144),
    **whole_number("receipt_lines", "position", 0, 999),
    **name("receipt_lines", "name"),
    "receipt_lines_quantity_above_0": values("quantity", [0, -1], [0.001, None]),
    **quantity("receipt_lines_quantity_max_9999999_with_3_decimals", "quantity", [], []),
    "receipt_lines_unit_price_max_999999999_with_3_decimals": values(
        "unit_price", [1.2345, 1000000000, "NaN", "Infinity", "-Infinity"], [1.234, -1, 999999999, None]
    ),
    "receipt_lines_amount_max_999999999_with_3_decimals": values(
        "amount", [1.2345, 1000000000, "NaN", "Infinity", "-Infinity"], [1.234, -0.25, 0, 999999999]
    ),
    **name("receipt_lines", "category", 50),
    **name("receipt_lines", "pantry_name"),
    "receipt_lines_pantry_quantity_above_0": values("pantry_quantity", [0, -1], [0.001, None]),
    **quantity("receipt_lines_pantry_quantity_max_9999999_with_3_decimals", "pantry_quantity", [], []),
    **name("receipt_lines", "pantry_unit", 20),
    **name("receipt_item_names", "printed_name"),
    "receipt_item_names_printed_name_in_lower_case": values("printed_name", ["Mlk", "É"], ["mlk 3.5 %", "é"]),
    **name("receipt_item_names", "pantry_name"),
    "receipt_item_names_pantry_quantity_above_0": values("pantry_quantity", [0, -1], [0.001, None]),
    **quantity("receipt_item_names_pantry_quantity_max_9999999_with_3_decimals", "pantry_quantity", [], []),
    **name("receipt_item_names", "pantry_unit", 20),
    **name("expenses", "name"),
    **money("expenses", "amount", positive=True),
    "expenses_currency_is_iso_4217": values(
        "currency", ["", "eur", "EURO", "XXX", "DEM"], ["EUR", "USD", "CHF"]
    ),
    **one_of("expenses_kind_is_expense_or_refund", "kind", ["expense", "refund"]),
    **name("expenses", "category", 50),
    **name("expenses", "store"),
    **name("expenses", "payment_method", 50),
    **day("expenses", "date"),
    "expenses_notes_max_5000": values("notes", ["x" * 5001], ["x" * 5000]),
    # sessions
    "user_sessions_session_type_is_workout_cardio_or_cooking": values(
        "session_type", ["", "yoga", "Workout"], ["workout", "cardio", "cooking"]
    ),
    "user_sessions_ended_at_exactly_when_completed": values("ended_at", ["2026-11-24T18:00:00Z"], [None]),
    "user_sessions_started_at_1900_to_2199": values(
        "started_at",
        ["infinity", "-infinity", "1899-12-31T00:00:00Z", "2200-01-01T00:00:00Z"],
        ["1900-01-01T00:00:00Z", "2026-11-24T18:00:00Z"],
    ),
    **json_object("user_sessions_data_is_an_object_max_256_kb", "data", 262144),
    # calendar (custom events)
    **name("calendar_events", "title"),
    "calendar_events_ends_after_it_starts": values(
        "end_time", ["2026-11-24T08:59:59+01:00", "-infinity"], ["2026-11-24T09:00:00+01:00"]
    ),
    "calendar_events_last_day_not_before_the_first": (
        [{"start_time": None, "all_day": True, "local_date": "2026-11-24", "local_end_date": "2026-11-23"}],
        [{"start_time": None, "all_day": True, "local_date": "2026-11-24", "local_end_date": "2026-11-24"}],
    ),
    "calendar_events_max_one_year_long": values(
        "end_time", ["2027-11-27T09:00:00+01:00"], ["2027-11-24T09:00:00+01:00"]
    ),
    "calendar_events_local_date_1900_to_2199": (
        [
            {"start_time": "1899-12-30T09:00:00Z", "end_time": None},
            {"start_time": "2200-01-02T09:00:00Z", "end_time": None},
        ],
        [{"start_time": "1900-01-02T09:00:00Z"}, {"start_time": "2199-12-30T09:00:00Z"}],
    ),
    **one_of("calendar_events_status_is_planned_or_done", "status", ["planned", "done"]),
    "calendar_events_notes_max_5000": values("notes", ["x" * 5001], ["x" * 5000]),
    # AI usage: what is started
    "ai_requests_kind_is_known": values(
        "kind", ["", "chat"], ["meal_suggestions", "workout_suggestions", "receipt_extraction"]
    ),
    "ai_requests_model_max_100": values("model", ["x" * 101], ["x" * 100]),
    "ai_requests_reserved_tokens_not_negative": values("reserve_tokens", [-1], [0, 2147483647]),
}


def table_of(rule: str) -> str:
    """The table whose name a rule starts with; the longest, as fitness_workouts is also a beginning."""
    return max((table for table in TABLES if rule.startswith(f"{table}_")), key=len)


RULES = [pytest.param(rule, id=rule, marks=pytest.mark.covers(rule)) for rule in CHECKS]


def send(data_api: DataApi, rule: str, change: Row, by: User) -> Any:
    """Writes a row of the rule's table, with the change, the way that its owner may."""
    table = table_of(rule)
    if table == "profiles":
        return data_api.patch(f"profiles?id=eq.{by.id}", change, by=by)
    if table == "ai_requests":
        return data_api.post("rpc/start_ai_request", AI_REQUEST | change, by=by)
    return data_api.post(table, new_row(table, by) | change, by=by)


def everything(table: str, by: User) -> Any:
    """What a refusal must leave as it is: the profile itself, or the number of rows."""
    return read(table, by, by.id) if table == "profiles" else count(table, by)


@pytest.mark.parametrize("rule", RULES)
def test_breaking_a_rule_is_refused_by_its_name(data_api: DataApi, owner: User, rule: str) -> None:
    bad, _ = CHECKS[rule]
    before = everything(table_of(rule), owner)
    for change in bad:
        answer = send(data_api, rule, change, owner)
        assert answer.status_code == 400, f"{change}: {answer.text}"
        assert answer.json()["code"] == "23514", f"{change}: {answer.text}"
        assert f'"{rule}"' in answer.json()["message"], f"{change}: {answer.text}"
    assert everything(table_of(rule), owner) == before


@pytest.mark.parametrize("rule", RULES)
def test_the_boundary_of_a_rule_is_allowed(data_api: DataApi, owner: User, rule: str) -> None:
    _, good = CHECKS[rule]
    for change in good:
        answer = send(data_api, rule, change, owner)
        assert answer.is_success, f"{change}: {answer.text}"


# Rules that need more than one changed value.


@pytest.mark.covers("user_sessions_status_is_active_paused_or_completed")
def test_a_session_has_a_known_status(data_api: DataApi, owner: User) -> None:
    session = stored("user_sessions", owner)
    path = f"user_sessions?id=eq.{session['id']}"
    for status in ("", "Active", "stopped"):
        answer = data_api.patch(path, {"status": status}, by=owner)
        assert answer.status_code == 400
        assert '"user_sessions_status_is_active_paused_or_completed"' in answer.json()["message"]
        assert read("user_sessions", owner, session["id"]) == session
    for status in ("paused", "active", "completed"):
        assert the_row(data_api.patch(path, {"status": status}, by=owner))["status"] == status


@pytest.mark.covers("user_sessions_ends_after_it_started", "user_sessions_ended_at_1900_to_2199")
@pytest.mark.parametrize(
    ("ended_at", "rule"),
    [
        ("2026-11-24T17:59:59Z", "user_sessions_ends_after_it_started"),
        ("infinity", "user_sessions_ended_at_1900_to_2199"),
    ],
)
def test_a_session_ends_after_it_started(data_api: DataApi, owner: User, ended_at: str, rule: str) -> None:
    start = {"session_type": "cardio", "started_at": "2026-11-24T18:00:00Z"}
    session = the_row(data_api.post("user_sessions", new_row("user_sessions", owner) | start, by=owner))
    path = f"user_sessions?id=eq.{session['id']}"
    answer = data_api.patch(path, {"status": "completed", "ended_at": ended_at}, by=owner)
    assert answer.status_code == 400
    assert f'"{rule}"' in answer.json()["message"]
    assert read("user_sessions", owner, session["id"]) == session
    same_moment = {"status": "completed", "ended_at": "2026-11-24T18:00:00Z"}
    assert the_row(data_api.patch(path, same_moment, by=owner))["ended_at"] == session["started_at"]


@pytest.mark.covers(
    "user_sessions_planned_meal_only_when_cooking", "user_sessions_workout_only_when_working_out"
)
@pytest.mark.parametrize(
    ("column", "parent", "fitting", "rule"),
    [
        ("planned_meal_id", "planned_meals", "cooking", "user_sessions_planned_meal_only_when_cooking"),
        ("workout_id", "fitness_workouts", "workout", "user_sessions_workout_only_when_working_out"),
    ],
)
def test_a_session_names_what_fits_its_type(
    data_api: DataApi, owner: User, column: str, parent: str, fitting: str, rule: str
) -> None:
    link = {column: stored(parent, owner)["id"]}
    for session_type in ("workout", "cardio", "cooking"):
        row = new_row("user_sessions", owner) | link | {"session_type": session_type}
        answer = data_api.post("user_sessions", row, by=owner)
        if session_type == fitting:
            assert the_row(answer)[column] == link[column]
        else:
            assert answer.status_code == 400
            assert f'"{rule}"' in answer.json()["message"]


@pytest.mark.covers("receipts_image_url_in_the_owners_folder")
def test_a_receipts_image_is_in_its_owners_folder(data_api: DataApi, owner: User, other_user: User) -> None:
    for elsewhere in (
        f"{other_user.id}/1.jpg",
        "1.jpg",
        owner.id,
        f"/{owner.id}/1.jpg",
        f"{owner.id}/{'x' * 990}",
        f"{owner.id}/../{other_user.id}/1.jpg",
        f"{owner.id}/a/../../../1.jpg",
        f"{owner.id}/./1.jpg",
        f"{owner.id}//1.jpg",
        f"{owner.id}/..",
        f"{owner.id}/",
    ):
        answer = data_api.post("receipts", TABLES["receipts"].row | {"image_url": elsewhere}, by=owner)
        assert answer.status_code == 400
        assert '"receipts_image_url_in_the_owners_folder"' in answer.json()["message"]
    for own in (f"{owner.id}/1.jpg", f"{owner.id}/{'x' * 987}", f"{owner.id}/..a/b..c/...d"):
        assert the_row(data_api.post("receipts", TABLES["receipts"].row | {"image_url": own}, by=owner))


@pytest.mark.covers("receipts_user_id_image_sha256_key", "receipts_image_sha256_is_64_hex_digits")
def test_the_same_image_is_one_receipt_per_owner(data_api: DataApi, owner: User, other_user: User) -> None:
    receipt = TABLES["receipts"].row | {"image_sha256": SHA}
    the_row(data_api.post("receipts", receipt, by=owner))
    before = count("receipts", owner)
    again = data_api.post("receipts", receipt, by=owner)
    assert again.status_code == 409
    assert again.json()["code"] == "23505"
    assert '"receipts_user_id_image_sha256_key"' in again.json()["message"]
    assert count("receipts", owner) == before
    the_row(data_api.post("receipts", receipt, by=other_user))
    # Receipts without an image are many.
    for _ in range(2):
        the_row(data_api.post("receipts", TABLES["receipts"].row, by=owner))


@pytest.mark.covers("user_sessions_one_open_per_type")
def test_one_session_of_a_type_is_open(data_api: DataApi, owner: User, other_user: User) -> None:
    row = new_row("user_sessions", owner)
    first = the_row(data_api.post("user_sessions", row, by=owner))
    before = count("user_sessions", owner)
    for status in ("active", "paused"):
        the_row(data_api.patch(f"user_sessions?id=eq.{first['id']}", {"status": status}, by=owner))
        second = data_api.post("user_sessions", row, by=owner)
        assert second.status_code == 409
        assert second.json()["code"] == "23505"
        assert '"user_sessions_one_open_per_type"' in second.json()["message"]
    assert count("user_sessions", owner) == before
    the_row(data_api.post("user_sessions", row | {"session_type": "cooking"}, by=owner))
    the_row(data_api.post("user_sessions", new_row("user_sessions", other_user), by=other_user))
    the_row(data_api.patch(f"user_sessions?id=eq.{first['id']}", {"status": "completed"}, by=owner))
    the_row(data_api.post("user_sessions", row, by=owner))


# Keys.


@pytest.mark.parametrize(
    "table", [pytest.param(table, marks=pytest.mark.covers(f"{table}_pkey")) for table in with_verb("insert")]
)
def test_an_id_is_taken_once(data_api: DataApi, owner: User, table: str) -> None:
    row = stored(table, owner)
    before = count(table, owner)
    answer = data_api.post(table, new_row(table, owner) | {"id": row["id"]}, by=owner)
    assert answer.status_code == 409
    assert answer.json()["code"] == "23505"
    assert f'"{table}_pkey"' in answer.json()["message"]
    assert count(table, owner) == before


@pytest.mark.covers("profiles_pkey", "ai_requests_pkey", "profiles_id_fkey", "profiles_email_key")
def test_keys_hold_where_only_the_database_writes(db: Database, owner: User, other_user: User) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation, match="profiles_pkey"):
        db.execute("insert into public.profiles (id) values (%s)", [owner.id])
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="profiles_id_fkey"):
        db.execute("insert into public.profiles (id) values (gen_random_uuid())")
    with pytest.raises(psycopg.errors.UniqueViolation, match="profiles_email_key"):
        db.execute(
            "insert into public.profiles (id, email) values (gen_random_uuid(), %s)", [other_user.email]
        )
    usage = stored("ai_requests", owner)
    with pytest.raises(psycopg.errors.UniqueViolation, match="ai_requests_pkey"):
        db.execute(
            """insert into public.ai_requests (id, kind, source, latency_ms, outcome, user_id)
            values (%s, 'meal_suggestions', 'planner', 1, 'ok', %s)""",
            [usage["id"], owner.id],
        )


@pytest.fixture(scope="module")
def deleted_user(new_user: NewUser, admin: Client) -> User:
    """Somebody whose account is gone, while their access token is still valid."""
    user = new_user()
    admin.auth.admin.delete_user(user.id)
    return user


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(table, marks=pytest.mark.covers(f"{table}_user_id_fkey"))
        for table in TABLES
        if table != "profiles"
    ],
)
def test_a_deleted_account_writes_nothing(
    data_api: DataApi, db: Database, owner: User, deleted_user: User, table: str
) -> None:
    if table == "ai_requests":
        answer = data_api.post("rpc/start_ai_request", AI_REQUEST, by=deleted_user)
    else:
        parents = {column: stored(parent, owner)["id"] for column, parent in TABLES[table].references.items()}
        # With the profile, the default currency is gone.
        currency = {"currency": "EUR"} if table == "expenses" else {}
        answer = data_api.post(table, TABLES[table].row | parents | currency, by=deleted_user)
    assert answer.status_code == 409, answer.text
    assert answer.json()["code"] == "23503"
    assert not db.execute(
        sql.SQL("select from {} where user_id = %s").format(sql.Identifier(table)), [deleted_user.id]
    ).fetchall()


# What triggers keep from ever being tried: with the triggers off.


@pytest.mark.covers("receipts_confirmed_needs_store_amount_and_date")
def test_a_confirmed_receipt_is_complete(stack: Instance, owner: User) -> None:
    receipt = stored("receipts", owner)
    with psycopg.connect(stack.admin_db_url) as superuser:
        superuser.execute("set session_replication_role = replica")
        for column in ("store", "amount", "date"):
            change = sql.SQL(
                "update public.receipts set status = 'confirmed', made = '{{}}', {} = null where id = %s"
            )
            with (
                pytest.raises(psycopg.errors.CheckViolation, match="confirmed_needs_store_amount_and_date"),
                superuser.transaction(),
            ):
                superuser.execute(change.format(sql.Identifier(column)), [receipt["id"]])
        complete = "update public.receipts set status = 'confirmed', made = '{}' where id = %s"
        superuser.execute(complete, [receipt["id"]])
        superuser.rollback()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        pytest.param(change, f"calendar_events_{rule}", marks=pytest.mark.covers(f"calendar_events_{rule}"))
        for rule, change in {
            "several_days_only_when_timed_or_custom": {"all_day": True, "local_end_date": "2026-11-25"},
            "source_is_known": {"source": "journey"},
            "custom_source_id_is_its_id": {"source": "custom"},
            "source_source_id_key": {},
        }.items()
    ],
)
def test_derived_events_keep_the_rules(stack: Instance, owner: User, change: Row, rule: str) -> None:
    event = {
        "title": "Groceries",
        "start_time": "2026-11-24T00:00:00+01:00",
        "end_time": "2026-11-25T00:00:00+01:00",
        "local_date": "2026-11-24",
        "local_end_date": "2026-11-24",
        "source": "expense",
        "source_id": stored("expenses", owner)["id"],
        "user_id": owner.id,
    } | change
    insert = sql.SQL("insert into public.calendar_events ({}) values ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, event)), sql.SQL(", ").join(sql.Placeholder() * len(event))
    )
    with psycopg.connect(stack.admin_db_url) as superuser:
        superuser.execute("set session_replication_role = replica")
        with pytest.raises(psycopg.errors.IntegrityError, match=rule):
            superuser.execute(insert, list(event.values()))


# What has to be there, and of which type.

# Left out or null, these are filled by a trigger.
FILLED = {
    "expenses": {"currency"},
    "receipts": {"currency"},
    "planned_meals": {"meal_name"},
    "calendar_events": {"end_time", "local_date", "local_end_date", "source_id"},
}


def required_columns(db: Database, table: str) -> list[str]:
    """The columns that are never null, beside those that tell rows apart."""
    columns = db.execute(
        """select attname as name from pg_attribute
        where attrelid = %s::regclass and attnum > 0 and attnotnull and not attisdropped
          and attname not in ('id', 'user_id', 'updated_at')
        order by attnum""",
        [f"public.{table}"],
    )
    return [column["name"] for column in columns]


@pytest.mark.parametrize("table", with_verb("insert"))
def test_a_required_column_is_never_left_empty(
    data_api: DataApi, db: Database, owner: User, table: str
) -> None:
    row = new_row(table, owner)
    before = count(table, owner)
    for column in required_columns(db, table):
        if column in FILLED.get(table, set()):
            continue
        answer = data_api.post(table, row | {column: None}, by=owner)
        # An event without a start is refused by a trigger, in words.
        assert answer.json()["code"] == ("PT422" if column == "start_time" else "23502"), answer.text
        # Without its source an event isn't custom, and what custom events are filled with is missing first.
        assert column in answer.text or column == "source"
    assert count(table, owner) == before


@pytest.mark.parametrize("table", with_verb("update"))
def test_a_required_column_is_never_emptied(data_api: DataApi, db: Database, owner: User, table: str) -> None:
    row = stored(table, owner)
    for column in required_columns(db, table):
        if column in FILLED.get(table, set()) - {"currency"}:
            continue
        answer = data_api.patch(f"{table}?id=eq.{row['id']}", {column: None}, by=owner)
        # The source of an event and what was read of a receipt are fixed before they are required.
        fixed = column in {"source", "extraction"}
        assert answer.json()["code"] == ("PT409" if fixed else "23502"), answer.text
    assert read(table, owner, row["id"]) == row


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("fitness_workouts", {"date": "2026-02-30"}),
        ("fitness_workouts", {"date": "tomorrow-ish"}),
        ("fitness_workouts", {"start_time": "25:00"}),
        ("fitness_workouts", {"duration_minutes": 2147483648}),
        ("fitness_workouts", {"duration_minutes": 10.5}),
        ("fitness_workouts", {"duration_minutes": "an hour"}),
        ("meals", {"name": "nul\u0000byte"}),
        ("meals", {"instructions": "Cook."}),
        ("meals", {"id": "1"}),
        ("pantry_items", {"quantity": "two"}),
        ("pantry_items", {"quantity": "1e999999"}),
        ("user_sessions", {"data": "{\u0000}"}),
        ("calendar_events", {"start_time": "2026-11-24T25:00:00Z"}),
        ("calendar_events", {"all_day": "perhaps"}),
        ("meals", {"colour": "red"}),
    ],
)
def test_a_value_of_another_type_is_refused(data_api: DataApi, owner: User, table: str, change: Row) -> None:
    row = new_row(table, owner) | change
    before = count(table, owner)
    answer = data_api.post(table, row, by=owner)
    assert answer.status_code == 400, answer.text
    assert set(answer.json()) == {"code", "message", "details", "hint"}
    assert count(table, owner) == before
