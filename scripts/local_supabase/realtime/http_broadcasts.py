"""Broadcasts over HTTP, for those who don't hold a websocket."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import psycopg
from aiohttp import web

from local_supabase.gateway import credentials_of
from local_supabase.keys import InvalidTokenError, Keys, VerifiedClaims
from local_supabase.realtime.authorisation import Authorisation
from local_supabase.realtime.channels import MAX_PAYLOAD_BYTES
from local_supabase.realtime.protocol import Broadcast
from local_supabase.realtime.rooms import Room, Rooms

# A batch may hold several messages.
_MAX_BODY_BYTES = 10 * MAX_PAYLOAD_BYTES


class _RefusedError(Exception):
    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


class HttpBroadcasts:
    """The two endpoints: one message, whose body is the payload, or a batch."""

    def __init__(self, keys: Keys, rooms: Rooms, authorisation: Authorisation) -> None:
        self._keys = keys
        self._rooms = rooms
        self._authorisation = authorisation

    def routes(self, prefix: str) -> Iterable[web.RouteDef]:
        return [
            web.post(prefix, self._batch),
            web.post(prefix + "/{topic}/events/{event}", self._single),
        ]

    async def _batch(self, request: web.Request) -> web.Response:
        try:
            claims = self._claims(request)
            messages = _messages(await _body(request))
            # The policies are asked once per topic; what isn't allowed is left out.
            allowed = {
                room: not room[0] or await self._may_send(request, claims, room[1])
                for room in {room for room, _ in messages}
            }
        except _RefusedError as refusal:
            return web.json_response(refusal.body, status=refusal.status)
        for room, broadcast in messages:
            if allowed[room]:
                self._rooms.broadcast(room, broadcast)
        return web.Response(status=202)

    async def _single(self, request: web.Request) -> web.Response:
        room = request.query.get("private") == "true", request.match_info["topic"]
        is_json = request.content_type == "application/json"
        try:
            claims = self._claims(request)
            content = await _body(request)
            if is_json:
                _parsed(content)
            elif request.content_type != "application/octet-stream":
                raise _RefusedError(415, {"message": "Unsupported Media Type"})
            if len(content) > MAX_PAYLOAD_BYTES:
                raise _invalid({"payload": ["Payload size exceeds tenant limit"]})
            if room[0] and not await self._may_send(request, claims, room[1]):
                raise _RefusedError(403, {"message": "Unauthorized"})
        except _RefusedError as refusal:
            return web.json_response(refusal.body, status=refusal.status)
        self._rooms.broadcast(room, Broadcast(request.match_info["event"], content, is_json=is_json))
        return web.Response(status=202)

    def _claims(self, request: web.Request) -> VerifiedClaims:
        token = credentials_of(request).token
        try:
            if token is not None:
                return self._keys.verify(token)
        except InvalidTokenError:
            pass
        raise _RefusedError(401, {"message": "Unauthorized"})

    async def _may_send(self, request: web.Request, claims: VerifiedClaims, topic: str) -> bool:
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            granted = await self._authorisation.writable(topic, claims, headers, ["broadcast"])
        except psycopg.Error as error:
            raise _RefusedError(422, {"message": "Tenant database unavailable"}) from error
        return "broadcast" in granted


async def _body(request: web.Request) -> bytes:
    """The body; the gateway limits it to less than a message may have."""
    chunks, size = [], 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > _MAX_BODY_BYTES:
            raise _RefusedError(413, {"message": "Request Entity Too Large"})
        chunks.append(chunk)
    return b"".join(chunks)


def _messages(body: bytes) -> list[tuple[Room, Broadcast]]:
    content = _parsed(body)
    messages = content.get("messages") if isinstance(content, dict) else None
    if not isinstance(messages, list) or not messages:
        raise _invalid({"messages": ["can't be blank"]})
    return [_message(message) for message in messages]


def _message(message: Any) -> tuple[Room, Broadcast]:
    fields = message if isinstance(message, dict) else {}
    missing = [name for name in ("topic", "event", "payload") if fields.get(name) is None]
    if missing:
        raise _invalid({"messages": [{name: ["can't be blank"] for name in missing}]})
    try:
        topic, event = (str(fields[name]).encode().decode() for name in ("topic", "event"))
    except UnicodeEncodeError as error:
        raise _invalid({"messages": [{"event": ["is invalid"]}]}) from error
    content = json.dumps(fields["payload"], separators=(",", ":")).encode()
    if len(content) > MAX_PAYLOAD_BYTES:
        raise _invalid({"messages": [{"payload": ["Payload size exceeds tenant limit"]}]})
    return (fields.get("private") is True, topic), Broadcast(event, content)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _RefusedError(400, {"message": "Bad Request"}) from error


def _invalid(errors: dict[str, Any]) -> _RefusedError:
    return _RefusedError(422, {"errors": errors})
