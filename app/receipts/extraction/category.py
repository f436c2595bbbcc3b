"""What kind of expense a receipt is, and each of its lines: suggested by the words that it uses."""

from collections import Counter
from collections.abc import Sequence

from app.receipts.extraction import vocabulary
from app.receipts.extraction.hints import KnownStore
from app.receipts.extraction.layout import Row
from app.receipts.extraction.words import Words, fold
from app.receipts.schemas import ExtractedLine, Reading

_CATEGORIES = {name: Words(table) for name, table in vocabulary.CATEGORIES.items()}
_STORE_COUNTS = 4.0
_LINE_COUNTS = 1.0
_ELSEWHERE_COUNTS = 0.6


def of_line(name: str) -> str | None:
    """The category that a line's name suggests."""
    folded = fold(name)
    return next((category for category, words in _CATEGORIES.items() if words(folded)), None)


def find(
    store: str | None, lines: Sequence[ExtractedLine], rows: Sequence[Row], known: Sequence[KnownStore]
) -> Reading[str] | None:
    """The category that the owner gave this store before, or the one that most words suggest."""
    before = next((k.category for k in known if k.category and k.name == store), None)
    if before:
        return Reading(value=before, confidence=0.9)
    points: Counter[str] = Counter()
    texts = [(store or "", _STORE_COUNTS), *((line.name, _LINE_COUNTS) for line in lines)]
    for text, weight in [*texts, *((row.text, _ELSEWHERE_COUNTS) for row in rows)]:
        folded = fold(text)
        for category, words in _CATEGORIES.items():
            if words(folded):
                points[category] += weight  # type: ignore[assignment]
    ranked = [category for category, _ in points.most_common()]
    if not ranked:
        return None
    share = points[ranked[0]] / sum(points.values())
    return Reading(value=ranked[0], confidence=round(0.2 + 0.6 * share, 2), alternatives=tuple(ranked[1:3]))
