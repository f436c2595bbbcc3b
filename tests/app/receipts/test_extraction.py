"""From lines to fields: whole receipts in several languages and layouts."""

import datetime
from decimal import Decimal

from app.receipts.extraction import Hints, extract
from tests.app.receipts import drawing

TODAY = datetime.date(2026, 11, 24)

GERMAN = (
    "#^Waldmarkt",
    "^Hauptstraße 5",
    "^12345 Köln",
    "Vollmilch 1,5%|1,29 A",
    "Roggenbrot|3,49 A",
    "2 x|0,99",
    "Spülmittel|1,98 B",
    "Pfand Leergut|-0,25 A",
    "#SUMME EUR|6,51",
    "Bar|10,00",
    "Rückgeld|3,49",
    "MwSt   Netto   Steuer   Brutto",
    "A 7,0%||4,24  0,29|4,53",
    "B 19,0%||1,66  0,32|1,98",
    "12.03.2026 14:05 Bon 1234",
)


def test_a_german_receipt_is_read() -> None:
    extraction = extract([drawing.lines(*GERMAN)], Hints(today=TODAY, currency="EUR"))
    assert extraction.store
    assert extraction.store.value == "Waldmarkt"
    assert extraction.total
    assert extraction.total.value == Decimal("6.51")
    assert extraction.date
    assert extraction.date.value == datetime.date(2026, 3, 12)
    assert extraction.time
    assert extraction.time.value == datetime.time(14, 5)
    assert extraction.payment_method
    assert extraction.payment_method.value == "cash"
    assert [(line.name, line.amount) for line in extraction.lines] == [
        ("Vollmilch 1,5%", Decimal("1.29")),
        ("Roggenbrot", Decimal("3.49")),
        ("Spülmittel", Decimal("1.98")),
        ("Pfand Leergut", Decimal("-0.25")),
    ]
