"""The way to the reader of receipts: a place at the desk, and what it can do. See `desk`."""

import contextlib
import dataclasses
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from pydantic import TypeAdapter

from app import folders, metrics, telemetry
from app.config import Settings
from app.errors import ReaderBusy, ReaderUnavailable, ReadingFailed, ReadingTimedOut, UnusableFile
from app.receipts import desk, ocr, pages
from app.receipts.extraction import Hints
from app.receipts.kinds import Kind
from app.receipts.pages import Page, Transcript
from app.receipts.schemas import Extraction

_EXTENSION = "life_os_receipt_reader"
_START_SECONDS = 10
_ROOT = Path(__file__).parents[2]
_REFUSALS = {refusal.code: refusal for refusal in UnusableFile.__subclasses__()}
_hints: TypeAdapter[Hints] = TypeAdapter(Hints)
_log = logging.getLogger(__name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Gives `app` its way to the reader, which starts when it is first needed, and says what it will lack."""
    if not ocr.available():
        without = "by the AI model only" if settings.openai_api_key else "as PDFs with text only"
        _log.warning("OCR isn't installed (requirements-ocr.txt): receipts are read %s", without)
    app.extensions[_EXTENSION] = Reader(settings)


def of_app() -> "Reader":
    """The reader of the current application."""
    reader: Reader = current_app.extensions[_EXTENSION]
    return reader


class Reader:
    """Starts the desk when nobody serves its socket, and gives out places at it."""

    def __init__(self, settings: Settings) -> None:
        self.timeout_seconds = settings.receipts_timeout_seconds
        self._settings = settings
        self._starting = threading.RLock()
        self._desk: subprocess.Popen[bytes] | None = None
        self._path = settings.receipts_socket
        # A connection without a place, held as long as this process lives: the desk ends when all are gone.
        self._presence: desk.Wire | None = None

    @contextlib.contextmanager
    def place(self, person: str) -> Iterator["Place"]:
        """A place at the desk for a receipt of somebody's. Raises ReaderBusy when there is none for them.

        Raises ReaderUnavailable when there is no desk.
        """
        with self._connection(person) as connection:
            # All places' jobs may come before this one's.
            patience = self._settings.receipts_queue * self.timeout_seconds + _START_SECONDS
            yield Place(connection, patience)

    @contextlib.contextmanager
    def _connection(self, person: str) -> Iterator[desk.Wire]:
        deadline = time.monotonic() + _START_SECONDS
        connection = None
        while connection is None:
            try:
                socket = self._socket()
            except OSError as error:
                _log.error("receipts can't be read, because of RECEIPTS_SOCKET: %s", error)
                raise ReaderUnavailable from None
            try:
                connection = Client(socket, "AF_UNIX")
                desk.send(connection, {"job": "place", "person": person}, [])
                answer, _ = desk.receive(connection)
            except (OSError, EOFError):
                # Not started yet, or just ending because nobody was there.
                connection = None
                if time.monotonic() > deadline:
                    raise ReaderUnavailable from None
                self._start(socket)
                time.sleep(0.05)
        with connection:
            self._stay()
            if not answer["place"]:
                raise ReaderBusy
            yield connection

    def _stay(self) -> None:
        with self._starting, contextlib.suppress(OSError):
            # Nothing is ever sent on it: what can be read is its end.
            if self._presence is None or self._presence.poll():
                self._presence = Client(self._socket(), "AF_UNIX")

    def _socket(self) -> str:
        with self._starting:
            if not self._path:
                temporary = folders.new_name()
                folders.make(temporary)
                self._path = f"{temporary}/desk"
            folder = Path(self._path).parent
            folder.mkdir(mode=0o700, exist_ok=True)
            folders.check(folder)
            return self._path

    def _start(self, socket: str) -> None:
        """Starts a desk, unless one that this process started is still there; of several, one stays."""
        settings = self._settings
        rules = desk.Rules(
            socket=socket,
            places=settings.receipts_queue,
            timeout_seconds=self.timeout_seconds,
            memory_mb=settings.receipts_memory_mb,
            threads=settings.receipts_threads,
        )
        with self._starting:
            if self._desk is None or self._desk.poll() is not None:
                self._desk = subprocess.Popen(  # noqa: S603
                    [sys.executable, "-P", desk.__file__, json.dumps(dataclasses.asdict(rules))],
                    stdin=subprocess.DEVNULL,
                    # Nothing of the service's settings: whoever decodes strangers' files gets no keys.
                    env={"PYTHONPATH": str(_ROOT)},
                    # A Ctrl-C is the service's to handle; the desk follows when it is gone.
                    start_new_session=True,
                )


class Place:
    """What the reader does for whoever has a place. Each job waits for those that were handed in before."""

    def __init__(self, connection: desk.Wire, patience_seconds: float) -> None:
        self._connection = connection
        self._patience_seconds = patience_seconds

    def prepare(self, content: bytes, kind: Kind) -> list[Page]:
        """The pages of a file. Raises an UnusableFile that says why there are none, or ReadingFailed."""
        answer, images = self._do({"job": "prepare", "kind": kind.extension}, [content])
        return pages.unpacked(answer["pages"], images)

    def read(self, unread: list[Page], hints: Hints) -> Transcript:
        """The pages with their text, as far as anybody can read it. Raises ReadingFailed."""
        outline, images = pages.packed(unread)
        job = {"job": "read", "pages": outline, "hints": _hints.dump_python(hints, mode="json")}
        answer, images = self._do(job, images)
        found = answer["extraction"]
        extraction = None if found is None else Extraction.model_validate(found)
        return Transcript(pages.unpacked(answer["pages"], images), extraction)

    def _do(self, header: dict[str, Any], parts: list[bytes]) -> desk.Message:
        try:
            with telemetry.span("receipts.job", header["job"]), metrics.reading(header["job"]):
                desk.send(self._connection, header, parts)
                if not self._connection.poll(self._patience_seconds):
                    raise ReadingTimedOut
                answer, images = desk.receive(self._connection)
        except (OSError, EOFError):
            raise ReadingFailed from None
        if "refused" in answer:
            raise _REFUSALS[answer["refused"]]
        if "failed" in answer:
            _log.error("the reader failed at %s: %s", header["job"], answer["failed"])
            raise ReadingTimedOut if answer["failed"] == "timed_out" else ReadingFailed
        return answer, images
