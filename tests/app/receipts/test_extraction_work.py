"""Reading takes as long as there is text: no text makes everybody else's receipts wait."""

import cProfile
import datetime
from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest

from app.receipts.extraction import Hints, extract
from app.receipts.schemas import Line
from tests.app.receipts.test_extraction import read, said

TODAY = datetime.date(2026, 11, 24)
HEAD = ("#^Corner Shop", "^12 Main Street")
FOOT = ("Subtotal|90.00", "Tax|10.00", "TOTAL|100.00", "CASH|120.00", "CHANGE|20.00")


def word(number: int) -> str:
    """A word for each number."""
    return "".join(chr(ord("a") + number // 26**place % 26) for place in range(4))


def below(*rows: Sequence[str]) -> list[Line]:
    """Rows of cells side by side, each as wide as its text."""
    lines = []
    for number, row in enumerate(rows):
        left, top = 0.0, 30.0 * number
        for text in row:
            right = left + 10 * len(text)
            lines.append(Line(text, ((left, top), (right, top), (right, top + 20), (left, top + 20)), 0.95))
            left = right + 40
    return lines


def bought(name: str, number: int) -> list[str]:
    return [name, f"{20 + number % 7}.{number % 100:02d}"]


def with_sums(rows: Sequence[Sequence[str]]) -> list[Line]:
    return below(["Corner Shop"], *rows, *(row.split("|") for row in FOOT))


TEXTS: dict[str, Callable[[int], list[Line]]] = {
    "lines": lambda n: with_sums([bought(f"{word(i)} tea", i) for i in range(n)]),
    "lines twice": lambda n: with_sums([bought(f"{word(i // 2)} tea", i) for i in range(n)]),
    "discounts": lambda n: with_sums([[f"{word(i)} tea", f"-{i + 1}.00"] for i in range(n)]),
    "mentions": lambda n: below(*[[f"thank you for shopping at {word(i)} shop"] for i in range(n)]),
    "sites": lambda n: below(*[[f"www.{word(i)}.com"] for i in range(n)]),
    "names": lambda n: below(*[[f"{word(i + 9 * row)} shop" for i in range(n // 20)] for row in range(20)]),
    "names and mentions": lambda n: below(
        *[[f"{word(i + 9 * row)} shop" for i in range(n // 40)] for row in range(20)],
        *[[f"thank you for shopping at {word(i)}"] for i in range(n // 2)],
    ),
    "one row": lambda n: below([f"{word(i)} 1.00" for i in range(n)]),
    "taxes": lambda n: below(*[[f"{i % 30}% {i + 1}.00 {2 * i + 2}.00 {3 * i + 3}.00"] for i in range(n)]),
    "dates": lambda n: below(*[[f"{1 + i % 28}/{1 + i % 12}/{1990 + i % 36}"] for i in range(n)]),
    "totals": lambda n: below(*[["TOTAL", f"{i}.{i % 100:02d}"] for i in range(n)]),
    "payments": lambda n: below(*[["CASH" if i % 2 else "CHANGE", f"{i}.00"] for i in range(n)]),
    "one word": lambda n: below(["shop" * n], ["Tea", "4.00"], ["TOTAL", "4.00"]),
    "one company": lambda n: below(["SDN" * n], ["Tea", "4.00"], ["TOTAL", "4.00"]),
    "one number": lambda n: below(["1." * n], ["Tea", "4.00"], ["TOTAL", "4.00"]),
}


def work(lines: list[Line]) -> int:
    """How many calls it takes to read them: the same on every machine."""
    profile = cProfile.Profile(builtins=True)
    profile.runcall(extract, [lines], Hints(today=TODAY, currency="EUR"))
    return sum(entry.callcount for entry in profile.getstats())


@pytest.mark.parametrize("text", TEXTS)
def test_four_times_the_text_takes_about_four_times_the_work(text: str) -> None:
    make = TEXTS[text]
    # What is learned once, such as the words of the tables, isn't counted.
    work(make(40))
    assert work(make(600)) < 6 * work(make(150))


def test_a_number_in_groups_without_end_is_no_amount() -> None:
    found = read(*HEAD, "Green tea|4.00", "4 Jam|" + "111 " * 20 + "111.00", "TOTAL|4.00")
    assert said(found, "total") == Decimal("4.00")
    assert [(line.name, line.amount) for line in found.lines] == [("Green tea", Decimal("4.00"))]


def test_an_amount_in_a_few_groups_is_one() -> None:
    found = read(*HEAD, "Green tea|4.00", "Flat|111 222 333.00", "TOTAL|111 222 337.00")
    assert said(found, "total") == Decimal("111222337.00")
