"""What is known before a receipt is read."""

import datetime
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownStore:
    """A store of receipts that the owner confirmed earlier."""

    name: str
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Hints:
    """What guides the reading where a receipt is silent or ambiguous; never more than what it says."""

    today: datetime.date
    """The owner's calendar day: no receipt is from later."""
    currency: str | None = None
    """The owner's currency, ISO 4217."""
    day_first: bool | None = None
    """Whether 03/04 is the third of April; None: the receipt's currency, or the owner's, decides."""
    known_stores: tuple[KnownStore, ...] = ()
