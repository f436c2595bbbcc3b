"""What README and docs say to type works as printed: examples, queries, and commands of the CLI."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest

import receipt_photo
from local_supabase import Instance, supabase_cli
from service import running_service
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
CHAPTER = README.split("## The API", 1)[1].split("\n## ", 1)[0]
RECEIPTS = (ROOT / "docs/receipts.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
# The flag gives Node 20 what browsers and later versions have without it.
NODE = ["node", "--experimental-websocket", "--input-type=module"]
# Where supabase-js is installed.
NODE_FOLDER = ROOT / "scripts/local_supabase"
# The demo user's.
ZONE = ZoneInfo("Europe/Berlin")


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


def examples(language: str, text: str) -> list[str]:
    """The examples of a text in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def example(language: str, text: str = CHAPTER) -> str:
    """The one example of a text in a language."""
    (found,) = examples(language, text)
    return found


def in_zone(printed: str) -> datetime:
    """A moment as printed, as the demo user's clock shows it."""
    return datetime.fromisoformat(printed).astimezone(ZONE)


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
    lines = run([sys.executable, "-"], example("python"), environment).splitlines()
    title, start, end = lines[0].split()
    assert title == "Push"
    assert in_zone(start).strftime("%H:%M") == "07:00"
    assert in_zone(end).strftime("%H:%M") == "07:50"
    # Moved in the calendar: its length stays, and the workout follows; a stale edit finds nothing to change.
    moved_start, moved_end = (in_zone(moment) for moment in lines[1].split())
    assert moved_start == in_zone(start) + timedelta(minutes=90)
    assert moved_end == in_zone(end) + timedelta(minutes=90)
    assert lines[2] == "stale: None"
    assert lines[3] == f"{moved_start:%Y-%m-%d} 08:30:00 50"
    count, of = re.fullmatch(r"(\d+) of (\d+) – more: (?:True|False)", lines[4]).groups()  # type: ignore[union-attr]
    assert 1 <= int(count) <= int(of)


def test_supabase_js_example_runs(environment: dict[str, str]) -> None:
    printed = run(NODE, example("js"), environment, NODE_FOLDER)
    assert re.search(r"^\d{4}-\d\d-\d\d 406 PGRST116$", printed, re.MULTILINE)
    assert re.search(r"^20 of \d\d – more: true$", printed, re.MULTILINE)
    assert "expenses_name_not_blank" in printed
    assert printed.count(" – ") == 3


def test_receipts_example_goes_from_photo_to_expense_and_back(
    environment: dict[str, str], tmp_path: Path
) -> None:
    photo = tmp_path / "receipt.jpg"
    photo.write_bytes(receipt_photo.photo(datetime.now(ZONE).date()))
    printed = run(NODE, example("js", RECEIPTS), environment | {"RECEIPT": str(photo)}, NODE_FOLDER)
    for line in (
        "progress: processing",
        f"total: {receipt_photo.TOTAL.replace(',', '.')} ",
        "booked: 1 expense, 1 in the pantry",
        "reopened: draft 1 expense removed",
        "read again: draft",
        "deleted: Hofladen Birkental",
    ):
        assert line in printed.splitlines()


def test_queries_for_operators_run(stack: Instance) -> None:
    with psycopg.connect(stack.db_url) as connection:
        answers = [
            connection.execute(query).fetchall()
            for query in ";".join(examples("sql", OPERATIONS)).split(";")
            if query.strip()
        ]
    # The calendar, receipts without a file, files without a receipt, requests.
    assert len(answers) == 4
    assert answers[0] == [(0,)]
    assert answers[3]


def test_commands_of_the_cli_take_the_options_that_they_are_given() -> None:
    commands = set(re.findall(r"^supabase ((?:[a-z]+ )*[a-z]+)(.*)$", README + OPERATIONS, re.MULTILINE))
    assert {command for command, _ in commands} >= {"link", "db push", "db advisors"}
    for command, rest in commands:
        says = supabase_cli(*command.split(), "--help").stdout
        given = re.findall(r"--[a-z-]+", rest.split("#")[0])
        assert all(option in says for option in given), command
        # Without it, the command would mean the database on this machine.
        if "Local by default" in says:
            assert "--remote" in given, command


def test_every_command_of_the_first_screen_exists() -> None:
    first_screen = README.split("## Architecture", 1)[0]
    for command in set(re.findall(r"scripts/\w+", first_screen)) - {"scripts/local_supabase"}:
        assert os.access(ROOT / command, os.X_OK), command
