"""Puts the fields together."""

from collections.abc import Sequence

from app.receipts.extraction import (
    category,
    currency,
    dates,
    items,
    layout,
    ledger,
    payment,
    store,
    tax_table,
    totals,
)
from app.receipts.extraction.checks import check
from app.receipts.extraction.hints import Hints
from app.receipts.extraction.reconcile import reconcile
from app.receipts.schemas import Extraction, Line, Source


def extract(pages: Sequence[Sequence[Line]], hints: Hints, source: Source = "ocr") -> Extraction:
    """What the pages of one receipt say, in their order."""
    rows = layout.rows(pages)
    if not rows:
        return Extraction(source=source, warnings=("nothing_read",))
    money = currency.find(rows, hints.currency)
    decimals = currency.decimals(money.value if money else None)
    entries = ledger.read(rows, decimals)
    lines, later = (
        [line.model_copy(update={"category": category.of_line(line.name)}) for line in found]
        for found in (items.find(rows, entries, decimals), items.find_later(rows, entries, decimals))
    )
    sums = totals.find(
        entries,
        tax_table.find(rows, entries),
        tax_table.rated(rows, entries),
        [line.amount for line in lines],
    )
    moment = dates.find(rows, hints, money.value if money and money.confidence > 0.5 else None)
    name = store.find(rows, hints.known_stores)
    read = Extraction(
        source=source,
        store=name,
        date=moment.date,
        time=moment.time,
        currency=money,
        total=sums.total,
        subtotal=sums.subtotal,
        tax=sums.tax,
        tip=sums.tip,
        rounding=sums.rounding,
        tendered=sums.tendered,
        change=sums.change,
        payment_method=payment.find(entries),
        category=category.find(name.value if name else None, lines, rows, hints.known_stores),
        lines=tuple(lines),
    )
    return check(reconcile(read, later), hints)
