"""Arithmetic and plausibility, the same for every reader: rules, vision model and text of a PDF."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import product
from typing import TypeVar

from app.receipts.extraction.hints import Hints
from app.receipts.schemas import Amount, Extraction, Reading, WarningCode

T = TypeVar("T")

_CENT = Decimal("0.01")
# Cash is rounded where small coins are gone, and lines are rounded one by one.
_ROUNDED = Decimal("0.05")
_SURE = 0.97
_DOUBTFUL = 0.6
# Rules and model put a date whose order isn't settled below it.
_SURE_OF_ORDER = 0.7
_MOST_ALTERNATIVES = 5


def check(extraction: Extraction, hints: Hints) -> Extraction:
    """The extraction with confidences and warnings as arithmetic and dates suggest.

    Values stay as they were read. A sum that adds up makes the total surer; one that doesn't makes it
    doubtful, names what it should be as an alternative, and is a warning:

    - nothing_read, store_missing, date_missing, total_missing: there is no such field;
    - total_uncertain: the total is more likely wrong than a reader's average;
    - sum_differs: subtotal, tax, tip and rounding don't make the total;
    - lines_differ: the lines make neither the total nor the subtotal;
    - change_differs: what was given less the change isn't the total;
    - date_in_the_future; date_ambiguous: day and month may be the other way round;
    - currency_assumed: the receipt names none, so it is taken to be the owner's.
    """
    if "nothing_read" not in extraction.warnings:
        extraction = _with_checked_total(_with_checked_date(extraction, hints))
    found = dict.fromkeys(extraction.warnings)
    found.update(dict.fromkeys(_warnings(extraction, hints)))
    return extraction.model_copy(update={"warnings": tuple(found)})


def _warnings(extraction: Extraction, hints: Hints) -> Iterable[WarningCode]:
    if "nothing_read" in extraction.warnings:
        return
    if extraction.store is None:
        yield "store_missing"
    if extraction.date is None:
        yield "date_missing"
    elif extraction.date.value > hints.today:
        yield "date_in_the_future"
    elif _may_be_swapped(extraction.date) and extraction.date.confidence < _SURE_OF_ORDER:
        yield "date_ambiguous"
    if extraction.currency is not None and extraction.currency.confidence < 0.5:
        yield "currency_assumed"
    if extraction.total is None:
        yield "total_missing"
        return
    if extraction.total.confidence < _DOUBTFUL:
        yield "total_uncertain"
    total = extraction.total.value
    if not _agrees(total, _sums(extraction)):
        yield "sum_differs"
    if not _agrees(total, _left(extraction)):
        yield "change_differs"
    if not lines_agree(extraction):
        yield "lines_differ"


def lines_agree(extraction: Extraction) -> bool:
    """Whether the lines make the total or the subtotal; where there are none, nothing speaks against it."""
    sums = (_value(extraction.total), _value(extraction.subtotal))
    return any(_agrees(amount, _lines(extraction)) for amount in sums if amount is not None)


def _with_checked_total(extraction: Extraction) -> Extraction:
    """The total surer for each sum that leads to it, and doubtful when sums lead elsewhere and none to it."""
    total = extraction.total
    if total is None:
        return extraction
    evidence = [sums for sums in (_sums(extraction), _left(extraction), _lines(extraction)) if sums]
    agreeing = sum(_agrees(total.value, sums) for sums in evidence)
    confidence, alternatives = total.confidence, total.alternatives
    if agreeing:
        # Doubt that has a reason, another likely value, remains.
        confidence = (
            max(confidence, min(_SURE, 0.75 + 0.1 * agreeing)) if confidence >= _DOUBTFUL else confidence
        )
    elif evidence:
        confidence = min(confidence, 0.55)
        others = (amount for sums in evidence for amount in sums[:1] if amount > 0 and amount != total.value)
        alternatives = tuple(dict.fromkeys([*alternatives, *others]))[:_MOST_ALTERNATIVES]
    # Money given back has lines with a minus.
    if total.value == 0 or (total.value < 0 and total.value not in _lines(extraction)):
        confidence = min(confidence, 0.2)
    checked = Reading[Amount](value=total.value, confidence=round(confidence, 2), alternatives=alternatives)
    return extraction.model_copy(update={"total": checked})


def _with_checked_date(extraction: Extraction, hints: Hints) -> Extraction:
    """The date doubtful when it hasn't come yet."""
    date = extraction.date
    if date is None or date.value <= hints.today:
        return extraction
    doubtful = date.model_copy(update={"confidence": min(date.confidence, 0.2)})
    return extraction.model_copy(update={"date": doubtful})


def _may_be_swapped(date: Reading[T]) -> bool:
    """Whether an alternative is the same date with day and month exchanged."""
    value = date.value
    return any(
        (other.year, other.month, other.day) == (value.year, value.day, value.month)  # type: ignore[attr-defined]
        for other in date.alternatives
    )


def _sums(extraction: Extraction) -> list[Decimal]:
    """What the total may be by its parts: the tax is on top, or in the subtotal."""
    subtotal = _value(extraction.subtotal)
    if subtotal is None:
        return []
    tax, tip = _value(extraction.tax) or Decimal(0), _value(extraction.tip) or Decimal(0)
    rounding = _value(extraction.rounding) or Decimal(0)
    return [subtotal + t + tip + rounding for t in dict.fromkeys((tax, Decimal(0)))]


def _left(extraction: Extraction) -> list[Decimal]:
    """What was given less the change."""
    tendered, change = _value(extraction.tendered), _value(extraction.change)
    return [] if tendered is None or change is None else [tendered - change]


def _lines(extraction: Extraction) -> list[Decimal]:
    """What the total may be by the lines: taxes, tip and rounding are on top, or in them."""
    if not extraction.lines:
        return []
    lines = sum((line.amount for line in extraction.lines), Decimal(0))
    parts = (_value(part) or Decimal(0) for part in (extraction.tax, extraction.tip, extraction.rounding))
    choices = (dict.fromkeys((part, Decimal(0))) for part in parts)
    return sorted({lines + sum(some, Decimal(0)) for some in product(*choices)}, key=lambda a: a != lines)


def _agrees(amount: Decimal, sums: list[Decimal]) -> bool:
    """Whether an amount is one of the sums; where there are none, nothing speaks against it."""
    return not sums or any(abs(amount - other) <= _ROUNDED for other in sums)


def _value(reading: Reading[Decimal] | None) -> Decimal | None:
    return None if reading is None else reading.value
