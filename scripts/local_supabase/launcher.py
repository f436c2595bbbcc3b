"""Instances as child processes of a test run or a script."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_supabase.errors import StartError
from local_supabase.instance import Instance

_START_SECONDS = 60
_STOP_SECONDS = 20


@contextmanager
def running(directory: Path, *, port: int | None = None, fresh: bool = False) -> Iterator[Instance]:
    """An instance with its data in `directory`, stopped at the end of the block.

    It never outlives this process. `port` is the gateway's; None means any free one, and so does one that is
    taken. `fresh` forgets what an earlier run left in `directory`. No migrations are applied: see `push`.
    Raises StartError.
    """
    directory = directory.absolute()
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / "supervisor.log"
    command = [sys.executable, "-m", "local_supabase", "serve", "--dir", str(directory)]
    command += [] if port is None else ["--port", str(port)]
    command += ["--fresh"] if fresh else []
    with log.open("wb") as output:
        supervisor = subprocess.Popen(
            command,
            # The pipe closes when this process dies, however it dies; the supervisor then stops.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            env=_environment(),
            # Ctrl-C is for this process to handle, which then stops the instance.
            start_new_session=True,
        )
    try:
        line = _first_line(supervisor)
        if not line:
            tail = log.read_text(encoding="utf-8", errors="replace")[-4000:]
            raise StartError(f"The local Supabase didn't start:\n{tail}")
        yield Instance.from_json(line)
    finally:
        _stop(supervisor)


def _environment() -> dict[str, str]:
    """This environment, with the package's parent folder where the child's Python looks for modules."""
    scripts = str(Path(__file__).resolve().parents[1])
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [scripts, os.environ.get("PYTHONPATH")]))}


def _first_line(supervisor: subprocess.Popen[bytes]) -> str:
    """What the supervisor says when it is ready; empty when it ended or took too long."""
    assert supervisor.stdout is not None
    deadline, received = time.monotonic() + _START_SECONDS, b""
    with selectors.DefaultSelector() as selector:
        selector.register(supervisor.stdout, selectors.EVENT_READ)
        while not received.endswith(b"\n") and selector.select(max(0, deadline - time.monotonic())):
            chunk = os.read(supervisor.stdout.fileno(), 65536)
            if not chunk:
                return ""
            received += chunk
    return received.decode() if received.endswith(b"\n") else ""


def _stop(supervisor: subprocess.Popen[bytes]) -> None:
    assert supervisor.stdin is not None
    assert supervisor.stdout is not None
    supervisor.stdin.close()
    try:
        supervisor.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        # Its children get their signal from the kernel.
        supervisor.kill()
        supervisor.wait()
    finally:
        supervisor.stdout.close()
