"""The table of taxes at the foot of many receipts: net, tax and gross amount of each rate.

Its rows prove themselves (net + tax = gross, tax = rate × net), which makes them the best evidence of a total
whose own digits were misread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations

from app.receipts.extraction import amounts
from app.receipts.extraction.layout import Row
from app.receipts.extraction.ledger import Entry, Role

_CLOSE = Decimal("0.02")
_HALF_A_CENT = Decimal("0.005")
# No country has as many rates; each row is compared with all others.
_MOST_ROWS = 20


@dataclass(frozen=True, slots=True)
class TaxRow:
    """One rate's part of a receipt."""

    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        """With tax."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class RatedTax:
    """A tax of which a receipt says the rate, and nothing else."""

    tax: Decimal
    rate: Decimal

    @property
    def gross(self) -> Decimal:
        """What was taxed, with the tax."""
        return self.tax * (100 + self.rate) / self.rate

    @property
    def doubt(self) -> Decimal:
        """How far rounding the tax to the cent may move that."""
        return _HALF_A_CENT * (100 + self.rate) / self.rate


def rated(rows: Sequence[Row], entries: Sequence[Entry]) -> list[RatedTax]:
    """The taxes that stand alone behind their rates: "7 % VAT 0.29"."""
    found = []
    for entry in entries:
        rates = amounts.rates(rows[entry.row].text)
        if (
            entry.certain
            and entry.role is Role.TAX
            and len(rates) == len(entry.amounts) == 1
            and rates[0] > 0
        ):
            found.append(RatedTax(entry.amounts[0], rates[0]))
    return found


def find(rows: Sequence[Row], entries: Sequence[Entry]) -> list[TaxRow]:
    """The rows of the table that prove themselves; without the one that only sums up the others."""
    found = []
    for entry in entries:
        if entry.certain and entry.role in (Role.TAX_TABLE, Role.TAX, Role.NONE, Role.TOTAL):
            rates = amounts.rates(rows[entry.row].text)
            if (entry.role is Role.TAX_TABLE or rates) and (row := _proven(entry.amounts, rates)):
                found.append(row)
    found = found[:_MOST_ROWS]
    return [row for row in found if not _sums_up(row, [other for other in found if other is not row])]


def _proven(values: tuple[Decimal, ...], rates: list[Decimal]) -> TaxRow | None:
    """Net and tax among the amounts of a row."""
    if len(values) == 3:
        for tax, net, gross in permutations(values):
            if 0 < tax < net and net + tax == gross:
                return TaxRow(net, tax)
    if len(values) == 2:
        tax, net = sorted(values)
        for rate in rates:
            if 0 < tax < net and abs(net * rate / 100 - tax) <= _CLOSE:
                return TaxRow(net, tax)
            if 0 < tax < net and abs(net * rate / (100 + rate) - tax) <= _CLOSE:
                return TaxRow(net - tax, tax)
    return None


def _sums_up(row: TaxRow, others: Sequence[TaxRow]) -> bool:
    return len(others) >= 2 and row.gross == sum(other.gross for other in others)
