"""What is said about an extraction, whoever made it."""

import datetime
from decimal import Decimal
from typing import Any

import pytest

from app.receipts.extraction import Hints, check, extract
from app.receipts.schemas import ExtractedLine, Extraction, Reading

HINTS = Hints(today=datetime.date(2026, 11, 24), currency="EUR")
DAY = datetime.date(2026, 11, 2)


def amount(value: str, confidence: float = 0.8, *others: str) -> Reading[Decimal]:
    return Reading(value=Decimal(value), confidence=confidence, alternatives=tuple(map(Decimal, others)))


def lines(*amounts: str) -> tuple[ExtractedLine, ...]:
    return tuple(ExtractedLine(name="Tea", amount=Decimal(value)) for value in amounts)


def checked(hints: Hints = HINTS, **fields: Any) -> Extraction:
    """A vision model's extraction with the given fields, after the checks."""
    given: dict[str, Any] = {
        "store": Reading(value="Shop", confidence=0.9),
        "date": Reading(value=DAY, confidence=0.9),
        "total": amount("11.90"),
        **fields,
    }
    return check(Extraction(source="openai", **given), hints)


def confidence(extraction: Extraction) -> float:
    assert extraction.total is not None
    return extraction.total.confidence


def test_an_empty_page_says_that_nothing_was_read() -> None:
    assert extract([[], []], HINTS).warnings == ("nothing_read",)


def test_missing_fields_are_named() -> None:
    extraction = checked(store=None, date=None, total=None)
    assert extraction.warnings == ("store_missing", "date_missing", "total_missing")
    assert checked().warnings == ()


def test_a_date_in_the_future_is_doubted() -> None:
    tomorrow = checked(date=Reading(value=datetime.date(2026, 11, 25), confidence=0.9))
    today = checked(date=Reading(value=datetime.date(2026, 11, 24), confidence=0.9))
    assert tomorrow.warnings == ("date_in_the_future",)
    assert tomorrow.date is not None
    assert tomorrow.date.confidence <= 0.2
    assert today.warnings == ()


def test_a_date_whose_day_may_be_the_month_is_ambiguous_unless_its_order_is_sure() -> None:
    either = Reading(value=DAY, confidence=0.6, alternatives=(datetime.date(2026, 2, 11),))
    another = Reading(value=DAY, confidence=0.6, alternatives=(datetime.date(2026, 11, 3),))
    assert checked(date=either).warnings == ("date_ambiguous",)
    assert checked(date=either.model_copy(update={"confidence": 0.95})).warnings == ()
    assert checked(date=another).warnings == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"subtotal": amount("10.00"), "tax": amount("1.90")},
        {"subtotal": amount("11.90"), "tax": amount("1.90")},
        {"subtotal": amount("9.00"), "tax": amount("1.90"), "tip": amount("1.00")},
        {"subtotal": amount("11.92"), "rounding": amount("-0.02")},
        {"tendered": amount("20.00"), "change": amount("8.10")},
        {"lines": lines("4.90", "8.00", "-1.00")},
        {"lines": lines("4.00", "6.00"), "tax": amount("1.90")},
    ],
)
def test_sums_that_add_up_make_the_total_surer(fields: dict[str, Any]) -> None:
    extraction = checked(**fields)
    assert extraction.warnings == ()
    assert confidence(extraction) > 0.8


@pytest.mark.parametrize(
    ("fields", "warning", "other"),
    [
        ({"subtotal": amount("12.00"), "tax": amount("1.90")}, "sum_differs", "13.90"),
        ({"tendered": amount("20.00"), "change": amount("8.00")}, "change_differs", "12.00"),
        ({"lines": lines("4.90", "9.00")}, "lines_differ", "13.90"),
    ],
)
def test_sums_that_lead_elsewhere_are_named_and_never_replace_the_total(
    fields: dict[str, Any], warning: str, other: str
) -> None:
    extraction = checked(**fields)
    assert extraction.warnings == ("total_uncertain", warning)
    assert extraction.total is not None
    assert extraction.total.value == Decimal("11.90")
    assert extraction.total.alternatives == (Decimal(other),)


def test_one_sum_that_adds_up_outweighs_one_that_does_not() -> None:
    extraction = checked(tendered=amount("20.00"), change=amount("8.10"), lines=lines("4.90", "9.00"))
    assert extraction.warnings == ("lines_differ",)
    assert confidence(extraction) > 0.8


def test_a_total_that_a_reader_doubts_stays_doubtful() -> None:
    extraction = checked(total=amount("11.90", 0.4, "11.40"), tendered=amount("20.00"), change=amount("8.10"))
    assert extraction.warnings == ("total_uncertain",)
    assert confidence(extraction) == 0.4


@pytest.mark.parametrize("value", ["0.00", "-3.00"])
def test_a_total_that_is_not_above_0_is_doubted(value: str) -> None:
    assert "total_uncertain" in checked(total=amount(value)).warnings


def test_a_currency_that_only_the_owner_named_is_assumed() -> None:
    assert checked(currency=Reading(value="EUR", confidence=0.4)).warnings == ("currency_assumed",)
    assert checked(currency=Reading(value="EUR", confidence=0.9)).warnings == ()


def test_warnings_of_the_reader_are_kept() -> None:
    first = checked(date=Reading(value=datetime.date(2026, 11, 25), confidence=0.9))
    assert check(first, HINTS).warnings == first.warnings
