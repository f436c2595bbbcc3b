"""What the terminal shows while data are built."""

import sys
import time


class Progress:
    """A bar on one line, where the output is a terminal; otherwise only the finished line."""

    def __init__(self, label: str, total: int) -> None:
        self.label, self.total, self.done = label, total, 0
        self._start = time.monotonic()

    def add(self, count: int) -> None:
        """Says that `count` more of the total are done."""
        self.done += count
        finished = self.done >= self.total
        seconds = time.monotonic() - self._start
        if sys.stderr.isatty():
            share = min(1, self.done / self.total)
            bar = ("█" * round(share * 24)).ljust(24, "·")
            print(
                f"\r{self.label:44} {bar} {share:4.0%} {seconds:5.1f} s", end="", file=sys.stderr, flush=True
            )
            if finished:
                print(file=sys.stderr)
        elif finished:
            print(f"{self.label:44} {seconds:5.1f} s", file=sys.stderr, flush=True)
