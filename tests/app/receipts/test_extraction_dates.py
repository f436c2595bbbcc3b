"""The day and the time of a purchase."""

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.receipts.extraction import Hints, dates, layout
from tests.app.receipts import drawing

TODAY = datetime.date(2026, 11, 24)


def find(*rows: str, currency: str | None = "EUR", **hints: Any) -> dates.Moment:
    return dates.find(layout.rows([drawing.lines(*rows)]), Hints(today=TODAY, **hints), currency)


def day(*rows: str, **hints: Any) -> str | None:
    reading = find(*rows, **hints).date
    return None if reading is None else reading.value.isoformat()


@pytest.mark.parametrize(
    "text",
    [
        "12.03.2026",
        "12/03/2026 14:05",
        "12-03-26",
        "2026-03-12",
        "2026/3/12",
        "12 March 2026",
        "March 12, 2026",
        "12. März 2026",
        "12 mars 2026",
        "12 de marzo de 2026",
        "12 marzo 2026",
        "12 mrt 2026",
        "12 mar 2026",
        "12 Mac 2026",
        "12MAR'26 9:32AM",
        "12.03.202614:05:10",
        "20260312",
        "I2/O3/2026",
        "Datum 12.03.2026 Uhrzeit 14:05",
    ],
)
def test_a_date_is_read_however_it_is_written(text: str) -> None:
    assert day(text) == "2026-03-12"


@pytest.mark.parametrize(
    "text",
    ["Tel 0312-2026-5566", "12.40", "31.02.2026", "05251/18 04 20", "Article 120326", "1/2 price", "9-13"],
)
def test_other_numbers_are_no_dates(text: str) -> None:
    assert day(text) is None


def test_a_month_is_read_in_spite_of_a_misread_letter() -> None:
    assert day("Ju1.30'11(Sat)07:27") == "2011-07-30"
    assert day("0CT 5 2017") == "2017-10-05"


def test_the_currency_decides_which_number_is_the_month() -> None:
    assert day("03/04/2026", currency="EUR") == "2026-04-03"
    assert day("03/04/2026", currency="USD") == "2026-03-04"


def test_the_owners_habit_decides_where_no_currency_is_printed() -> None:
    assert day("03/04/2026", currency=None, owner_day_first=False) == "2026-03-04"
    assert day("03/04/2026", currency=None, owner_day_first=True) == "2026-04-03"


@pytest.mark.parametrize("currency", ["EUR", "USD", None])
def test_an_order_that_is_known_of_the_receipt_is_settled(currency: str | None) -> None:
    for day_first, expected in ((False, "2026-03-04"), (True, "2026-04-03")):
        reading = find(
            "03/04/2026", currency=currency, day_first=day_first, owner_day_first=not day_first
        ).date
        assert reading is not None
        assert (reading.value.isoformat(), reading.confidence >= 0.9) == (expected, True)


@pytest.mark.parametrize(
    ("currency", "owner_day_first", "is_sure"),
    [
        pytest.param("EUR", None, False, id="nothing is known of the owner"),
        pytest.param("EUR", True, True, id="as its owner writes"),
        pytest.param(None, True, True, id="no currency, so as its owner writes"),
        pytest.param("USD", True, False, id="from a country that writes otherwise"),
        pytest.param("EUR", False, False, id="from another country that writes otherwise"),
    ],
)
def test_an_ambiguous_date_carries_the_other_one_and_is_sure_only_in_its_owners_order(
    currency: str | None, owner_day_first: bool | None, is_sure: bool
) -> None:
    reading = find("03/04/2026", currency=currency, owner_day_first=owner_day_first).date
    assert reading is not None
    assert {reading.value, *reading.alternatives} == {datetime.date(2026, 4, 3), datetime.date(2026, 3, 4)}
    assert (reading.confidence >= 0.9) == is_sure


@pytest.mark.parametrize("rows", [("13/04/2026",), ("03/03/2026",), ("03/04/2026 10:00", "2026-04-03")])
def test_an_unambiguous_date_carries_no_other(rows: tuple[str, ...]) -> None:
    reading = find(*rows).date
    assert reading is not None
    assert reading.alternatives == ()


def test_the_order_that_isn_t_in_the_future_is_taken() -> None:
    assert day("11/12/2026") == "2026-11-12"


def test_a_date_that_expires_or_promises_something_is_not_the_purchase() -> None:
    assert day("Valid until 01.10.2026", "Gültig bis 02.10.2026", "05.03.2026 10:11") == "2026-03-05"
    assert day("Date: 05.03.2026", "Expected delivery: 08.03.2026") == "2026-03-05"


@pytest.mark.parametrize(
    "text",
    [
        "25.02.2014:52",
        "25.02.202014:52",
        "25.02.20-14:52",
        "25.02.20|14:52",
        "25 02.20 14:52",
        "25.0220 14:52",
        "25,02,20 14:52",
        "250220 14:52",
        "Z5.02.20 14:52",
        "2S.02.20",
        "25.O2.2O 14:52",
        "25,02:2020",
    ],
)
def test_a_date_is_read_in_spite_of_misread_marks_and_digits(text: str) -> None:
    assert day("Kasse 3", text) == "2020-02-25"


@pytest.mark.parametrize("text", ["250220", "25 02 20", "4 12 20 pcs", "Article 120320 1.99"])
def test_digits_alone_are_no_date(text: str) -> None:
    assert day(text) is None


def test_a_date_in_full_beats_a_damaged_one() -> None:
    reading, damaged = find("25.02.20 14:52", "26 02 20 14:52").date, find("26 02 20 14:52").date
    assert reading is not None
    assert damaged is not None
    assert (reading.value.day, damaged.value.day) == (25, 26)
    assert damaged.confidence < 0.6 < reading.confidence


def test_only_a_date_that_expires_is_better_than_none() -> None:
    assert day("Valid until 01.10.2026") == "2026-10-01"


def test_the_labelled_date_wins_over_others() -> None:
    assert day("03.01.2026", "Date: 05.03.2026") == "2026-03-05"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("12.03.2026 14:05", "14:05:00"),
        ("12.03.2026 6:12 PM", "18:12:00"),
        ("12.03.2026 12:30am", "00:30:00"),
        ("12.03.202616:07:21", "16:07:21"),
    ],
)
def test_the_time_beside_the_date_is_read(text: str, time: str) -> None:
    found = find("Open 08:00", text).time
    assert found is not None
    assert found.value.isoformat() == time


def test_an_amount_is_no_time() -> None:
    assert find("12.03.2026", "TREADMILL 0.01 A").time is None


@given(st.dates(datetime.date(1990, 1, 1), datetime.date(2099, 12, 31)), st.booleans())
def test_no_date_is_in_the_future(date: datetime.date, day_first: bool) -> None:
    found = find(date.strftime("%d/%m/%Y"), date.isoformat(), day_first=day_first).date
    assert found is None or found.value <= TODAY
    assert found is None or all(other <= TODAY for other in found.alternatives)


@given(st.dates(datetime.date(1995, 1, 1), TODAY))
def test_every_day_until_today_is_read(date: datetime.date) -> None:
    assert day(f"Date {date.strftime('%d.%m.%Y')} 12:00", day_first=True) == date.isoformat()
