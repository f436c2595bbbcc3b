"""Amounts of money in text, also where the reader took a letter for a digit or lost a decimal mark."""

import re
from dataclasses import dataclass
from decimal import Decimal

# Codes and signs that stand beside amounts; RN and RH are how RM is misread.
_CURRENCY = (
    r"(?:EUR[O0]?|USD|GBP|MYR|SGD|AUD|CAD|NZD|HKD|CHF|SEK|NOK|DKK|PLN|CZK|HUF|JPY|CNY|RMB|INR|THB|IDR|PHP|VND|KRW|TWD"
    r"|AED|SAR|QAR|KWD|BHD|OMR|JOD|ILS|TRY|ZAR|BRL|MXN|MAD|EGP|AZN|LKR|ISK|RON|BGN|R[MNH]|Rp|Rs|kr|zł|zl|DH|Fr|Kč|Ft"
    r"|[$€£¥₹฿₩₺₫₱])"
)
# Three digits after a mark group thousands; two are decimals. The two marks differ.
_WHOLE = r"(?:\d{1,3}(?:,\d{3})+(?=\.)|\d{1,3}(?:\.\d{3})+(?=,)|\d{1,3}(?:[' ]\d{3})+|\d{1,7})"
_AMOUNT = re.compile(
    rf"""(?<![\d.,/:#])
    (?P<sign>[-–—(]?)\s?(?P<currency>(?<![^\W\d_]){_CURRENCY})?\s?(?P<inner>[-–—]?)\s?
    (?P<whole>{_WHOLE}|(?<![\w.,])(?=[.,]\d\d(?!\d)))
    \s?[.,]{{1,2}}\s?(?P<cents>\d\d)
    (?!\d|[.,:/]\d|-\d|\s?%|\s?(?:kg|g|gr|ml|cl|l|lb|lbs|oz|km|cm|mm|m|ltr|litre|liter)\b)
    (?P<after>\s?-(?!\d))?""",
    re.VERBOSE | re.IGNORECASE,
)
_THREE_DECIMALS = re.compile(r"(?<![\d.,/:#])(?P<sign>-?)(?P<whole>\d{1,6})[.,](?P<cents>\d{3})(?![\d.,%])")
_INTEGER = re.compile(
    rf"(?<![\d.,/:#-])(?P<sign>-?)(?P<currency>(?<![^\W\d_]){_CURRENCY})?\s?"
    rf"(?P<whole>\d{{1,3}}(?:[.,' ]\d{{3}})+|\d{{1,9}})"
    rf"(?:[.,]-+|[.,]--)?(?P<unit>\s?(?:{_CURRENCY}))?(?![\d.,:/%]|\s?[a-z]{{4}})",
    re.IGNORECASE,
)
# Whole cells that were amounts before their decimal mark was misread ("10 00", "28:90"), a tax code was
# taken for a third decimal ("1,758" for "1,75 B"), the last digit was lost ("90.0"), or a digit became a
# letter ("59.J0").
_BROKEN = tuple(
    re.compile(rf"^\D{{0,4}}(?P<whole>\d{{1,5}}){rest}$")
    for rest in (
        r"\s?[ :;·*'\"_-]\s?(?P<cents>\d\d)\s?[A-Z*]?",
        r"[.,](?P<cents>\d\d)\d",
        r"[.,](?P<cents>\d)",
        r"[.,](?P<cents>\d[ODQJUIlZSGB€$]|[ODQJUIlZSGB€$]\d)",
    )
)
_LOOKALIKES = str.maketrans("ODQJUIlZS$G€B", "0000011255668")
_ALONE = re.compile(r"[1-9]\d{0,2}(?:[.,' ]\d{3})+|[1-9]\d{0,6}")
# Digits in groups without end are a number of something else, and more than the arithmetic holds.
_MOST = Decimal(10**9)
_RATE = re.compile(r"(\d{1,2}(?:[.,]\d{1,3})?)\s?%")


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount and where it stands in the text."""

    value: Decimal
    start: int
    end: int
    marked: bool = False
    """A currency stands beside it."""


def find(text: str, decimals: int = 2) -> list[Amount]:
    """The amounts in a text, in their order; with the decimals that the currency has."""
    text = mended(text)
    if decimals == 0:
        return _find(_INTEGER, text, 0)
    if decimals == 3 and (found := _find(_THREE_DECIMALS, text, 3)):
        return found
    return _find(_AMOUNT, text, 2)


def broken(text: str) -> Decimal | None:
    """The amount that a cell seems to have held before it was misread."""
    text = mended(text).strip()
    for pattern in _BROKEN:
        if match := pattern.match(text):
            return _value(match["whole"], match["cents"].translate(_LOOKALIKES).ljust(2, "0"))
    return None


def whole(text: str) -> Amount | None:
    """The last amount without decimals that stands beside a currency or alone: "$45", "25 EUR", "1,200"."""
    found = _find(_INTEGER, mended(text), 0)
    alone = _ALONE.fullmatch(text.strip()) is not None
    kept = [amount for amount in found if amount.marked or alone]
    return kept[-1] if kept else None


def rates(text: str) -> list[Decimal]:
    """The percentages in a text."""
    return [Decimal(match.replace(",", ".")) for match in _RATE.findall(mended(text))]


def mended(text: str) -> str:
    """The text with what is surely a misread digit put right; it keeps its length."""
    text = re.sub(r"(?<=\d)[oO](?=[\d.,]|$)|(?<=[.,])[oO](?=[\doO])|(?<=[.,]\d)[oO](?![a-z])", "0", text)
    text = re.sub(r"(?<![A-Za-z])[oO](?=[.,]\d\d(?!\d))|(?<=RM)[oO](?=[.,]\d)", "0", text)
    text = re.sub(r"(?<![^\W_])[lI|](?=\d{0,3}[.,]\d\d(?!\d))", "1", text)
    text = re.sub(r"(?<=\d)[lI|](?=[.,]\d)", "1", text)
    text = re.sub(r"(?<=RM)S(?=\d{0,3}[.,]\d)|(?<=\d)S(?=[.,]\d\d)", "5", text)
    return re.sub(r"(?<=\d[.,])[lI|](?=\d)|(?<=\d[.,]\d)[lI|](?![a-z])", "1", text)


def bare(text: str) -> str:
    """What a text says besides amounts, currencies and numbers."""
    without = _RATE.sub(" ", _AMOUNT.sub(" ", mended(text)))
    without = re.sub(rf"(?<![^\W\d_]){_CURRENCY}(?![^\W\d_])", " ", without)
    return " ".join(re.findall(r"[^\W_]*[^\W\d_][^\W_]*", without))


def _find(pattern: re.Pattern[str], text: str, decimals: int) -> list[Amount]:
    found = []
    for match in pattern.finditer(text):
        groups = match.groupdict()
        value = (
            _value(groups["whole"], groups.get("cents") or "") if decimals else _value(groups["whole"], "")
        )
        if value >= _MOST:
            continue
        minus = (groups.get("sign") or "") + (groups.get("inner") or "") + (groups.get("after") or "").strip()
        marked = bool(groups.get("currency") or groups.get("unit"))
        found.append(Amount(-value if minus else value, match.start(), match.end(), marked))
    return found


def _value(whole: str, cents: str) -> Decimal:
    digits = re.sub(r"\D", "", whole) or "0"
    return Decimal(f"{digits}.{cents}" if cents else digits)
