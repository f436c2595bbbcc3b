"""The currency of a receipt: what stands beside its amounts, what its words suggest, or else the owner's."""

import re
from collections import Counter
from collections.abc import Sequence

from app.receipts.extraction.layout import Row
from app.receipts.extraction.words import Words, fold
from app.receipts.schemas import Reading

_CODES = (
    "EUR|USD|GBP|MYR|SGD|AUD|CAD|NZD|HKD|CHF|SEK|NOK|DKK|PLN|CZK|HUF|JPY|CNY|INR|THB|IDR|PHP|VND|KRW|TWD|AED|SAR"
    "|QAR|KWD|BHD|OMR|JOD|ILS|TRY|ZAR|BRL|MXN|MAD|EGP|AZN|LKR|ISK|RON|BGN"
)
_DIGIT = r"[-(]?\s?[\dO]"
_CODE = re.compile(
    rf"(?<![A-Za-z])(?:(?P<before>{_CODES})(?=\W{{0,3}}{_DIGIT})|(?<=\d\s)(?P<after>{_CODES})|(?<=\d)(?P<glued>{_CODES})"
    rf"|(?P<alone>{_CODES})(?![A-Za-z]))(?![A-Za-z])"
)
# What stands beside amounts instead of a code, and the currencies that it may mean, the commonest first.
_SIGNS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"€|(?<![A-Za-z])EURO?S?(?![A-Za-z])", re.IGNORECASE), ("EUR",)),
    (re.compile(r"£"), ("GBP", "EGP")),
    (re.compile(r"(?<![A-Za-z])R[MN](?![A-Za-z])"), ("MYR",)),
    (re.compile(r"\$"), ("USD", "CAD", "AUD", "SGD", "NZD", "HKD", "MXN", "TWD")),
    (re.compile(rf"(?<=\d)\s?kr\b|\bkr\.?\s?{_DIGIT}", re.IGNORECASE), ("SEK", "NOK", "DKK", "ISK")),
    (re.compile(r"(?<=\d)\s?z[łl]\b", re.IGNORECASE), ("PLN",)),
    (re.compile(r"(?<=\d)\s?K[čc]\b"), ("CZK",)),
    (re.compile(r"(?<=\d)\s?Ft\b"), ("HUF",)),
    (re.compile(r"¥|円"), ("JPY", "CNY")),
    (re.compile(r"₹"), ("INR",)),
    (re.compile(rf"(?<![A-Za-z])Rs\.?\s?{_DIGIT}"), ("INR", "LKR")),
    (re.compile(rf"(?<![A-Za-z])Rp\.?\s?{_DIGIT}"), ("IDR",)),
    (re.compile(r"(?<=\d)\s?DH\b|\bDhs?\b"), ("MAD", "AED")),
    (re.compile(r"(?<![A-Za-z])(?:CHF|Fr\.)\s?\d"), ("CHF",)),
    (re.compile(r"₩"), ("KRW",)),
    (re.compile(r"฿"), ("THB",)),
    (re.compile(r"₱"), ("PHP",)),
    (re.compile(r"₫"), ("VND",)),
    (re.compile(r"₺"), ("TRY",)),
    (re.compile(rf"R\$\s?{_DIGIT}"), ("BRL",)),
)
# Words that one country's receipts have. A tax that many countries share says nothing.
_COUNTRY_WORDS = {
    "MYR": Words("sdn bhd|malaysia|selangor|johor|kuala lumpur|jalan|jln|sst"),
    "EUR": Words(
        "mwst|ust id~|steuernummer|steuer nr|siret|tva|p iva|partita iva|scontrino|btw|nif|kassenbon"
        "|impuesto~"
    ),
    "PLN": Words("ptu|paragon|nip|sprzedaz"),
    "SEK": Words("org nr|kvitto|oresavrundning"),
    "DKK": Words("cvr|dankort"),
    "NOK": Words("mva|bankaxept|orgnr"),
    "CHF": Words("mwst che|schweiz|suisse|svizzera"),
    "USD": Words("sales tax"),
    "GBP": Words("united kingdom|london"),
}
_DECIMALS = {
    **dict.fromkeys(("JPY", "KRW", "VND", "CLP", "ISK", "PYG", "UGX", "XOF", "XAF"), 0),
    **dict.fromkeys(("KWD", "BHD", "OMR", "JOD", "TND", "IQD", "LYD"), 3),
}


def decimals(currency: str | None) -> int:
    """How many decimals amounts of a currency have."""
    return _DECIMALS.get(currency or "", 2)


def find(rows: Sequence[Row], owners: str | None) -> Reading[str] | None:
    """The currency; with the owner's where a sign has several meanings and where nothing says which it is."""
    suggested = _suggested(rows)
    points: Counter[str] = Counter()
    for row in rows:
        for match in _CODE.finditer(row.text):
            code = next(group for group in match.groups() if group)
            points[code] += 1 if match["alone"] else 3
        for sign, meanings in _SIGNS:
            if sign.search(row.text):
                points[_meant(meanings, suggested, owners)] += 2
    # BHD is a company's form in Malaysia before it is Bahrain's dinar.
    if points["BHD"] and suggested == "MYR":
        del points["BHD"]
    if suggested and not points:
        return Reading(value=suggested, confidence=0.7)
    if not points:
        return Reading(value=owners, confidence=0.4) if owners else None
    (best, most), *others = points.most_common()
    return Reading(
        value=best,
        confidence=round(min(0.97, 0.75 + most / 40), 2),
        alternatives=tuple(code for code, count in others if count >= 2),
    )


def _suggested(rows: Sequence[Row]) -> str | None:
    """The currency of the country whose words the receipt has most of."""
    texts = [fold(row.text) for row in rows]
    counts = {code: sum(words(text) for text in texts) for code, words in _COUNTRY_WORDS.items()}
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] else None


def _meant(meanings: tuple[str, ...], suggested: str | None, owners: str | None) -> str:
    if len(meanings) == 1:
        return meanings[0]
    # A dollar sign on a Malaysian receipt is what its till was delivered with.
    if suggested in meanings or (suggested and meanings[0] == "USD" and suggested != "EUR"):
        return suggested or meanings[0]
    return owners if owners in meanings else meanings[0]
