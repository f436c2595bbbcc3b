"""The lines of a receipt: what was bought, how much of it, at what price."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from app.receipts.extraction import amounts, vocabulary
from app.receipts.extraction.layout import Row
from app.receipts.extraction.ledger import Entry, Role
from app.receipts.extraction.words import Words, fold
from app.receipts.schemas import ExtractedLine

_CENT = Decimal("0.01")
_LONGEST_NAME = 100
_HEADER = Words(vocabulary.LINES_HEADER)
_DISCOUNT = Words(vocabulary.DISCOUNT)
_END_ROLES = {
    *(
        Role.SUBTOTAL,
        Role.GRAND_TOTAL,
        Role.TOTAL,
        Role.TAX,
        Role.TIP,
        Role.ROUNDING,
        Role.PAYMENT,
        Role.CHANGE,
    ),
    *(Role.TAX_TABLE, Role.BALANCE, Role.NOT_TOTAL),
}
_LAST_ROLES = {Role.GRAND_TOTAL, Role.PAYMENT, Role.CHANGE, Role.TAX_TABLE, Role.BALANCE}
# A quantity before or after its sign: "2 x", "x 2", "3 @", "2 ST".
_TIMES = re.compile(
    r"(?<![\w.,])(?P<a>\d{1,4}(?:[.,]\d{1,3})?)\s?(?:[xX×*@]|st(?:k|ck)?\b|pcs?\b|kg\b)|[xX×]\s?(?P<b>\d{1,3})(?![\w.,])",
    re.IGNORECASE,
)
# "2 Tea", "2 4.00", "0.48 Tomatoes".
_LEADING = re.compile(r"^(?P<count>\d{1,2}(?:\s+(?=\D|\d+[.,]\d)|[.,]\d{1,3}\s+(?=[^\W\d_]{2})))")
_COUNT_COLUMN = re.compile(r"(?<=\S)\s{2,}(?P<count>\d{1,2})\s*$")
_NUMBER = re.compile(r"(?<![\w.,])\d{1,4}(?:[.,]\d{1,3})?(?![\w.,%])")
_CODE = re.compile(r"(?<!\w)(?:[A-Z]{0,3}\d{5,}[A-Z]?|\d{3,}-\d+)(?!\w)")
# What the tax office wants to know of a line: "*S", "[SR]", "<A>". A letter alone may be the end of a name.
_TAX_CODE = re.compile(r"(?:^|\s)(?:[*=][A-Za-z]{1,2}|[A-Za-z]\*|\[[A-Z]{2}\]|<[A-Z]>|SR|ZR|TX)$")
# A column of marks before the names.
_MARK = re.compile(r"^[A-Z]{1,2}\s{2,}")


@dataclass(frozen=True, slots=True)
class _Priced:
    """A row with an amount."""

    row: int
    name: str
    amount: Decimal
    quantity: Decimal | None
    unit_price: Decimal | None


def find(rows: Sequence[Row], entries: Sequence[Entry], decimals: int = 2) -> list[ExtractedLine]:
    """The lines between the head of the receipt and its first sum."""
    first, last = _range(rows, entries, decimals)
    # Without a head, the name of the first line may stand above its price.
    highest = first if first and _is_header(rows[first - 1]) else first - 1
    return _lines(rows, range(first, last), highest, decimals)


def find_later(rows: Sequence[Row], entries: Sequence[Entry], decimals: int = 2) -> list[ExtractedLine]:
    """What may be more lines: where the first sum is that of a department or a rate, before the next sums."""
    _, first = _range(rows, entries, decimals)
    sums = {e.row: e.role for e in entries if e.row >= first and e.role is not Role.NONE and e.amounts}
    last = next((row for row, role in sums.items() if role in _LAST_ROLES), first)
    return [
        line
        for before, after in pairwise(row for row in sums if row <= last)
        for line in _lines(rows, range(before + 1, after), before + 1, decimals)
    ]


def _lines(rows: Sequence[Row], where: range, highest: int, decimals: int) -> list[ExtractedLine]:
    """The lines in some rows; the name of the first one may stand as far up as `highest`."""
    first, last = where.start, where.stop
    priced = {number: line for number in where if (line := _priced(rows[number], number, decimals))}
    multiples = _multiples(rows, priced)
    priced = {number: line for number, line in priced.items() if number + 1 not in multiples}
    priced = {number: line for number, line in priced.items() if not _is_only_named(line, priced)}
    names_below = _names_are_below(priced, first, last)
    lines = []
    for number, line in priced.items():
        neighbours = range(number + 1, last) if names_below else range(number - 1, highest - 1, -1)
        name = line.name or _name_nearby(rows, priced, neighbours)
        quantity, unit_price = multiples.get(number, (line.quantity, line.unit_price))
        if name:
            lines.append(
                ExtractedLine(
                    name=name[:_LONGEST_NAME].strip(),
                    quantity=quantity,
                    unit_price=unit_price,
                    amount=line.amount,
                )
            )
    return lines


def _range(rows: Sequence[Row], entries: Sequence[Entry], decimals: int) -> tuple[int, int]:
    """The rows from the first that has a price to the first sum."""
    heads = [e.row for e in entries if not e.amounts and _is_header(rows[e.row])]
    first = heads[0] + 1 if heads and heads[0] < len(rows) * 0.6 else 0
    if not first:
        prices = (
            e.row for e in entries if amounts.find(rows[e.row].text, decimals) and len(rows[e.row].cells) > 1
        )
        first = next(prices, 0)
    ends = (e.row for e in entries if e.row >= first and e.role in _END_ROLES and e.amounts)
    return first, next(ends, len(rows))


def _is_header(row: Row) -> bool:
    """Whether a row names the columns."""
    words = fold(row.text)
    return len(_HEADER.all(words)) >= 2 and len(_HEADER.without(words).split()) <= 2


def _priced(row: Row, number: int, decimals: int) -> _Priced | None:
    found = amounts.find(row.text, decimals)
    text = row.text
    if found:
        amount, end = found[-1].value, found[-1].start
    elif len(row.cells) > 1 and (broken := amounts.broken(row.cells[-1].text)) is not None:
        amount, end = broken, text.rindex(row.cells[-1].text)
    else:
        return None
    if end < len(text) * 0.3 and re.search(r"[A-Za-z]{4}", text[found[-1].end :] if found else ""):
        return None
    name, quantity, unit_price = _parts(text[:end], amount, decimals)
    if not amount and quantity and not unit_price and (price := amounts.find(text[:end], decimals)):
        # The amount is missing, and the last column read is that of discounts.
        amount, unit_price = quantity * price[-1].value, price[-1].value
    if amount > 0 and _DISCOUNT(fold(name)) and not quantity:
        amount = -amount
    return _Priced(number, name, amount, quantity, unit_price)


def _parts(text: str, amount: Decimal, decimals: int) -> tuple[str, Decimal | None, Decimal | None]:
    """Name, quantity and price of one, from what stands before the amount."""
    prices = amounts.find(text, decimals)
    end = prices[0].start if prices else len(text)
    counts = [(m.start(), m.end(), _count(m)) for m in _TIMES.finditer(text)]
    numbers = [(m.start(), m.end(), Decimal(m.group().replace(",", "."))) for m in _NUMBER.finditer(text)]
    for start, stop, count in [*counts, *numbers]:
        for price in prices:
            if price.start != start and count > 0 and _equals(count * price.value, amount):
                return _clean(_without_count(text, start, stop, prices)), count, price.value
    # "5KG" is what a pack holds, "0.618 kg" what was weighed.
    counts = [item for item in counts if item[2] % 1 or "kg" not in text[item[0] : item[1]].lower()]
    if not counts and (leading := _LEADING.match(text)):
        counts = [(0, leading.end(), Decimal(leading["count"].strip().replace(",", ".")))]
    if not counts and (column := _COUNT_COLUMN.search(text[:end])):
        counts = [(column.start(), column.end(), Decimal(column["count"]))]
    if counts and counts[0][2] > 0:
        start, stop, count = counts[0]
        return _clean(_without_count(text, start, stop, prices)), count, _each(amount, count)
    return _clean(text[:end]), None, None


def _count(match: re.Match[str]) -> Decimal:
    return Decimal((match["a"] or match["b"]).replace(",", "."))


def _without_count(text: str, start: int, stop: int, prices: Sequence[amounts.Amount]) -> str:
    """The name: what follows a quantity at the beginning, also behind the price, or goes before another."""
    if start >= 3:
        return text[: min(start, prices[0].start if prices else start)]
    later = [price for price in prices if price.start >= stop]
    name = text[stop : later[0].start] if later else text[stop:]
    return name if _clean(name) or not later else text[later[0].end :]


def _multiples(rows: Sequence[Row], priced: dict[int, _Priced]) -> dict[int, tuple[Decimal, Decimal]]:
    """Quantity and price of lines that have them in the row above: "2 x 0.69"."""
    found = {}
    for number, line in priced.items():
        above = rows[number - 1].text if number else ""
        prices = amounts.find(above)
        match = _TIMES.search(above)
        if line.name and match and len(prices) == 1 and not _clean(_TIMES.sub("", above)):
            count = _count(match)
            if _equals(count * prices[0].value, line.amount):
                found[number] = (count, prices[0].value)
    return found


def _is_only_named(line: _Priced, priced: dict[int, _Priced]) -> bool:
    """Whether a row's amount is part of a name and the line follows: "Sushi 1.80", "4 x 1.80  7.20"."""
    following = priced.get(line.row + 1)
    if following is None or following.name or not following.quantity:
        return False
    return bool(line.name) and following.unit_price == line.amount


def _each(amount: Decimal, count: Decimal) -> Decimal | None:
    """The price of one, where it is an amount."""
    if count <= 0:
        return None
    each = amount / count
    return each.quantize(_CENT) if each == each.quantize(_CENT) else None


def _equals(product: Decimal, amount: Decimal) -> bool:
    return product.quantize(_CENT, ROUND_HALF_UP) == abs(amount)


def _names_are_below(priced: dict[int, _Priced], first: int, last: int) -> bool:
    """Whether lines without a name are named by the row that follows, not by the one before."""
    nameless = [number for number, line in priced.items() if not line.name]
    if not nameless:
        return False
    above = sum(number - 1 >= first and number - 1 not in priced for number in nameless)
    below = sum(number + 1 < last and number + 1 not in priced for number in nameless)
    return below > above


def _name_nearby(rows: Sequence[Row], priced: dict[int, _Priced], neighbours: range) -> str:
    """The best name in the rows without an amount between two lines: the one with the most letters."""
    names = []
    for number in list(neighbours)[:3]:
        if number < 0 or number in priced:
            break
        names.append(_clean(rows[number].text))
    return max(names, key=lambda name: sum(char.isalpha() for char in name), default="")


def _clean(text: str) -> str:
    """A name without codes, tax letters and marks."""
    text = _CODE.sub(" ", _MARK.sub("", text))
    text = " ".join(text.split())
    text = _TAX_CODE.sub("", text).strip(" -:.,*|=$€£@×#")
    return text if sum(char.isalpha() for char in text) >= 2 else ""
