"""Where else a receipt says whose it is: "Thank you for shopping at …", the addresses of its site and mail.

A name at the head that is said again is the likelier one; without such a head, what is said may be the name.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice, pairwise

from app.receipts.extraction.layout import Row
from app.receipts.extraction.words import fold

_SHOPPED_AT = re.compile(
    r"(?:\b(?:thank\W?you|thanks) for \w+(?: \w+)? (?:at|with)|\bwelcome to"
    r"|\b(?:einkauf|besuch) (?:bei|im|in)|\bwillkommen (?:bei|im|in)|\bvisite chez|\bbienvenue (?:chez|[aà])"
    r"|\bbienvenidos? a|\bcompra en|\bbenvenut[io] (?:da|a|in)|\bbezoek aan|\bwelkom bij)"
    r"(?:\s+(?P<name>.+)|\W*$)",
    re.IGNORECASE,
)
_DOMAIN = re.compile(
    r"(?:www[.,]\s?|https?:\W{0,3}|@)(?P<name>[a-z\d][a-z\d-]{2,40})[.,](?=[a-z]{2})", re.IGNORECASE
)
_NOBODY = frozenset(
    {"us", "our", "you", "your", "uns", "unserem", "unserer", "notre", "nous", "nosotros", "noi", "ons"}
)
# In letters: shorter ones are alike by chance.
_SHORTEST = 4
# Less than store.py asks of a name that it takes for another: here, it only adds weight.
_ALIKE = 0.8
# Each is compared with every name at the head. No receipt says so often whose it is.
_MOST = 20


@dataclass(frozen=True, slots=True)
class Mention:
    """A name that a receipt says outside its head."""

    text: str
    score: float
    """How sure the reader was of the text."""
    is_site: bool
    """Whether it is a part of an address, in which words are glued and letters left out."""

    def is_of(self, name: str) -> bool:
        """Whether it can be another way to write a name."""
        mentioned, squeezed = squeeze(self.text), squeeze(name)
        if min(len(mentioned), len(squeezed)) < _SHORTEST:
            return False
        if self.is_site and (mentioned.startswith(squeezed) or squeezed.startswith(mentioned)):
            return True
        return alike(mentioned, squeezed) >= _ALIKE


def find(rows: Sequence[Row]) -> list[Mention]:
    """The names mentioned, those in sentences first."""
    return [*islice(_in_sentences(rows), _MOST), *islice(_in_addresses(rows), _MOST)]


def _in_sentences(rows: Sequence[Row]) -> Iterator[Mention]:
    for row, below in pairwise([*rows, None]):
        if row and (match := _SHOPPED_AT.search(row.text)):
            # The name follows, or fills the next row.
            at = row if match["name"] else below
            name = match["name"] or (below.text if below else "")
            if at and fold(name).split(" ")[0] not in _NOBODY:
                yield Mention(name.rstrip(" !.,*"), _score(at), is_site=False)


def _in_addresses(rows: Sequence[Row]) -> Iterator[Mention]:
    for row in rows:
        for match in _DOMAIN.finditer(row.text):
            yield Mention(match["name"], _score(row), is_site=True)


def _score(row: Row) -> float:
    return min(cell.score for cell in row.cells)


def squeeze(name: str) -> str:
    """The letters of a name."""
    return re.sub(r"[^a-z]", "", fold(name))


def alike(name: str, other: str) -> float:
    """How alike two names are, from 0 to 1."""
    return SequenceMatcher(None, name, other, autojunk=False).ratio()
