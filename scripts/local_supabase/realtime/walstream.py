"""Committed row changes as PostgreSQL writes them to its log, for as long as the server runs.

psycopg has no API for replication, but its wrapper of libpq has the copy protocol that replication is made
of. The alternative, polling a slot with SQL, adds its interval to every message or keeps the database busy.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import struct
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn

from local_supabase.realtime.pgoutput import Change, Decoder

# A batch ends where the log does for the moment, at the latest here.
_BATCH_CHANGES = 500
_BATCH_BYTES = 4 * 2**20
# The server asks after half of its wal_sender_timeout (60 s) and ends the stream after all of it.
_STATUS_SECONDS = 10
_START_SECONDS = 5
_RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)

_log = logging.getLogger(__name__)
_slot_numbers = itertools.count(1)


class WalStream:
    """The changes to the tables of one publication, in the order of their commits.

    The slot is temporary, as the real server's: what is committed while the connection is down is lost.
    `deliver` gets the changes in batches and holds up the stream until it returns, so that memory stays
    bounded; `connected` is called whenever the stream begins, or begins again.
    """

    def __init__(
        self,
        url: str,
        publication: str,
        deliver: Callable[[Sequence[Change]], Awaitable[None]],
        connected: Callable[[], None],
    ) -> None:
        self._url = url
        self._publication = publication
        self._deliver = deliver
        self._connected = connected
        self._task: asyncio.Task[None] | None = None
        self._begun = asyncio.Event()
        self.is_connected = False

    async def start(self) -> None:
        """Begins to stream. Waits a moment for the connection, which else comes about in the background."""
        self._task = asyncio.create_task(self._run())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._begun.wait(), _START_SECONDS)

    async def stop(self) -> None:
        # More than once: up to Python 3.11, wait_for (in psycopg, too) swallows a cancellation that comes
        # together with its result.
        while self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=0.5)

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                await self._stream()
            except (psycopg.Error, OSError) as error:
                # Once per outage: the publication may be missing for the length of a migration.
                if self.is_connected or failures == 0:
                    _log.warning("stream of %s: %s", self._publication, str(error).strip())
            except Exception:
                _log.exception("stream of %s", self._publication)
            failures = 0 if self.is_connected else failures + 1
            self.is_connected = False
            await asyncio.sleep(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])

    async def _stream(self) -> None:
        connection = await AsyncConnection.connect(self._url, autocommit=True, replication="database")
        try:
            slot = f"realtime_{os.getpid()}_{next(_slot_numbers)}"
            # Keywords in upper case: no others are known. It waits for the transactions that are open now.
            create = sql.SQL("CREATE_REPLICATION_SLOT {} TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT")
            await connection.execute(create.format(sql.Identifier(slot)))
            await self._read(_Copy(connection.pgconn), slot)
        finally:
            await connection.close()

    async def _read(self, copy: _Copy, slot: str) -> None:
        await copy.begin(slot, self._publication)
        # Not before: PostgreSQL looks for the publication at the first change only, but this connection
        # now sees every commit that follows.
        self.is_connected = True
        self._begun.set()
        self._connected()
        decoder, batch, size = Decoder(), list[Change](), 0
        while True:
            message = copy.next()
            if message is not None:
                change = decoder.feed(message)
                if change is not None:
                    batch.append(change)
                    size += len(message)
            if batch and (message is None or len(batch) >= _BATCH_CHANGES or size >= _BATCH_BYTES):
                await self._deliver(batch)
                batch, size = [], 0
                copy.report()
            elif message is None:
                await copy.wait()


class _Copy:
    """The messages of a replication connection, and the reports that keep it alive."""

    def __init__(self, pgconn: PGconn) -> None:
        self._pgconn = pgconn
        self._position = 0
        self._reported = time.monotonic()

    async def begin(self, slot: str, publication: str) -> None:
        """Starts the stream. Raises psycopg.OperationalError."""
        names = publication.replace("'", "''")
        options = f"proto_version '1', publication_names '{names}'"
        self._pgconn.send_query(f'START_REPLICATION SLOT "{slot}" LOGICAL 0/0 ({options})'.encode())
        while self._pgconn.flush():
            await asyncio.sleep(0)
        while self._pgconn.is_busy():
            await self._readable()
            self._pgconn.consume_input()
        result = self._pgconn.get_result()
        if result is None or result.status != ExecStatus.COPY_BOTH:
            raise self._error()

    def next(self) -> bytes | None:
        """The next message for the plugin, or None when none has arrived. Raises psycopg.OperationalError."""
        while True:
            length, data = self._pgconn.get_copy_data(1)
            if length == 0:
                return None
            if length < 0:
                self._pgconn.get_result()
                raise self._error()
            message = bytes(data)
            if message[:1] == b"w":
                start, end = struct.unpack_from(">QQ", message, 1)
                self._position = max(self._position, start, end)
                return message[25:]
            if message[:1] == b"k":
                end, reply = struct.unpack_from(">Q8xB", message, 1)
                self._position = max(self._position, end)
                if reply:
                    self.report()

    def report(self) -> None:
        """Tells the server how far this client is, so that it may forget the log before."""
        position = self._position
        # The time of day is for statistics only.
        self._pgconn.put_copy_data(struct.pack(">cQQQqB", b"r", position, position, position, 0, 0))
        self._pgconn.flush()
        self._reported = time.monotonic()

    async def wait(self) -> None:
        """Returns when there may be something to read. Raises psycopg.OperationalError."""
        due = self._reported + _STATUS_SECONDS - time.monotonic()
        try:
            async with asyncio.timeout(max(0, due)):
                await self._readable()
        except TimeoutError:
            self.report()
        self._pgconn.consume_input()

    async def _readable(self) -> None:
        loop, descriptor = asyncio.get_running_loop(), self._pgconn.socket
        readable = asyncio.Event()
        loop.add_reader(descriptor, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(descriptor)

    def _error(self) -> psycopg.OperationalError:
        return psycopg.OperationalError(self._pgconn.get_error_message() or "the stream ended")
