"""What the owner gets of an extraction: warnings in words, and no more than the database keeps."""

from decimal import Decimal
from typing import Any, get_args

import pytest

from app.receipts import drafts
from app.receipts.schemas import ExtractedLine, Extraction, Reading, WarningCode
from tests.conftest import User


def test_every_warning_of_a_reading_has_a_message_that_is_a_sentence() -> None:
    assert set(drafts.MESSAGES) == {*get_args(WarningCode), "lines_cut"}
    assert all(message.endswith(".") and message[0].isupper() for message in drafts.MESSAGES.values())


def test_codes_become_messages() -> None:
    kept = drafts.kept(Extraction(source="ocr", warnings=("store_missing", "total_missing")))
    assert kept["warnings"] == [
        {"code": "store_missing", "message": "No store was found. Enter it by hand."},
        {"code": "total_missing", "message": drafts.MESSAGES["total_missing"]},
    ]


@pytest.mark.parametrize(
    ("name", "found", "kept"), [("Milk", 1000, 1000), ("Milk", 1001, 1000), ("\U0002000b" * 100, 1000, None)]
)
def test_lines_are_kept_while_they_fit(name: str, found: int, kept: int | None) -> None:
    line = ExtractedLine(name=name, quantity=Decimal(1), unit_price=Decimal("1.00"), amount=Decimal("1.00"))
    draft = drafts.kept(Extraction(source="pdf", lines=(line,) * found))
    lines, warnings = draft["lines"], draft["warnings"]
    assert len(lines) == kept or (kept is None and 200 < len(lines) < 1000)
    told = [f"Only the first {len(lines)} of {found} lines were kept. Enter the others by hand if needed."]
    assert [warning["message"] for warning in warnings] == (told if len(lines) < found else [])


def test_the_longest_extraction_is_one_that_the_database_takes(owner: User) -> None:
    longest = "\U0002000b" * 100
    line = ExtractedLine(name=longest, quantity=Decimal("1.0001"), amount=Decimal("1.0001"), category=longest)
    warnings = get_args(WarningCode)
    # Every number of a document of nothing but numbers may be one.
    store = Reading(value=longest, confidence=0.5, alternatives=(longest,) * 1000)
    extraction = Extraction(source="pdf", store=store, lines=(line,) * 2000, warnings=warnings)
    sha256 = "ab" * 32
    image = {"sha256": sha256, "path": f"{owner.id}/{sha256}.pdf"}
    started: Any = owner.client.rpc("start_receipt", {"image": image}).execute().data
    reading = {"receipt_id": started["receipt"]["id"], "claim": started["receipt"]["claim"]}
    kept = drafts.kept(extraction)
    finished: Any = owner.client.rpc("finish_receipt", {**reading, "extraction": kept}).execute().data
    assert finished["receipt"]["status"] == "draft"
    assert len(finished["receipt"]["extraction"]["store"]["alternatives"]) == 10
    assert len(finished["warnings"]) == 50
