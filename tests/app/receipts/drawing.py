"""Receipts that tests draw: the same rows as a picture, and as the lines that a perfect reader would see.

A row is a string. Text after `|` stands at the right edge, text after `||` ends in the middle:
"Milk||2 x|1.29". A row that starts with `#` is twice as tall; one that starts with `^` is centred ("#^" is
both).
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from app.receipts.schemas import Line, Point, Quad

_SIZE = 28
_MARGIN = 40
_WIDTH = 720


def lines(*rows: str) -> list[Line]:
    """What a reader without faults sees of a receipt."""
    return [
        Line(text, ((x, y), (x + width, y), (x + width, y + height), (x, y + height)), 0.99)
        for text, x, y, width, height, _ in _pieces(rows)
    ]


def image(*rows: str) -> Image.Image:
    """A clean scan: black on white."""
    pieces = list(_pieces(rows))
    bottom = max((y + height for _, _, y, _, height, _ in pieces), default=0)
    canvas = Image.new("RGB", (_WIDTH, math.ceil(bottom) + _MARGIN), "white")
    draw = ImageDraw.Draw(canvas)
    for text, x, y, _, _, font in pieces:
        draw.text((x, y), text, fill="black", font=font)
    return canvas


def photographed(scan: Image.Image, *, degrees: float = 0, noise: float = 0, seed: int = 1) -> Image.Image:
    """A scan as a phone would see it: on a table, a little turned, unsharp, grainy (0 to 1), unevenly lit."""
    photo = Image.new("RGB", (scan.width + 200, scan.height + 200), (96, 84, 72))
    photo.paste(scan, (100, 100))
    photo = photo.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=(96, 84, 72))
    if noise:
        photo = photo.filter(ImageFilter.GaussianBlur(noise))
        grain = Image.frombytes("L", photo.size, random.Random(seed).randbytes(photo.width * photo.height))
        photo = Image.blend(photo, Image.merge("RGB", (grain, grain, grain)), noise / 4)
        light = Image.linear_gradient("L").resize(photo.size)
        shade = Image.merge("RGB", (light, light, light))
        photo = Image.blend(photo, shade, noise / 5)
    return photo


def moved(page: Sequence[Line], *, scale: float = 1, degrees: float = 0) -> list[Line]:
    """The same lines on a page that is enlarged and turned about its origin."""
    cosine, sine = math.cos(math.radians(degrees)) * scale, math.sin(math.radians(degrees)) * scale

    def point(old: Point) -> Point:
        return old[0] * cosine - old[1] * sine, old[0] * sine + old[1] * cosine

    def quad(old: Quad) -> Quad:
        return point(old[0]), point(old[1]), point(old[2]), point(old[3])

    return [replace(line, quad=quad(line.quad)) for line in page]


def _pieces(
    rows: Sequence[str],
) -> Iterator[tuple[str, float, float, float, float, ImageFont.FreeTypeFont]]:
    """Text, left, top, width, height and font of each piece of text."""
    y = float(_MARGIN)
    for row in rows:
        size = _SIZE * (2 if row.startswith("#") else 1)
        font = ImageFont.load_default(size)
        assert isinstance(font, ImageFont.FreeTypeFont), "Pillow without FreeType can't draw receipts"
        content = row.removeprefix("#")
        centred = content.startswith("^")
        left, *others = content.removeprefix("^").split("|")
        # "left|right", "left||middle" or "left||middle|right".
        right = others[0] if len(others) == 1 else "".join(others[2:])
        middle = "".join(others[1:2])
        for text, anchor in ((left, 0.5 if centred else 0.0), (middle, 0.62), (right, 1.0)):
            if text.strip():
                width = font.getlength(text.strip())
                room = _WIDTH - 2 * _MARGIN
                x = _MARGIN + (room * anchor - width * (anchor if anchor != 0.62 else 1.0))
                yield text.strip(), x, y, width, size * 1.15, font
        y += size * 1.5
