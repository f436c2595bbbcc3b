"""Everything a developer needs, until Ctrl-C: Supabase with migrations and seed, and the Flask service.

scripts/dev [--docker] [--fresh] [--data DIR] [--port PORT] [--service-port PORT]
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local_supabase import LocalSupabaseError, push, running, supabase_cli
from service import ROOT, running_service


@dataclass(frozen=True)
class Supabase:
    """What clients of either kind of local Supabase need to know."""

    url: str
    publishable_key: str
    secret_key: str
    db_url: str
    directory_note: str


@contextmanager
def without_docker(data: Path, port: int, *, fresh: bool) -> Iterator[Supabase]:
    """The project's own stack (scripts/local_supabase)."""
    with running(data, port=port, fresh=fresh) as instance:
        push(instance)
        yield Supabase(
            instance.url,
            instance.publishable_key,
            instance.secret_key,
            instance.db_url,
            f"Data in {data}; --fresh forgets it and makes the demo data anew, relative to today.",
        )


@contextmanager
def with_docker(*, fresh: bool) -> Iterator[Supabase]:
    """`supabase start` on the Docker engine, from the same supabase/ folder."""
    supabase_cli("start")
    try:
        supabase_cli("db", "reset", "--local") if fresh else supabase_cli("migration", "up", "--local")
        status = json.loads(supabase_cli("status", "-o", "json").stdout)
        yield Supabase(
            status["API_URL"],
            status["PUBLISHABLE_KEY"],
            status["SECRET_KEY"],
            status["DB_URL"],
            "Data in Docker volumes; --fresh forgets it and makes the demo data anew, relative to today.",
        )
    finally:
        supabase_cli("stop")


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/dev", description=__doc__.splitlines()[0])
    parser.add_argument("--docker", action="store_true", help="use `supabase start` instead of the own stack")
    parser.add_argument("--fresh", action="store_true", help="forget the data of earlier runs")
    parser.add_argument("--data", type=Path, default=ROOT / ".local" / "dev", help="where the data lies")
    parser.add_argument("--port", type=int, default=54321, help="of the Supabase gateway (without --docker)")
    parser.add_argument("--service-port", type=int, default=8000, help="of the Flask service")
    options = parser.parse_args()
    # Both ways to stop end in the same place: the `with` blocks stop what they started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    supabase = (
        with_docker(fresh=options.fresh)
        if options.docker
        else without_docker(options.data, options.port, fresh=options.fresh)
    )
    try:
        with (
            supabase as local,
            running_service(
                local.url,
                local.publishable_key,
                options.data / "service.log",
                port=options.service_port,
                keys=True,
            ) as (service_url, service),
        ):
            print(
                f"""
Life OS runs.

  Supabase         {local.url}   (REST at /rest/v1, Auth at /auth/v1, Storage at /storage/v1)
  Flask service    {service_url}   (AI suggestions at /api/ai/meal-suggestions)
  Database         {local.db_url}
  Publishable key  {local.publishable_key}
  Secret key       {local.secret_key}   (admin: passes row level security)
  Demo login       demo@example.com / life-os-demo

{local.directory_note} Ctrl-C stops everything.""",
                flush=True,
            )
            while not service.exited():
                time.sleep(0.2)
            print(f"The Flask service ended:\n{service.log_tail()}", file=sys.stderr)
            return 1
    except LocalSupabaseError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.")
        return 0


if __name__ == "__main__":
    sys.exit(main())
