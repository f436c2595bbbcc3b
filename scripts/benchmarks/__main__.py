"""`scripts/bench [area …] [folder] [--quick]`: runs benchmarks, prints the figures and writes bench.json."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.areas import (
    calendar_area,
    database_area,
    realtime_area,
    receipts_area,
    service_area,
    stack_area,
)
from benchmarks.figures import Figure, table, write
from local_supabase import LocalSupabaseError
from service import ROOT

AREAS: dict[str, Callable[[float], Iterator[Figure]]] = {
    "calendar": calendar_area.measure,
    "database": database_area.measure,
    "realtime": realtime_area.measure,
    "receipts": receipts_area.measure,
    "service": service_area.measure,
    "stack": stack_area.measure,
}
_QUICK = 0.05


def main() -> int:
    """Runs the areas that are asked for; 0 when they ran, whatever the figures."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Benchmarks, as ratios to a floor.")
    parser.add_argument(
        "area",
        nargs="*",
        metavar="area",
        help="all, unless named: "
        + ", ".join(AREAS)
        + " (receipts takes a folder of images with truth.json)",
    )
    parser.add_argument("--quick", action="store_true", help="a twentieth of the data, for a quick look")
    options = parser.parse_args()
    areas = dict(AREAS)
    if len(options.area) == 2 and options.area[0] == "receipts" and options.area[1] not in AREAS:
        areas["receipts"] = partial(receipts_area.measure, folder=Path(options.area.pop()))
    if unknown := set(options.area) - set(AREAS):
        parser.error(f"no such area: {', '.join(unknown)} (there are {', '.join(AREAS)})")
    figures: list[Figure] = []
    try:
        for area in options.area or AREAS:
            start = time.monotonic()
            for figure in areas[area](_QUICK if options.quick else 1):
                print(table(figure), flush=True)
                figures.append(figure)
                # After each, so that a run that is interrupted has something to show.
                write(figures, ROOT / "bench.json")
            load = os.getloadavg()[1]
            print(
                f"{area}: {time.monotonic() - start:.0f} s; the machine's load meanwhile {load:.1f}\n",
                flush=True,
            )
    except LocalSupabaseError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
