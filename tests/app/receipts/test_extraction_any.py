"""Receipts with any goods, in eleven languages: what was printed is what is read."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from app.receipts.extraction import Hints, extract
from tests.app.receipts import drawing
from tests.app.receipts.test_extraction_words import foods


@dataclass(frozen=True)
class Till:
    """How tills of a country print; the foot has {total}, {given} and {change}."""

    currency: str
    mark: str
    day: str
    discount: str
    foot: str


TILLS = (
    Till("GBP", ".", "%d/%m/%Y", "Discount", "TOTAL|{total};Cash|{given};Change|{change}"),
    Till(
        "USD", ".", "%m/%d/%Y", "Coupon", "SUBTOTAL|{total};TOTAL|${total};CASH|${given};CHANGE DUE|${change}"
    ),
    Till("MYR", ".", "%d-%m-%Y", "Diskaun", "JUMLAH RM|{total};TUNAI|{given};BAKI|{change}"),
    Till("EUR", ",", "%d.%m.%Y", "Rabatt", "SUMME EUR|{total};Gegeben BAR|{given};Rückgeld|{change}"),
    Till("EUR", ",", "%d/%m/%Y", "Remise", "TOTAL TTC|{total} €;Espèces|{given};Rendu|{change}"),
    Till("EUR", ",", "%d/%m/%Y", "Descuento", "TOTAL A PAGAR|{total};Efectivo|{given};Cambio|{change}"),
    Till("EUR", ",", "%d-%m-%Y", "Sconto", "TOTALE COMPLESSIVO|{total};Contanti|{given};Resto|{change}"),
    Till("EUR", ",", "%d/%m/%Y", "Desconto", "Total a pagar|{total};Numerário|{given};Troco|{change}"),
    Till("EUR", ",", "%d-%m-%Y", "Korting", "TOTAAL|{total};Contant|{given};Wisselgeld|{change}"),
    Till("PLN", ",", "%Y-%m-%d", "Rabat", "SUMA PLN|{total};Gotówka|{given};Reszta|{change}"),
    Till("SEK", ",", "%Y-%m-%d", "Rabatt", "Totalt SEK|{total};Kontant|{given};Växel|{change}"),
)
# The payment by chip is called like the food.
GOODS = [food.capitalize() for food in foods() if food != "chip"]
FORMS = (
    "{name}|{amount}",
    "{count} x {price} {name}|{amount}",
    "{count} {name}|{amount}",
    "48210573 {name}|{amount} A",
    "{name};  {count} x {price}|{amount}",
    "{name}|{amount};  {count} @ {price}",
)
ITEMS = st.tuples(st.sampled_from(GOODS), st.integers(30, 4999), st.integers(2, 5), st.booleans())


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(TILLS),
    st.sampled_from(FORMS),
    st.lists(ITEMS, min_size=1, max_size=12, unique_by=lambda item: item[0]),
    st.dates(datetime.date(2024, 1, 1), datetime.date(2026, 11, 20)),
)
def test_goods_sums_and_day_are_read_as_printed(
    till: Till, form: str, items: list[tuple[str, int, int, bool]], day: datetime.date
) -> None:
    def text(amount: Decimal) -> str:
        return f"{amount:.2f}".replace(".", till.mark)

    rows, bought = [], []
    for name, cents, count, reduced in items:
        price = Decimal(cents) / 100
        amount = price * count if "{count}" in form else price
        rows += form.format(name=name, count=count, price=text(price), amount=text(amount)).split(";")
        bought.append((name, amount))
        if reduced:
            rows.append(f"{till.discount}|-{text(Decimal('0.25'))}")
            bought.append((till.discount, Decimal("-0.25")))
    total = sum((amount for _, amount in bought), Decimal(0))
    given_ = total // 10 * 10 + 10
    foot = till.foot.format(total=text(total), given=text(given_), change=text(given_ - total)).split(";")

    page = drawing.lines("#^Zum Anker", "^12 Mill Lane", day.strftime(till.day) + " 10:15", *rows, *foot)
    found = extract([page], Hints(today=datetime.date(2026, 11, 24), currency=till.currency))

    assert found.total is not None
    assert (found.total.value, found.date and found.date.value) == (total, day)
    assert [(line.name, line.amount) for line in found.lines] == bought
    assert found.store is not None
    assert found.store.value == "Zum Anker"
