"""From an uploaded file to upright pages of a bounded size.

Runs in the reader's process, because the files are untrusted. Sizes are checked before anything is decoded.
"""

import contextlib
import io
import math
from collections.abc import Iterator

import pypdfium2  # type: ignore[import-untyped]
from PIL import Image, ImageChops, ImageOps
from pillow_heif import register_heif_opener
from pypdfium2 import raw as pdfium

from app.errors import (
    AnimatedImage,
    BrokenFile,
    EncryptedFile,
    TooFewPixels,
    TooManyPages,
    TooManyPixels,
)
from app.receipts.kinds import Kind
from app.receipts.pages import Page
from app.receipts.schemas import Line

MAX_PIXELS = 64_000_000
"""Scans at 600 dpi have 35 million, phones up to 50."""
MIN_SIDE = 48
MAX_PAGES = 8

_MAX_SIDE = 2048
# Shrunk to one image, the text of anything longer would be too small to read.
_LONG = 3.5
_LONG_WIDTH = 1024
_MAX_PDF_SCALE = 300 / 72
_MIN_TEXT = 20
# No receipt's page has as many; what takes longer to read than this keeps others waiting.
_MAX_LINES = 2000

register_heif_opener()
# Pillow warns at one limit and refuses at twice that; here is the only limit, checked before decoding.
Image.MAX_IMAGE_PIXELS = None


def prepare(content: bytes, kind: Kind) -> list[Page]:
    """The pages of a file.

    Raises BrokenFile, EncryptedFile, TooManyPixels, TooFewPixels, AnimatedImage or TooManyPages.
    """
    if kind.decoder is None:
        return _pdf_pages(content)
    return [Page(_jpegs(_upright(content, kind.decoder)))]


def _upright(content: bytes, decoder: str) -> Image.Image:
    """The image as its camera meant it, no larger than is read."""
    try:
        image: Image.Image = Image.open(io.BytesIO(content), formats=[decoder])
        _check_size(*image.size)
        # Phones put depth maps and previews behind the photo in JPEG and HEIC; those are no animation.
        if decoder in ("PNG", "WEBP") and getattr(image, "n_frames", 1) > 1:
            raise AnimatedImage
        image = _smooth(image)
        image.thumbnail(_fitting(*image.size), reducing_gap=3.0)
        # Metadata may be broken where the picture isn't.
        with contextlib.suppress(ValueError, SyntaxError, TypeError, KeyError):
            image = ImageOps.exif_transpose(image)
        return _on_paper(image)
    # RuntimeError: a HEIC image whose header lies about it.
    except (OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, RuntimeError) as error:
        raise BrokenFile from error


def _smooth(image: Image.Image) -> Image.Image:
    """The image with 8 bits a colour, so that shrinking it mixes neighbours instead of dropping them."""
    if image.mode.startswith("I"):
        # A plain conversion of 16 bits would cut off everything above 255.
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.mode in ("1", "P", "PA"):
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image


def _on_paper(image: Image.Image) -> Image.Image:
    """The image in red, green and blue; what is transparent is white."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _check_size(width: float, height: float) -> None:
    if width * height > MAX_PIXELS:
        raise TooManyPixels
    if min(width, height) < MIN_SIDE:
        raise TooFewPixels


def _fitting(width: float, height: float) -> tuple[int, int]:
    """The largest box of the same shape that one page, or the pieces of a long one, may fill."""
    if height > _LONG * width:
        scale = min(_LONG_WIDTH / width, MAX_PAGES * _MAX_SIDE / height)
    else:
        scale = _MAX_SIDE / max(width, height)
    return math.ceil(width * scale), math.ceil(height * scale)


def _jpegs(image: Image.Image) -> tuple[bytes, ...]:
    pieces = []
    for top, bottom in _cuts(image):
        piece = io.BytesIO()
        image.crop((0, top, image.width, bottom)).save(piece, "JPEG", quality=92)
        pieces.append(piece.getvalue())
    return tuple(pieces)


def _cuts(image: Image.Image) -> Iterator[tuple[int, int]]:
    """Top and bottom of the pieces of an image: the whole, or a long one cut between its lines of text."""
    top = 0
    if image.height > _LONG * image.width:
        ink = _ink(image)
        while image.height - top > _MAX_SIDE:
            # The emptiest row of the last quarter that fits.
            rows = range(top + _MAX_SIDE * 3 // 4, top + _MAX_SIDE)
            bottom = min(rows, key=lambda row: (sum(ink[row - 3 : row + 4]), -row))
            yield top, bottom
            top = bottom
    yield top, image.height


def _ink(image: Image.Image) -> bytes:
    """How much changes along each row: text does, paper doesn't, whatever its shade."""
    grey = image.convert("L")
    changes = ImageChops.difference(grey, ImageChops.offset(grey, 2, 0))
    return changes.resize((1, image.height), Image.Resampling.BOX).tobytes()


def _pdf_pages(content: bytes) -> list[Page]:
    try:
        document = pypdfium2.PdfDocument(content)
        if len(document) > MAX_PAGES:
            raise TooManyPages
        if not len(document):
            raise BrokenFile
        return [_pdf_page(page) for page in document]
    except pypdfium2.PdfiumError as error:
        # A document without pages sets no error: the code is then that of an earlier file.
        codes = (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
        locked = b"/Encrypt" in content and error.err_code in codes
        raise (EncryptedFile if locked else BrokenFile) from error


def _pdf_page(page: pypdfium2.PdfPage) -> Page:
    width, height = page.get_size()
    if width < 1 or height < 1:
        raise BrokenFile
    scale = min(
        min(side / of for side, of in zip(_fitting(width, height), (width, height), strict=True)),
        _MAX_PDF_SCALE,
    )
    image = page.render(scale=scale).to_pil()
    return Page(_jpegs(image.convert("RGB")), _text_of(page, *image.size))


def _text_of(page: pypdfium2.PdfPage, width: int, height: int) -> tuple[Line, ...] | None:
    """The text of a PDF page at its place on an image of it; None when there is none that means anything."""
    text = page.get_textpage()
    place = pypdfium2.PdfPosConv(page, (0, 0, width, height, 0))
    lines = []
    for index in range(min(text.count_rects(), _MAX_LINES)):
        left, bottom, right, top = text.get_rect(index)
        words = " ".join(text.get_text_bounded(left, bottom, right, top).split())
        corners = [
            place.to_bitmap(x, y) for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))
        ]
        if words:
            first, second, third, fourth = ((float(x), float(y)) for x, y in corners)
            lines.append(Line(words, (first, second, third, fourth), 1.0))
    return tuple(lines) if _is_readable("".join(line.text for line in lines)) else None


def _is_readable(text: str) -> bool:
    """Whether a text layer is one: some fonts don't say which letters their shapes are."""
    letters = [letter for letter in text if not letter.isspace()]
    known = sum(letter.isalnum() for letter in letters)
    return known >= max(_MIN_TEXT, len(letters) / 2) and any(map(str.isdigit, letters))
