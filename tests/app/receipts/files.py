"""Files as phones and shops make them, made by the tests."""

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

from PIL import Image
from pillow_heif import register_heif_opener

register_heif_opener()


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """The image as a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def oriented(image: Image.Image, orientation: int) -> bytes:
    """A JPEG of the image as a phone that was held otherwise stores it, with an EXIF tag that says so."""
    turned = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image.transpose(turned[orientation]), exif=exif)


def text_pdf(*pages: Sequence[str], width: int = 300, height: int = 420, rotate: int = 0) -> bytes:
    """A PDF whose pages have rows of text; text after `|` stands further right."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>"
        % (len(pages), b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(len(pages)))),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, rows in enumerate(pages):
        content = _text(rows, height)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Rotate %d /Contents %d 0 R "
            b"/Resources << /Font << /F 3 0 R >> >> >>" % (width, height, rotate, 5 + 2 * number)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    return _pdf(objects)


def locked_pdf() -> bytes:
    """A PDF that asks for a password (its contents don't matter: nobody gets that far)."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 0 /Kids [] >>",
        b"<< /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <%s> /U <%s> >>" % (b"11" * 32, b"22" * 32),
    ]
    return _pdf(objects, b"/Encrypt 3 0 R /ID [<00> <00>]")


def lying_heic(image: Image.Image) -> bytes:
    """A HEIC file whose header gives the image another size than it has."""
    content = encoded(image, "HEIF")
    size = content.index(b"ispe") + 8
    return content[:size] + struct.pack(">II", 100, 100) + content[size + 8 :]


def huge_png(width: int, height: int) -> bytes:
    """A small file that claims to be an image of that size, and is."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _text(rows: Sequence[str], height: int) -> bytes:
    placed = []
    for number, row in enumerate(rows):
        for text, x in zip(row.split("|"), (20, 220), strict=False):
            escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("cp1252")
            placed.append(b"1 0 0 1 %d %d Tm (%s) Tj" % (x, height - 40 - 16 * number, escaped))
    return b"BT /F 11 Tf " + b" ".join(placed) + b" ET"


def _pdf(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    file = io.BytesIO()
    file.write(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(file.tell())
        file.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = file.tell()
    file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    file.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    file.write(
        b"trailer << /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, trailer, start)
    )
    return file.getvalue()
