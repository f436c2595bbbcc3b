"""Lines that don't make the total, put right where one plain misreading explains the difference."""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import chain, combinations, product

from app.receipts.extraction.checks import lines_agree
from app.receipts.extraction.words import fold
from app.receipts.schemas import Amount, ExtractedLine, Extraction, Reading

_SURE = 0.75
# Among more lines, one or two that happen to make the difference are no wonder.
_MOST_LINES = 200
_MOST_FOR_PAIRS = 20


def reconcile(extraction: Extraction, later: Sequence[ExtractedLine]) -> Extraction:
    """The extraction with lines that add up to a total that is sure without them; else as it is.

    Rows that only repeat a sum or inform ("Item price 46.00") come out, a stray minus goes, and `later` lines
    (those after the first sum) come in.
    """
    total = extraction.total
    if total is None or total.confidence < _SURE or lines_agree(extraction):
        return extraction
    if len(extraction.lines) > _MOST_LINES:
        return extraction
    sums = _sums(extraction)
    for lines in chain([[*extraction.lines, *later]], _changed(extraction.lines, sums)):
        if lines and sum(line.amount for line in lines) in sums:
            return extraction.model_copy(update={"lines": tuple(lines)})
    return extraction


def _sums(extraction: Extraction) -> set[Decimal]:
    """What the lines may make: total or subtotal, and what it is without tax, tip and rounding."""
    wholes = [reading.value for reading in (extraction.total, extraction.subtotal) if reading]
    parts = [_choices(reading) for reading in (extraction.tax, extraction.tip, extraction.rounding)]
    return {whole - sum(some, Decimal(0)) for whole in wholes for some in product(*parts)}


def _choices(reading: Reading[Amount] | None) -> tuple[Decimal, ...]:
    return (Decimal(0),) if reading is None else (Decimal(0), reading.value)


def _changed(lines: Sequence[ExtractedLine], sums: set[Decimal]) -> Iterator[list[ExtractedLine]]:
    """The lines with one misreading undone, the likeliest first: sums stand below what they sum."""

    def without(*out: int) -> list[ExtractedLine]:
        return [line for number, line in enumerate(lines) if number not in out]

    for number, line in enumerate(lines):
        if line.amount < 0:
            yield [*lines[:number], line.model_copy(update={"amount": -line.amount}), *lines[number + 1 :]]
    last_first = range(len(lines) - 1, -1, -1)
    for number in last_first:
        amount = lines[number].amount
        if amount in sums or amount == sum(line.amount for line in lines[:number]):
            yield without(number)
    # What informs does so below each of the lines, under the same name.
    names = [fold(line.name) for line in lines]
    for name in (name for name, count in Counter(names).items() if count > 1):
        yield without(*(number for number in last_first if names[number] == name))
    for number in last_first:
        yield without(number)
    if len(lines) <= _MOST_FOR_PAIRS:
        for pair in combinations(last_first, 2):
            yield without(*pair)
