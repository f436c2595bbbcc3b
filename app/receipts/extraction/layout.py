"""From boxes on pages to rows of text, as a person reads them: left to right, then down.

Scans are a little turned, photos are taken at an angle, and paper curls. So the slope of the text is measured
where the text is, and the column of prices, which curling paper moves most, may drift from its labels.
"""

import math
import re
import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from app.receipts.schemas import Line

# A box that is this much wider than tall says reliably how its text runs.
_LONG = 3.0
# How many long boxes say together which way the text runs at a place.
_NEIGHBOURS = 9
# Steeper text than this isn't the receipt's: stamps, shop signs.
_STEEPEST = 0.3
# Amounts, perhaps with a tax code, as they stand in the column of prices.
_PRICE = re.compile(r"(?:[\d$€]|^)\s?[.,]\s?\d\d?\s?-?(?:\s?[A-Z*]{1,3}\d?)?$|^\D{0,3}\d+[.,]\d{2,3}$")
_FEWEST_PRICES = 4
# Characters in a row of print; what a file puts there beyond that is no receipt, and would take long to read.
_LONGEST_ROW = 300
# Right edges of one column, as a share of the page's text.
_COLUMN = 0.09
# In heights of the text: how far a price may be from its label, and what offsets cost.
_REACH = 1.3
_OFFSET = 0.4
_JUMP = 1.0
_NO_LABEL = 0.9
_STATES = 60


@dataclass(frozen=True, slots=True)
class Cell:
    """A box of text. Positions are pixels along (x) and across (y) the direction of the text."""

    text: str
    left: float
    right: float
    y: float
    height: float
    score: float

    @property
    def width(self) -> float:
        """Its length along the text."""
        return self.right - self.left


@dataclass(frozen=True)
class Row:
    """Cells side by side."""

    cells: tuple[Cell, ...]
    """From left to right; never empty."""
    page: int = 0

    @cached_property
    def text(self) -> str:
        """What the row says, cells parted by two spaces."""
        return "  ".join(cell.text for cell in self.cells)

    @cached_property
    def height(self) -> float:
        """The height of its text: of the tallest cell, but for single marks, which are boxed too tall."""
        return max((c.height for c in self.cells if len(c.text) > 2), default=self.cells[0].height)

    @cached_property
    def y(self) -> float:
        """Where it is on its page."""
        return statistics.fmean(cell.y for cell in self.cells)


@dataclass
class _Open:
    """A row that still takes cells."""

    cells: list[Cell] = field(default_factory=list)

    @property
    def y(self) -> float:
        return statistics.fmean(cell.y for cell in self.cells)

    @property
    def height(self) -> float:
        return statistics.fmean(cell.height for cell in self.cells)


def rows(pages: Sequence[Sequence[Line]]) -> list[Row]:
    """The rows of all pages, one page after the other. The order of a page's lines doesn't matter."""
    return [row for number, page in enumerate(pages) for row in _rows_of_page(page, number)]


def _rows_of_page(page: Sequence[Line], number: int) -> list[Row]:
    cells = _straightened([line for line in page if line.text.strip()])
    found = _grouped(_with_prices_beside_labels(cells))
    return [Row(tuple(sorted(row, key=lambda cell: (cell.left, cell.y))), number) for row in found]


def _straightened(page: Sequence[Line]) -> list[Cell]:
    """The boxes on a page whose text runs level."""
    boxes = sorted((_Box.of(line) for line in page), key=lambda box: (box.y, box.x, box.text))
    long = [box for box in boxes if box.width > _LONG * box.height and abs(box.slope) < _STEEPEST]
    heights = [box.y for box in long]
    middle = statistics.median(box.x for box in boxes) if boxes else 0.0
    cells = []
    for box in boxes:
        at = bisect_left(heights, box.y)
        around = long[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS]
        near = sorted(around, key=lambda other: (abs(other.y - box.y), other.x))[:_NEIGHBOURS]
        slope = statistics.median(other.slope for other in near) if len(near) >= 3 else 0.0
        stretch = math.hypot(1, slope)
        y = (box.y - slope * (box.x - middle)) / stretch
        x = middle + (box.x - middle) * stretch + slope * y
        cells.append(Cell(box.text, x - box.width / 2, x + box.width / 2, y, max(box.height, 1.0), box.score))
    return sorted(cells, key=lambda cell: (cell.y, cell.left))


@dataclass(frozen=True, slots=True)
class _Box:
    text: str
    x: float
    y: float
    width: float
    height: float
    slope: float
    score: float

    @classmethod
    def of(cls, line: Line) -> "_Box":
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = line.quad
        width = (math.hypot(x1 - x0, y1 - y0) + math.hypot(x2 - x3, y2 - y3)) / 2
        height = (math.hypot(x3 - x0, y3 - y0) + math.hypot(x2 - x1, y2 - y1)) / 2
        run, rise = (x1 + x2 - x0 - x3) / 2, (y1 + y2 - y0 - y3) / 2
        return cls(
            " ".join(line.text.split())[:_LONGEST_ROW],
            (x0 + x1 + x2 + x3) / 4,
            (y0 + y1 + y2 + y3) / 4,
            width,
            height,
            rise / run if run > 0 else math.inf,
            line.score,
        )


def _with_prices_beside_labels(cells: Sequence[Cell]) -> list[Cell]:
    """The cells with the column of prices moved up or down to the labels that it belongs to.

    On curled paper the column drifts, slowly: so of all ways to give prices to labels in their order, the one
    is taken whose offsets are small and change least from one price to the next.
    """
    prices = _price_column(cells)
    if len(prices) < _FEWEST_PRICES:
        return list(cells)
    chosen = set(map(id, prices))
    edge = min(cell.left for cell in prices)
    labels = _grouped([cell for cell in cells if id(cell) not in chosen and cell.left < edge])
    offsets = _offsets(prices, [statistics.fmean(cell.y for cell in row) for row in labels])
    if not offsets:
        return list(cells)
    return [
        replace(cell, y=cell.y - _interpolated(offsets, cell.y)) if id(cell) in chosen else cell
        for cell in cells
    ]


def _price_column(cells: Sequence[Cell]) -> list[Cell]:
    """The amounts whose right edges form the rightmost column, from the top."""
    amounts = [cell for cell in cells if _PRICE.search(cell.text)]
    if not amounts:
        return []
    span = max(c.right for c in cells) - min(c.left for c in cells)
    edge = statistics.median(sorted(cell.right for cell in amounts)[-max(1, len(amounts) // 2) :])
    return [cell for cell in amounts if abs(cell.right - edge) < _COLUMN * span]


def _offsets(prices: Sequence[Cell], labels: Sequence[float]) -> list[tuple[float, float]]:
    """Where prices stand, and by how much below their labels, by the cheapest assignment in order."""
    labels = sorted(labels)
    # The label of the last price that has one, and its offset → what the assignment costs, and the way to it.
    states: dict[tuple[int, float], tuple[float, _Way | None]] = {(-1, 0.0): (0.0, None)}
    for price in prices:
        first = bisect_left(labels, price.y - _REACH * price.height)
        last = bisect_right(labels, price.y + _REACH * price.height)
        following: dict[tuple[int, float], tuple[float, _Way | None]] = {}
        for (used, offset), (cost, way) in states.items():
            options = [((used, offset), cost + _NO_LABEL, way)]
            for label in range(max(used + 1, first), last):
                away = (price.y - labels[label]) / price.height
                jump = abs(away - offset) if way else 0.5 * abs(away)
                longer = _Way(price.y, price.y - labels[label], way)
                options.append(((label, away), cost + _OFFSET * abs(away) + _JUMP * jump, longer))
            for state, total, option in options:
                if state not in following or total < following[state][0]:
                    following[state] = (total, option)
        states = dict(sorted(following.items(), key=lambda item: item[1][0])[:_STATES])
    way = min(states.values(), key=lambda state: state[0])[1]
    found = []
    while way:
        found.append((way.y, way.offset))
        way = way.before
    return found[::-1]


class _Way(NamedTuple):
    """Prices that have labels, the last one first."""

    y: float
    offset: float
    before: "_Way | None"


def _interpolated(offsets: Sequence[tuple[float, float]], y: float) -> float:
    """The offset at a place, from the nearest prices above and below."""
    at = bisect_left(offsets, (y, -math.inf))
    below, above = offsets[min(at, len(offsets) - 1)], offsets[max(at - 1, 0)]
    if below[0] <= above[0] or not above[0] <= y <= below[0]:
        return (above if y > above[0] else below)[1]
    return above[1] + (y - above[0]) / (below[0] - above[0]) * (below[1] - above[1])


def _grouped(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Cells that are level with each other, as rows from the top."""
    found: list[_Open] = []
    for cell in sorted(cells, key=lambda c: (c.y, c.left)):
        fitting = [row for row in found[-4:] if _fits(cell, row)]
        if fitting:
            min(fitting, key=lambda row: abs(row.y - cell.y)).cells.append(cell)
        else:
            found.append(_Open([cell]))
    return [row.cells for row in sorted(found, key=lambda row: row.y)]


def _fits(cell: Cell, row: _Open) -> bool:
    """Whether a cell is level with a row, and beside what is there, not on top of it."""
    limit = 0.45 * min(cell.height, row.height) + 0.08 * max(cell.height, row.height)
    if abs(cell.y - row.y) > limit or len(cell.text) + sum(len(c.text) for c in row.cells) > _LONGEST_ROW:
        return False
    overlaps = (
        min(cell.right, other.right) - max(cell.left, other.left) > 0.5 * min(cell.width, other.width)
        for other in row.cells
    )
    return not any(overlaps)
