"""How a receipt was paid: cash, card, phone or voucher."""

from collections.abc import Sequence

from app.receipts.extraction import vocabulary
from app.receipts.extraction.ledger import Entry, Role
from app.receipts.extraction.words import Words
from app.receipts.schemas import Reading

# The particular before the general: a gift card is a voucher, a phone pays by card.
_METHODS = (
    ("voucher", Words(vocabulary.VOUCHER)),
    ("mobile", Words(vocabulary.MOBILE)),
    ("card", Words(vocabulary.CARD)),
    ("cash", Words(vocabulary.CASH)),
)


def find(entries: Sequence[Entry]) -> Reading[str] | None:
    """The means that paid most; where no amount says so, the one that is named."""
    paid = [
        (abs(entry.amount), method)
        for entry in entries
        if entry.role is Role.PAYMENT and entry.amount and (method := _method(entry.label))
    ]
    if paid:
        methods = [method for _, method in sorted(paid, key=lambda pair: -pair[0])]
        return Reading(
            value=methods[0],
            confidence=0.9,
            alternatives=tuple(dict.fromkeys(m for m in methods if m != methods[0])),
        )
    # Change is given for cash alone.
    if any(entry.role is Role.CHANGE and entry.amount for entry in entries):
        return Reading(value="cash", confidence=0.6)
    named = [method for entry in entries if entry.role is Role.PAYMENT and (method := _method(entry.label))]
    return Reading(value=named[0], confidence=0.5) if named else None


def _method(label: str) -> str | None:
    return next((method for method, words in _METHODS if words(label)), None)
