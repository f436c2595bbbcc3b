"""A websocket client that shows every message, for what client libraries hide."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from local_supabase import Instance

SECONDS = 10


@dataclass(frozen=True)
class Received:
    """A message from the server."""

    topic: str
    event: str
    payload: Any
    ref: str | None
    join_ref: str | None = None


class Wire:
    """One connection. Topics are written without their prefix."""

    def __init__(self, connection: Connection, version: str) -> None:
        self.connection = connection
        self._version = version
        self._refs = itertools.count(1)
        self._join_refs: dict[str, str] = {}
        self._kept: list[Received] = []

    def send(self, event: str, payload: Any, topic: str) -> str:
        """Sends a message, and returns its ref."""
        ref = str(next(self._refs))
        if event == "phx_join":
            self._join_refs[topic] = ref
        join_ref = self._join_refs.get(topic)
        full = topic if topic == "phoenix" else f"realtime:{topic}"
        if self._version == "2.0.0":
            self.connection.send(json.dumps([join_ref, ref, full, event, payload]))
        else:
            message = {"topic": full, "event": event, "payload": payload, "ref": ref, "join_ref": join_ref}
            self.connection.send(json.dumps(message))
        return ref

    def ask(self, event: str, payload: Any, topic: str) -> dict[str, Any]:
        """Sends a message, and returns the payload of its reply."""
        reply = self.receive("phx_reply", ref=self.send(event, payload, topic))
        assert isinstance(reply.payload, dict)
        return reply.payload

    def join(self, topic: str, token: str | None = None, **config: Any) -> dict[str, Any]:
        """Joins a channel, without presence unless it is asked for; returns the payload of the reply."""
        payload: dict[str, Any] = {"config": {"presence": {"enabled": False}} | config}
        if token is not None:
            payload["access_token"] = token
        return self.ask("phx_join", payload, topic)

    def broadcast(self, topic: str, event: str, content: Any) -> str:
        return self.send("broadcast", {"type": "broadcast", "event": event, "payload": content}, topic)

    def receive(self, event: str, *, ref: str | None = None) -> Received:
        """The next message of a kind; the others are kept for later."""
        for message in self._kept:
            if _fits(message, event, ref):
                self._kept.remove(message)
                return message
        while True:
            message = self._next()
            if _fits(message, event, ref):
                return message
            self._kept.append(message)

    def unread(self) -> list[Received]:
        """What the server has sent up to now and nobody has received: it answers in order."""
        ref = self.send("heartbeat", {}, "phoenix")
        while not _fits(message := self._next(), "phx_reply", ref):
            self._kept.append(message)
        kept, self._kept = self._kept, []
        return kept

    def frames_until_the_end(self) -> int:
        """How many frames arrive before the server ends the connection."""
        for count in itertools.count():
            try:
                self.connection.recv(timeout=SECONDS)
            except ConnectionClosed:
                return count
        raise AssertionError

    def _next(self) -> Received:
        frame = self.connection.recv(timeout=SECONDS)
        if isinstance(frame, bytes):
            return _binary(frame)
        content = json.loads(frame)
        if self._version == "2.0.0":
            join_ref, ref, topic, event, payload = content
            return Received(topic, event, payload, ref, join_ref)
        return Received(content["topic"], content["event"], content["payload"], content["ref"])


@contextmanager
def wire(
    instance: Instance, *, version: str = "2.0.0", key: str | None = None, max_queue: int = 1000
) -> Iterator[Wire]:
    """A connection, with the publishable key unless another one is given.

    `max_queue` is how many frames it reads before anybody asks for them.
    """
    query = urlencode({"apikey": instance.publishable_key if key is None else key, "vsn": version})
    url = f"{instance.url.replace('http', 'ws', 1)}/realtime/v1/websocket?{query}"
    with connect(
        url, open_timeout=SECONDS, close_timeout=1, max_size=None, max_queue=max_queue
    ) as connection:
        yield Wire(connection, version)


def _fits(message: Received, event: str, ref: str | None) -> bool:
    return message.event == event and ref in (None, message.ref)


def _binary(frame: bytes) -> Received:
    kind, *lengths, encoding = frame[:5]
    assert kind == 4
    parts, position = [], 5
    for length in lengths:
        parts.append(frame[position : position + length].decode())
        position += length
    topic, event, meta = parts
    content = json.loads(frame[position:]) if encoding == 1 else frame[position:]
    payload = {"type": "broadcast", "event": event, "payload": content}
    return Received(topic, "broadcast", payload | ({"meta": json.loads(meta)} if meta else {}), None)
