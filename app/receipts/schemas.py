"""The shapes of receipts: what a reader sees on a page, and what is extracted from it.

Amounts are Decimals and become strings in JSON, so that no amount ever passes through a float.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of text on a page: what one box of the OCR, or one run of a PDF's text, says."""

    text: str
    quad: Quad
    """Corners in pixels of the upright page: top left, top right, bottom right, bottom left."""
    score: float
    """How sure the reader is of the text, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a reader saw on one image."""

    lines: tuple[Line, ...]
    width: int
    height: int
    rotation: Literal[0, 90, 180, 270]
    """Degrees, clockwise, by which the image was turned to be upright; lines are in the turned image."""


Amount = Annotated[Decimal, PlainSerializer(lambda amount: f"{amount:f}", return_type=str, when_used="json")]
"""An amount of money or a quantity: a string in JSON, never in exponent notation."""

Source = Literal["openai", "ocr", "pdf"]
"""Who read the receipt: the vision model, the OCR, or nobody, because the PDF holds its text."""

WarningCode = Literal[
    "nothing_read",
    "store_missing",
    "date_missing",
    "date_ambiguous",
    "date_in_the_future",
    "total_missing",
    "total_uncertain",
    "currency_assumed",
    "sum_differs",
    "lines_differ",
    "change_differs",
]
"""What the owner should look at; `check` documents each."""

T = TypeVar("T")


class Reading(BaseModel, Generic[T]):
    """A value that was read, how sure that is, and what it might be instead, likeliest first."""

    model_config = ConfigDict(frozen=True)

    value: T
    confidence: float = Field(ge=0, le=1)
    alternatives: tuple[T, ...] = ()


class ExtractedLine(BaseModel):
    """A line that was bought; discounts and returned deposits have negative amounts."""

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    quantity: Amount | None = None
    unit_price: Amount | None = None
    amount: Amount
    category: str | None = None


class Extraction(BaseModel):
    """What a receipt says. A field that isn't on it, or couldn't be read, is None."""

    model_config = ConfigDict(frozen=True)

    source: Source
    store: Reading[str] | None = None
    date: Reading[datetime.date] | None = None
    time: Reading[datetime.time] | None = None
    currency: Reading[str] | None = None
    total: Reading[Amount] | None = None
    subtotal: Reading[Amount] | None = None
    tax: Reading[Amount] | None = None
    tip: Reading[Amount] | None = None
    """Tip or service charge: what is paid on top of goods and taxes."""
    rounding: Reading[Amount] | None = None
    """What cash rounding adds to the total; negative when it takes away."""
    tendered: Reading[Amount] | None = None
    change: Reading[Amount] | None = None
    payment_method: Reading[str] | None = None
    category: Reading[str] | None = None
    lines: tuple[ExtractedLine, ...] = ()
    warnings: tuple[WarningCode, ...] = ()
