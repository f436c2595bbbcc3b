"""The lines of a receipt, its currency, how it was paid and what kind of expense it is."""

from decimal import Decimal

import pytest

from tests.app.receipts.test_extraction import read, said

HEAD = ("#^Corner Shop", "^12 Main Street", "^Springfield, IL 62701")
FOOT = ("Subtotal|9.00", "TOTAL|9.00", "CASH|10.00", "CHANGE|1.00")


def lines(*rows: str) -> list[tuple[str, str | None, str | None, str]]:
    """Name, quantity, price of one and amount of each line."""
    return [
        (
            line.name,
            None if line.quantity is None else str(line.quantity),
            None if line.unit_price is None else str(line.unit_price),
            str(line.amount),
        )
        for line in read(*HEAD, *rows, *FOOT).lines
    ]


@pytest.mark.parametrize(
    "row",
    [
        "3 Green tea|9.00",
        "3 x Green tea|9.00",
        "Green tea||3 x 3.00|9.00",
        "3 Green tea  @3.00|9.00",
        "Green tea  3  3.00|9.00 A",
        "Green tea||3|9.00",
    ],
)
def test_quantity_and_price_of_one_are_read(row: str) -> None:
    assert lines(row) == [("Green tea", "3", "3.00", "9.00")]


def test_a_weight_is_a_quantity_when_it_gives_the_amount() -> None:
    assert lines("Bananas||0.612 kg x 1.99|1.22") == [("Bananas", "0.612", "1.99", "1.22")]


def test_a_number_in_a_name_is_no_quantity() -> None:
    assert lines("Salmon 125g|7.99", "Water 0.7L|1.00", "Cola 330|0.01") == [
        ("Salmon 125g", None, None, "7.99"),
        ("Water 0.7L", None, None, "1.00"),
        ("Cola 330", None, None, "0.01"),
    ]


def test_the_price_of_one_may_stand_before_the_quantity() -> None:
    assert lines("Green tea||4.50 x 2|9.00") == [("Green tea", "2", "4.50", "9.00")]


def test_a_quantity_may_stand_in_the_row_above() -> None:
    assert lines("3 x||3.00", "Green tea|9.00") == [("Green tea", "3", "3.00", "9.00")]


def test_a_name_may_stand_above_its_price() -> None:
    rows = ("Green tea", "9071246 1 x||4.00|4.00", "Rye bread", "9063977 1 x||5.00|5.00")
    assert [line[0] for line in lines(*rows)] == ["Green tea", "Rye bread"]


def test_a_price_in_a_name_is_no_line_of_its_own() -> None:
    assert lines("Sushi 1.80", "5 x 1.80|9.00") == [("Sushi 1.80", "5", "1.80", "9.00")]


def test_a_name_may_stand_below_its_price() -> None:
    rows = ("Item  Qty|Amount", "1x 000000517515|4.00", "Green tea", "1x 000000810692|5.00", "Rye bread")
    assert [line[0] for line in lines(*rows)] == ["Green tea", "Rye bread"]


def test_discounts_and_returned_deposits_are_negative() -> None:
    rows = ("Green tea|9.00", "Discount 10%|0.90", "Rebate|-0.10", "Bottle deposit|-0.25")
    assert [(name, amount) for name, _, _, amount in lines(*rows)] == [
        ("Green tea", "9.00"),
        ("Discount 10%", "-0.90"),
        ("Rebate", "-0.10"),
        ("Bottle deposit", "-0.25"),
    ]


def test_codes_and_tax_letters_are_not_part_of_a_name() -> None:
    assert [line[0] for line in lines("400081353246 Green tea SR|4.00", "Rye bread *S|5.00")] == [
        "Green tea",
        "Rye bread",
    ]


def test_sums_payments_and_tax_tables_are_no_lines() -> None:
    assert [line[0] for line in lines("Green tea|9.00")] == ["Green tea"]


def test_each_line_has_the_category_that_its_name_suggests() -> None:
    extraction = read(*HEAD, "Whole milk|4.00", "Shampoo|3.00", "Thing|2.00", *FOOT)
    assert [line.category for line in extraction.lines] == ["Groceries", "Personal care", None]


@pytest.mark.parametrize(
    ("row", "currency"),
    [
        ("TOTAL|€9.00", "EUR"),
        ("TOTAL EUR|9.00", "EUR"),
        ("TOTAL|RM 9.00", "MYR"),
        ("TOTAL|£9.00", "GBP"),
        ("TOTAL|9.00 CHF", "CHF"),
        ("TOTAL|9.00 zł", "PLN"),
        ("TOTAL AED|9.00", "AED"),
        ("TOTAL|$9.00", "USD"),
    ],
)
def test_the_currency_is_what_stands_beside_amounts(row: str, currency: str) -> None:
    assert said(read(*HEAD, "Tea|9.00", row, currency="JPY"), "currency") == currency


def test_a_sign_of_several_currencies_is_the_owners_when_that_is_one_of_them() -> None:
    assert said(read(*HEAD, "Tea|$9.00", "TOTAL|$9.00", currency="CAD"), "currency") == "CAD"
    assert said(read(*HEAD, "Tea|9.00 kr", "TOTAL|9.00 kr", currency="NOK"), "currency") == "NOK"
    assert said(read(*HEAD, "Tea|$9.00", "TOTAL|$9.00", currency="EUR"), "currency") == "USD"


def test_without_a_sign_the_currency_is_the_owners_and_says_so() -> None:
    extraction = read(*HEAD, "Tea|9.00", "TOTAL|9.00", currency="CAD")
    assert said(extraction, "currency") == "CAD"
    assert "currency_assumed" in extraction.warnings


@pytest.mark.parametrize(
    ("rows", "method"),
    [
        (("Cash|10.00", "Change|1.00"), "cash"),
        (("VISA **1234|9.00",), "card"),
        (("girocard|9.00",), "card"),
        (("Gift card|5.00", "Cash|4.00"), "voucher"),
        (("Gift card|4.00", "Cash|5.00"), "cash"),
        (("MobilePay|9.00",), "mobile"),
        (("Change|1.00",), "cash"),
    ],
)
def test_the_payment_is_what_paid_most(rows: tuple[str, ...], method: str) -> None:
    assert said(read(*HEAD, "Tea|9.00", "TOTAL|9.00", *rows), "payment_method") == method


def test_a_cashier_is_no_cash() -> None:
    assert said(read(*HEAD, "Cashier: Ann", "Tea|9.00", "TOTAL|9.00"), "payment_method") is None


@pytest.mark.parametrize(
    ("rows", "category"),
    [
        (("#^Sonnen-Apotheke", "Tabletten|9.00"), "Health"),
        (("#^Pizzeria Blu", "Table 4", "Margherita|9.00"), "Restaurants"),
        (("#^Shell point", "35.10 litre Pump 02", "Diesel|9.00"), "Transport"),
        (("#^Peter's", "Milk|4.00", "Bread|5.00"), "Groceries"),
        (("#^City Hardware", "Drill|9.00"), "Household"),
    ],
)
def test_the_category_is_what_most_words_suggest(rows: tuple[str, ...], category: str) -> None:
    assert said(read(*rows, "TOTAL|9.00"), "category") == category


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("Kitchen Roll 4pk", "Household"),
        ("Kitchen special", "Restaurants"),
        ("Milk", "Groceries"),
        ("Abc", None),
    ],
)
def test_a_line_has_the_category_of_its_words(name: str, category: str | None) -> None:
    (line,) = read(*HEAD, f"{name}|9.00", "TOTAL|9.00").lines
    assert line.category == category


def test_words_that_suggest_nothing_give_no_category() -> None:
    assert said(read("#^Zyx", "Abc|9.00", "TOTAL|9.00"), "category") is None


@pytest.mark.parametrize(
    ("extra", "foot"),
    [
        pytest.param(("Food|9.00",), ("Tax|0.60", "TOTAL|9.60"), id="a sum of a kind"),
        pytest.param(("Amount due|9.00",), ("TOTAL|9.00",), id="a sum in other words"),
        pytest.param(("List price|1.25",), ("TOTAL|9.00",), id="one that informs"),
        pytest.param(("List price|1.25", "List price|3.00"), ("TOTAL|9.00",), id="several that inform"),
    ],
)
def test_a_row_that_only_informs_is_no_line(extra: tuple[str, ...], foot: tuple[str, ...]) -> None:
    found = read(*HEAD, "Green tea|4.00", "Rye bread|5.00", *extra, *foot)
    assert [line.name for line in found.lines] == ["Green tea", "Rye bread"]
    assert "lines_differ" not in found.warnings


def test_a_stray_minus_goes_where_the_lines_add_up_without() -> None:
    found = read(*HEAD, "Green tea|4.00", "Rye bread|-5.00", "TOTAL|9.00")
    assert [line.amount for line in found.lines] == [Decimal("4.00"), Decimal("5.00")]


@pytest.mark.parametrize("name", ["Salad bar", "Bar soap", "Card holder", "Round steak", "Room service"])
def test_goods_that_are_called_like_a_payment_are_lines(name: str) -> None:
    found = read(
        *HEAD, "Green tea|4.00", f"{name}|3.00", "Rye bread|2.00", "Total|9.00", "Cash|10.00", "Change|1.00"
    )
    assert [line.name for line in found.lines] == ["Green tea", name, "Rye bread"]
    assert said(found, "tendered") == Decimal("10.00")


def test_a_payment_before_the_total_is_no_line() -> None:
    found = read(*HEAD, "Green tea|4.00", "Rye bread|5.00", "Cash|10.00", "Change|1.00", "Total|9.00")
    assert [line.name for line in found.lines] == ["Green tea", "Rye bread"]


def test_the_size_of_a_pack_is_no_quantity() -> None:
    pack, weighed = read(*HEAD, "Rice 5KG|28.90", "Bananas 0.618 kg|1.23", "Total|30.13").lines
    assert (pack.name, pack.quantity) == ("Rice 5KG", None)
    assert weighed.quantity == Decimal("0.618")


def test_a_weight_may_stand_before_the_name() -> None:
    (line, *_) = read(*HEAD, "0.48 Courgettes|7.92", "1 Rye bread|5.00", "Total|12.92").lines
    assert (line.name, line.quantity, line.unit_price) == ("Courgettes", Decimal("0.48"), Decimal("16.50"))


def test_lines_after_the_sum_of_a_department_are_lines() -> None:
    found = read(
        *HEAD,
        "Green tea|4.00",
        "Total 0% supplies|4.00",
        "Wool socks|10.00",
        "Total 6% supplies (excl. GST)|10.00",
        "GST|0.60",
        "Total payable|14.60",
    )
    assert [line.name for line in found.lines] == ["Green tea", "Wool socks"]
    assert (said(found, "total"), said(found, "tax")) == (Decimal("14.60"), Decimal("0.60"))
    assert "lines_differ" not in found.warnings


def test_what_is_printed_between_other_sums_is_no_line() -> None:
    found = read(*HEAD, "Green tea|4.00", "Subtotal|4.00", "Happy hour until 18.00", "Tax|0.40", "TOTAL|4.40")
    assert [line.name for line in found.lines] == ["Green tea"]


def test_lines_that_no_plain_misreading_explains_stay_as_they_are() -> None:
    found = read(
        *HEAD, "Green tea|4.00", "Rye bread|5.00", "Jam|2.20", "TOTAL|12.34", "Cash|20.00", "Change|7.66"
    )
    assert [line.name for line in found.lines] == ["Green tea", "Rye bread", "Jam"]
    assert "lines_differ" in found.warnings


def test_a_line_without_its_amount_costs_what_quantity_and_price_make() -> None:
    found = read(*HEAD, "Noodles (S)", "2 8.00|0.00", "Green tea", "1 4.00 0.00|4.00", "TOTAL|20.00")
    assert [(line.name, line.amount) for line in found.lines] == [
        ("Noodles (S)", Decimal("16.00")),
        ("Green tea", Decimal("4.00")),
    ]


def test_amounts_of_lines_are_decimals() -> None:
    assert sum(
        (line.amount for line in read(*HEAD, "A tea|0.10", "B tea|0.20", *FOOT).lines), Decimal(0)
    ) == Decimal("0.30")
