"""Rows from boxes: whatever the order, the size and the angle of the page."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.receipts.extraction import Hints, extract, layout
from app.receipts.schemas import Line
from tests.app.receipts import drawing
from tests.app.receipts.test_extraction import SAMPLES, TODAY

ROWS = ("#^Waldmarkt", "Vollmilch|1,29 A", "Roggenbrot|3,49 A", "Käse||2 x|4,00", "Summe|8,78", "Bar|10,00")
TEXTS = [
    "Waldmarkt",
    "Vollmilch  1,29 A",
    "Roggenbrot  3,49 A",
    "Käse  2 x  4,00",
    "Summe  8,78",
    "Bar  10,00",
]


def texts(page: list[Line]) -> list[str]:
    return [row.text for row in layout.rows([page])]


def test_boxes_side_by_side_are_a_row() -> None:
    assert texts(drawing.lines(*ROWS)) == TEXTS


def test_a_page_without_text_has_no_rows() -> None:
    assert layout.rows([[], [Line("  ", ((0, 0), (1, 0), (1, 1), (0, 1)), 1.0)]]) == []


@given(st.randoms(use_true_random=False))
def test_the_order_of_boxes_changes_nothing(order: random.Random) -> None:
    page = drawing.lines(*ROWS)
    order.shuffle(page)
    assert texts(page) == TEXTS


@settings(deadline=None)
@given(st.sampled_from(list(SAMPLES)), st.randoms(use_true_random=False))
def test_the_order_of_boxes_changes_no_field(language: str, order: random.Random) -> None:
    page = drawing.lines(*SAMPLES[language].rows)
    straight = extract([page], Hints(today=TODAY))
    order.shuffle(page)
    assert extract([page], Hints(today=TODAY)) == straight


@settings(deadline=None)
@given(st.sampled_from(list(SAMPLES)), st.floats(0.2, 5), st.floats(-5, 5))
def test_the_size_and_a_small_angle_of_the_page_change_no_field(
    language: str, scale: float, degrees: float
) -> None:
    page = drawing.lines(*SAMPLES[language].rows)
    moved = extract([drawing.moved(page, scale=scale, degrees=degrees)], Hints(today=TODAY))
    straight = extract([page], Hints(today=TODAY))
    assert moved.model_dump(exclude={"store", "total"}) == straight.model_dump(exclude={"store", "total"})
    assert (moved.store and moved.store.value) == (straight.store and straight.store.value)
    assert (moved.total and moved.total.value) == (straight.total and straight.total.value)


def moved_down(line: Line, by: Callable[[float, float], float]) -> Line:
    """The line with each corner moved by what `by` says of its place."""
    first, second, third, fourth = ((x, y + by(x, y)) for x, y in line.quad)
    return replace(line, quad=(first, second, third, fourth))


@pytest.mark.parametrize("slope", [-0.1, 0.06, 0.1])
def test_a_photo_taken_at_an_angle_has_level_rows(slope: float) -> None:
    """Perspective: the further down, the steeper the text."""
    names = ("Whole milk from the hills", "Rye bread, sliced thin", "Old goat cheese", "Green tea, loose")
    page = drawing.lines(*(f"{name}|1.29" for name in names))
    tilted = [moved_down(line, lambda x, y: slope * (x - 360) * y / 250) for line in page]
    assert texts(tilted) == [f"{name}  1.29" for name in names]


@pytest.mark.parametrize("curl", [0.6, -0.6])
def test_prices_find_their_labels_on_curled_paper(curl: float) -> None:
    """The column of prices drifts by more than half a row until the foot."""
    page = drawing.lines(*ROWS)
    bottom = max(line.quad[2][1] for line in page)
    curled = [
        line if line.quad[0][0] < 400 else moved_down(line, lambda _, y: curl * 32 * y / bottom)
        for line in page
    ]
    assert texts(curled) == TEXTS


def test_labels_without_prices_stay_alone() -> None:
    assert texts(drawing.lines("Milk|1.29", "and honey", "Bread|3.49", "Cheese|4.00", "Tea|2.00")) == [
        "Milk  1.29",
        "and honey",
        "Bread  3.49",
        "Cheese  4.00",
        "Tea  2.00",
    ]
