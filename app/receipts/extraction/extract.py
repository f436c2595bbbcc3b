"""Puts the fields together."""

from collections.abc import Sequence

from app.receipts.extraction.checks import check
from app.receipts.extraction.hints import Hints
from app.receipts.schemas import Extraction, Line, Source


def extract(pages: Sequence[Sequence[Line]], hints: Hints, source: Source = "ocr") -> Extraction:
    """What the pages of one receipt say, in their order."""
    if not any(line.text.strip() for page in pages for line in page):
        return Extraction(source=source, warnings=("nothing_read",))
    return check(Extraction(source=source), hints)
