"""The OCR: the same lines however the photo was taken."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.receipts import ocr
from app.receipts.extraction import Hints, extract
from app.receipts.schemas import Page
from tests.app.receipts import drawing
from tests.app.receipts.test_extraction import GERMAN, TODAY, said

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def reader() -> ocr.Reader:
    return ocr.Reader(threads=2)


def assert_is_read(page: Page) -> None:
    extraction = extract([page.lines], Hints(today=TODAY, currency="EUR"))
    for field in ("store", "date", "total", "tax", "change"):
        assert said(extraction, field) == GERMAN.says[field], field


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_photo_is_read_upright_however_the_camera_was_held(reader: ocr.Reader, turn: int) -> None:
    scan = drawing.image(*GERMAN.rows)
    page = reader.read(scan.rotate(turn, expand=True))
    assert page.rotation == turn
    assert (page.width, page.height) == scan.size
    first = next(line for line in page.lines if line.text == "Waldmarkt")
    # At the top, in the middle, the quad from the top left clockwise.
    (left, top), (right, _), (_, bottom), _ = first.quad
    assert top < scan.height / 5
    assert left < scan.width / 2 < right
    assert top < bottom
    assert_is_read(page)


def test_a_grainy_photo_at_an_angle_is_read(reader: ocr.Reader) -> None:
    photo = drawing.photographed(drawing.image(*GERMAN.rows), degrees=3, noise=0.6)
    assert_is_read(reader.read(photo))


def test_a_picture_without_text_has_no_lines(reader: ocr.Reader) -> None:
    page = reader.read(drawing.photographed(drawing.image(), noise=0.3))
    assert page.lines == ()
    assert page.rotation == 0


def test_the_service_starts_without_loading_the_ocr() -> None:
    program = "import sys; from app.receipts import ocr; ocr.available(); print('rapidocr' in sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "False"


def test_the_ocr_is_missing_when_its_packages_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    assert not ocr.available()
