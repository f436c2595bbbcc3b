"""The commands that the README promises, as a user types them."""

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT


def test_demo_checks_every_step() -> None:
    done = subprocess.run([ROOT / "scripts/demo"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("Every step was checked.\n")


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files, by a path that is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="test-life-os-") as folder:
        yield Path(folder)


@contextmanager
def dev(data: Path, temporary: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """scripts/dev, running on free ports, and what it printed."""
    process = subprocess.Popen(
        [ROOT / "scripts/dev", "--data", data, "--port", "0", "--service-port", "0"],
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        printed = ""
        while "Ctrl-C stops everything." not in printed:
            line = process.stdout.readline()
            assert line, printed
            printed += line
        yield process, printed
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def urls(printed: str) -> tuple[str, str, str]:
    """Supabase's URL, the service's URL and the publishable key, from what scripts/dev printed."""
    exported = dict(re.findall(r"export (\w+)=(\S+)", printed))
    return exported["SUPABASE_URL"], exported["SERVICE_URL"], exported["SUPABASE_PUBLISHABLE_KEY"]


def folders_in(temporary: Path) -> list[Path]:
    """Those of the service; the Supabase CLI keeps a library of its own there."""
    return list(temporary.glob("life-os-*"))


def answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False


def test_dev_runs_until_interrupted_and_leaves_nothing_behind(tmp_path: Path, temporary: Path) -> None:
    with dev(tmp_path / "data", temporary) as (process, printed):
        supabase, service, key = urls(printed)
        login = httpx.post(
            f"{supabase}/auth/v1/token?grant_type=password",
            headers={"apikey": key},
            json={"email": "demo@example.com", "password": "life-os-demo"},
        )
        assert login.status_code == 200, login.text
        assert answers(f"{service}/api/health/ready")
        assert folders_in(temporary) != []

        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert not answers(f"{service}/api/health")
    assert not answers(f"{supabase}/auth/v1/health")
    assert folders_in(temporary) == []


def test_killed_dev_leaves_nothing_behind(tmp_path: Path, temporary: Path) -> None:
    with dev(tmp_path / "data", temporary) as (process, printed):
        supabase, service, _ = urls(printed)
        process.kill()
        deadline = time.monotonic() + 30
        while (
            answers(f"{service}/api/health") or answers(f"{supabase}/auth/v1/health") or folders_in(temporary)
        ):
            assert time.monotonic() < deadline, "the stack, the service or its files outlived scripts/dev"
            time.sleep(0.1)
