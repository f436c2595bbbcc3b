"""What clients ask of their channels: join, leave, send, track, renew the token."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from typing import Any

import psycopg

from local_supabase.keys import ExpiredTokenError, InvalidTokenError, Keys, UnverifiedToken, VerifiedClaims
from local_supabase.realtime.authorisation import Authorisation
from local_supabase.realtime.changes import Changes
from local_supabase.realtime.presence import Presence
from local_supabase.realtime.protocol import Broadcast, Message
from local_supabase.realtime.rooms import PREFIX, Channel, Extension, JoinConfig, Rooms
from local_supabase.realtime.sockets import Socket
from local_supabase.realtime.subscriptions import SubscriptionError

MAX_PAYLOAD_BYTES = 3_000_000

CHANGES_READY = "Subscribed to PostgreSQL"
BROADCASTS_READY = "Replication connection established"

_NO_DATABASE = "Realtime was unable to connect to the project database"

_log = logging.getLogger(__name__)


class JoinError(Exception):
    """A channel can't be joined, or must be closed; `code` is the real server's name for the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.message = message


class Channels:
    """Handles the messages of every client."""

    def __init__(
        self,
        keys: Keys,
        rooms: Rooms,
        authorisation: Authorisation,
        changes: Changes,
        *,
        broadcasts_arrive: Callable[[], bool],
        changes_arrive: Callable[[], bool],
    ) -> None:
        """The last two say whether the database's streams are up."""
        self._keys = keys
        self._rooms = rooms
        self._authorisation = authorisation
        self._changes = changes
        self._broadcasts_arrive = broadcasts_arrive
        self._changes_arrive = changes_arrive
        self._presence = Presence(rooms)

    async def handle(self, socket: Socket, message: Message) -> None:
        """Does what a client asks for, and answers it."""
        if message.topic == "phoenix":
            socket.reply(message, "ok")
            return
        if message.event == "phx_join" and message.topic.startswith(PREFIX):
            await self._join(socket, message)
            return
        channel = socket.channels.get(message.topic)
        if channel is None:
            # To leave twice is no error.
            known = message.event == "phx_leave"
            socket.reply(message, "ok" if known else "error", {} if known else {"reason": "unmatched topic"})
        elif message.join_ref not in (None, channel.join_ref):
            # It was meant for a channel that this one has replaced.
            return
        elif message.event == "phx_leave":
            self.leave(channel)
            socket.reply(message, "ok")
            channel.push("phx_close", {}, ref=channel.join_ref)
        elif message.event == "broadcast":
            await self._broadcast(channel, message)
        elif message.event == "presence":
            await self._track(channel, message)
        elif message.event == "access_token":
            await self._renew_token(channel, message.payload)

    def leave(self, channel: Channel) -> None:
        """Takes a channel out of everything it is part of."""
        if channel.is_open:
            del channel.socket.channels[channel.topic]
        self._rooms.leave(channel)
        self._presence.untrack(channel)
        self._changes.unsubscribe(channel)
        if channel.expiry is not None:
            channel.expiry.cancel()

    def shut_down(self, channel: Channel, reason: str) -> None:
        """Closes a channel for a reason that its client gets to know."""
        if channel.is_open:
            self.leave(channel)
            channel.push_system("system", "error", reason)
            channel.push("phx_close", {}, ref=channel.join_ref)

    # Joining

    async def _join(self, socket: Socket, message: Message) -> None:
        payload = message.payload if isinstance(message.payload, dict) else {}
        try:
            channel = await self._authorised(socket, message, payload)
            bindings = self._changes.number(channel.config.row_changes)
            if bindings and channel.config.wait_for_changes:
                await self._changes.subscribe(channel, bindings)
        except (JoinError, SubscriptionError) as error:
            socket.reply(message, "error", {"reason": str(error)})
            return
        before = socket.channels.get(message.topic)
        if before is not None:
            self.leave(before)
        socket.channels[channel.topic] = channel
        self._rooms.enter(channel)
        self._watch_expiry(channel)
        socket.reply(message, "ok", {"postgres_changes": bindings})
        if channel.presence_enabled:
            self._presence.send_state(channel)
        if channel.config.replication_ready and self._broadcasts_arrive():
            channel.push_system("system", "ok", BROADCASTS_READY)
        if bindings:
            await self._subscribe(channel, bindings)

    async def _authorised(self, socket: Socket, message: Message, payload: dict[str, Any]) -> Channel:
        """A channel that its user may join. Raises JoinError."""
        if message.topic == PREFIX:
            raise JoinError("TopicNameRequired", "You must provide a topic name")
        token = payload.get("user_token") or payload.get("access_token")
        own = isinstance(token, str) and not token.startswith("sb_")
        channel = Channel(
            socket,
            message.topic,
            message.join_ref or message.ref,
            JoinConfig.of(payload),
            UnverifiedToken(str(token)) if own else socket.token,
            VerifiedClaims({}),
        )
        channel.claims = self._verified(channel.token)
        channel.presence_enabled = channel.config.presence_enabled
        await self._ask_what_it_may_read(channel)
        return channel

    def _verified(self, token: UnverifiedToken) -> VerifiedClaims:
        try:
            return self._keys.verify(token)
        except ExpiredTokenError as error:
            raise JoinError("InvalidJWTToken", "Token has expired") from error
        except InvalidTokenError as error:
            raise JoinError("MalformedJWT", "The token provided is not a valid JWT") from error

    async def _ask_what_it_may_read(self, channel: Channel) -> None:
        """Raises JoinError when it may read nothing."""
        if not channel.config.private:
            return
        extensions: list[Extension] = ["broadcast"]
        if channel.presence_enabled:
            extensions.append("presence")
        try:
            channel.readable = await self._authorisation.readable(
                channel.name, channel.claims, channel.socket.headers, extensions
            )
        except psycopg.Error as error:
            _log.warning("policies of topic %s: %s", channel.name, str(error).strip())
            raise JoinError("UnableToSetPolicies", _NO_DATABASE) from error
        if not channel.readable:
            message = f"You do not have permissions to read from this Channel topic: {channel.name}"
            raise JoinError("Unauthorized", message)

    async def _subscribe(self, channel: Channel, bindings: list[dict[str, Any]]) -> None:
        if not channel.config.wait_for_changes:
            try:
                await self._changes.subscribe(channel, bindings)
            except SubscriptionError as error:
                channel.push_system("postgres_changes", "error", str(error))
                return
            if not channel.is_open:
                self._changes.unsubscribe(channel)
                return
        self._announce_changes_arrive(channel)

    def _announce_changes_arrive(self, channel: Channel) -> None:
        # Else it hears of it when the stream is back.
        if self._changes_arrive():
            channel.push_system("postgres_changes", "ok", CHANGES_READY)

    # Tokens

    def _watch_expiry(self, channel: Channel) -> None:
        if channel.expiry is not None:
            channel.expiry.cancel()
        # A token that only stands for an API key lives as long as the key.
        if channel.token != channel.socket.token or channel.socket.token_expires:
            delay = max(0.0, channel.claims["exp"] - time.time())
            loop = asyncio.get_running_loop()
            channel.expiry = loop.call_later(
                delay, self.shut_down, channel, "Token has expired 0 seconds ago"
            )

    async def _renew_token(self, channel: Channel, payload: Any) -> None:
        token = payload.get("access_token") if isinstance(payload, dict) else None
        if not isinstance(token, str) or token.startswith("sb_") or token == channel.token:
            return
        before = set(channel.readable)
        channel.token = UnverifiedToken(token)
        channel.writable = None
        try:
            channel.claims = self._verified(channel.token)
            await self._ask_what_it_may_read(channel)
        except JoinError as error:
            self.shut_down(channel, error.message)
            return
        if not before.issubset(channel.readable):
            reason = f"You no longer have permission to read from this Channel topic: {channel.name}"
            self.shut_down(channel, reason)
            return
        if channel.is_open:
            self._watch_expiry(channel)
            if channel in self._changes.channels():
                self._announce_changes_arrive(channel)

    # Sending

    async def _may_send(self, channel: Channel, extension: Extension) -> bool:
        """Asks the policies at the first message of a channel."""
        if not channel.config.private:
            return True
        if channel.writable is None:
            try:
                channel.writable = await self._authorisation.writable(
                    channel.name, channel.claims, channel.socket.headers, ("broadcast", "presence")
                )
            except psycopg.Error as error:
                _log.warning("policies of topic %s: %s", channel.name, str(error).strip())
                return False
        return extension in channel.writable

    async def _broadcast(self, channel: Channel, message: Message) -> None:
        broadcast = _broadcast_of(message.payload)
        # What isn't allowed is dropped without a word, as by the real server.
        if broadcast is None or not await self._may_send(channel, "broadcast"):
            return
        fits = len(broadcast.content) <= MAX_PAYLOAD_BYTES
        if fits:
            sender = None if channel.config.receive_own else channel
            self._rooms.broadcast(channel.room, broadcast, besides=sender)
        if channel.config.ack:
            response = {} if fits else {"reason": "payload_size_exceeded"}
            channel.socket.reply(message, "ok" if fits else "error", response)

    async def _track(self, channel: Channel, message: Message) -> None:
        payload = message.payload if isinstance(message.payload, dict) else {}
        event = str(payload.get("event", "")).lower()
        if event == "untrack":
            self._presence.untrack(channel)
        elif event == "track":
            tracked = payload.get("payload", {})
            if not await self._may_send(channel, "presence"):
                channel.socket.reply(message, "error")
                return
            if not isinstance(tracked, dict):
                reason = "Presence track payload must be a map"
                channel.socket.reply(message, "error", {"reason": reason})
                return
            if len(json.dumps(tracked)) > MAX_PAYLOAD_BYTES:
                self.shut_down(channel, "Track message size exceeded")
                return
            await self._enable_presence(channel)
            if not channel.is_open:
                return
            self._presence.track(channel, tracked)
        elif event:
            channel.socket.reply(message, "error")
            return
        channel.socket.reply(message, "ok")

    async def _enable_presence(self, channel: Channel) -> None:
        """Whoever tracks takes part, also when the join didn't ask for presence."""
        if channel.presence_enabled:
            return
        channel.presence_enabled = True
        try:
            await self._ask_what_it_may_read(channel)
        except JoinError as error:
            self.shut_down(channel, error.message)
            return
        self._presence.send_state(channel)


def _broadcast_of(payload: Any) -> Broadcast | None:
    """A broadcast from a binary frame, or from the JSON object `{event, payload}`."""
    if isinstance(payload, Broadcast):
        return payload
    if not isinstance(payload, dict) or not isinstance(payload.get("event"), str):
        return None
    content = json.dumps(payload.get("payload", {}), separators=(",", ":"))
    return Broadcast(payload["event"], content.encode())
