"""Files become upright pages of a bounded size, or are refused with the reason; no size goes unchecked."""

import io
from typing import Any

import pytest
from PIL import Image, ImageDraw

from app.errors import (
    AnimatedImage,
    BrokenFile,
    EncryptedFile,
    LifeOSError,
    TooFewPixels,
    TooManyPages,
    TooManyPixels,
    UnsupportedFile,
)
from app.receipts import images, kinds, pages
from tests.app.receipts import files

ROWS = ("CORNER SHOP", "Milk|1,29", "Bread (dark)|2,50", "Total|3,79", "24.11.2026")


def marked(width: int = 400, height: int = 600, mode: str = "RGB") -> Image.Image:
    """White paper with a black top left quarter, so that a test can see which way is up."""
    image = Image.new("L", (width, height), 255)
    ImageDraw.Draw(image).rectangle((0, 0, width // 2, height // 2), fill=0)
    return image.convert(mode)


def prepared(content: bytes) -> list[pages.Page]:
    return images.prepare(content, kinds.kind_of(content))


def picture(content: bytes) -> Image.Image:
    """The one image of a file with one page."""
    (page,) = prepared(content)
    (jpeg,) = page.images
    image = Image.open(io.BytesIO(jpeg), formats=["JPEG"])
    assert image.mode == "RGB"
    return image


def quarters(image: Image.Image) -> list[bool]:
    """Which quarters are dark: top left, top right, bottom left, bottom right."""
    grey = image.convert("L")
    places = [(x, y) for y in (1, 3) for x in (1, 3)]
    return [grey.getpixel((image.width * x // 4, image.height * y // 4)) < 128 for x, y in places]  # type: ignore[operator]


UPRIGHT = [True, False, False, False]


@pytest.mark.parametrize(
    ("kind", "options"),
    [("JPEG", {}), ("PNG", {}), ("WEBP", {}), ("WEBP", {"lossless": True}), ("HEIF", {})],
)
def test_every_format_of_a_phone_is_read(kind: str, options: dict[str, Any]) -> None:
    image = picture(files.encoded(marked(), kind, **options))
    assert image.size == (400, 600)
    assert quarters(image) == UPRIGHT


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_photo_is_turned_as_its_camera_says(orientation: int) -> None:
    image = picture(files.oriented(marked(), orientation))
    assert image.size == (400, 600)
    assert quarters(image) == UPRIGHT


def test_a_heic_photo_is_turned_once() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways = marked().transpose(Image.Transpose.ROTATE_90)
    image = picture(files.encoded(sideways, "HEIF", exif=exif.tobytes()))
    assert image.size == (400, 600)
    assert quarters(image) == UPRIGHT


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_metadata_doesnt_spoil_a_photo() -> None:
    image = picture(files.encoded(marked(), exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff"))
    assert quarters(image) == UPRIGHT


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
def test_png_of_any_depth_looks_the_same(mode: str) -> None:
    image = (
        marked(mode="I").point(lambda value: value * 257).convert("I;16")
        if mode == "I;16"
        else marked(mode=mode)
    )
    assert quarters(picture(files.encoded(image, "PNG"))) == UPRIGHT


def test_print_colours_are_read() -> None:
    assert quarters(picture(files.encoded(marked(mode="CMYK")))) == UPRIGHT


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_paper(mode: str) -> None:
    image = marked(mode="RGBA")
    image.putalpha(marked().convert("L").point(lambda value: 255 - value))
    image = image.quantize() if mode == "P" else image.convert(mode)
    content = files.encoded(image, "PNG")
    assert Image.open(io.BytesIO(content)).has_transparency_data
    assert quarters(picture(content)) == UPRIGHT


def test_a_large_photo_is_shrunk_and_a_scan_of_35_megapixels_taken() -> None:
    assert picture(files.encoded(marked(4961, 7016, "L"))).size == (1448, 2048)


def test_a_photo_with_a_second_picture_behind_it_is_no_animation() -> None:
    photo = files.encoded(marked(), "MPO", save_all=True, append_images=[marked(mode="L").convert("RGB")])
    assert quarters(picture(photo)) == UPRIGHT


def test_a_long_receipt_is_cut_between_its_rows() -> None:
    long = Image.new("RGB", (600, 9000), "white")
    draw = ImageDraw.Draw(long)
    for top in range(20, 8960, 60):
        draw.rectangle((20, top, 580, top + 40), fill="black", outline="white")
        draw.line((300, top, 300, top + 40), fill="white", width=20)
    (page,) = prepared(files.encoded(long, "PNG"))
    pieces = [Image.open(io.BytesIO(jpeg)).convert("L") for jpeg in page.images]
    assert len(pieces) > 1
    assert sum(piece.height for piece in pieces) == 9000
    assert all(piece.width == 600 and piece.height <= 2048 for piece in pieces)
    for piece in pieces:
        edges = piece.crop((100, 0, 101, 1)), piece.crop((100, piece.height - 1, 101, piece.height))
        assert all(edge.tobytes()[0] > 128 for edge in edges)


def test_the_text_of_a_pdf_is_read_at_its_place() -> None:
    (page,) = prepared(files.text_pdf(ROWS))
    assert page.text is not None
    texts = [line.text for line in page.text]
    assert texts == ["CORNER SHOP", "Milk", "1,29", "Bread (dark)", "2,50", "Total", "3,79", "24.11.2026"]
    milk, price = page.text[1], page.text[2]
    assert abs(milk.quad[0][1] - price.quad[0][1]) < 8
    assert milk.quad[1][0] < price.quad[0][0]
    (image,) = page.images
    width, height = Image.open(io.BytesIO(image)).size
    assert all(0 <= x <= width and 0 <= y <= height for line in page.text for x, y in line.quad)


def test_the_text_of_a_turned_pdf_page_runs_from_left_to_right() -> None:
    straight, turned = (prepared(files.text_pdf(ROWS, rotate=rotate))[0] for rotate in (0, 180))
    assert straight.text is not None
    assert turned.text is not None
    first, last = turned.text[0], turned.text[-1]
    assert first.text == straight.text[0].text
    # Turned by its own page, the text stands on its head, as on the image of it.
    assert first.quad[0][1] > last.quad[0][1]


def test_a_pdf_of_a_scan_has_no_text() -> None:
    (page,) = prepared(files.encoded(marked(), "PDF", resolution=100))
    assert page.text is None
    (jpeg,) = page.images
    assert quarters(Image.open(io.BytesIO(jpeg))) == UPRIGHT


def test_letters_that_mean_nothing_are_no_text() -> None:
    rows = ["\x7f" * 30 + "12" for _ in range(5)]
    (page,) = prepared(files.text_pdf(rows))
    assert page.text is None


def test_a_page_without_end_is_read_as_far_as_a_receipt_goes() -> None:
    (page,) = prepared(files.text_pdf([f"Row number {number}" for number in range(3000)], height=14000))
    assert page.text is not None
    assert page.text[0].text == "Row number 0"
    assert len(page.text) <= 2000


def test_a_pdf_keeps_the_order_of_its_pages() -> None:
    pages = prepared(
        files.text_pdf(*([f"These are the rows of page {number}"] for number in range(images.MAX_PAGES)))
    )
    assert [page.text[0].text for page in pages if page.text] == [
        f"These are the rows of page {n}" for n in range(8)
    ]


WHOLE = {
    "jpeg": files.encoded(marked()),
    "png": files.encoded(marked(), "PNG"),
    "webp": files.encoded(marked(), "WEBP"),
    "heic": files.encoded(marked(), "HEIF"),
    "pdf": files.text_pdf(ROWS),
}
FRAMES = {"save_all": True, "append_images": [marked().transpose(Image.Transpose.ROTATE_180)]}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_is_taken(name: str) -> None:
    assert len(prepared(WHOLE[name])) == 1


@pytest.mark.parametrize("name", [name for name in WHOLE if name != "pdf"])
def test_half_a_file_is_refused(name: str) -> None:
    with pytest.raises(BrokenFile):
        prepared(WHOLE[name][: len(WHOLE[name]) // 2])


@pytest.mark.parametrize("name", WHOLE)
def test_nothing_but_the_first_bytes_is_refused(name: str) -> None:
    with pytest.raises(BrokenFile):
        prepared(WHOLE[name][:16] + b"\x00" * 500)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        pytest.param(files.huge_png(9000, 9000), TooManyPixels, id="bomb"),
        pytest.param(files.huge_png(700_000, 100), TooManyPixels, id="wide bomb"),
        pytest.param(files.encoded(Image.new("RGB", (47, 500))), TooFewPixels, id="tiny"),
        pytest.param(files.lying_heic(Image.new("RGB", (900, 900))), BrokenFile, id="lying HEIC"),
        pytest.param(files.encoded(marked(), "PNG", **FRAMES), AnimatedImage, id="animated PNG"),
        pytest.param(files.encoded(marked(), "WEBP", **FRAMES), AnimatedImage, id="animated WebP"),
        pytest.param(files.locked_pdf(), EncryptedFile, id="locked PDF"),
        pytest.param(files.text_pdf(), BrokenFile, id="PDF without pages"),
        pytest.param(files.text_pdf(*[ROWS] * 9), TooManyPages, id="PDF with 9 pages"),
    ],
)
def test_a_file_that_cant_be_read_is_refused_with_its_reason(
    content: bytes, refusal: type[LifeOSError]
) -> None:
    with pytest.raises(refusal):
        prepared(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"GIF89a" + b"\x00" * 100,
        b"II*\x00" + b"\x00" * 100,
        b"BM" + b"\x00" * 100,
        b"\x00\x00\x00\x20ftypavif" + b"\x00" * 100,
        b"\x00\x00\x00\x20ftypisom" + b"\x00" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"PK\x03\x04" + b"\x00" * 100,
    ],
)
def test_other_types_are_refused(content: bytes) -> None:
    with pytest.raises(UnsupportedFile):
        kinds.kind_of(content)


def test_a_file_is_what_its_bytes_say_and_no_other_decoder_is_tried() -> None:
    gif = files.encoded(marked(), "GIF")
    with pytest.raises(BrokenFile):
        images.prepare(gif, kinds.JPEG)
    with pytest.raises(BrokenFile):
        images.prepare(WHOLE["png"], kinds.JPEG)
