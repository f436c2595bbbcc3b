"""The reader's work: files become pages, pages become text, text becomes an extraction. See `desk`."""

import io
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image
from pydantic import TypeAdapter

from app.errors import UnusableFile
from app.receipts import desk, images, kinds, ocr, pages
from app.receipts.extraction import Hints, extract
from app.receipts.pages import Page
from app.receipts.schemas import Extraction, Source

_hints: TypeAdapter[Hints] = TypeAdapter(Hints)


def work(connection: desk.Wire, threads: int) -> None:
    """Does what is asked, one job after the other. Raises EOFError when nobody asks any more."""
    clerk = _Clerk(threads)
    jobs: dict[str, Callable[[dict[str, Any], list[bytes]], desk.Message]] = {
        "prepare": clerk.prepare,
        "read": clerk.read,
    }
    while True:
        header, parts = desk.receive(connection)
        try:
            answer = jobs[header["job"]](header, parts)
        except UnusableFile as refusal:
            answer = {"refused": refusal.code}, []
        except MemoryError:
            answer = {"failed": "out_of_memory"}, []
        except Exception as fault:
            # Where, not what: the message may quote the receipt.
            trace = "".join(traceback.format_tb(fault.__traceback__))
            print(f"The reader failed:\n{trace}{type(fault).__name__}", file=sys.stderr, flush=True)  # noqa: T201
            answer = {"failed": "fault"}, []
        desk.send(connection, *answer)


@dataclass
class _Clerk:
    threads: int
    reader: ocr.Reader | None = None

    def prepare(self, header: dict[str, Any], parts: list[bytes]) -> desk.Message:
        """A file → its pages."""
        (content,) = parts
        outline, jpegs = pages.packed(images.prepare(content, kinds.KINDS[header["kind"]]))
        return {"pages": outline}, jpegs

    def read(self, header: dict[str, Any], parts: list[bytes]) -> desk.Message:
        """Pages → the same with text, upright, and the extraction."""
        given = pages.unpacked(header["pages"], parts)
        hints = _hints.validate_python(header["hints"])
        source: Source = "pdf" if all(page.text is not None for page in given) else "ocr"
        read = [page for whole in given for page in self._recognised(whole)]
        texts = [page.text for page in read if page.text is not None]
        extraction = extract(texts, hints, source) if len(texts) == len(read) else None
        outline, jpegs = pages.packed(read)
        return {"pages": outline, "extraction": _as_json(extraction)}, jpegs

    def _recognised(self, page: Page) -> list[Page]:
        """The page with its text; a long one becomes one page for each of its images."""
        if page.text is not None or not ocr.available():
            return [page]
        self.reader = self.reader or ocr.Reader(threads=self.threads)
        return [_recognise(jpeg, self.reader) for jpeg in page.images]


def _recognise(jpeg: bytes, reader: ocr.Reader) -> Page:
    image = Image.open(io.BytesIO(jpeg), formats=["JPEG"])
    seen = reader.read(image)
    if seen.rotation:
        turned = io.BytesIO()
        image.rotate(-seen.rotation, expand=True).save(turned, "JPEG", quality=92)
        jpeg = turned.getvalue()
    return Page((jpeg,), seen.lines)


def _as_json(extraction: Extraction | None) -> Any:
    return None if extraction is None else extraction.model_dump(mode="json")
