"""An extraction as the owner gets it and the database keeps it: warnings in words, no more lines than fit."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from app.receipts.schemas import ExtractedLine, Extraction

MESSAGES: Mapping[str, str] = {
    "nothing_read": "Nothing could be read. Take another photo, sharp, in good light and with the whole "
    "receipt in it, or enter the receipt by hand.",
    "store_missing": "No store was found. Enter it by hand.",
    "date_missing": "No date was found. Enter it by hand.",
    "date_ambiguous": "Day and month of the date may be the other way round. Compare it with the receipt.",
    "date_in_the_future": "The date hasn't come yet. Compare it with the receipt.",
    "total_missing": "No total was found. Enter the amount by hand, or take another photo that shows it.",
    "total_uncertain": "The total may be misread. Compare it with the receipt.",
    "currency_assumed": "The receipt names no currency, so yours is assumed. Correct it if it is another.",
    "sum_differs": "Subtotal, tax and tip don't add up to the total. Compare them with the receipt.",
    "lines_differ": "The lines don't add up to the total. Look for one that is missing or misread.",
    "change_differs": "What was given less the change isn't the total. Compare the total with the receipt.",
    "lines_cut": "Only the first {kept} of {found} lines were kept. Enter the others by hand if needed.",
}
"""By code, what warnings of a reading tell the owner. The database words what it finds itself."""

MOST_ALTERNATIVES = 10
"""More than anybody chooses from."""
MOST_LINES = 1000
"""What receipt_lines takes."""
MOST_BYTES_OF_LINES = 160_000
"""Of the 256 KB that receipts.extraction takes; the rest is more than enough for everything else."""


def kept(extraction: Extraction) -> dict[str, Any]:
    """The extraction in JSON values, as `finish_receipt` takes it."""
    lines = list(_fitting(extraction.lines))
    warnings = [{"code": code, "message": MESSAGES[code]} for code in extraction.warnings]
    if len(lines) < len(extraction.lines):
        message = MESSAGES["lines_cut"].format(kept=len(lines), found=len(extraction.lines))
        warnings.append({"code": "lines_cut", "message": message})
    read = extraction.model_copy(update={"lines": tuple(lines)}).model_dump(mode="json")
    for field in read.values():
        if isinstance(field, dict):
            field["alternatives"] = field["alternatives"][:MOST_ALTERNATIVES]
    return {**read, "warnings": warnings}


def why_no_amount(warnings: Iterable[Mapping[str, Any]]) -> str:
    """What its owner is told of a draft without an amount."""
    codes = {warning["code"] for warning in warnings}
    return MESSAGES["nothing_read" if "nothing_read" in codes else "total_missing"]


def _fitting(lines: Iterable[ExtractedLine]) -> Iterable[ExtractedLine]:
    """The first lines, as many as are kept."""
    size = 0
    for line in islice(lines, MOST_LINES):
        size += len(line.model_dump_json().encode())
        if size > MOST_BYTES_OF_LINES:
            return
        yield line
