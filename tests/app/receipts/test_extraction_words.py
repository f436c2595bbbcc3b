"""Words that were read badly, and words that only look like those."""

import re

import pytest

from app.receipts.extraction import ledger, vocabulary, words
from app.receipts.extraction.ledger import Role
from tests.conftest import ROOT


def foods() -> list[str]:
    """The words for foods that the database knows."""
    data = next((ROOT / "supabase/migrations").glob("*_food_words.sql")).read_text()
    return sorted(set(re.findall(r"[a-zäöüß]{4,}", data.partition("values")[2])))


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        ("T0TAL", "total"),
        ("Totel", "total"),
        ("SUMHE", "summe"),
        ("Paynent", "payment"),
        ("Rückgeid", "ruckgeld"),
    ],
)
def test_a_word_of_the_tables_is_known_in_spite_of_one_misread_letter(printed: str, meant: str) -> None:
    assert words.fold(printed) == meant


def test_no_food_is_taken_for_a_sum() -> None:
    known = foods()
    assert len(known) > 1000
    taken = [food for food in known if ledger.role_of(words.fold(food), f"{food}  3.50") is not Role.NONE]
    # A card pays with its chip, too.
    assert taken == ["chip"]


@pytest.mark.parametrize(
    "word", sorted(word for table in vocabulary.PLAIN.values() for word in table.split("|"))
)
def test_a_plain_word_would_be_corrected_if_it_were_not_listed(
    word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert words.fold(word) == word
    monkeypatch.setattr(words, "_plain", frozenset)
    assert words.fold(word) != word
