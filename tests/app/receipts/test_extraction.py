"""From lines to fields: whole receipts in several languages and layouts."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from app.receipts.extraction import Hints, KnownStore, extract
from app.receipts.schemas import Extraction
from tests.app.receipts import drawing

TODAY = datetime.date(2026, 11, 24)


@dataclass(frozen=True)
class Sample:
    """A receipt and what is on it."""

    rows: tuple[str, ...]
    says: dict[str, Any]
    lines: tuple[tuple[str, str], ...]


GERMAN = Sample(
    (
        "#^Waldmarkt",
        "^Hauptstraße 5",
        "^12345 Köln",
        "Vollmilch|1,29 A",
        "Roggenbrot|3,49 A",
        "2 x||0,99",
        "Spülmittel|1,98 B",
        "Pfand Leergut|-0,25 A",
        "#SUMME EUR|6,51",
        "Bar|10,00",
        "Rückgeld|3,49",
        "MwSt   Netto   Steuer   Brutto",
        "A 7,0%   4,24   0,29|4,53",
        "B 19,0%   1,66   0,32|1,98",
        "12.03.2026 14:05 Bon 1234",
    ),
    {
        "store": "Waldmarkt",
        "date": datetime.date(2026, 3, 12),
        "time": datetime.time(14, 5),
        "currency": "EUR",
        "total": Decimal("6.51"),
        "tax": Decimal("0.61"),
        "tendered": Decimal("10.00"),
        "change": Decimal("3.49"),
        "payment_method": "cash",
        "category": "Groceries",
    },
    (("Vollmilch", "1.29"), ("Roggenbrot", "3.49"), ("Spülmittel", "1.98"), ("Pfand Leergut", "-0.25")),
)
AMERICAN = Sample(
    (
        "#^Copper Kettle",
        "^Restaurant",
        "^12 Main Street",
        "^Springfield, IL 62701",
        "Server: Ann|03/04/2026",
        "Table 7|6:12 PM",
        "1 Tomato Soup|$6.50",
        "2 Iced Tea|$5.00",
        "Subtotal|$11.50",
        "Tax|$0.95",
        "Tip|$2.30",
        "#Total|$14.75",
        "VISA XXXXXXXXXXXX1234|$14.75",
    ),
    {
        "store": "Copper Kettle Restaurant",
        "date": datetime.date(2026, 3, 4),
        "time": datetime.time(18, 12),
        "currency": "USD",
        "total": Decimal("14.75"),
        "subtotal": Decimal("11.50"),
        "tax": Decimal("0.95"),
        "tip": Decimal("2.30"),
        "payment_method": "card",
        "category": "Restaurants",
    },
    (("Tomato Soup", "6.50"), ("Iced Tea", "5.00")),
)
MALAYSIAN = Sample(
    (
        "^KEDAI BUKU SERI SDN BHD",
        "^(123456-X)",
        "^NO 5, JALAN MAWAR",
        "^50000 KUALA LUMPUR",
        "^TAX INVOICE",
        "Date : 05/02/2026 10:20:30",
        "Description  Qty  U.Price|Total",
        "Pensel 2B",
        "1001 2 x 1.50|3.00 SR",
        "Buku Nota",
        "1002 1 x 7.12|7.12 SR",
        "Total Qty: 3",
        "Total (Excluding GST)|9.55",
        "GST Payable 6%|0.57",
        "Total (Inclusive of GST)|10.12",
        "Rounding Adj|-0.02",
        "#TOTAL RM|10.10",
        "CASH|20.00",
        "CHANGE|9.90",
        "GST Summary  Amount(RM)|Tax(RM)",
        "SR @6%   9.55|0.57",
    ),
    {
        "store": "KEDAI BUKU SERI SDN BHD",
        "date": datetime.date(2026, 2, 5),
        "currency": "MYR",
        "total": Decimal("10.10"),
        "tax": Decimal("0.57"),
        "rounding": Decimal("-0.02"),
        "change": Decimal("9.90"),
        "payment_method": "cash",
    },
    (("Pensel 2B", "3.00"), ("Buku Nota", "7.12")),
)
FRENCH = Sample(
    (
        "#^Boulangerie Dupré",
        "^8 rue des Lilas",
        "^69001 Lyon",
        "Le 07/01/2026 à 08:41",
        "2 x Croissant|2,40 €",
        "Pain de campagne|3,10 €",
        "Total TTC|5,50 €",
        "dont TVA 5,5%|0,29 €",
        "Carte bancaire|5,50 €",
        "Merci de votre visite",
    ),
    {
        "store": "Boulangerie Dupré",
        "date": datetime.date(2026, 1, 7),
        "currency": "EUR",
        "total": Decimal("5.50"),
        "tax": Decimal("0.29"),
        "payment_method": "card",
        "category": "Groceries",
    },
    (("Croissant", "2.40"), ("Pain de campagne", "3.10")),
)
SPANISH = Sample(
    (
        "#^Mesón del Puerto",
        "^Calle Mayor 4",
        "FECHA: 21/02/2026  HORA: 15:30",
        "UDS  DESCRIPCION  PVP|IMPORTE",
        "1  Ensalada mixta  9,40|9,40",
        "2  Agua  1,30|2,60",
        "BASE IMPONIBLE|10,91",
        "IVA 10%|1,09",
        "#TOTAL|12,00",
        "EFECTIVO|20,00",
        "CAMBIO|8,00",
    ),
    {
        "store": "Mesón del Puerto",
        "date": datetime.date(2026, 2, 21),
        "total": Decimal("12.00"),
        "tax": Decimal("1.09"),
        "payment_method": "cash",
    },
    (("Ensalada mixta", "9.40"), ("Agua", "2.60")),
)
ITALIAN = Sample(
    (
        "#^Trattoria Bellini",
        "^Via Roma 12, 40100 Bologna",
        "^P.IVA 01234567890",
        "COPERTO|2,00",
        "LASAGNE|11,50",
        "#TOTALE EURO|13,50",
        "CONTANTE|15,00",
        "RESTO|1,50",
        "03-01-2026 20:15",
    ),
    {
        "store": "Trattoria Bellini",
        "date": datetime.date(2026, 1, 3),
        "currency": "EUR",
        "total": Decimal("13.50"),
        "payment_method": "cash",
        "category": "Restaurants",
    },
    (("COPERTO", "2.00"), ("LASAGNE", "11.50")),
)
PORTUGUESE = Sample(
    (
        "#^Padaria Central",
        "^Rua do Sol 3",
        "Data: 2026-04-09 09:10",
        "Pão de milho|1,80",
        "Café|0,90",
        "Total a pagar|2,70",
        "Multibanco|2,70",
    ),
    {
        "store": "Padaria Central",
        "date": datetime.date(2026, 4, 9),
        "total": Decimal("2.70"),
        "payment_method": "card",
    },
    (("Pão de milho", "1.80"), ("Café", "0.90")),
)
DUTCH = Sample(
    (
        "#^Kaashandel Vermeer",
        "^Gracht 10, 1012 AB Amsterdam",
        "Oude kaas|8,45",
        "Korting|-1,00",
        "#Totaal|7,45",
        "Btw laag 9%|0,62",
        "Pin|7,45",
        "14 mei 2026 11:02",
    ),
    {
        "store": "Kaashandel Vermeer",
        "date": datetime.date(2026, 5, 14),
        "currency": "EUR",
        "total": Decimal("7.45"),
        "tax": Decimal("0.62"),
        "payment_method": "card",
    },
    (("Oude kaas", "8.45"), ("Korting", "-1.00")),
)
POLISH = Sample(
    (
        "#^Piekarnia Nowak",
        "^ul. Polna 7, 00-950 Warszawa",
        "^NIP 1234567890",
        "^PARAGON FISKALNY",
        "Chleb razowy|6,40 C",
        "Drożdżówka|4,10 C",
        "PTU C 5%|0,50",
        "#SUMA PLN|10,50",
        "Gotówka|20,00",
        "Reszta|9,50",
        "2026-06-30 07:55",
    ),
    {
        "store": "Piekarnia Nowak",
        "date": datetime.date(2026, 6, 30),
        "currency": "PLN",
        "total": Decimal("10.50"),
        "tax": Decimal("0.50"),
        "payment_method": "cash",
    },
    (("Chleb razowy", "6.40"), ("Drożdżówka", "4.10")),
)
SWEDISH = Sample(
    (
        "#^Bokhandeln Eken",
        "^Storgatan 2",
        "^KVITTO",
        "Roman|189,00",
        "Vykort|25,50",
        "Moms 6%|12,14",
        "#Att betala|214,50 kr",
        "Kontokort|214,50",
        "2026-08-02 16:45",
    ),
    {
        "store": "Bokhandeln Eken",
        "date": datetime.date(2026, 8, 2),
        "currency": "SEK",
        "total": Decimal("214.50"),
        "tax": Decimal("12.14"),
        "payment_method": "card",
    },
    (("Roman", "189.00"), ("Vykort", "25.50")),
)
SAMPLES = {
    "German": GERMAN,
    "American": AMERICAN,
    "Malaysian": MALAYSIAN,
    "French": FRENCH,
    "Spanish": SPANISH,
    "Italian": ITALIAN,
    "Portuguese": PORTUGUESE,
    "Dutch": DUTCH,
    "Polish": POLISH,
    "Swedish": SWEDISH,
}


def read(*rows: str, **hints: Any) -> Extraction:
    """What a receipt says, read without faults."""
    return extract([drawing.lines(*rows)], Hints(today=TODAY, **hints))


def said(extraction: Extraction, field: str) -> Any:
    """The value of a field; None where there is none."""
    reading = getattr(extraction, field)
    return None if reading is None else reading.value


@pytest.mark.parametrize("language", SAMPLES)
def test_the_fields_of_a_receipt_are_read(language: str) -> None:
    sample = SAMPLES[language]
    extraction = read(*sample.rows)
    assert {field: said(extraction, field) for field in sample.says} == sample.says


@pytest.mark.parametrize("language", SAMPLES)
def test_the_lines_of_a_receipt_are_read(language: str) -> None:
    sample = SAMPLES[language]
    assert tuple((line.name, str(line.amount)) for line in read(*sample.rows).lines) == sample.lines


@pytest.mark.parametrize("language", SAMPLES)
def test_a_receipt_that_adds_up_is_read_without_warnings_and_surely(language: str) -> None:
    extraction = read(*SAMPLES[language].rows, currency="EUR", day_first=language != "American")
    assert set(extraction.warnings) <= {"currency_assumed"}
    assert extraction.total is not None
    assert extraction.total.confidence >= 0.9


def test_pages_follow_each_other() -> None:
    first, second = drawing.lines(*GERMAN.rows[:6]), drawing.lines(*GERMAN.rows[6:])
    extraction = extract([first, second], Hints(today=TODAY))
    assert said(extraction, "total") == GERMAN.says["total"]
    assert [line.name for line in extraction.lines] == [name for name, _ in GERMAN.lines]


def test_a_known_store_is_recognised_in_spite_of_misread_letters() -> None:
    known = (KnownStore("Waldmarkt Köln", "Food"), KnownStore("Stadtmarkt"))
    extraction = read("#^Waldrnarkt Koln", *GERMAN.rows[1:], known_stores=known)
    assert said(extraction, "store") == "Waldmarkt Köln"
    assert said(extraction, "category") == "Food"


def test_a_store_that_only_resembles_a_known_one_keeps_its_name() -> None:
    extraction = read(*GERMAN.rows, known_stores=(KnownStore("Waldapotheke", "Health"),))
    assert said(extraction, "store") == "Waldmarkt"
    assert said(extraction, "category") == "Groceries"


def test_amounts_are_strings_in_json() -> None:
    sent = read(*GERMAN.rows).model_dump(mode="json")
    assert sent["total"]["value"] == "6.51"
    assert sent["lines"][3]["amount"] == "-0.25"


def test_an_extraction_survives_json() -> None:
    extraction = read(*MALAYSIAN.rows)
    assert Extraction.model_validate_json(extraction.model_dump_json()) == extraction
