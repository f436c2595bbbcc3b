"""What the owner gets of an extraction: warnings in words, and no more than the database keeps."""

from decimal import Decimal
from typing import Any, get_args

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


def line(name: str) -> ExtractedLine:
    return ExtractedLine(name=name, quantity=Decimal(1), unit_price=Decimal("1.00"), amount=Decimal("1.00"))


def test_a_thousand_lines_are_kept_and_no_more() -> None:
    for found in (1000, 1001):
        draft = drafts.kept(Extraction(source="pdf", lines=(line("Milk"),) * found))
        assert len(draft["lines"]) == 1000
        told = ["Only the first 1000 of 1001 lines were kept. Enter the others by hand if needed."]
        assert [warning["message"] for warning in draft["warnings"]] == (told if found > 1000 else [])


def test_lines_are_kept_while_they_fit() -> None:
    # A name of a hundred letters of four bytes each.
    draft = drafts.kept(Extraction(source="pdf", lines=(line("\U0002000b" * 100),) * 1000))
    kept = len(draft["lines"])
    assert 200 < kept < 1000
    assert [warning["message"] for warning in draft["warnings"]] == [
        f"Only the first {kept} of 1000 lines were kept. Enter the others by hand if needed."
    ]


def test_the_longest_extraction_is_one_that_the_database_takes(owner: User) -> None:
    longest = "\U0002000b" * 100
    largest = ExtractedLine(
        name=longest, quantity=Decimal("1.0001"), amount=Decimal("1.0001"), category=longest
    )
    warnings = get_args(WarningCode)
    # Every number of a document of nothing but numbers may be one.
    store = Reading(value=longest, confidence=0.5, alternatives=(longest,) * 1000)
    extraction = Extraction(source="pdf", store=store, lines=(largest,) * 2000, warnings=warnings)
    sha256 = "ab" * 32
    image = {"sha256": sha256, "path": f"{owner.id}/{sha256}.pdf"}
    started: Any = owner.client.rpc("start_receipt", {"image": image}).execute().data
    reading = {"receipt_id": started["receipt"]["id"], "claim": started["receipt"]["claim"]}
    kept = drafts.kept(extraction)
    finished: Any = owner.client.rpc("finish_receipt", {**reading, "extraction": kept}).execute().data
    assert finished["receipt"]["status"] == "draft"
    assert len(finished["receipt"]["extraction"]["store"]["alternatives"]) == 10
    assert len(finished["warnings"]) == 50
