"""Broadcasts that the database sends: the rows that transactions insert into realtime.messages."""

from __future__ import annotations

from collections.abc import Sequence

from local_supabase.database import Database
from local_supabase.realtime.channels import MAX_PAYLOAD_BYTES
from local_supabase.realtime.pgoutput import Change
from local_supabase.realtime.pgoutput import Row as LoggedRow
from local_supabase.realtime.protocol import Broadcast
from local_supabase.realtime.rooms import Room, Rooms
from local_supabase.realtime.visibility import wait_until_visible

PUBLICATION = "supabase_realtime_messages_publication"


class DatabaseBroadcasts:
    """Hands messages on to their topics. No policy is asked: whoever may join a topic receives them."""

    def __init__(self, database: Database, rooms: Rooms) -> None:
        self._database = database
        self._rooms = rooms

    async def deliver(self, changes: Sequence[Change]) -> None:
        wanted = [change for change in changes if change.new and _room(change.new) in self._rooms]
        if not wanted:
            return
        await wait_until_visible(self._database, wanted)
        for change in wanted:
            assert change.new is not None
            broadcast = _broadcast(change.new)
            if broadcast is not None:
                self._rooms.broadcast(_room(change.new), broadcast)


def _room(row: LoggedRow) -> Room:
    return row.get("private") == "t", row.get("topic") or ""


def _broadcast(row: LoggedRow) -> Broadcast | None:
    event, payload, binary = row.get("event"), row.get("payload"), row.get("binary_payload")
    if event is None:
        return None
    if payload is not None:
        content, is_json = payload.encode(), True
    elif binary is not None:
        content, is_json = bytes.fromhex(binary.removeprefix("\\x")), False
    else:
        return None
    if len(content) > MAX_PAYLOAD_BYTES:
        return None
    return Broadcast(event, content, is_json=is_json, meta={"id": row.get("id")})
