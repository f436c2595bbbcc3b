"""From the lines of a receipt to its fields: pure rules about layout, words and arithmetic.

No rule knows a shop. `layout` makes rows of boxes, `ledger` says what each row is about, then each field has
a module; `extract` puts them together and `check` doubts them. `vocabulary` has the words of all languages.
"""

from app.receipts.extraction.checks import check
from app.receipts.extraction.extract import extract
from app.receipts.extraction.hints import Hints, KnownStore

__all__ = ["Hints", "KnownStore", "check", "extract"]
