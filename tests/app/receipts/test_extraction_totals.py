"""The total among all the amounts that look like it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.receipts.test_extraction import read, said


def total(*rows: str) -> str | None:
    value = said(read(*rows, currency="EUR"), "total")
    return None if value is None else str(value)


@pytest.mark.parametrize(
    "label",
    [
        "Total",
        "TOTAL EUR",
        "Grand Total",
        "GrandTotal",
        "Amount due",
        "Total Sales (Inclusive of GST)",
        "Jumlah Besar",
        "Summe",
        "Zu zahlen",
        "Gesamtbetrag",
        "Net à payer",
        "Total a pagar",
        "Totale complessivo",
        "Te betalen",
        "Suma PLN",
        "Att betala",
        "I alt",
        "T0TAL",
        "Totel",
    ],
)
def test_a_total_is_known_by_its_label(label: str) -> None:
    assert total("Shop", "Apples|4.00", "Bread|9.50", f"{label}|13.50", "Voucher worth|20.00") == "13.50"


@pytest.mark.parametrize(
    "label",
    [
        "Subtotal",
        "Zwischensumme",
        "Sous-total",
        "Total qty",
        "Total savings",
        "Total GST",
        "Total (Excluding GST)",
        "Total items",
        "Total points",
        "Change",
        "Rückgeld",
    ],
)
def test_another_sum_is_not_the_total(label: str) -> None:
    assert (
        total("Shop", "Apples|4.00", "Bread|9.50", f"{label}|13.20", "TOTAL|13.50", f"{label}|13.20")
        == "13.50"
    )


def test_a_label_on_its_own_row_has_its_amount_below_or_above() -> None:
    assert total("Shop", "Apples|4.00", "Bread|9.50", "TOTAL", "13.50") == "13.50"
    assert total("Shop", "Apples|4.00", "Bread|9.50", "13.50", "TOTAL", "Thank you") == "13.50"


def test_the_rounded_total_is_what_is_paid() -> None:
    rows = ("Shop", "Apples|4.22", "Bread|9.50", "Total|13.72")
    assert total(*rows, "Rounding|-0.02", "Net total|13.70", "Cash|20.00", "Change|6.30") == "13.70"
    assert total(*rows, "Rounding Adjustment|-0.02", "Rounding|13.70", "Cash|20.00", "Change|6.30") == "13.70"
    assert total(*rows, "Total|13.70") == "13.70"


def test_the_table_of_taxes_has_totals_of_its_own() -> None:
    rows = (
        "Apples|4.24",
        "TOTAL|4.24",
        "CASH|5.00",
        "CHANGE|0.76",
        "GST Summary  Amount|Tax",
        "SR @6%  4.00|0.24",
    )
    assert total("Shop", *rows, "Total  4.00|0.24") == "4.24"


def test_what_is_given_is_not_the_total() -> None:
    assert total("Shop", "Apples|4.00", "Bread|3.00", "CASH|50.00", "CHANGE|43.00") == "7.00"


def test_subtotal_and_tax_find_a_total_whose_label_is_lost() -> None:
    assert (
        total("Shop", "Apples|4.00", "Bread|3.00", "Subtotal|7.00", "Tax|0.70", "xx|7.70", "Club|9.99")
        == "7.70"
    )


def test_a_misread_digit_is_repaired_when_other_sums_agree_and_never_silently() -> None:
    extraction = read(
        "Shop", "Apples|8.99", "Bread|10.47", "SUMME|19.16", "MwSt  Netto  Brutto",
        "A 19,0%  1,44  7,55|8,99", "B 7,0%  0,68  9,79|10,47", currency="EUR",
    )  # fmt: skip
    assert said(extraction, "total") == Decimal("19.46")
    assert extraction.total is not None
    assert extraction.total.alternatives[0] == Decimal("19.16")
    assert "total_uncertain" in extraction.warnings


def test_a_total_that_only_the_lines_contradict_is_kept() -> None:
    extraction = read("Shop", "Apples|8.99", "Bread|1.00", "TOTAL|19.16", currency="EUR")
    assert said(extraction, "total") == Decimal("19.16")
    assert "lines_differ" in extraction.warnings


def test_a_lost_decimal_mark_is_put_back() -> None:
    assert total("Shop", "Apples|4.00", "Bread|9.50", "TOTAL|13:50") == "13.50"
    assert total("Shop", "Apples|4.00", "Bread|9.50", "TOTAL|1350") == "13.50"


def test_a_whole_total_stays_whole() -> None:
    assert total("Shop", "Soup|$20", "Steak|$25", "TOTAL|$45") == "45"


def test_a_currency_without_decimals_has_whole_totals() -> None:
    extraction = read("Shop", "Tea|¥480", "Cake|¥520", "Total|¥1,000", currency="JPY")
    assert said(extraction, "total") == Decimal(1000)


def test_a_total_in_large_print_wins_over_one_in_small_print() -> None:
    assert total("Shop", "Apples|4.00", "#Total|7.40", "Total|2.15") == "7.40"


def test_words_of_goods_that_mean_money_elsewhere_are_goods() -> None:
    extraction = read("Shop", "Bar of soap|2.50", "Card Mother's Day|4.99", "TOTAL|7.49", "CASH|7.49")
    assert said(extraction, "total") == Decimal("7.49")
    assert [line.name for line in extraction.lines] == ["Bar of soap", "Card Mother's Day"]


def test_several_taxes_are_added() -> None:
    extraction = read("Shop", "Tea|10.00", "Subtotal|10.00", "GST|0.50", "PST|0.70", "TOTAL|11.20")
    assert said(extraction, "tax") == Decimal("1.20")


@pytest.mark.parametrize(
    ("taxes", "tax"),
    [
        pytest.param(("A 7% MwSt|0,29", "B 19% MwSt|0,84"), "1.13", id="of all that was bought"),
        pytest.param(("TVA 5,5%|0,23", "TVA 20%|0,89"), "1.12", id="in another country"),
        pytest.param(("MwSt 19%|0,84", "Davon MwSt 19%|0,84"), "0.84", id="one rate, said again"),
    ],
)
def test_taxes_of_several_rates_are_added_where_they_explain_the_total(
    taxes: tuple[str, ...], tax: str
) -> None:
    extraction = read("Markt", "Milch|4,50", "Seife|5,24", "SUMME|9,74", *taxes, currency="EUR")
    assert said(extraction, "tax") == Decimal(tax)


def test_an_identity_number_is_no_tax() -> None:
    assert said(read("Shop", "GST Reg No 12.34", "Tea|10.00", "TOTAL|10.00"), "tax") is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Total", "Change", "x", "Rounding", "Tax", "Subtotal"]), st.integers(-9999, 9999)
        )
    )
)
def test_no_subtotal_tax_or_tip_is_negative(rows: list[tuple[str, int]]) -> None:
    extraction = read("Shop", *(f"{label}|{cents / 100:.2f}" for label, cents in rows))
    for field in ("tax", "tip", "subtotal"):
        assert (said(extraction, field) or 0) >= 0


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(("Kettle|-29.99", "TOTAL|-29.99"), id="a line and the total"),
        pytest.param(("Kettle|-20.00", "Cup|-9.99", "TOTAL|-29.99"), id="several lines"),
        pytest.param(("Kettle|29,99-", "SUMME|29,99-"), id="minus behind"),
        pytest.param(("New kettle|10.00", "Old kettle|-39.99", "TOTAL|-29.99"), id="an exchange"),
    ],
)
def test_money_that_is_given_back_makes_a_negative_total(rows: tuple[str, ...]) -> None:
    extraction = read("Shop", *rows, currency="EUR")
    assert said(extraction, "total") == Decimal("-29.99")
    assert "total_uncertain" not in extraction.warnings
    assert "lines_differ" not in extraction.warnings


@pytest.mark.parametrize("label", ["TOTAL", "Amount charged", "VISA"])
def test_a_tip_below_the_total_is_paid_on_top(label: str) -> None:
    extraction = read(
        "Diner", "Tea|12.00", "Subtotal|12.00", "Tax|1.00", "TOTAL|13.00", "Tip|2.50", f"{label}|15.50"
    )
    assert [said(extraction, field) for field in ("total", "tax", "tip")] == [
        Decimal("15.50"),
        Decimal("1.00"),
        Decimal("2.50"),
    ]


def test_a_tip_that_nobody_paid_is_none() -> None:
    extraction = read("Diner", "Tea|12.00", "TOTAL|12.00", "Tip 20 %|2.40", "VISA|12.00")
    assert said(extraction, "total") == Decimal("12.00")


@pytest.mark.parametrize("title", ["REFUND", "Gutschrift", "AVOIR", "Nota di credito", "Retur"])
def test_a_title_says_that_money_is_given_back(title: str) -> None:
    assert total("Shop", title, "Kettle|29.99", "TOTAL|29.99") == "-29.99"


@pytest.mark.parametrize("row", ["REFUND POLICY", "No refund without receipt", "Refund fee|2.00"])
def test_other_words_of_refunds_are_no_title(row: str) -> None:
    assert total("Shop", "Kettle|29.99", row, "TOTAL|29.99") == "29.99"


def test_a_word_of_refunds_below_the_total_is_no_title() -> None:
    assert total("Shop", "Kettle|29.99", "TOTAL|29.99", "Refund", "within 30 days") == "29.99"


def test_a_refund_without_lines_is_doubted() -> None:
    extraction = read("Shop", "Kettle 4711", "TOTAL|-29.99", "VISA|-29.99", currency="EUR")
    assert said(extraction, "total") == Decimal("-29.99")
    assert "total_uncertain" in extraction.warnings


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(("Kettle|29.99", "TOTAL|-29.99"), id="a dash before the total"),
        pytest.param(("Kettle|29.99", "TOTAL|29.99", "VISA|-29.99"), id="a card that is charged"),
        pytest.param(("Kettle|39.99", "Voucher|-10.00", "TOTAL|29.99"), id="a discount"),
    ],
)
def test_one_minus_alone_makes_no_refund(rows: tuple[str, ...]) -> None:
    assert total("Shop", *rows) == "29.99"
