"""The real Supabase CLI, pinned, against an instance."""

from __future__ import annotations

import os
import subprocess

from local_supabase import programs
from local_supabase.config import REPOSITORY
from local_supabase.data_api import wait_for_schema
from local_supabase.errors import CliError
from local_supabase.instance import Instance

_QUIET = {"SUPABASE_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1", "SUPABASE_NO_UPDATE_NOTIFIER": "1"}
# Settings that would make the CLI talk to a hosted project.
_HOSTED = ("SUPABASE_ACCESS_TOKEN", "SUPABASE_PROJECT_ID", "SUPABASE_DB_PASSWORD", "SUPABASE_WORKDIR")


def supabase_cli(*args: str, instance: Instance | None = None) -> subprocess.CompletedProcess[str]:
    """Runs `supabase …` in the repository, without telemetry, update checks or questions.

    With `instance` the command goes to its database. Raises CliError (with the output) when it fails,
    MissingProgramError when the CLI isn't installed.
    """
    target = [] if instance is None else [f"--remote={instance.db_url}"]
    inherited = {name: value for name, value in os.environ.items() if name not in _HOSTED}
    # The local server speaks no TLS; trying it would put a warning into the output.
    plain = {} if instance is None else {"PGSSLMODE": "disable"}
    result = subprocess.run(
        [programs.supabase(), *args, *target, "--yes", "--agent", "no"],
        cwd=REPOSITORY,
        env=inherited | _QUIET | plain,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        command = " ".join(args)
        raise CliError(f"supabase {command} failed ({result.returncode}):\n{result.stdout}{result.stderr}")
    return result


def push(instance: Instance, *, seed: bool = True) -> None:
    """Applies the migrations that the instance doesn't have yet, and the seed; the Data API then has them.

    Raises CliError.
    """
    supabase_cli("db", "push", *(["--include-seed"] if seed else []), instance=instance)
    wait_for_schema(instance)
