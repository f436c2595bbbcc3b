"""What is said about an extraction, whoever made it."""

import datetime

from app.receipts.extraction import Hints, check, extract
from app.receipts.schemas import Extraction, Reading

HINTS = Hints(today=datetime.date(2026, 11, 24), currency="EUR")


def test_an_empty_page_says_that_nothing_was_read() -> None:
    assert extract([[], []], HINTS).warnings == ("nothing_read",)


def test_missing_fields_are_named() -> None:
    warnings = check(Extraction(source="openai"), HINTS).warnings
    assert {"store_missing", "date_missing", "total_missing"} <= set(warnings)


def test_a_date_in_the_future_is_doubted() -> None:
    tomorrow = Extraction(source="openai", date=Reading(value=datetime.date(2026, 11, 25), confidence=0.9))
    today = Extraction(source="openai", date=Reading(value=datetime.date(2026, 11, 24), confidence=0.9))
    assert "date_in_the_future" in check(tomorrow, HINTS).warnings
    assert "date_in_the_future" not in check(today, HINTS).warnings
