"""Amounts in text: what is one, what only looks like one, and what was one before it was misread."""

from decimal import Decimal

import pytest

from app.receipts.extraction import amounts


def found(text: str, decimals: int = 2) -> list[str]:
    return [str(amount.value) for amount in amounts.find(text, decimals)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Milk 1.29", ["1.29"]),
        ("Milch 1,29 A", ["1.29"]),
        ("RM8.35", ["8.35"]),
        ("8,35 €", ["8.35"]),
        ("$.80", ["0.80"]),
        ("1,234.50", ["1234.50"]),
        ("1.234,50", ["1234.50"]),
        ("1 234,50", ["1234.50"]),
        ("1'234.50", ["1234.50"]),
        ("2*9,95 EUR 19,90", ["9.95", "19.90"]),
        ("-0,25", ["-0.25"]),
        ("28.90-", ["-28.90"]),
        ("($70.00)", ["-70.00"]),
        ("-RM 0.02", ["-0.02"]),
    ],
)
def test_amounts_are_found(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize(
    "text",
    [
        "12.03.2026",
        "14:05",
        "MwSt 19,00%",
        "0.432kg",
        "Tel 05251.6913",
        "GST ID 000306020352",
        "1/2",
        "v1.2.34",
    ],
)
def test_dates_times_rates_weights_and_numbers_are_no_amounts(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("RMO.47", ["0.47"]),
        ("1O.5O", ["10.50"]),
        ("l4.38", ["14.38"]),
        ("6..78", ["6.78"]),
        ("2 .50", ["2.50"]),
    ],
)
def test_misread_digits_are_put_right(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10 00", "10.00"),
        ("28:90", "28.90"),
        ("RM 4·50", "4.50"),
        ("1,758", "1.75"),
        ("90.0", "90.00"),
        ("59.J0", "59.00"),
    ],
)
def test_a_cell_whose_mark_was_misread_was_an_amount(text: str, value: str) -> None:
    assert amounts.broken(text) == Decimal(value)


@pytest.mark.parametrize("text", ["10", "Lane 10 00 km", "2026", "1 000 000", "A10 200"])
def test_other_numbers_were_no_amounts(text: str) -> None:
    assert amounts.broken(text) is None


def test_currencies_without_decimals_have_whole_amounts() -> None:
    assert found("¥1,280", decimals=0) == ["1280"]
    assert found("KWD 1.250", decimals=3) == ["1.250"]
    assert found("1.250", decimals=2) == []


@pytest.mark.parametrize(("text", "value"), [("$45", 45), ("25 EUR", 25), ("1,200", 1200)])
def test_an_amount_without_decimals_stands_alone_or_beside_a_currency(text: str, value: int) -> None:
    amount = amounts.whole(text)
    assert amount is not None
    assert amount.value == value


@pytest.mark.parametrize("text", ["Table 7", "0.010", "12 items"])
def test_another_number_is_no_amount_without_decimals(text: str) -> None:
    assert amounts.whole(text) is None


def test_the_end_of_a_word_is_no_currency() -> None:
    (amount,) = amounts.find("WHISK 2.79")
    assert not amount.marked
    assert "WHISK 2.79"[: amount.start] == "WHISK"


def test_what_is_left_of_a_row_is_its_words() -> None:
    assert amounts.bare("TOTAL INCL. GST@6%  RM 37.80") == "TOTAL INCL GST"
    assert amounts.bare("USD 12.00") == ""
