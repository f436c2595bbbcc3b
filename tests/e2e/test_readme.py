"""Every example in the README's API chapter runs as printed, against the stack and the service."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_supabase import Instance
from service import running_service
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
CHAPTER = README.split("## The API", 1)[1].split("\n## ", 1)[0]


@pytest.fixture(scope="module")
def environment(stack: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the chapter says must be in the environment."""
    log = tmp_path_factory.mktemp("service") / "service.log"
    with running_service(stack.url, stack.publishable_key, log) as (url, _):
        yield os.environ | {
            "SUPABASE_URL": stack.url,
            "SUPABASE_PUBLISHABLE_KEY": stack.publishable_key,
            "SERVICE_URL": url,
        }


def example(language: str) -> str:
    """The chapter's one example in a language."""
    (text,) = re.findall(rf"^```{language}\n(.*?)^```", CHAPTER, re.DOTALL | re.MULTILINE)
    return str(text)


def run(command: list[str], text: str, environment: dict[str, str], folder: Path = ROOT) -> str:
    """What the example prints; it must succeed."""
    done = subprocess.run(
        command, input=text, env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl_example_runs(environment: dict[str, str]) -> None:
    printed = run(["sh", "-eu"], example("sh"), environment)
    assert printed.count("Chickpea curry") == 2  # the recipe, and its event in the week
    assert '"suggestions"' in printed


def test_supabase_py_example_runs(environment: dict[str, str]) -> None:
    printed = run([sys.executable, "-"], example("python"), environment)
    # 07:00 in Berlin, in winter.
    assert "Push 2026-11-27T06:00:00+00:00 2026-11-27T06:50:00+00:00" in printed
    # Moved in the calendar: its length stays, and the workout follows; a stale edit finds nothing to change.
    assert "2026-11-27T07:30:00+00:00 2026-11-27T08:20:00+00:00" in printed
    assert "stale: None" in printed
    assert "2026-11-27 08:30:00 50" in printed


def test_supabase_js_example_runs(environment: dict[str, str]) -> None:
    printed = run(
        # The flag gives Node 20 what browsers and later versions have without it.
        ["node", "--experimental-websocket", "--input-type=module"],
        example("js"),
        environment,
        # Where the library is installed.
        ROOT / "scripts/local_supabase",
    )
    assert "2026-11-28 406 PGRST116" in printed
    assert "expenses_name_not_blank" in printed
    assert printed.count(" – ") == 2


def test_every_command_of_the_first_screen_exists() -> None:
    first_screen = README.split("## Architecture", 1)[0]
    for command in set(re.findall(r"scripts/\w+", first_screen)) - {"scripts/local_supabase"}:
        assert os.access(ROOT / command, os.X_OK), command
