"""The total, and the amounts that lead to it and away from it.

No single sign is trusted: words are misread, totals are printed before and after rounding, tables of taxes
have totals of their own. Every amount that could be the total collects points for its words, its size in
print, its repetition and the arithmetic that leads to it; the most points win, and the distance says how
sure that is.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import combinations, islice, pairwise, product
from statistics import median

from app.receipts.extraction import vocabulary
from app.receipts.extraction.ledger import Entry, Role
from app.receipts.extraction.tax_table import RatedTax, TaxRow
from app.receipts.extraction.words import Words
from app.receipts.schemas import Reading

_WORDS_SAY = {
    Role.GRAND_TOTAL: 60.0,
    Role.TOTAL: 48.0,
    Role.BALANCE: 22.0,
    Role.AMOUNT: 20.0,
    Role.PAYMENT: 14.0,
    Role.SUBTOTAL: 6.0,
}
_REFUND = Words(vocabulary.REFUND)
_NAMED = (Role.GRAND_TOTAL, Role.TOTAL)
# Where there are no 1 and 2 cent coins, totals are rounded to 5 cents.
_COIN = Decimal("0.05")
_MOST_ROUNDED = Decimal("0.05")
# Cash is rounded to 5 cents, in some countries to 10; nowhere to more than half a unit of 1.
_MOST_OF_A_KIND = 8
_LARGEST_ROUNDING = Decimal("0.50")


@dataclass(frozen=True, slots=True)
class Sums:
    """The amounts at the foot of a receipt."""

    total: Reading[Decimal] | None = None
    subtotal: Reading[Decimal] | None = None
    tax: Reading[Decimal] | None = None
    tip: Reading[Decimal] | None = None
    rounding: Reading[Decimal] | None = None
    tendered: Reading[Decimal] | None = None
    change: Reading[Decimal] | None = None


@dataclass(frozen=True)
class Known:
    """What the receipt says besides the total."""

    subtotals: tuple[Decimal, ...]
    taxes: tuple[Decimal, ...]
    tips: tuple[Decimal, ...]
    roundings: tuple[Decimal, ...]
    paid: tuple[Decimal, ...]
    changes: tuple[Decimal, ...]
    table: tuple[TaxRow, ...]
    rated: tuple[RatedTax, ...]
    reduced: bool
    """Whether there are discounts or deposits that came back."""
    lines: Decimal | None
    """The sum of the lines, where there are several: one line only repeats the total."""

    @classmethod
    def of(
        cls,
        entries: Sequence[Entry],
        table: Sequence[TaxRow],
        rated: Sequence[RatedTax],
        lines: Sequence[Decimal],
    ) -> "Known":
        """What the entries, the table of taxes and the lines say."""

        def amounts(role: Role) -> tuple[Decimal, ...]:
            found = (e.amount for e in entries if e.role is role and e.amount is not None)
            return tuple(islice(found, _MOST_OF_A_KIND))

        def positive(role: Role) -> tuple[Decimal, ...]:
            return tuple(amount for amount in amounts(role) if amount >= 0)

        return cls(
            positive(Role.SUBTOTAL),
            positive(Role.TAX),
            positive(Role.TIP),
            tuple(a for a in amounts(Role.ROUNDING) if abs(a) <= _LARGEST_ROUNDING),
            tuple(abs(a) for a in amounts(Role.PAYMENT) if a),
            tuple(abs(a) for a in (*amounts(Role.CHANGE), *amounts(Role.BALANCE))),
            tuple(table),
            tuple(rated),
            any(e.role is Role.DISCOUNT and e.amount for e in entries) or any(line < 0 for line in lines),
            sum(lines, Decimal(0)) if len(lines) > 1 else None,
        )

    @cached_property
    def built(self) -> frozenset[Decimal]:
        """What subtotal, taxes, tip and rounding make together."""
        return frozenset(
            subtotal + tax + tip + rounding
            for subtotal in self.subtotals
            for tax, tip, rounding in product(
                _some(self.taxes), _some(self.tips), (Decimal(0), *self.roundings)
            )
            if tax or tip or rounding
        )

    @cached_property
    def left_of_payment(self) -> frozenset[Decimal]:
        """What was given less the change."""
        return frozenset(paid - change for paid, change in product(self.paid, self.changes))

    @cached_property
    def taxed(self) -> Decimal | None:
        """What the rows of the table of taxes make together."""
        return sum((row.gross for row in self.table), Decimal(0)) if self.table else None

    @cached_property
    def least(self) -> Decimal:
        """What the total can't be less than, unless something was taken off."""
        return Decimal(0) if self.reduced else min(self.subtotals, default=Decimal(0)) - _MOST_ROUNDED

    @property
    def tax_rows(self) -> int:
        """How many rows the table has."""
        return len(self.table)


def find(
    entries: Sequence[Entry],
    table: Sequence[TaxRow] = (),
    rated: Sequence[RatedTax] = (),
    lines: Sequence[Decimal] = (),
) -> Sums:
    """The sums that the entries of a receipt give, with its taxes and the amounts of its lines."""
    known = Known.of(entries, table, rated, lines)
    points = _points(entries, known)
    if not points:
        return Sums(tax=_reading(known.taxes), tip=_reading(known.tips))
    ranked = sorted(points, key=lambda value: (points[value], value), reverse=True)
    best = ranked[0]
    repaired = _repaired(best, known)
    if repaired is not None:
        others = (best, *(value for value in ranked[1:3] if value != repaired))
        total = Reading(value=repaired, confidence=0.5, alternatives=others)
        return Sums(total, **_parts(repaired, known))
    behind = points[best] - points[ranked[1]] if len(ranked) > 1 else 40.0
    confidence = max(0.1, min(0.99, 0.35 + points[best] / 250 + behind / 120))
    likely = tuple(value for value in ranked[1:4] if points[value] > points[best] - 40)
    if _came_back(best, entries, lines):
        return Sums(Reading(value=-best, confidence=round(confidence, 2), alternatives=(best, *likely)))
    total = Reading(value=best, confidence=round(confidence, 2), alternatives=likely)
    return Sums(total, **_parts(best, known))


def _came_back(total: Decimal, entries: Sequence[Entry], lines: Sequence[Decimal]) -> bool:
    """Whether the money was given back.

    A title above the total says so, or a minus wherever it is printed, and in lines or payment: one alone may
    be a dash.
    """
    rows = [e.row for e in entries if e.role in _NAMED and e.amount and abs(e.amount) == total]
    if rows and any(_is_refund_title(e) for e in entries if e.row < rows[0]):
        return True
    named = [e.amount for e in entries if e.role in _NAMED and e.amount and abs(e.amount) == total]
    paid = [e.amount for e in entries if e.role is Role.PAYMENT]
    return bool(named) and max(named) < 0 and (sum(lines) == -total or -total in paid)


def _is_refund_title(entry: Entry) -> bool:
    return not entry.amounts and _REFUND.starts(entry.label) and not _REFUND.without(entry.label)


def _points(entries: Sequence[Entry], known: Known) -> dict[Decimal, float]:
    """Each amount that may be the total, with its points."""
    usual_height = median(entry.height for entry in entries)
    printed = Counter(
        amount for entry in entries if entry.role is not Role.NONE for amount in set(entry.amounts)
    )
    points: dict[Decimal, float] = {}
    for place, entry in enumerate(entries):
        words = _WORDS_SAY.get(entry.role, 0.0)
        named = entry.role in _NAMED
        for position, printed_amount in enumerate(reversed(entry.amounts)):
            amount = abs(printed_amount) if words else printed_amount
            if amount < 0 or (amount == 0 and not named):
                continue
            found = words / (1 if position == 0 and amount else 3)
            found += min(12.0, 12 * max(0.0, entry.height / usual_height - 1)) if words else 0.0
            found += 3 * place / len(entries)
            found -= (0 if entry.certain else 8) + (0 if printed_amount >= 0 else 10) + 25 * (1 - entry.score)
            points[amount] = max(points.get(amount, 0.0), found)
    # Nothing is called the total: what was paid for it may be known all the same.
    if not any(entry.role in _NAMED and entry.amount for entry in entries):
        for amount in known.left_of_payment:
            if amount > 0:
                points.setdefault(amount, 0.0)
    for amount in points:
        points[amount] += 4 * min(3, max(0, printed[amount] - 1))
        points[amount] += _arithmetic(amount, known) - (18 if amount < known.least else 0)
    for amount, final in [*_rounded(points, known, entries), *_tipped(points, known, entries)]:
        points[final] = max(points.get(final, 0.0), points[amount]) + 20
    return points


def _arithmetic(amount: Decimal, known: Known) -> float:
    """Points for every independent sum that leads to an amount."""
    points = 0.0
    if amount in known.left_of_payment:
        points += 25
    elif amount in known.paid:
        points += 10
    if amount in known.built:
        points += 22
    if known.taxed is not None and abs(amount - known.taxed) <= _MOST_ROUNDED:
        points += 10
    if known.lines is not None and abs(known.lines - amount) <= _MOST_ROUNDED:
        points += 12
    # More was given than had to be paid.
    if amount in known.paid and any(change > 0 for change in known.changes):
        points -= 15
    return points


def _repaired(best: Decimal, known: Known) -> Decimal | None:
    """What the total must be when one of its digits was misread: two sums say so, and more than for it.

    A difference of a few cents is rounding.
    """

    def support(amount: Decimal) -> int:
        paid = amount in known.paid or amount in known.left_of_payment
        return sum((amount in known.built, paid, amount == known.lines)) + (
            min(2, known.tax_rows) if amount == known.taxed else 0
        )

    others = {*known.built, *known.paid, *known.left_of_payment, known.taxed, known.lines} - {None, best}
    looks_alike = [
        amount
        for amount in others
        if amount and abs(amount - best) > _MOST_ROUNDED and _is_one_digit_off(amount, best)
    ]
    candidate = max(looks_alike, key=lambda amount: (support(amount), amount), default=None)
    if candidate is not None and support(candidate) >= 2 and support(candidate) > support(best):
        return candidate
    return None


def _is_one_digit_off(amount: Decimal, other: Decimal) -> bool:
    a, b = f"{amount:.2f}", f"{other:.2f}"
    return len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 1


def _some(values: Sequence[Decimal]) -> set[Decimal]:
    """Nothing, one of the values, or the sum of several."""
    values = values[:4]
    sums = {
        sum(some, Decimal(0)) for size in range(1, len(values) + 1) for some in combinations(values, size)
    }
    return {Decimal(0)} | sums


def _rounded(
    points: dict[Decimal, float], known: Known, entries: Sequence[Entry]
) -> list[tuple[Decimal, Decimal]]:
    """Pairs of an amount and what rounding makes of it, where both are printed."""
    likely = [amount for amount in points if points[amount] > 30]
    pairs = [(a, a + r) for a in likely for r in known.roundings if r and a + r in points]
    # Some tills print the rounded total itself as "Rounding".
    printed = [e.amount for e in entries if e.role is Role.ROUNDING and e.amount]
    # Others print two totals, the second one without the odd cents, and nothing in between.
    named = [e.amount for e in entries if e.role in _NAMED and e.amount]
    odd = [a for a in likely if a % _COIN]
    again = [(a, b) for a, b in pairwise(named) if a in odd and not b % _COIN]
    return [
        *pairs,
        *((a, b) for a, b in [*product(likely, printed), *again] if a != b and abs(b - a) <= _MOST_ROUNDED),
    ]


def _tipped(
    points: dict[Decimal, float], known: Known, entries: Sequence[Entry]
) -> list[tuple[Decimal, Decimal]]:
    """Pairs of a total and what the tip below it makes of it, where both are printed."""
    pairs = []
    total: Decimal | None = None
    for place, entry in enumerate(entries):
        if entry.role in _NAMED and entry.amount:
            total = entry.amount
        elif entry.role is Role.TIP and entry.amount in known.tips and total:
            paid = total + entry.amount
            if paid in points and any(paid in below.amounts for below in entries[place + 1 :]):
                pairs.append((total, paid))
    return pairs


def _parts(total: Decimal, known: Known) -> dict[str, Reading[Decimal] | None]:
    """Subtotal, tax and the rest: the combination that adds up to the total, or what stands there."""
    for rounding in (Decimal(0), *known.roundings):
        for subtotal in known.subtotals:
            for tip in sorted(_some(known.tips), reverse=True):
                for tax in sorted(_some(known.taxes), reverse=True):
                    if (tax or tip) and subtotal + tax + tip + rounding == total:
                        return {
                            "subtotal": _sure(subtotal),
                            "tax": _sure(tax) if tax or not known.taxes else None,
                            "tip": _sure(tip) if tip else None,
                            "rounding": _sure(rounding) if rounding else None,
                            **_payment(total, known),
                        }
    return {
        "subtotal": _reading([s for s in known.subtotals if s <= total]),
        "tax": _included_tax(total, known),
        "tip": _reading([t for t in known.tips if t < total]),
        "rounding": _reading([r for r in known.roundings if r]),
        **_payment(total, known),
    }


def _included_tax(total: Decimal, known: Known) -> Reading[Decimal] | None:
    """The tax that the total contains: of the table or all rates when they add up, else what stands there."""
    taxes = sum((row.tax for row in known.table), Decimal(0))
    if known.taxed == total or (known.table and taxes in known.taxes):
        return _sure(taxes)
    whole = sum((part.gross for part in known.rated), Decimal(0))
    if len(known.rated) > 1 and abs(whole - total) <= sum(part.doubt for part in known.rated):
        return _sure(sum((part.tax for part in known.rated), Decimal(0)))
    printed = [tax for tax in known.taxes if tax < total]
    return _reading(printed) or (Reading(value=taxes, confidence=0.6) if known.table else None)


def _payment(total: Decimal, known: Known) -> dict[str, Reading[Decimal] | None]:
    for paid, change in product(known.paid, known.changes):
        if paid - change == total:
            return {"tendered": _sure(paid), "change": _sure(change)}
    return {
        "tendered": _reading([p for p in known.paid if p >= total]),
        "change": _reading(known.changes),
    }


def _sure(value: Decimal) -> Reading[Decimal]:
    return Reading(value=value, confidence=0.95)


def _reading(values: Sequence[Decimal]) -> Reading[Decimal] | None:
    if not values:
        return None
    return Reading(value=values[0], confidence=0.6, alternatives=tuple(dict.fromkeys(values[1:])))
