"""Everything a developer needs, until Ctrl-C: Supabase with migrations and seed, and the Flask service.

scripts/dev [--docker] [--fresh] [--data DIR] [--port PORT] [--service-port PORT]
"""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local_supabase import CliError, LocalSupabaseError, push, running, supabase_cli
from local_supabase.config import port_number
from service import ROOT, running_service

LOCAL_ORIGINS = ",".join(
    f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in (3000, 5173)
)


@dataclass(frozen=True)
class Supabase:
    """What clients of either kind of local Supabase need to know."""

    url: str
    publishable_key: str
    secret_key: str
    db_url: str
    note: str


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
            f"Mails that Auth would send are at {instance.url}/_local/mails.\n"
            f"Data in {data}; --fresh forgets it and makes the demo data anew, relative to today.",
        )


@contextmanager
def with_docker(*, fresh: bool) -> Iterator[Supabase]:
    """`supabase start` on the Docker engine, from the same supabase/ folder."""
    try:
        supabase_cli("start")
    except CliError as error:
        raise CliError(f"{error}\nStart Docker, or run scripts/dev without --docker.") from None
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


def description(local: Supabase, service_url: str) -> str:
    """What a developer needs to know of what runs."""
    return f"""
Life OS runs.

  Supabase      {local.url}   (/rest/v1, /auth/v1, /storage/v1, /realtime/v1)
  Flask service {service_url}   (AI suggestions at /api/ai, receipts at /api/finances/receipts)
  Database      {local.db_url}
  Secret key    {local.secret_key}   (admin: passes row level security)
  Demo login    demo@example.com / life-os-demo

For clients, and for the README's examples:

  export SUPABASE_URL={local.url}
  export SUPABASE_PUBLISHABLE_KEY={local.publishable_key}
  export SERVICE_URL={service_url}

{local.note}"""


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/dev", description=__doc__.splitlines()[0])
    parser.add_argument("--docker", action="store_true", help="use `supabase start` instead of the own stack")
    parser.add_argument("--fresh", action="store_true", help="forget the data of earlier runs")
    parser.add_argument("--data", type=Path, default=ROOT / ".local" / "dev", help="where the data lies")
    parser.add_argument(
        "--port", type=port_number, default=54321, help="of the Supabase gateway (without --docker)"
    )
    parser.add_argument("--service-port", type=port_number, default=8000, help="of the Flask service")
    options = parser.parse_args()
    # Each way to stop ends in the same place: the `with` blocks stop what they started. (A shell script's
    # background job is started with SIGINT ignored.)
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    # Where frontends are developed; the service allows no web origin by default.
    os.environ.setdefault("ALLOWED_ORIGINS", LOCAL_ORIGINS)
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
            print(description(local, service_url), flush=True)
            for url, wanted in ((local.url, options.port), (service_url, options.service_port)):
                if wanted and not options.docker and not url.endswith(f":{wanted}"):
                    print(f"Port {wanted} is taken, so {url} is used.", flush=True)
            print("Ctrl-C stops everything.", flush=True)
            while not service.exited():
                time.sleep(0.2)
            print(f"The Flask service ended:\n{service.log_tail()}", file=sys.stderr)
            return 1
    except (LocalSupabaseError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.")
        return 0


if __name__ == "__main__":
    sys.exit(main())
