"""Who listens to which topic. Public and private topics of one name are different rooms."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

from local_supabase.keys import UnverifiedToken, VerifiedClaims
from local_supabase.realtime.protocol import Broadcast, Version, encode, encode_broadcast
from local_supabase.realtime.sockets import Socket

PREFIX = "realtime:"

Extension = Literal["broadcast", "presence"]
Meta = dict[str, Any]
Room = tuple[bool, str]
"""Whether it is private, and its name without the prefix."""


@dataclass(frozen=True)
class JoinConfig:
    """How a client wants a channel to be."""

    private: bool
    ack: bool
    """Every broadcast it sends is answered."""
    receive_own: bool
    """It gets its own broadcasts back."""
    presence_enabled: bool
    presence_key: str
    replication_ready: bool
    """It wants to hear when broadcasts of the database arrive."""
    wait_for_changes: bool
    """The join is answered once row changes arrive, and refused when they can't."""
    row_changes: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, payload: dict[str, Any]) -> JoinConfig:
        """The `config` of a join; what is missing or of the wrong kind gets the default."""
        config = _object(payload, "config")
        broadcast, presence = _object(config, "broadcast"), _object(config, "presence")
        wanted = config.get("postgres_changes")
        return cls(
            private=config.get("private") is True,
            ack=broadcast.get("ack") is True,
            receive_own=broadcast.get("self") is True,
            presence_enabled=presence.get("enabled", True) is True,
            presence_key=str(presence.get("key") or uuid4()),
            replication_ready=broadcast.get("replication_ready") is True,
            wait_for_changes=_object(config, "postgres_changes_options").get("wait") is True,
            row_changes=tuple(item for item in wanted if isinstance(item, dict))
            if isinstance(wanted, list)
            else (),
        )


@dataclass(eq=False)
class Channel:
    """One client's membership of a topic."""

    socket: Socket
    topic: str
    join_ref: str | None
    config: JoinConfig
    token: UnverifiedToken
    claims: VerifiedClaims
    readable: Collection[Extension] = ()
    """What of a private topic its user may receive."""
    writable: Collection[Extension] | None = None
    """What of a private topic its user may send; None until it is asked for."""
    presence_enabled: bool = False
    meta: Meta | None = None
    """What it tracks."""
    expiry: asyncio.TimerHandle | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The topic without the prefix."""
        return self.topic.removeprefix(PREFIX)

    @property
    def room(self) -> Room:
        return self.config.private, self.name

    @property
    def is_open(self) -> bool:
        return self.socket.channels.get(self.topic) is self

    def may_receive(self, extension: Extension) -> bool:
        return not self.config.private or extension in self.readable

    def push(self, event: str, payload: Any, *, ref: str | None = None) -> None:
        """Sends a message of the channel itself."""
        self.socket.send(
            encode(self.socket.version, self.topic, event, payload, ref=ref, join_ref=self.join_ref)
        )

    def push_system(self, extension: str, status: Literal["ok", "error"], message: str) -> None:
        """Tells the client about the state of the channel."""
        payload = {"extension": extension, "status": status, "message": message, "channel": self.name}
        self.push("system", payload)


class Rooms:
    """The open channels."""

    def __init__(self) -> None:
        # A dict for its order: the state of a room lists who came first.
        self._members: dict[Room, dict[Channel, None]] = {}

    def __iter__(self) -> Iterator[Channel]:
        return (channel for members in list(self._members.values()) for channel in list(members))

    def __contains__(self, room: Room) -> bool:
        return room in self._members

    def members(self, room: Room) -> list[Channel]:
        return list(self._members.get(room, ()))

    def enter(self, channel: Channel) -> None:
        self._members.setdefault(channel.room, {})[channel] = None

    def leave(self, channel: Channel) -> None:
        members = self._members.get(channel.room, {})
        members.pop(channel, None)
        if not members:
            self._members.pop(channel.room, None)

    def broadcast(self, room: Room, broadcast: Broadcast, *, besides: Channel | None = None) -> None:
        """Sends to everybody who may receive broadcasts there."""
        topic = PREFIX + room[1]
        frames: dict[Version, str | bytes | None] = {}
        for channel in self._listeners(room, "broadcast", besides):
            version = channel.socket.version
            if version not in frames:
                frames[version] = encode_broadcast(version, topic, broadcast)
            frame = frames[version]
            if frame is not None:
                channel.socket.send(frame)

    def push(
        self,
        room: Room,
        extension: Extension,
        event: str,
        payload: Any,
        *,
        besides: Channel | None = None,
    ) -> None:
        """Sends a message to everybody who may receive those of `extension` there."""
        topic = PREFIX + room[1]
        frames: dict[Version, str] = {}
        for channel in self._listeners(room, extension, besides):
            version = channel.socket.version
            if version not in frames:
                frames[version] = encode(version, topic, event, payload)
            channel.socket.send(frames[version])

    def _listeners(self, room: Room, extension: Extension, besides: Channel | None) -> Iterator[Channel]:
        for channel in self.members(room):
            if channel is not besides and channel.may_receive(extension):
                yield channel


def _object(parent: dict[str, Any], name: str) -> dict[str, Any]:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}
