"""The name of the store at the head of a receipt."""

import pytest

from tests.app.receipts.test_extraction import read, said

FOOT = ("Tea|4.00", "Bread|3.00", "TOTAL|7.00", "CASH|10.00", "CHANGE|3.00")


def store(*rows: str) -> str | None:
    name = said(read(*rows, *FOOT), "store")
    assert name is None or isinstance(name, str)
    return name


@pytest.mark.parametrize(
    "above",
    [
        "Welcome to",
        "TAX INVOICE",
        "12/03/2026 10:15",
        "Tel: 03-8021 4455",
        "A04114",
        "www.shop.example.com",
        "Kassenbon",
    ],
)
def test_a_greeting_a_title_or_a_number_is_no_store(above: str) -> None:
    assert store(above, "Copper Kettle", "12 Main Street", "Springfield, IL 62701") == "Copper Kettle"


@pytest.mark.parametrize(
    "address",
    [
        "12 Main Street",
        "Springfield, IL 62701",
        "NO 5, JALAN MAWAR",
        "Hauptstraße 5",
        "12345 Köln",
        "8 rue des Lilas, 69001 Lyon",
        "Via Roma 12, 40100 Bologna",
        "1012 AB Amsterdam",
    ],
)
def test_an_address_is_no_store(address: str) -> None:
    assert store(address, "Copper Kettle") == "Copper Kettle"


def test_the_company_is_the_store_even_below_the_outlet() -> None:
    assert store("SUSHI CORNER", "KMF DINING SDN BHD (1132106-H)", "NO. 9, JALAN 2") == "KMF DINING SDN BHD"


def test_the_sign_is_the_store_when_the_company_is_in_small_print() -> None:
    assert store("#^Morgenrot", "Handelsgesellschaft Nord GmbH", "Hauptstraße 5") == "Morgenrot"


def test_a_sign_that_leaves_out_the_legal_form_gives_way_to_the_full_name() -> None:
    assert store("#^ELKO SERVICE", "ELKO SERVICE SDN BHD", "NO. 9, JALAN 2") == "ELKO SERVICE SDN BHD"


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        (("POPULAR PAPER", "CO. (M) SDN BHD"), "POPULAR PAPER CO. (M) SDN BHD"),
        (
            ("AIK HUA HARDWARE", "ENTERPRISE (SETIA", "ALAM) SDN BHD"),
            "AIK HUA HARDWARE ENTERPRISE (SETIA ALAM) SDN BHD",
        ),
        (("Milano", "Restaurant"), "Milano Restaurant"),
        (("#^THE ALLEY", "#^HARBOUR"), "THE ALLEY HARBOUR"),
    ],
)
def test_a_name_goes_on_in_the_next_row(rows: tuple[str, ...], name: str) -> None:
    assert store(*rows, "12 Main Street", "Springfield, IL 62701") == name


@pytest.mark.parametrize("below", ["More for less", "Anna Berg", "STORE # GA-0645", "Phone 770-288-2918"])
def test_what_stands_below_a_name_is_not_part_of_it(below: str) -> None:
    assert store("#^Copper Kettle", below, "12 Main Street") == "Copper Kettle"


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("99 CORNER MART S/B (519537-X)", "99 CORNER MART S/B"),
        ("KEDAI SERI SDN BHD (Co. No. 113825-W)", "KEDAI SERI SDN BHD"),
        ("SANYISTATIONERYSHOP", "SANYI STATIONERY SHOP"),
        ("ROTI BAKERIES (KLISDN BHD", "ROTI BAKERIES (KL) SDN BHD"),
        ("PASIR SON BHD", "PASIR SDN BHD"),
        ("*** Copper Kettle ***", "Copper Kettle"),
        ("Green Hi11s Diner", "Green Hills Diner"),
        ("The Parcel Store - #4144", "The Parcel Store - #4144"),
        ("Bookstores United", "Bookstores United"),
    ],
)
def test_a_name_is_cleaned_of_what_isn_t_its_own(printed: str, name: str) -> None:
    assert store(printed, "NO. 9, JALAN 2") == name


def test_a_sign_that_the_company_s_name_begins_with_is_the_store() -> None:
    assert store("#+Meadows", "Since 1899", "Meadows Supermarkets plc", "12 Main Street") == "Meadows"


def test_what_happens_every_year_keeps_its_year() -> None:
    assert store("#^LAKESHOW", "#^2015", "DATE 07/15/2015") == "LAKESHOW 2015"


@pytest.mark.parametrize(
    "below",
    ["www.copperkettle.example", "info@copper-kettle.example", "THANK YOU FOR DINING AT COPPER KETTLE"],
)
def test_a_name_that_is_said_again_beats_what_stands_above_it(below: str) -> None:
    head = ("Harbour Lights", "Copper Kettle", "12 Main Street", "Springfield, IL 62701")
    assert store(*head) == "Harbour Lights"
    assert store(*head, *FOOT, below) == "Copper Kettle"


@pytest.mark.parametrize(
    "rows",
    [
        ("Thank you for shopping at Copper Kettle",),
        ("Vielen Dank für Ihren Einkauf bei", "Copper Kettle"),
        ("Merci de votre visite chez Copper Kettle!",),
    ],
)
def test_a_thanks_names_the_store_whose_sign_can_t_be_read(rows: tuple[str, ...]) -> None:
    assert store("12 Main Street", "Springfield, IL 62701", *FOOT, *rows) == "Copper Kettle"


def test_a_thanks_without_a_name_names_no_store() -> None:
    assert store("12 Main Street", *FOOT, "Thank you for dining with us!") is None


def test_an_address_or_goods_alone_are_no_store() -> None:
    assert store("12 Main Street", "Springfield, IL 62701", "Garlic Naan|3.50") is None
    assert (
        store("Copper Kettle", "12 Main Street", "Springfield, IL 62701", "Garlic Naan|3.50")
        == "Copper Kettle"
    )


def test_what_was_bought_is_no_other_name() -> None:
    found = read("Copper Kettle", "Anna Berg", "Garlic Naan|3.50", "Mango Lassi|4.00", *FOOT).store
    assert found is not None
    assert (found.value, found.alternatives) == ("Copper Kettle", ("Anna Berg",))


def test_a_receipt_without_a_name_has_no_store() -> None:
    assert (
        said(read("12/03/2026 10:15", "Tel: 03-8021 4455", "TAX INVOICE", *("1234567|2.00",) * 4), "store")
        is None
    )
