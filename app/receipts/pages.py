"""Pages on their way between the service and the reader: images and what is known of their text."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import TypeAdapter

from app.receipts.schemas import Extraction, Line


@dataclass(frozen=True, slots=True)
class Page:
    """A page as JPEG: one, or several from top to bottom if it is long. `text` is None until it is read."""

    images: tuple[bytes, ...]
    text: tuple[Line, ...] | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """Pages that were read, upright, and what the rules make of them; None where nobody could read them."""

    pages: list[Page]
    extraction: Extraction | None

    def text(self) -> str:
        """What stands on all pages, one piece of text a line, in reading order."""
        return "\n".join(line.text for page in self.pages for line in page.text or ())


_texts: TypeAdapter[list[tuple[int, tuple[Line, ...] | None]]] = TypeAdapter(
    list[tuple[int, tuple[Line, ...] | None]]
)


def packed(pages: Sequence[Page]) -> tuple[Any, list[bytes]]:
    """Pages as JSON values and the images apart."""
    outline = [(len(page.images), page.text) for page in pages]
    return _texts.dump_python(outline, mode="json"), [image for page in pages for image in page.images]


def unpacked(outline: Any, images: Sequence[bytes]) -> list[Page]:
    """The pages that were `packed`."""
    rest = iter(images)
    return [Page(tuple(islice(rest, count)), text) for count, text in _texts.validate_python(outline)]
