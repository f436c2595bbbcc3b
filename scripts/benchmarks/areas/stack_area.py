"""How long a developer waits for the local stack."""

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, at_most, noted
from benchmarks.timing import timed
from local_supabase import push, running

_ROUNDS = 5


def measure(_: float) -> Iterator[Figure]:
    """K1."""
    cold, warm = [], []
    for _ in range(_ROUNDS):
        with tempfile.TemporaryDirectory(prefix="life-os-bench-") as folder:
            cold.append(timed(lambda: _start(Path(folder))))
            warm.append(timed(lambda: _start(Path(folder))))
    yield Figure(
        "K1",
        "from nothing running to a local stack that answers",
        (
            at_most("with the data of an earlier run", statistics.median(warm), 3, "s"),
            at_most("with initdb and migrations, without the seed", statistics.median(cold), 6, "s"),
            noted("slowest of either", max(warm + cold), "s"),
        ),
        f"medians of {_ROUNDS} starts, each with the check for new migrations and the stop at the end",
    )


def _start(folder: Path) -> None:
    with running(folder) as instance:
        push(instance, seed=False)
