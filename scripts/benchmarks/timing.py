"""Times of statements, measured side by side: what the machine does meanwhile hits each of them alike."""

import random
import statistics
import time
from collections.abc import Callable, Mapping

Action = Callable[[], object]


def medians(
    cases: Mapping[str, Action],
    rounds: int,
    *,
    warm_up: int = 5,
    before: Callable[[int], object] | None = None,
) -> dict[str, float]:
    """The median seconds of each case, after `warm_up` untimed rounds.

    Each round runs every case once, in random order, because each finds the processor's caches as the one
    before left them. `before` is called untimed at the start of a round, with its number, to choose what
    the cases read; they then run once untimed, so that none of them pays for the others' reading from disk.
    """
    names = list(cases)
    order = random.Random(1)  # noqa: S311
    times: dict[str, list[float]] = {name: [] for name in names}
    for number in range(-warm_up, rounds):
        if before:
            before(number)
            for action in cases.values():
                action()
        for name in order.sample(names, len(names)):
            seconds = timed(cases[name])
            if number >= 0:
                times[name].append(seconds)
    return {name: statistics.median(values) for name, values in times.items()}


def timed(action: Action) -> float:
    """Seconds that an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def ms(seconds: float) -> str:
    """A time as people read it: "0.412 ms"."""
    return f"{seconds * 1000:.3g} ms"
