"""The desk where receipts wait to be read: one process for all of a service's workers. Run as a script.

A worker takes a place (a connection to a Unix socket; so many at a time, and no more) and hands in jobs. The
desk gives them, one by one, to one reader: a child process that decodes, recognises and extracts, at a low
priority and with a limit on its memory. A job that takes too long or breaks the reader fails alone: the next
one gets another reader. The desk ends when nobody is connected any more, and the reader with it, whatever way
they go.

Messages are a JSON object and any number of byte strings; nothing that a reader of untrusted files sends is
unpickled. Only the standard library is imported here: the desk stays small, and the reader is what may grow.
"""

import contextlib
import dataclasses
import fcntl
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any, TypeAlias

Message = tuple[dict[str, Any], list[bytes]]
Wire: TypeAlias = "Connection[Any, Any]"

FOLDER_PREFIX = "life-os-"
"""Of temporary folders, which the desk removes when it ends."""
MAX_MESSAGE_BYTES = 64 * 1024 * 1024
_JOBS_PER_READER = 100
_ALONE_SECONDS = 3
_NICENESS = 15


@dataclass(frozen=True)
class Rules:
    """How the desk works; the settings that start with RECEIPTS_ explain each."""

    socket: str
    places: int
    timeout_seconds: float
    memory_mb: int
    threads: int


def send(connection: Wire, header: dict[str, Any], parts: list[bytes]) -> None:
    """Sends a message."""
    connection.send_bytes(json.dumps({**header, "parts": len(parts)}).encode())
    for part in parts:
        connection.send_bytes(part)


def receive(connection: Wire) -> Message:
    """The next message. Raises EOFError when the other side is gone."""
    header: dict[str, Any] = json.loads(connection.recv_bytes(MAX_MESSAGE_BYTES))
    return header, [connection.recv_bytes(MAX_MESSAGE_BYTES) for _ in range(header.pop("parts"))]


def temporary_socket() -> str:
    """A path for a socket, in a folder that only this user can enter."""
    return f"{tempfile.mkdtemp(prefix=FOLDER_PREFIX)}/desk"


class Desk:
    """Places, and the reader behind them."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._places = threading.BoundedSemaphore(rules.places)
        self._turn = threading.Lock()
        self._reader: _Reader | None = None
        self._connected: set[Wire] = set()
        self._alone_since = time.monotonic()

    def serve(self) -> None:
        """Serves until nobody is connected; returns at once when another desk has the socket."""
        socket = Path(self._rules.socket)
        lock_path = socket.with_suffix(".lock")
        with lock_path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            socket.unlink(missing_ok=True)
            listener = Listener(str(socket), "AF_UNIX", backlog=128)
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
            while self._connected or time.monotonic() - self._alone_since < _ALONE_SECONDS:
                time.sleep(0.2)
            # Somebody may have removed the folder already.
            socket.unlink(missing_ok=True)
            lock_path.unlink(missing_ok=True)
            if socket.parent.name.startswith(FOLDER_PREFIX):
                with contextlib.suppress(OSError):
                    socket.parent.rmdir()

    def _accept(self, listener: Listener) -> None:
        while True:
            connection = listener.accept()
            self._connected.add(connection)
            threading.Thread(target=self._attend, args=(connection,), daemon=True).start()

    def _attend(self, connection: Wire) -> None:
        """Serves one connection to its end; each message gets one answer."""
        has_place = False
        try:
            while True:
                header, parts = receive(connection)
                if header["job"] == "place":
                    has_place = has_place or self._places.acquire(blocking=False)
                    send(connection, {"place": has_place}, [])
                elif has_place:
                    send(connection, *self._read(header, parts))
        except (OSError, EOFError):
            pass
        finally:
            connection.close()
            if has_place:
                self._places.release()
            self._alone_since = time.monotonic()
            self._connected.discard(connection)

    def _read(self, header: dict[str, Any], parts: list[bytes]) -> Message:
        """The reader's answer to a job, in turn, or why there is none."""
        with self._turn:
            reader = self._reader or _Reader(self._rules)
            self._reader = None
            try:
                answer = reader.do(header, parts, self._rules.timeout_seconds)
            except TimeoutError:
                answer = {"failed": "timed_out"}, []
            except (OSError, EOFError):
                answer = {"failed": "crashed"}, []
            if "failed" in answer[0] or reader.jobs >= _JOBS_PER_READER:
                reader.dismiss()
            else:
                self._reader = reader
            return answer


class _Reader:
    """The child process."""

    def __init__(self, rules: Rules) -> None:
        self.jobs = 0
        self._connection, theirs = multiprocessing.Pipe()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", __file__, json.dumps(dataclasses.asdict(rules)), str(theirs.fileno())],
                stdin=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
            )

    def do(self, header: dict[str, Any], parts: list[bytes], timeout_seconds: float) -> Message:
        """The answer to a job. Raises TimeoutError, or OSError or EOFError when the process is gone."""
        self.jobs += 1
        send(self._connection, header, parts)
        if not self._connection.poll(timeout_seconds):
            raise TimeoutError
        return receive(self._connection)

    def dismiss(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.communicate()
        self._connection.close()


def read(rules: Rules, connection: Wire) -> None:
    """What the child process does, for as long as the desk is there."""
    threading.Thread(target=_end_with_the_desk, daemon=True).start()
    os.nice(_NICENESS)
    memory = rules.memory_mb * 2**20
    with contextlib.suppress(ValueError, OSError):
        # Not every system has this limit; there, a new reader after so many jobs is all that bounds it.
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    from app.receipts import reading

    reading.work(connection, rules.threads)


def _end_with_the_desk() -> None:
    """Waits for the end of standard input, which is the desk's to keep open."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


if __name__ == "__main__":
    _rules = Rules(**json.loads(sys.argv[1]))
    if len(sys.argv) > 2:
        with contextlib.suppress(EOFError):
            read(_rules, Connection(int(sys.argv[2])))
    else:
        Desk(_rules).serve()
    # Threads that wait for messages don't outlive this.
    os._exit(0)
