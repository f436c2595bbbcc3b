"""The Flask service as a child process, as scripts/dev and scripts/demo run it."""

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from local_supabase import StartError
from local_supabase.processes import Child, spawn

ROOT = Path(__file__).resolve().parents[1]
_READY_SECONDS = 30


@contextmanager
def running_service(
    supabase_url: str,
    publishable_key: str,
    log: Path,
    *,
    port: int = 0,
    keys: bool = False,
    settings: Mapping[str, str] | None = None,
) -> Iterator[tuple[str, Child]]:
    """gunicorn with the service, ready; yields its URL and process, and stops it at the end of the block.

    `port` 0, or one that is taken, means any free one. With `keys` the service has the other settings of this
    environment and of the repository's `.env`, such as the key of a language model; without, only `settings`.
    Raises StartError with what the service said when it doesn't become ready.
    """
    port = _free_port(port)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    child = spawn(
        "service",
        [ROOT / ".venv/bin/gunicorn", "-c", ROOT / "app/gunicorn.conf.py", "app:create_app()"],
        log=log,
        environment=(dict(os.environ) if keys else {"PATH": os.environ["PATH"]})
        | {
            "SUPABASE_URL": supabase_url,
            "SUPABASE_PUBLISHABLE_KEY": publishable_key,
            "HOST": "127.0.0.1",
            "PORT": str(port),
        }
        | dict(settings or {}),
        # `.env` is read from the working folder.
        folder=ROOT if keys else log.parent,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url, child)
        yield url, child
    finally:
        child.stop()


def _wait_until_ready(url: str, child: Child) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not child.exited() and time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/api/health/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise StartError(f"The Flask service didn't start:\n{child.log_tail()}")


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as probe:
            # As gunicorn binds: a port that merely waits for its last connections to end is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StartError("No free port on 127.0.0.1.")
