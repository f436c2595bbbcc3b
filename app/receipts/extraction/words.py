"""How a text that was read badly is compared with the words of the tables."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache

from app.receipts.extraction import vocabulary
from app.receipts.extraction.vocabulary import Table

_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "Ø": "o", "æ": "ae", "Æ": "ae", "ł": "l", "Ł": "l", "đ": "d"})
_LOOKALIKES = str.maketrans({"0": "o", "1": "l", "5": "s", "8": "b", "$": "s", "|": "l"})
_LEAST_CORRECTED = 5


def fold(text: str) -> str:
    """A text as the tables are written: lower case, no accents, words parted by one space.

    Digits inside a word become the letters that they look like ("T0TAL"). A word that is one letter away from
    one of the tables becomes that word ("Totel").
    """
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    plain = "".join(char for char in plain if not unicodedata.combining(char)).lower()
    return " ".join(_corrected(_as_letters(word)) for word in re.findall(r"[a-z0-9$|]+", plain))


def _as_letters(word: str) -> str:
    letters = sum(char.isalpha() for char in word)
    if letters * 2 > len(word) and letters >= 2:
        return word.translate(_LOOKALIKES)
    return word.replace("$", "").replace("|", "")


def _corrected(word: str) -> str:
    if len(word) < _LEAST_CORRECTED - 1 or not word.isalpha() or word in _lexicon() or word in _plain():
        return word
    near = {known for cut in (word, *_cuts(word)) for known in _nearby().get(cut, ())}
    near = {known for known in near if _is_misread(word, known)}
    return min(near) if len(near) == 1 else word


@cache
def _lexicon() -> frozenset[str]:
    """Every word of the tables that money depends on."""
    tables = (
        vocabulary.GRAND_TOTAL,
        vocabulary.TOTAL,
        vocabulary.SUBTOTAL,
        vocabulary.NOT_TOTAL,
        vocabulary.TAX,
        vocabulary.TIP,
        vocabulary.ROUNDING,
        vocabulary.DISCOUNT,
        vocabulary.DEPOSIT,
        vocabulary.CHANGE,
        vocabulary.TENDERED,
        vocabulary.COUNT,
        vocabulary.TAX_TABLE,
        vocabulary.AMOUNT,
        vocabulary.BALANCE,
    )
    phrases = (phrase for table in tables for phrases in table.values() for phrase in phrases.split("|"))
    return frozenset(word for phrase in phrases for word in phrase.replace("~", "").split())


@cache
def _plain() -> frozenset[str]:
    return frozenset(word for words in vocabulary.PLAIN.values() for word in words.split("|"))


@cache
def _nearby() -> Mapping[str, frozenset[str]]:
    """What is left of a word when a letter is taken out → the words; two such remains meet at distance 1."""
    found: dict[str, set[str]] = {}
    for word in _lexicon():
        if len(word) >= _LEAST_CORRECTED:
            for cut in (word, *_cuts(word)):
                found.setdefault(cut, set()).add(word)
    return {cut: frozenset(words) for cut, words in found.items()}


def _is_misread(word: str, known: str) -> bool:
    """Whether a known word lost or changed one letter to become this one; a longer word is another word."""
    same = next((at for at, (a, b) in enumerate(zip(word, known, strict=False)) if a != b), len(word))
    rest = word[same:] if len(word) < len(known) else word[same + 1 :]
    return len(word) <= len(known) and known[same + 1 :] == rest


def _cuts(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


class Words:
    """Finds the phrases of tables in folded text."""

    def __init__(self, *tables: Table | str) -> None:
        texts = [text for table in tables for text in ([table] if isinstance(table, str) else table.values())]
        phrases = sorted({phrase for text in texts for phrase in text.split("|")}, key=len, reverse=True)
        self._pattern = re.compile(r"(?<![a-z])(?:" + "|".join(map(_as_pattern, phrases)) + ")")

    def __call__(self, folded: str) -> bool:
        """Whether any phrase is in the text."""
        return self._pattern.search(folded) is not None

    def find(self, folded: str) -> str | None:
        """The first phrase in the text."""
        match = self._pattern.search(folded)
        return match.group() if match else None

    def all(self, folded: str) -> list[str]:
        """Every phrase in the text."""
        return self._pattern.findall(folded)

    def starts(self, folded: str) -> bool:
        """Whether the text begins with a phrase."""
        return self._pattern.match(folded) is not None

    def without(self, folded: str) -> str:
        """The text without the phrases."""
        return " ".join(self._pattern.sub(" ", folded).split())


def _as_pattern(phrase: str) -> str:
    start = "[a-z]*" if phrase.startswith("~") else ""
    end = "" if phrase.endswith("~") else "(?![a-z])"
    return start + phrase.strip("~").replace("~", "[a-z]*").replace(" ", " ?") + end
