"""Two devices of one person, and somebody else's, with supabase-js in Node."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from local_supabase import Instance
from tests.conftest import ROOT

SCRIPT = Path(__file__).parent / "devices.mjs"
NAMES = re.findall(r"^  async '(.+)'\(\)", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)
SECONDS = 60


@pytest.fixture(scope="module")
def errors(stack: Instance) -> dict[str, str | None]:
    """What went wrong in each check; None where nothing did."""
    result = subprocess.run(
        # The flag gives Node 20 what browsers and later versions have without it.
        ["node", "--experimental-websocket", "--input-type=module"],
        input=SCRIPT.read_text(encoding="utf-8"),
        # Where the library is installed.
        cwd=ROOT / "scripts/local_supabase",
        env=os.environ | {"SUPABASE_URL": stack.url, "SUPABASE_PUBLISHABLE_KEY": stack.publishable_key},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return {line["name"]: line["error"] for line in lines}


@pytest.mark.parametrize("name", NAMES)
def test_supabase_js(errors: dict[str, str | None], name: str) -> None:
    assert errors[name] is None, errors[name]
