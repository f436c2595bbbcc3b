"""Checks written in JavaScript: named functions in a file that Node runs, a line of JSON for each."""

import json
import os
import re
import subprocess
from pathlib import Path

from tests.conftest import ROOT


def names_of(script: Path) -> list[str]:
    """The names of a file's checks: its members `async 'name'()`."""
    return re.findall(r"^  async '(.+)'\(\)", script.read_text(encoding="utf-8"), re.MULTILINE)


def run_checks(script: Path, variables: dict[str, str], seconds: float) -> dict[str, str | None]:
    """What went wrong in each check of a file; None where nothing did."""
    result = subprocess.run(
        # Up to Node 21, WebSocket is behind the flag; later versions accept it.
        ["node", "--experimental-websocket", "--input-type=module"],
        input=script.read_text(encoding="utf-8"),
        # Where the library is installed.
        cwd=ROOT / "scripts/local_supabase",
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return {line["name"]: line["error"] for line in lines}
