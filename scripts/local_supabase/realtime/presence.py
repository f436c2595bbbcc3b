"""Presence: what the members of a room say about themselves, as state and as differences."""

from __future__ import annotations

import itertools
from typing import Any

from local_supabase.realtime.rooms import Channel, Meta, Rooms

State = dict[str, dict[str, list[Meta]]]


class Presence:
    """Keeps every member of a room informed about the others."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._numbers = itertools.count(1)

    def send_state(self, channel: Channel) -> None:
        """Tells a channel who is there."""
        if channel.may_receive("presence"):
            channel.push("presence_state", self.state(channel))

    def state(self, channel: Channel) -> State:
        """Everybody who is tracked in the channel's room; several devices may share a key."""
        state: State = {}
        for member in self._rooms.members(channel.room):
            if member.meta is not None:
                state.setdefault(member.config.presence_key, {"metas": []})["metas"].append(member.meta)
        return state

    def track(self, channel: Channel, payload: dict[str, Any]) -> None:
        """Announces `payload`; replaces what the channel announced before."""
        before = channel.meta
        if before is not None and payload == _without_references(before):
            return
        channel.meta = payload | {"phx_ref": f"F{next(self._numbers):011d}"}
        if before is not None:
            channel.meta["phx_ref_prev"] = before["phx_ref"]
        self._tell(channel, joined=channel.meta, left=before)

    def untrack(self, channel: Channel) -> None:
        """Takes back what the channel announced, if anything."""
        before, channel.meta = channel.meta, None
        if before is not None:
            self._tell(channel, joined=None, left=before)

    def _tell(self, channel: Channel, *, joined: Meta | None, left: Meta | None) -> None:
        difference = {"joins": _entry(channel, joined), "leaves": _entry(channel, left)}
        self._rooms.push(channel.room, "presence", "presence_diff", difference)


def _entry(channel: Channel, meta: Meta | None) -> State:
    return {} if meta is None else {channel.config.presence_key: {"metas": [meta]}}


def _without_references(meta: Meta) -> Meta:
    return {name: value for name, value in meta.items() if name not in ("phx_ref", "phx_ref_prev")}
