"""/realtime/v1, as a part of the gateway."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from local_supabase.database import Database
from local_supabase.gateway import credentials_of
from local_supabase.keys import ExpiredTokenError, InvalidTokenError, Keys
from local_supabase.realtime import database_broadcasts, subscriptions
from local_supabase.realtime.authorisation import Authorisation
from local_supabase.realtime.changes import Changes
from local_supabase.realtime.channels import BROADCASTS_READY, CHANGES_READY, Channels
from local_supabase.realtime.database_broadcasts import DatabaseBroadcasts
from local_supabase.realtime.http_broadcasts import HttpBroadcasts
from local_supabase.realtime.protocol import FrameError, decode, version_of
from local_supabase.realtime.rooms import Rooms
from local_supabase.realtime.sockets import Socket
from local_supabase.realtime.walstream import WalStream

_PREFIX = "/realtime/v1"
_MAX_FRAME_BYTES = 5_000_000
# Clients send a heartbeat every 25 or 30 seconds.
_SILENCE_SECONDS = 60

_log = logging.getLogger(__name__)


class Realtime:
    """Channels over websockets, and the two streams of the database that feed them."""

    open_paths: Sequence[str] = ()

    def __init__(self, keys: Keys, database_url: str) -> None:
        self._keys = keys
        self._database = Database(database_url)
        self._sockets: set[Socket] = set()
        self._rooms = Rooms()
        authorisation = Authorisation(self._database)
        self._changes = Changes(self._database)
        self._channels = Channels(
            keys,
            self._rooms,
            authorisation,
            self._changes,
            broadcasts_arrive=lambda: self._broadcast_stream.is_connected,
            changes_arrive=lambda: self._change_stream.is_connected,
        )
        self._http = HttpBroadcasts(keys, self._rooms, authorisation)
        # Two streams, so that broadcasts don't wait for the policies of tables.
        self._broadcast_stream = WalStream(
            database_url,
            database_broadcasts.PUBLICATION,
            DatabaseBroadcasts(self._database, self._rooms).deliver,
            self._announce_broadcasts,
        )
        self._change_stream = WalStream(
            database_url, subscriptions.PUBLICATION, self._changes.deliver, self._announce_changes
        )

    def routes(self) -> Iterable[web.RouteDef]:
        websocket = web.get(f"{_PREFIX}/websocket", self._websocket)
        return [websocket, *self._http.routes(f"{_PREFIX}/api/broadcast")]

    async def start(self) -> None:
        await self._database.open()
        await asyncio.gather(self._broadcast_stream.start(), self._change_stream.start())

    async def stop(self) -> None:
        await self._broadcast_stream.stop()
        await self._change_stream.stop()
        await self._database.close()

    async def say_goodbye(self) -> None:
        """Closes every websocket; a server that stops would wait for them."""
        goodbyes = (socket.close(WSCloseCode.GOING_AWAY, "the server stops") for socket in self._sockets)
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*goodbyes, return_exceptions=True), 1)

    def _announce_broadcasts(self) -> None:
        """Whoever is there has missed something: what was sent while the stream was down is lost."""
        for channel in self._rooms:
            channel.push_system("system", "ok", BROADCASTS_READY)

    def _announce_changes(self) -> None:
        for channel in self._changes.channels():
            channel.push_system("postgres_changes", "ok", CHANGES_READY)

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        credentials = credentials_of(request)
        version = version_of(request.query.get("vsn", "1.0.0"))
        if version is None:
            return web.json_response({"message": "unknown protocol version"}, status=400)
        if credentials.token is None:
            return web.json_response({"message": "API key is missing"}, status=401)
        try:
            self._keys.verify(credentials.token)
        except ExpiredTokenError:
            return web.json_response({"message": "Token has expired"}, status=401)
        except InvalidTokenError:
            return web.json_response({"message": "The token provided is not a valid JWT"}, status=401)
        websocket = web.WebSocketResponse(
            max_msg_size=_MAX_FRAME_BYTES, receive_timeout=_SILENCE_SECONDS, compress=False
        )
        await websocket.prepare(request)
        socket = Socket(
            request,
            websocket,
            version,
            credentials.token,
            token_expires="Authorization" in request.headers,
        )
        self._sockets.add(socket)
        writer = asyncio.create_task(socket.write())
        try:
            await self._converse(websocket, socket)
        finally:
            self._sockets.discard(socket)
            for channel in list(socket.channels.values()):
                self._channels.leave(channel)
            writer.cancel()
        return websocket

    async def _converse(self, websocket: web.WebSocketResponse, socket: Socket) -> None:
        """Handles the client's messages, one after the other, until it goes or says nothing any more."""
        try:
            async for message in websocket:
                frame = _frame(message)
                if frame is not None:
                    await self._channels.handle(socket, decode(socket.version, frame))
        except (FrameError, UnicodeEncodeError) as error:
            # The second: JSON can name half a character, which is none.
            await websocket.close(code=WSCloseCode.UNSUPPORTED_DATA, message=str(error).encode()[:100])
        except TimeoutError:
            await websocket.close(code=WSCloseCode.GOING_AWAY, message=b"no heartbeat")


def _frame(message: WSMessage) -> str | bytes | None:
    if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
        return message.data  # type: ignore[no-any-return]
    return None
