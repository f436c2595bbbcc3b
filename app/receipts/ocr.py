"""Reads the text of an image, with weights that come in a wheel: no network, no language model.

The library is the extra `ocr` and heavy (a second and several hundred megabytes), so it is imported when a
Reader is made. One Reader per process.
"""

import importlib.util
import math
from typing import TYPE_CHECKING, Any, Literal

from PIL import Image

from app.receipts.schemas import Line, Page, Point, Quad

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_SIDE = 1600
"""Pixels of the longer side that are looked at: more costs memory and reads no better."""
_LEAST_SCORE = 0.5
# Of text that is read the right way up about 0.95 is the rule; upside down it is a half or less.
_UPRIGHT_SCORE = 0.75

Turn = Literal[0, 90, 180, 270]
_TURNS: dict[int, Image.Transpose] = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


def available() -> bool:
    """Whether the extra `ocr` is installed."""
    return all(importlib.util.find_spec(name) for name in ("rapidocr", "onnxruntime"))


class Reader:
    """An OCR engine, kept in memory. Not for use by several threads at once."""

    def __init__(self, *, threads: int = -1) -> None:
        from rapidocr import RapidOCR

        self._engine = RapidOCR(
            params={
                "Global.text_score": 0.0,
                "Global.use_cls": False,
                "Global.max_side_len": MAX_SIDE,
                "Global.log_level": "error",
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            }
        )

    def read(self, image: Image.Image) -> Page:
        """The lines of an image, also when the camera was held sideways or upside down."""
        image = image.convert("RGB")
        lines = self._lines(image)
        turn: Turn = 0
        if _is_sideways(lines):
            turn = 90
            lines = self._lines(_turned(image, turn))
        if lines and _mean_score(lines) < _UPRIGHT_SCORE:
            other: Turn = 270 if turn == 90 else 180
            flipped = self._lines(_turned(image, other))
            if _mean_score(flipped) > _mean_score(lines):
                turn, lines = other, flipped
        width, height = image.size if turn in (0, 180) else image.size[::-1]
        kept = tuple(line for line in lines if line.score >= _LEAST_SCORE and line.text.strip())
        return Page(kept, width, height, turn)

    def _lines(self, image: Image.Image) -> list[Line]:
        import numpy as np

        # The engine expects the order of colours that OpenCV has.
        result: Any = self._engine(np.ascontiguousarray(np.asarray(image)[:, :, ::-1]))
        if result.boxes is None:
            return []
        return [
            Line(str(text), _quad(box), float(score))
            for box, text, score in zip(result.boxes, result.txts, result.scores, strict=True)
        ]


def _turned(image: Image.Image, turn: Turn) -> Image.Image:
    return image.transpose(_TURNS[turn])


def _quad(box: "NDArray[np.float32]") -> Quad:
    first, second, third, fourth = ((float(x), float(y)) for x, y in box)
    return first, second, third, fourth


def _is_sideways(lines: list[Line]) -> bool:
    """Whether most of the text, by length, runs from top to bottom."""
    sizes = [(_length(line.quad[0], line.quad[1]), _length(line.quad[0], line.quad[3])) for line in lines]
    across = sum(width for width, height in sizes if width >= height)
    along = sum(height for width, height in sizes if width < height)
    return along > across


def _mean_score(lines: list[Line]) -> float:
    letters = sum(len(line.text) for line in lines)
    return sum(line.score * len(line.text) for line in lines) / letters if letters else 0.0


def _length(start: Point, end: Point) -> float:
    return math.dist(start, end)
