"""supabase-js in Node against the stack, in both versions of Realtime's protocol."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from local_supabase import Instance
from local_supabase.config import REPOSITORY

SCRIPT = Path(__file__).parent / "supabase_js.mjs"
NAMES = re.findall(r"^  async '(.+)'\(\)", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)
SECONDS = 90


@pytest.fixture(scope="module", params=["1.0.0", "2.0.0"])
def errors(request: pytest.FixtureRequest, live: Instance) -> dict[str, str | None]:
    """What went wrong in each check; None where nothing did."""
    with SCRIPT.open("rb") as script:
        result = subprocess.run(
            # Up to Node 21, WebSocket is behind the flag; later versions accept it.
            ["node", "--experimental-websocket", "--input-type=module"],
            stdin=script,
            # The import is resolved from here.
            cwd=REPOSITORY / "scripts" / "local_supabase",
            env=os.environ | {"INSTANCE": live.to_json(), "VSN": request.param},
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
