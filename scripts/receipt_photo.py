"""A receipt that doesn't exist, photographed by a phone; drawn, so that the repository needs no image."""

import io
from datetime import date

from PIL import Image, ImageDraw, ImageFilter, ImageFont

ITEMS = {"Vollmilch 1,5% 1L": "1,29", "Roggenbrot": "3,45", "Tomaten": "2,80", "Spülmittel": "1,95"}
TOTAL = "9,49"


def photo(day: date) -> bytes:
    """A JPEG of the till receipt of a shop in Berlin on this day, held a little askew."""
    rows = [
        ("Hofladen Birkental", ""),
        ("Dorfstraße 4, 10115 Berlin", ""),
        ("", "EUR"),
        *ITEMS.items(),
        ("SUMME", TOTAL),
        ("Kartenzahlung", TOTAL),
        (f"{day:%d.%m.%Y}  17:42 Uhr", ""),
    ]
    paper = Image.new("RGB", (720, 80 + 50 * len(rows)), (250, 249, 245))
    draw = ImageDraw.Draw(paper)
    font = ImageFont.load_default(30)
    for number, (left, right) in enumerate(rows):
        draw.text((40, 40 + 50 * number), left, fill="black", font=font)
        draw.text((680, 40 + 50 * number), right, fill="black", font=font, anchor="ra")
    table = Image.new("RGB", (paper.width + 240, paper.height + 240), (96, 84, 72))
    table.paste(paper, (120, 120))
    taken = table.rotate(3, Image.Resampling.BICUBIC, fillcolor=(96, 84, 72)).filter(
        ImageFilter.GaussianBlur(0.7)
    )
    jpeg = io.BytesIO()
    taken.save(jpeg, "JPEG", quality=88)
    return jpeg.getvalue()
