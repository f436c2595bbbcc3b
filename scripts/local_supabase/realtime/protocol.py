"""The frames of the websocket: Phoenix messages in two serialisations, and broadcasts as binary.

Version 1.0.0 (realtime-py) writes a message as a JSON object, version 2.0.0 (supabase-js) as a JSON array.
In version 2.0.0 a broadcast may also be binary: kind 3 from a client, kind 4 to one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

_PUSH = 3
_BROADCAST = 4
_BINARY, _JSON = 0, 1
_MAX_LENGTH = 255


class Version(Enum):
    """A serialisation."""

    V1 = "1.0.0"
    V2 = "2.0.0"


class FrameError(Exception):
    """A client sent something that isn't a frame."""


@dataclass(frozen=True)
class Broadcast:
    """A message to a topic whose content nobody but its receivers looks at."""

    event: str
    content: bytes
    """JSON text, or bytes of any kind."""
    is_json: bool = True
    meta: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Message:
    """What a client sends. The payload of a binary frame is a Broadcast."""

    topic: str
    event: str
    payload: Any
    ref: str | None = None
    join_ref: str | None = None


def version_of(text: str) -> Version | None:
    """The serialisation that a client asks for in `vsn`; None for an unknown one."""
    return {"1": Version.V1, "2": Version.V2}.get(text.partition(".")[0])


def decode(version: Version, frame: str | bytes) -> Message:
    """The message in a frame. Raises FrameError."""
    if isinstance(frame, bytes):
        return _decode_push(frame)
    try:
        content = _load(frame)
        if version is Version.V2:
            join_ref, ref, topic, event, payload = content
        else:
            topic, event = content["topic"], content["event"]
            ref, join_ref, payload = content.get("ref"), content.get("join_ref"), content.get("payload")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FrameError(f"not a message: {error}") from error
    if not isinstance(topic, str) or not isinstance(event, str):
        raise FrameError("topic and event must be text")
    return Message(topic, event, payload, _reference(ref), _reference(join_ref))


def encode(
    version: Version,
    topic: str,
    event: str,
    payload: Any,
    *,
    ref: str | None = None,
    join_ref: str | None = None,
) -> str:
    """A frame with `payload`."""
    return encode_json(version, topic, event, _dump(payload), ref=ref, join_ref=join_ref)


def encode_json(
    version: Version,
    topic: str,
    event: str,
    payload: str,
    *,
    ref: str | None = None,
    join_ref: str | None = None,
) -> str:
    """A frame with a payload that already is JSON text."""
    if version is Version.V2:
        return f"[{_dump(join_ref)},{_dump(ref)},{_dump(topic)},{_dump(event)},{payload}]"
    # realtime-py insists on `ref`, also where it is null.
    return f'{{"topic":{_dump(topic)},"event":{_dump(event)},"payload":{payload},"ref":{_dump(ref)}}}'


def encode_broadcast(version: Version, topic: str, broadcast: Broadcast) -> str | bytes | None:
    """The frame that carries a broadcast to a client; None where the serialisation can't."""
    if version is Version.V2:
        meta = _dump(broadcast.meta) if broadcast.meta else ""
        parts = [text.encode() for text in (topic, broadcast.event, meta)]
        if all(len(part) <= _MAX_LENGTH for part in parts):
            encoding = _JSON if broadcast.is_json else _BINARY
            return bytes([_BROADCAST, *map(len, parts), encoding]) + b"".join(parts) + broadcast.content
    if not broadcast.is_json:
        return None
    meta = f',"meta":{_dump(broadcast.meta)}' if broadcast.meta else ""
    content = broadcast.content.decode()
    payload = f'{{"type":"broadcast","event":{_dump(broadcast.event)},"payload":{content}{meta}}}'
    return encode_json(version, topic, "broadcast", payload)


def _decode_push(frame: bytes) -> Message:
    if len(frame) < 7 or frame[0] != _PUSH:
        raise FrameError("not a binary broadcast")
    lengths, encoding = frame[1:6], frame[6]
    parts, position = [], 7
    for length in lengths:
        parts.append(frame[position : position + length])
        position += length
    if position > len(frame):
        raise FrameError("the frame ends too early")
    content = frame[position:]
    try:
        # The last part holds options for storing the message, which this server doesn't do.
        join_ref, ref, topic, event, _ = (part.decode() for part in parts)
        if encoding == _JSON:
            _load(content)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"not a broadcast: {error}") from error
    broadcast = Broadcast(event, content, is_json=encoding == _JSON)
    return Message(topic, "broadcast", broadcast, ref or None, join_ref or None)


def _reference(value: Any) -> str | None:
    return None if value is None else str(value)


def _load(text: str | bytes) -> Any:
    """Strictly: Python would pass NaN on to clients that can't read it."""
    return json.loads(text, parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
