"""The day and the time of a purchase.

Every text that can be a date is a candidate; what stands around it and where it stands decides. 03/04 is read
as the hints, the currency or another date on the receipt say, and keeps the other reading as an alternative.
"""

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.receipts.extraction import vocabulary
from app.receipts.extraction.layout import Row
from app.receipts.extraction.words import Words, fold
from app.receipts.schemas import Reading

_MONTH_FIRST_CURRENCIES = frozenset({"USD", "PHP"})
_OLDEST = datetime.date(1990, 1, 1)

# A month's name, with the digits that its letters are taken for.
_NAME = r"(?P<name>(?=[015]?[^\W\d_]{2}|[^\W\d_][015][^\W\d_]|[^\W\d_]{2})[^\W2346789_]{3,10})"
_MARK = r"\s?[/\-.~,']{1,2}\s?"
_AFTER = r"(?=\D|\d{1,2}[:;.]{1,2}\d\d|\d{6}\D|$)"
_NUMBERS = re.compile(
    rf"(?<![\d,.])(?P<a>\d{{1,2}})(?P<mark>\s?[/\-.~]\s?|[./,-]{{2}}|,[/\-]|[/\-],)(?P<b>\d{{1,2}})"
    rf"{_MARK}(?P<year>(?:19|20)\d\d|\d\d(?!\d?[/\-]\d)){_AFTER}"
)
_YEAR_FIRST = re.compile(
    rf"(?<!\d)(?P<year>20\d\d){_MARK}(?P<month>\d{{1,2}}){_MARK}(?P<day>\d\d?)(?=\D|\d\d:|$)|"
    r"(?<!\d)(?P<year2>20\d\d)年\s?(?P<month2>\d{1,2})月\s?(?P<day2>\d{1,2})日"
)
_NAMED = re.compile(
    r"(?<![^\W_])(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|ª)?[\s/\-.,']{0,3}(?:de |of )?"
    rf"{_NAME}[\s/\-.,']{{0,3}}(?:de |del )?(?P<year>(?:19|20)\d\d|\d\d){_AFTER}"
)
_NAME_FIRST = re.compile(
    rf"(?<![^\W_]){_NAME}[\s/\-.,']{{0,3}}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s,./\-']{{1,3}}"
    rf"(?P<year>(?:19|20)\d\d|\d\d(?!\s?[:.]\d\d)){_AFTER}"
)
_PACKED = re.compile(r"(?<!\d)(?:(?P<year>20\d\d)(?P<month>\d\d)(?P<day>\d\d)|(?P<rest>\d{4}20\d\d))(?!\d)")
_TIME = re.compile(
    r"(?<![\d:.])(?P<hour>[01]?\d|2[0-3])\s?[:.]\s?(?P<minute>[0-5]\d)(?:\s?[:.]\s?(?P<second>[0-5]\d))?"
    r"(?:\s?(?P<half>[AP])\.?\s?M?\b\.?)?(?![\d:]|[.,]\d)",
    re.IGNORECASE,
)

_IS_LABEL = Words(vocabulary.DATE)
_IS_OTHER = Words(vocabulary.NOT_DATE)
_MONTH_WORDS = [Words(names) for names in vocabulary.MONTHS]


@dataclass(frozen=True, slots=True)
class _Candidate:
    row: int
    start: int
    end: int
    day: datetime.date
    other: datetime.date | None
    """The reading with day and month exchanged, where that is a date as well."""
    score: float


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was bought, as far as a receipt says."""

    date: Reading[datetime.date] | None
    time: Reading[datetime.time] | None


def find(
    rows: Sequence[Row], *, today: datetime.date, day_first: bool | None, currency: str | None
) -> Moment:
    """The day and the time of the purchase. No date after `today` is one."""
    if day_first is None:
        first, sure = currency not in _MONTH_FIRST_CURRENCIES, False
    else:
        first, sure = day_first, True
    candidates = [
        replace(candidate, row=number)
        for number, row in enumerate(rows)
        for candidate in _in_row(
            row.text, rows[number - 1].text if number else "", number / len(rows), first, today
        )
    ]
    if not candidates:
        return Moment(None, _time(rows, None))
    totals: dict[datetime.date, float] = {}
    for candidate in candidates:
        # A date that is printed again is the likelier one.
        totals[candidate.day] = max(totals.get(candidate.day, 0), candidate.score) + 3
    best = max(candidates, key=lambda c: (totals[c.day], c.score, -c.row, -c.start))
    others = {c.day for c in candidates if totals[c.day] > totals[best.day] - 10} - {best.day}
    others_in_order = sorted(others, key=lambda day: -totals[day])
    settled = sure or any(c.day == best.day and c.other is None for c in candidates)
    swapped = [] if settled or best.other is None or best.other in others else [best.other]
    confidence = min(0.98, max(0.3, 0.6 + totals[best.day] / 100)) - (0.3 if swapped else 0)
    reading = Reading(
        value=best.day,
        confidence=round(max(0.1, confidence - 0.1 * len(others)), 2),
        alternatives=tuple(swapped + others_in_order),
    )
    return Moment(reading, _time(rows, best))


def _in_row(
    text: str, above: str, place: float, day_first: bool, today: datetime.date
) -> Iterator[_Candidate]:
    """The dates in a row at `place`, 0 (top) to 1; what they are is said before them, or in the row above."""
    text = _mended(text)
    common = (8 if _TIME.search(text) else 0) + (6 if _IS_LABEL(fold(above)) else 0) - 8 * place
    taken: list[tuple[int, int]] = []
    for start, end, day, other, form in _dates(text, day_first):
        if day > today and other is not None and other <= today:
            day, other = other, None
        overlaps = any(start < stop and begin < end for begin, stop in taken)
        if overlaps or not _OLDEST <= day <= today:
            continue
        before = fold(text[max((stop for _, stop in taken if stop <= start), default=0) : start])
        taken.append((start, end))
        label = (12 if _IS_LABEL(before) else 0) - (25 if _IS_OTHER(before) else 0)
        age = min(10.0, (today - day).days / 3650 * 2)
        plausible = other if other and _OLDEST <= other <= today else None
        yield _Candidate(0, start, end, day, plausible, form + common + label - age)


def _dates(
    text: str, day_first: bool
) -> Iterator[tuple[int, int, datetime.date, datetime.date | None, float]]:
    """Start, end, date, date with day and month exchanged, and how telling the form is; best forms first."""
    for match in _YEAR_FIRST.finditer(text):
        year, month, day = (match[name] or match[name + "2"] for name in ("year", "month", "day"))
        if found := _date(int(year), int(month), int(day)):
            yield match.start(), match.end(), found, None, 40
    for pattern, score in ((_NAMED, 40), (_NAME_FIRST, 36)):
        for match in pattern.finditer(text):
            number = _month(match["name"])
            found = _date(int(match["year"]), number, int(match["day"])) if number else None
            if found:
                yield match.start(), match.end(), found, None, score
    for match in _NUMBERS.finditer(text):
        first, second, year = int(match["a"]), int(match["b"]), int(match["year"])
        readings = (_date(year, second, first), _date(year, first, second))
        liked, other = readings if day_first else readings[::-1]
        score = 40 if year > 99 else 30
        if liked:
            yield match.start(), match.end(), liked, other if other != liked else None, score
        elif other:
            yield match.start(), match.end(), other, None, score - 4
        elif year < 100 and (found := _date(first, second, year)):
            # 19-05-07: the year first, in two digits.
            yield match.start(), match.end(), found, None, score - 8
    for match in _PACKED.finditer(text):
        rest = match["rest"]
        if rest:
            found = _date(int(rest[4:]), int(rest[2:4]), int(rest[:2]))
        else:
            found = _date(int(match["year"]), int(match["month"]), int(match["day"]))
        if found:
            yield match.start(), match.end(), found, None, 8


def _time(rows: Sequence[Row], near: _Candidate | None) -> Reading[datetime.time] | None:
    """The time that stands nearest to the date, or else the first one."""
    found = []
    for number, row in enumerate(rows):
        text = _mended(row.text)
        if near and number == near.row:
            text = text[: near.start] + " " * (near.end - near.start) + text[near.end :]
        for match in _TIME.finditer(text):
            if ":" in match.group() or re.search(r"[ap]\.?\s?m", match.group(), re.IGNORECASE):
                distance = abs(number - near.row) if near else number
                found.append((distance, number, match.start(), _as_time(match)))
    if not found:
        return None
    distance, _, _, time = min(found)
    return Reading(value=time, confidence=0.95 if near and distance == 0 else 0.8 if distance < 3 else 0.5)


def _as_time(match: re.Match[str]) -> datetime.time:
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    half = (match["half"] or "").upper()
    if half == "P" and hour < 12:
        hour += 12
    if half == "A" and hour == 12:
        hour = 0
    return datetime.time(hour, minute, second)


def _month(name: str) -> int | None:
    folded = fold(name)
    return next((number for number, words in enumerate(_MONTH_WORDS, 1) if words.starts(folded)), None)


def _date(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        return None


def _mended(text: str) -> str:
    """The text with letters that stand for digits put right inside dates; it keeps its length."""
    text = re.sub(r"(?<=\d)[oOQD](?=[\d/\-.])|(?<=[/\-.])[oOQD](?=\d)|(?<=20)[oO](?=\d)", "0", text)
    text = re.sub(r"(?<![^\W_])[lI|](?=\d[/\-.][\doO])", "1", text)
    text = re.sub(r"(?<=[\d/\-])[lI|](?=[\d/\-])|(?<=[/\-])[lI|](?=\d)", "1", text)
    return re.sub(r"(?<=\d[/\-.])[Ss](?=[/\-.])", "5", text)
