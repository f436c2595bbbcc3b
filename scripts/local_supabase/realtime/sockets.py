"""A client's connection, with a queue of its own so that a slow client holds up nobody else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from local_supabase.keys import UnverifiedToken
from local_supabase.realtime.protocol import Message, Version, encode

if TYPE_CHECKING:
    from local_supabase.realtime.rooms import Channel

# What may wait for a client that doesn't read; above that it is dropped, and reconnects.
_MAX_WAITING_BYTES = 16 * 2**20
# What a waiting frame costs besides its bytes.
_FRAME_OVERHEAD = 100

_log = logging.getLogger(__name__)


class Socket:
    """One websocket. `send` never waits."""

    def __init__(
        self,
        request: web.Request,
        websocket: web.WebSocketResponse,
        version: Version,
        token: UnverifiedToken,
        *,
        token_expires: bool,
    ) -> None:
        self.version = version
        self.token = token
        """Whom the connection itself acts for: a channel may bring another token."""
        self.token_expires = token_expires
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in request.headers.items()}
        self.channels: dict[str, Channel] = {}
        self._websocket = websocket
        self._transport = request.transport
        self._waiting: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._waiting_bytes = 0
        self._dropped = False

    def send(self, frame: str | bytes) -> None:
        """Puts a frame into the queue; drops the client when too much waits there already."""
        if self._dropped:
            return
        self._waiting_bytes += len(frame) + _FRAME_OVERHEAD
        if self._waiting_bytes > _MAX_WAITING_BYTES:
            _log.warning("dropped a client that doesn't read its messages")
            self.drop()
            return
        self._waiting.put_nowait(frame)

    def reply(self, message: Message, status: str, response: Mapping[str, Any] | None = None) -> None:
        """The answer to `message`."""
        payload = {"status": status, "response": response or {}}
        self.send(
            encode(
                self.version,
                message.topic,
                "phx_reply",
                payload,
                ref=message.ref,
                join_ref=message.join_ref,
            )
        )

    async def write(self) -> None:
        """Sends what is in the queue, until it is cancelled or the connection ends."""
        while True:
            frame = await self._waiting.get()
            self._waiting_bytes -= len(frame) + _FRAME_OVERHEAD
            try:
                if isinstance(frame, str):
                    await self._websocket.send_str(frame)
                else:
                    await self._websocket.send_bytes(frame)
            except (ConnectionError, RuntimeError):
                # Whoever reads from it notices as well, and cleans up.
                self.drop()
                return

    def drop(self) -> None:
        """Ends the connection at once, with what still waits."""
        self._dropped = True
        while not self._waiting.empty():
            self._waiting.get_nowait()
        if self._transport is not None:
            self._transport.abort()

    async def close(self, code: int, reason: str) -> None:
        """Says goodbye to the client."""
        await self._websocket.close(code=code, message=reason.encode())
