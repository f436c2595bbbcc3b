"""What is known before a receipt is read."""

import datetime
from dataclasses import dataclass

_MONTH_FIRST_CURRENCIES = frozenset({"USD", "PHP"})


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
    """Whether 03/04 is the third of April on this receipt, where somebody knows."""
    owner_day_first: bool | None = None
    """Whether the owner writes 03/04 for the third of April; None: not known."""
    known_stores: tuple[KnownStore, ...] = ()

    def day_comes_first(self, printed_currency: str | None) -> tuple[bool, bool]:
        """Whether 03/04 is the third of April on a receipt, and whether that is settled.

        A receipt is written as where its currency is used; it is settled where its owner writes so, too.
        """
        if self.day_first is not None:
            return self.day_first, True
        if printed_currency is None and self.owner_day_first is not None:
            return self.owner_day_first, True
        usual = (printed_currency or self.currency) not in _MONTH_FIRST_CURRENCIES
        return usual, usual == self.owner_day_first
