"""The total, and the amounts that lead to it and away from it.

No single sign is trusted: words are misread, totals are printed before and after rounding, tables of taxes
have totals of their own. Every amount that could be the total collects points for its words, its size in
print, its repetition and the arithmetic that leads to it; the most points win, and the distance says how
sure that is.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, islice, product
from statistics import median

from app.receipts.extraction.ledger import Entry, Role
from app.receipts.schemas import Reading

_WORDS_SAY = {
    Role.GRAND_TOTAL: 60.0,
    Role.TOTAL: 48.0,
    Role.BALANCE: 22.0,
    Role.AMOUNT: 20.0,
    Role.PAYMENT: 14.0,
    Role.SUBTOTAL: 6.0,
}
_CENT = Decimal("0.01")
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


@dataclass(frozen=True, slots=True)
class Known:
    """What the receipt says besides the total, by role."""

    subtotals: tuple[Decimal, ...]
    taxes: tuple[Decimal, ...]
    tips: tuple[Decimal, ...]
    roundings: tuple[Decimal, ...]
    paid: tuple[Decimal, ...]
    changes: tuple[Decimal, ...]

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> "Known":
        """What the entries say."""

        def amounts(role: Role) -> tuple[Decimal, ...]:
            found = (e.amount for e in entries if e.role is role and e.amount is not None)
            return tuple(islice(found, _MOST_OF_A_KIND))

        return cls(
            amounts(Role.SUBTOTAL),
            amounts(Role.TAX),
            amounts(Role.TIP),
            tuple(a for a in amounts(Role.ROUNDING) if abs(a) <= _LARGEST_ROUNDING),
            tuple(abs(a) for a in amounts(Role.PAYMENT) if a),
            tuple(abs(a) for a in amounts(Role.CHANGE)),
        )


def find(entries: Sequence[Entry], lines_sum: Decimal | None) -> Sums:
    """The sums that the entries of a receipt give."""
    known = Known.of(entries)
    points = _points(entries, known, lines_sum)
    if not points:
        return Sums(tax=_reading(known.taxes), tip=_reading(known.tips))
    ranked = sorted(points, key=lambda value: (points[value], value), reverse=True)
    best = ranked[0]
    behind = points[best] - points[ranked[1]] if len(ranked) > 1 else 40.0
    confidence = max(0.1, min(0.99, 0.35 + points[best] / 250 + behind / 120))
    likely = tuple(value for value in ranked[1:4] if points[value] > points[best] - 40)
    return Sums(
        Reading(value=best, confidence=round(confidence, 2), alternatives=likely),
        **_parts(best, known),
    )


def _points(entries: Sequence[Entry], known: Known, lines_sum: Decimal | None) -> dict[Decimal, float]:
    """Each amount that may be the total, with its points."""
    usual_height = median(entry.height for entry in entries) if entries else 1.0
    printed = Counter(
        amount for entry in entries if entry.role is not Role.NONE for amount in set(entry.amounts)
    )
    points: dict[Decimal, float] = {}
    for place, entry in enumerate(entries):
        words = _WORDS_SAY.get(entry.role, 0.0)
        for position, amount in enumerate(reversed(entry.amounts)):
            if amount <= 0 and not (amount == 0 and entry.role in (Role.GRAND_TOTAL, Role.TOTAL)):
                continue
            found = words / (1 if position == 0 else 3)
            found += min(12.0, 12 * max(0.0, entry.height / usual_height - 1)) if words else 0.0
            found += 3 * place / len(entries)
            found -= 0 if entry.certain else 8
            points[amount] = max(points.get(amount, 0.0), found)
    for amount in points:
        points[amount] += 4 * min(3, printed[amount] - 1) if printed[amount] else 0
        points[amount] += _arithmetic(amount, known, lines_sum)
    for amount, rounded in _rounded(points, known):
        points[rounded] = max(points.get(rounded, 0.0), points[amount]) + 20
    return points


def _arithmetic(amount: Decimal, known: Known, lines_sum: Decimal | None) -> float:
    """Points for every independent sum that leads to an amount."""
    points = 0.0
    given = [
        (paid, change) for paid, change in product(known.paid, known.changes) if change or paid == amount
    ]
    if any(paid - change == amount for paid, change in given):
        points += 25
    elif any(paid == amount for paid in known.paid):
        points += 10
    if any(amount == total for total in _built(known)):
        points += 22
    if lines_sum is not None and abs(lines_sum - amount) <= _CENT * 5:
        points += 12
    # More was given than had to be paid.
    if any(paid == amount and change > 0 for paid, change in product(known.paid, known.changes)):
        points -= 15
    return points


def _built(known: Known) -> Iterable[Decimal]:
    """What subtotal, taxes, tip and rounding make together."""
    for subtotal in known.subtotals:
        for tax, tip, rounding in product(
            _some(known.taxes), _some(known.tips), (Decimal(0), *known.roundings)
        ):
            if tax or tip or rounding:
                yield subtotal + tax + tip + rounding


def _some(values: Sequence[Decimal]) -> set[Decimal]:
    """Nothing, one of the values, or the sum of several."""
    values = values[:4]
    sums = {
        sum(some, Decimal(0)) for size in range(1, len(values) + 1) for some in combinations(values, size)
    }
    return {Decimal(0)} | sums


def _rounded(points: dict[Decimal, float], known: Known) -> list[tuple[Decimal, Decimal]]:
    """Pairs of an amount and what rounding makes of it, where both are printed."""
    return [
        (amount, amount + rounding)
        for amount in points
        for rounding in known.roundings
        if rounding and amount + rounding in points and points[amount] > 30
    ]


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
        "tax": _reading([t for t in known.taxes if t < total]),
        "tip": _reading([t for t in known.tips if t < total]),
        "rounding": _reading([r for r in known.roundings if r]),
        **_payment(total, known),
    }


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
