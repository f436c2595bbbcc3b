"""The desk where receipts wait to be read: one process for all of a service's workers. Run as a script.

A worker takes a place (a connection to a Unix socket; so many at a time, and no more) and hands in jobs. The
desk gives them, one by one, to one reader: a child process that decodes, recognises and extracts, at a low
priority and with a limit on its memory. A job that takes too long or breaks the reader fails alone: the next
one gets another reader. The desk ends when nobody is connected any more, and the reader with it, whatever way
they go.

Nobody keeps the reader for themselves: one person has three quarters of the places at most, and never two
jobs in a row while somebody else's waits.

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
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any, TypeAlias

Message = tuple[dict[str, Any], list[bytes]]
Wire: TypeAlias = "Connection[Any, Any]"

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


class Places:
    """So many places; of four and more, one person may have three quarters."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._most = count - count // 4
        self._taken: Counter[str] = Counter()
        self._counting = threading.Lock()

    def take(self, person: str) -> bool:
        """Takes a place for somebody, if there is one for them."""
        with self._counting:
            if not self._free or self._taken[person] >= self._most:
                return False
            self._free -= 1
            self._taken[person] += 1
            return True

    def give_back(self, person: str) -> None:
        """Frees a place that was taken."""
        with self._counting:
            self._free += 1
            self._taken[person] -= 1
            # Only who is here is remembered.
            self._taken += Counter()


class Turns:
    """One at a time, in the order of asking, but nobody twice in a row while somebody else waits."""

    def __init__(self) -> None:
        self.waiting: list[tuple[str, object]] = []
        self._last = ""
        self._is_taken = False
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def turn(self, person: str) -> Iterator[None]:
        """Waits for a turn of somebody's."""
        one = (person, object())
        with self._changed:
            self.waiting.append(one)
            self._changed.wait_for(lambda: not self._is_taken and self._next() is one)
            self.waiting.remove(one)
            self._is_taken, self._last = True, person
        try:
            yield
        finally:
            with self._changed:
                self._is_taken = False
                self._changed.notify_all()

    def _next(self) -> tuple[str, object]:
        return next((one for one in self.waiting if one[0] != self._last), self.waiting[0])


class Desk:
    """Places, and the reader behind them."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._places = Places(rules.places)
        self._turns = Turns()
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

    def _accept(self, listener: Listener) -> None:
        while True:
            connection = listener.accept()
            self._connected.add(connection)
            threading.Thread(target=self._attend, args=(connection,), daemon=True).start()

    def _attend(self, connection: Wire) -> None:
        """Serves one connection to its end; each message gets one answer."""
        person = None
        try:
            while True:
                header, parts = receive(connection)
                if header["job"] == "place":
                    if person is None and self._places.take(header["person"]):
                        person = header["person"]
                    send(connection, {"place": person is not None}, [])
                elif person is not None:
                    send(connection, *self._read(person, header, parts))
        except (OSError, EOFError):
            pass
        finally:
            connection.close()
            if person is not None:
                self._places.give_back(person)
            self._alone_since = time.monotonic()
            self._connected.discard(connection)

    def _read(self, person: str, header: dict[str, Any], parts: list[bytes]) -> Message:
        """The reader's answer to a job, in turn, or why there is none."""
        with self._turns.turn(person):
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
