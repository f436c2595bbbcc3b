"""What each row is about: a total, a tax, what was paid … and the amounts that belong to it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.receipts.extraction import amounts, vocabulary
from app.receipts.extraction.layout import Row
from app.receipts.extraction.words import Words, fold


class Role(StrEnum):
    """What a row says, by its words."""

    GRAND_TOTAL = "grand total"
    TOTAL = "total"
    AMOUNT = "amount"
    BALANCE = "balance"
    SUBTOTAL = "subtotal"
    NOT_TOTAL = "not the total"
    TAX = "tax"
    TIP = "tip"
    ROUNDING = "rounding"
    DISCOUNT = "discount"
    PAYMENT = "payment"
    CHANGE = "change"
    COUNT = "count"
    TAX_TABLE = "tax table"
    NONE = "none"


_WORDS = {
    Role.GRAND_TOTAL: Words(vocabulary.GRAND_TOTAL),
    Role.TOTAL: Words(vocabulary.TOTAL),
    Role.AMOUNT: Words(vocabulary.AMOUNT),
    Role.BALANCE: Words(vocabulary.BALANCE),
    Role.SUBTOTAL: Words(vocabulary.SUBTOTAL),
    Role.NOT_TOTAL: Words(vocabulary.NOT_TOTAL),
    Role.TAX: Words(vocabulary.TAX),
    Role.TIP: Words(vocabulary.TIP),
    Role.ROUNDING: Words(vocabulary.ROUNDING),
    Role.DISCOUNT: Words(vocabulary.DISCOUNT),
    Role.PAYMENT: Words(
        vocabulary.CASH, vocabulary.CARD, vocabulary.MOBILE, vocabulary.VOUCHER, vocabulary.TENDERED
    ),
    Role.CHANGE: Words(vocabulary.CHANGE),
    Role.COUNT: Words(vocabulary.COUNT),
}
_TAX_IDENTITY = Words(vocabulary.TAX_IDENTITY)
_TAX_TABLE = Words(vocabulary.TAX_TABLE)
# What says more than this is a sentence.
_LABEL_WORDS = 5
_INCLUDED = Words("incl~|inc|inclusive|inkl~|enth~|including|ttc|with|compris|incluid~|inclus~")


# Rows that are nothing without an amount.
_SUMS = {
    *(
        Role.GRAND_TOTAL,
        Role.TOTAL,
        Role.BALANCE,
        Role.SUBTOTAL,
        Role.TAX,
        Role.TIP,
        Role.ROUNDING,
        Role.PAYMENT,
    ),
    Role.CHANGE,
}


# What comes before everything else that is done to the sum of the lines.
_FIRST_SUMS = {Role.SUBTOTAL, Role.TOTAL, Role.GRAND_TOTAL}
_ALSO_GOODS = {Role.PAYMENT, Role.CHANGE, Role.TIP, Role.ROUNDING, Role.BALANCE}


@dataclass(frozen=True, slots=True)
class Entry:
    """A row, what it is about, and its amounts."""

    row: int
    role: Role
    label: str
    """Its words, folded."""
    amounts: tuple[Decimal, ...]
    """From left to right; those of the row below or above when the row itself has none."""
    height: float
    certain: bool = True
    """False where the amount had to be guessed from a misread text or taken from another row."""
    score: float = 1.0
    """How sure the reader was of the rightmost number."""

    @property
    def amount(self) -> Decimal | None:
        """The rightmost amount."""
        return self.amounts[-1] if self.amounts else None


def read(rows: Sequence[Row], decimals: int = 2) -> list[Entry]:
    """An entry for each row."""
    labels = [fold(amounts.bare(row.text)) for row in rows]
    own = [tuple(a.value for a in amounts.find(row.text, decimals)) for row in rows]
    roles = _without_goods(_roles(rows, labels), labels, own)
    entries = []
    for number, row in enumerate(rows):
        found, certain = own[number], True
        if not found and roles[number] in _SUMS:
            found, certain = _elsewhere(rows, labels, own, number, decimals), False
        score = next((cell.score for cell in reversed(row.cells) if re.search(r"\d", cell.text)), 1.0)
        entries.append(Entry(number, roles[number], labels[number], found, row.height, certain, score))
    return entries


def _elsewhere(
    rows: Sequence[Row],
    labels: Sequence[str],
    own: Sequence[tuple[Decimal, ...]],
    number: int,
    decimals: int,
) -> tuple[Decimal, ...]:
    """The amounts of a row that names something but has none that could be read."""
    for cell in reversed(rows[number].cells):
        value = amounts.broken(cell.text)
        if value is not None:
            return (value,)
    if len(labels[number].split()) > _LABEL_WORDS:
        return ()
    # The amount stands alone, below its label or above it.
    for other in (number + 1, number - 1):
        if 0 <= other < len(rows) and len(own[other]) == 1 and len(labels[other]) <= 2:
            return own[other]
    if (whole := amounts.whole(rows[number].cells[-1].text)) is None:
        return ()
    # "700" is 7.00 without its mark where other amounts have decimals.
    lost_mark = decimals and whole.value >= 100 and _have_decimals(rows, own)
    return (whole.value.scaleb(-decimals) if lost_mark else whole.value,)


def _have_decimals(rows: Sequence[Row], own: Sequence[tuple[Decimal, ...]]) -> bool:
    cells = (cell for row in rows for cell in row.cells)
    return any(own) or any(amounts.broken(cell.text) is not None for cell in cells)


def _roles(rows: Sequence[Row], labels: Sequence[str]) -> list[Role]:
    roles = []
    in_table = False
    for row, label in zip(rows, labels, strict=True):
        if _is_table_head(row, label):
            in_table = True
            roles.append(Role.TAX_TABLE)
            continue
        role = role_of(label, row.text)
        if in_table:
            # The table ends where something is paid, or where nothing more is counted.
            numbers = bool(re.search(r"\d[.,]\d\d|%", row.text))
            in_table = role not in (Role.PAYMENT, Role.CHANGE, Role.ROUNDING, Role.GRAND_TOTAL) and (
                numbers or len(row.text) < 12
            )
        roles.append(Role.TAX_TABLE if in_table else role)
    return roles


def _without_goods(
    roles: Sequence[Role], labels: Sequence[str], own: Sequence[tuple[Decimal, ...]]
) -> list[Role]:
    """The roles, but none for goods that are called like a payment: a salad bar, before any sum."""
    sums = (n for n, role in enumerate(roles) if role in _FIRST_SUMS and own[n])
    first = next(sums, 0)
    return [
        Role.NONE
        if number < first and role in _ALSO_GOODS and own[number] and _WORDS[role].without(labels[number])
        else role
        for number, role in enumerate(roles)
    ]


def _is_table_head(row: Row, label: str) -> bool:
    return _TAX_TABLE(label) and not amounts.find(row.text)


def role_of(label: str, text: str) -> Role:
    """What a label says; the more particular meaning first."""
    if _TAX_IDENTITY(label) and not amounts.find(text):
        return Role.NONE
    is_total = _WORDS[Role.TOTAL](label) or _WORDS[Role.GRAND_TOTAL](label)
    if _WORDS[Role.ROUNDING](label) and not is_total:
        return Role.ROUNDING
    if _WORDS[Role.CHANGE](label) and not is_total:
        return Role.CHANGE
    if _WORDS[Role.SUBTOTAL](label):
        return Role.SUBTOTAL
    if _WORDS[Role.NOT_TOTAL](label):
        is_tax = _WORDS[Role.TAX](label) and not _INCLUDED(label)
        return Role.TAX if is_tax and not _WORDS[Role.COUNT](label) else Role.NOT_TOTAL
    if _WORDS[Role.GRAND_TOTAL](label):
        return Role.GRAND_TOTAL
    if _WORDS[Role.TOTAL](label):
        return Role.NOT_TOTAL if _WORDS[Role.COUNT](label) else Role.TOTAL
    if _WORDS[Role.TAX](label):
        return Role.TAX
    for role in (Role.TIP, Role.PAYMENT, Role.BALANCE):
        if _WORDS[role](label) and _is_mostly(_WORDS[role], label):
            return role
    for role in (Role.DISCOUNT, Role.COUNT, Role.AMOUNT):
        if _WORDS[role](label):
            return role
    return Role.NONE


def _is_mostly(words: Words, label: str) -> bool:
    """Whether a label says little else: "bar" is cash, "bar of soap" is soap."""
    rest = len(words.without(label).split())
    return rest <= len(label.split()) - rest
