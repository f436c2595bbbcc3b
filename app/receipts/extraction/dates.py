"""The day and the time of a purchase.

Every text that can be a date is a candidate; what stands around it and where it stands decides. 03/04 is read
as the currency, the owner's habit or another date on the receipt say, and keeps the other reading as an
alternative.
"""

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.receipts.extraction import vocabulary
from app.receipts.extraction.hints import Hints
from app.receipts.extraction.layout import Row
from app.receipts.extraction.words import Words, fold
from app.receipts.schemas import Reading

_OLDEST = datetime.date(1990, 1, 1)

# A month's name, with the digits that its letters are taken for.
_NAME = r"(?P<name>(?=[015]?[^\W\d_]{2}|[^\W\d_][015][^\W\d_]|[^\W\d_]{2})[^\W2346789_]{3,10})"
_MARK = r"\s?[/\-.~,']{1,2}\s?"
_AFTER = r"(?=\D|\d{1,2}[:;.]{1,2}\d\d|\d{6}\D|$)"
# Letters and the digits that they are taken for.
_LOOKALIKES = "OoQDIl|ZSB"
_AS_DIGITS = str.maketrans(_LOOKALIKES, "0000111258")
_NUMBERS = re.compile(
    rf"(?<![\d,.])(?<!\b[{_LOOKALIKES}])(?P<a>\d{{1,2}})(?:\s?[/\-.~]\s?|[./,-]{{2}}|,[/\-]|[/\-],)"
    rf"(?P<b>\d{{1,2}}){_MARK}(?P<year>(?:19|20)\d\d(?!:[0-5]\d(?![:\d]))|\d\d(?!\d?[/\-]\d(?!\d?:\d))){_AFTER}"
)
# What is left of a date whose marks were misread, and of one that lost them, which is one only before a time.
_MISMARKED = re.compile(
    r"(?<![\d,.:])(?P<a>[0-3]?\d)[.,:;·/\-](?P<b>[0-3]?\d)[.,:;·/\-](?P<year>20\d\d)(?!\d)"
)
_UNMARKED = re.compile(
    r"(?<![\d,.:])(?P<a>[0-3]?\d)[\s.,:;·/\-]{0,2}(?P<b>[01]?\d)[\s.,:;·/\-]{0,2}(?P<year>(?:20)?\d\d)"
    r"(?=[\s/\-]{1,3}[0-2]?\d\s?[:.]\s?[0-5]\d(?!\d|[.,]\d))"
)
_LIKE_A_DATE = re.compile(
    rf"(?<![^\W_])[\d{_LOOKALIKES}]{{1,2}}[./,:\-][\d{_LOOKALIKES}]{{1,2}}[./,:\-\s][\d{_LOOKALIKES}]{{2,4}}(?![^\W_])"
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


class _Found(NamedTuple):
    """A text that can be a date."""

    start: int
    end: int
    day: datetime.date
    other: datetime.date | None
    """The date with day and month exchanged."""
    form: float
    """How telling the form is."""


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


def find(rows: Sequence[Row], hints: Hints, printed_currency: str | None) -> Moment:
    """The day and the time of the purchase. No date after today is one."""
    first, settled = hints.day_comes_first(printed_currency)
    sound = _candidates(rows, first, hints.today, damaged=False)
    candidates = sound or _candidates(rows, first, hints.today, damaged=True)
    if not candidates:
        return Moment(None, _time(rows, None))
    totals: dict[datetime.date, float] = {}
    for candidate in candidates:
        # A date that is printed again is the likelier one.
        totals[candidate.day] = max(totals.get(candidate.day, 0), candidate.score) + 3
    best = max(candidates, key=lambda c: (totals[c.day], c.score, -c.row, -c.start))
    others = {c.day for c in candidates if totals[c.day] > totals[best.day] - 10} - {best.day}
    others_in_order = sorted(others, key=lambda day: -totals[day])
    proven = any(c.day == best.day and c.other is None for c in candidates)
    swapped = [] if proven or best.other is None or best.other in others else [best.other]
    doubtful = bool(swapped) and not settled
    confidence = min(0.98, max(0.3, 0.6 + totals[best.day] / 100)) - (0.3 if doubtful or not sound else 0)
    reading = Reading(
        value=best.day,
        confidence=round(max(0.1, confidence - 0.1 * len(others)), 2),
        alternatives=tuple(swapped + others_in_order),
    )
    return Moment(reading, _time(rows, best))


def _candidates(
    rows: Sequence[Row], day_first: bool, today: datetime.date, *, damaged: bool
) -> list[_Candidate]:
    """The dates in all rows, or what may have been one before it was misread."""
    candidates: list[_Candidate] = []
    for number, row in enumerate(rows):
        text = _mended(row.text)
        if damaged:
            text = _LIKE_A_DATE.sub(lambda match: match.group().translate(_AS_DIGITS), text)
        found = [*_dates(text, day_first), *(_damaged(text, day_first) if damaged else ())]
        candidates += _in_row(rows, number, text, found, today)
    return candidates


def _in_row(
    rows: Sequence[Row], number: int, text: str, dates: Sequence[_Found], today: datetime.date
) -> Iterator[_Candidate]:
    """The dates in the text of a row; what they are is said before them, or in the row above."""
    above = rows[number - 1].text if number else ""
    common = (
        (8 if _TIME.search(text) else 0) + (6 if _IS_LABEL(fold(above)) else 0) - 8 * (number / len(rows))
    )
    taken: list[tuple[int, int]] = []
    for start, end, day, other, form in dates:
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
        yield _Candidate(number, start, end, day, plausible, form + common + label - age)


def _dates(text: str, day_first: bool) -> Iterator[_Found]:
    """What has the form of a date, best forms first."""
    for match in _YEAR_FIRST.finditer(text):
        year, month, day = (match[name] or match[name + "2"] for name in ("year", "month", "day"))
        if found := _date(int(year), int(month), int(day)):
            yield _Found(match.start(), match.end(), found, None, 40)
    for pattern, score in ((_NAMED, 40), (_NAME_FIRST, 36)):
        for match in pattern.finditer(text):
            number = _month(match["name"])
            found = _date(int(match["year"]), number, int(match["day"])) if number else None
            if found:
                yield _Found(match.start(), match.end(), found, None, score)
    for match in _NUMBERS.finditer(text):
        first, second, year = int(match["a"]), int(match["b"]), int(match["year"])
        liked, other = _readings(match, day_first)
        score = 40 if year > 99 else 30
        if liked:
            yield _Found(match.start(), match.end(), liked, other if other != liked else None, score)
        elif other:
            yield _Found(match.start(), match.end(), other, None, score - 4)
        elif year < 100 and (found := _date(first, second, year)):
            # 19-05-07: the year first, in two digits.
            yield _Found(match.start(), match.end(), found, None, score - 8)
    for match in _PACKED.finditer(text):
        rest = match["rest"]
        if rest:
            found = _date(int(rest[4:]), int(rest[2:4]), int(rest[:2]))
        else:
            found = _date(int(match["year"]), int(match["month"]), int(match["day"]))
        if found:
            yield _Found(match.start(), match.end(), found, None, 8)


def _readings(match: re.Match[str], day_first: bool) -> tuple[datetime.date | None, datetime.date | None]:
    """What two numbers and a year are: the date as it is usual here, and with day and month exchanged."""
    first, second, year = int(match["a"]), int(match["b"]), int(match["year"])
    readings = (_date(year, second, first), _date(year, first, second))
    return readings if day_first else readings[::-1]


def _damaged(text: str, day_first: bool) -> Iterator[_Found]:
    """What can be dates without their marks, less telling than any form."""
    for pattern in (_MISMARKED, _UNMARKED):
        for match in pattern.finditer(text):
            liked, other = _readings(match, day_first)
            if found := liked or other:
                yield _Found(match.start(), match.end(), found, other if other != found else None, 4)


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
    text = re.sub(r"(?<=\d)\|(?=\d\d:\d\d)", " ", text)
    text = re.sub(r"(?<![^\W_])[lI|](?=\d[/\-.][\doO])", "1", text)
    text = re.sub(r"(?<=[\d/\-])[lI|](?=[\d/\-])|(?<=[/\-])[lI|](?=\d)", "1", text)
    return re.sub(r"(?<=\d[/\-.])[Ss](?=[/\-.])", "5", text)
