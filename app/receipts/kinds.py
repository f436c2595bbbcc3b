"""The types of files that are taken as receipts, told by their first bytes."""

from dataclasses import dataclass

from app.errors import UnsupportedFile


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of file that is taken."""

    extension: str
    media_type: str
    decoder: str | None
    """Pillow's name for it; no other decoder is tried. None: a PDF."""


JPEG = Kind("jpg", "image/jpeg", "JPEG")
PNG = Kind("png", "image/png", "PNG")
WEBP = Kind("webp", "image/webp", "WEBP")
HEIC = Kind("heic", "image/heic", "HEIF")
PDF = Kind("pdf", "application/pdf", None)
KINDS = {kind.extension: kind for kind in (JPEG, PNG, WEBP, HEIC, PDF)}

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"}


def kind_of(content: bytes) -> Kind:
    """The type of a file by its first bytes. Raises UnsupportedFile."""
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WEBP
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        return HEIC
    if b"%PDF-" in content[:1024]:
        return PDF
    if not content:
        raise UnsupportedFile("The file is empty", hint="Choose the photo or document again.")
    raise UnsupportedFile
