"""What every rule of a row refuses and allows: its CHECK constraints, by name, with values on both sides.

A new CHECK gets its values here; test_catalogue.py finds the ones without.
"""

from typing import Any
from uuid import uuid4

from tests.database.tables import Row

Cases = tuple[list[Row], list[Row]]
"""Changes that break a rule in an otherwise valid row, and changes at the boundary that don't."""


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
