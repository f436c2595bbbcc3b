"""`python -m local_supabase start`: a local Supabase in the foreground, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from local_supabase.cli import push
from local_supabase.config import REPOSITORY, load_config, port_number
from local_supabase.errors import LocalSupabaseError
from local_supabase.instance import Instance
from local_supabase.supervisor import Options, supervise


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    parsed = _parser().parse_args(arguments)
    try:
        asyncio.run(_serve(parsed) if parsed.command == "serve" else _start(parsed))
    except (LocalSupabaseError, PermissionError) as error:
        # A PermissionError means a folder that another user made.
        print(error, file=sys.stderr)
        return 1
    return 0


async def _serve(parsed: argparse.Namespace) -> None:
    """For a program: it learns from one line of JSON that the instance is ready."""

    async def tell(instance: Instance) -> None:
        print(instance.to_json(), flush=True)

    database_port = parsed.port + 1 if parsed.port else None
    options = Options(parsed.dir.absolute(), parsed.port, database_port, fresh=parsed.fresh, until_eof=True)
    await supervise(options, tell)


async def _start(parsed: argparse.Namespace) -> None:
    """For people: the ports of config.toml, migrations and seed applied."""
    config = load_config()
    port = parsed.port or config.api.port
    database_port = port + 1 if parsed.port else config.db.port

    async def tell(instance: Instance) -> None:
        if parsed.migrations:
            await asyncio.to_thread(push, instance)
        print(_description(instance, wanted_port=port), flush=True)

    await supervise(Options(parsed.dir.absolute(), port, database_port, fresh=parsed.fresh), tell)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="local_supabase", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("start", help="run in the foreground until Ctrl-C")
    start.add_argument(
        "--no-migrations",
        dest="migrations",
        action="store_false",
        help="leave the database as it is: apply neither supabase/migrations nor the seed",
    )
    serve = commands.add_parser("serve", help="run for another program, until standard input ends")
    for command in (start, serve):
        command.add_argument(
            "--dir", type=Path, default=REPOSITORY / ".local" / "dev", help="where the data lies"
        )
        command.add_argument("--port", type=port_number, help="of the gateway; another one when it is taken")
        command.add_argument("--fresh", action="store_true", help="forget the data of earlier runs")
    return parser


def _description(instance: Instance, *, wanted_port: int) -> str:
    lines = [
        f"API URL          {instance.url}",
        f"Database URL     {instance.db_url}",
        f"Publishable key  {instance.publishable_key}",
        f"Secret key       {instance.secret_key}",
        f"Mails            {instance.url}/_local/mails",
        "Ready; Ctrl-C stops it.",
    ]
    if not instance.url.endswith(f":{wanted_port}"):
        lines.insert(0, f"Port {wanted_port} is taken; another one is used.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
