"""postgres_changes: tells subscribers about rows of published tables, as far as they may see them.

An inserted or updated row is told to whom row level security shows it. A deleted row is gone, so its policies
can't be asked: everybody who subscribed hears of it, but of a secured table only its primary key.
"""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from local_supabase.database import Connection, Database
from local_supabase.realtime import tables
from local_supabase.realtime.authorisation import become, probing
from local_supabase.realtime.filters import FilterError
from local_supabase.realtime.pgoutput import Change
from local_supabase.realtime.protocol import encode_json
from local_supabase.realtime.rooms import Channel
from local_supabase.realtime.subscriptions import Subscription, SubscriptionError, check, parse
from local_supabase.realtime.tables import Table
from local_supabase.realtime.visibility import wait_until_visible

_MAX_RECORD_BYTES = 2**20
# What is left of a record above that: the columns that are this short.
_SHORT_BYTES = 64

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Audience:
    """Subscriptions with the same claims, and what those may see of a table."""

    claims: str
    subscriptions: list[Subscription]

    @property
    def role(self) -> str:
        return str(json.loads(self.claims)["role"])


class Changes:
    """The subscriptions, and the delivery of changes to them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscriptions: dict[Channel, list[Subscription]] = {}
        self._ids = itertools.count(1)

    def channels(self) -> list[Channel]:
        """Everybody with a subscription."""
        return list(self._subscriptions)

    def number(self, wanted: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The bindings as the reply to a join repeats them, with an id each."""
        return [item | {"id": next(self._ids)} for item in wanted]

    async def subscribe(self, channel: Channel, bindings: Sequence[dict[str, Any]]) -> None:
        """Subscribes a channel to all of `bindings`, or raises SubscriptionError."""
        subscriptions = [parse(channel, binding) for binding in bindings]
        try:
            async with probing(self._database) as connection:
                for item in subscriptions:
                    await check(connection, item)
        except psycopg.Error as error:
            raise SubscriptionError(f"Unable to subscribe to changes: {str(error).strip()}") from error
        self._subscriptions[channel] = subscriptions

    def unsubscribe(self, channel: Channel) -> None:
        self._subscriptions.pop(channel, None)

    async def deliver(self, changes: Sequence[Change]) -> None:
        """Tells the subscribers about changes, in their order."""
        wanted = [change for change in changes if any(item.wants(change) for item in self._all())]
        if not wanted:
            return
        await wait_until_visible(self._database, wanted)
        messages: list[tuple[int, Channel, str]] = []
        by_relation: dict[int, list[int]] = {}
        for index, change in enumerate(wanted):
            by_relation.setdefault(change.relation.oid, []).append(index)
        for indices in by_relation.values():
            try:
                messages += await self._messages(wanted, indices)
            except psycopg.Error as error:
                # The table was changed or dropped since.
                _log.warning("changes of %s: %s", wanted[indices[0]].relation.table, str(error).strip())
        for _, channel, payload in sorted(messages, key=lambda message: message[0]):
            if channel.is_open:
                frame = encode_json(channel.socket.version, channel.topic, "postgres_changes", payload)
                channel.socket.send(frame)

    def _all(self) -> Iterable[Subscription]:
        return itertools.chain.from_iterable(self._subscriptions.values())

    def _audiences(self, changes: Sequence[Change]) -> list[_Audience]:
        by_claims: dict[str, list[Subscription]] = {}
        for item in self._all():
            if any(item.wants(change) for change in changes):
                claims = json.dumps(item.channel.claims, sort_keys=True)
                by_claims.setdefault(claims, []).append(item)
        return [_Audience(claims, items) for claims, items in by_claims.items()]

    async def _messages(
        self, wanted: Sequence[Change], indices: Sequence[int]
    ) -> list[tuple[int, Channel, str]]:
        """The messages about the changes of one table, each with the index of its change."""
        changes = [wanted[index] for index in indices]
        async with probing(self._database) as connection:
            table = await tables.describe(connection, changes[0].relation)
            if table is None:
                return []
            batch = await _Batch.of(connection, table, changes)
            audiences = self._audiences(changes)
            matches = {
                item: await batch.matching(connection, item)
                for audience in audiences
                for item in audience.subscriptions
            }
            readable = {
                role: await batch.readable(connection, role)
                for role in {audience.role for audience in audiences}
            }
            # Last, because it changes the role.
            seen = [
                await batch.visible(connection, audience.claims, readable[audience.role])
                for audience in audiences
            ]
        messages = []
        for audience, positions in zip(audiences, seen, strict=True):
            columns = readable[audience.role]
            for position in sorted(positions):
                recipients = _recipients(audience, changes[position], matches, position)
                for (channel, chosen), ids in recipients.items():
                    data = batch.data(position, columns, chosen)
                    messages.append(
                        (indices[position], channel, f'{{"ids":{json.dumps(ids)},"data":{data}}}')
                    )
        return messages


def _recipients(
    audience: _Audience, change: Change, matches: dict[Subscription, set[int]], position: int
) -> dict[tuple[Channel, frozenset[str] | None], list[int]]:
    """The ids of the subscriptions that a change fulfils, together where a channel shows the same columns."""
    recipients: dict[tuple[Channel, frozenset[str] | None], list[int]] = {}
    for item in audience.subscriptions:
        if item.wants(change) and position in matches[item]:
            recipients.setdefault((item.channel, item.columns), []).append(item.id)
    return recipients


@dataclass(frozen=True)
class _Batch:
    """Changes of one table with their values as JSON."""

    table: Table
    changes: Sequence[Change]
    new: Sequence[dict[str, Any] | None]
    old: Sequence[dict[str, Any] | None]

    @classmethod
    async def of(cls, connection: Connection, table: Table, changes: Sequence[Change]) -> _Batch:
        new = await tables.records(connection, table, [change.new for change in changes])
        old = await tables.records(connection, table, [change.old for change in changes])
        return cls(table, changes, new, old)

    # What fails for one subscriber must not take the changes from the others: hence the rollbacks, which lose
    # nothing.

    async def matching(self, connection: Connection, item: Subscription) -> set[int]:
        """The positions of the changes whose row (a deleted one: as it was) fulfils the filters."""
        if not item.filters:
            return set(range(len(self.changes)))
        rows = [change.new or change.old or {} for change in self.changes]
        try:
            return await tables.matching_rows(connection, self.table, item.filters, rows)
        except (psycopg.Error, FilterError) as error:
            # The table has other columns than when the filter was checked.
            _log.warning("filter on %s: %s", self.changes[0].relation.table, str(error).strip())
            await connection.rollback()
            return set()

    async def readable(self, connection: Connection, role: str) -> frozenset[str]:
        """The columns that a role may select; none for a role that doesn't exist."""
        try:
            return await tables.readable_columns(connection, self.table, role)
        except psycopg.errors.UndefinedObject:
            await connection.rollback()
            return frozenset()

    async def visible(self, connection: Connection, claims: str, readable: frozenset[str]) -> set[int]:
        """The positions of the changes that somebody may hear of; acts as that user from then on."""
        everything = set(range(len(self.changes)))
        rows = {position: row.new for position, row in enumerate(self.changes) if row.new is not None}
        if not self.table.secured or not rows or not self._identified(readable):
            return everything
        deleted = everything - rows.keys()
        try:
            await become(connection, json.loads(claims), "", {})
            found = await tables.visible_rows(connection, self.table, list(rows.values()))
        except psycopg.Error as error:
            _log.warning("policies of %s: %s", self.changes[0].relation.table, str(error).strip())
            await connection.rollback()
            return deleted
        positions = list(rows)
        return deleted | {positions[index] for index in found}

    def data(self, position: int, readable: frozenset[str], chosen: frozenset[str] | None) -> str:
        """The `data` of a message to somebody who may read some columns and chose among them."""
        change, key = self.changes[position], self.table.key
        if change.operation != "DELETE" and not self._identified(readable):
            return self._refusal(position)
        shown = readable if chosen is None else readable & (chosen | set(key))
        data = self._head(position) | {
            "columns": [{"name": c.name, "type": c.type} for c in self.table.columns if c.name in shown],
            "errors": None,
        }
        new, old = self.new[position], self.old[position]
        if new is not None:
            # With `replica identity full` the old row has the large values that didn't change.
            data["record"] = _only({**(old or {}), **new}, shown)
        if change.operation != "INSERT":
            # An update that left the key alone logs no old row.
            before = old if old is not None else _only(new or {}, key)
            secret = change.operation == "DELETE" and self.table.secured
            data["old_record"] = _only(before, set(key) & shown if secret else shown)
        text = json.dumps(data, separators=(",", ":"))
        return text if len(text) <= _MAX_RECORD_BYTES else json.dumps(_shortened(data))

    def _identified(self, readable: frozenset[str]) -> bool:
        """Without the whole key no row can be told from another, and nobody gets any."""
        return bool(self.table.key) and readable.issuperset(self.table.key)

    def _refusal(self, position: int) -> str:
        error = "Error 401: Unauthorized" if self.table.key else "Error 400: Bad Request, no primary key"
        return json.dumps(self._head(position) | {"columns": [], "errors": [error]})

    def _head(self, position: int) -> dict[str, Any]:
        change = self.changes[position]
        committed = change.committed_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        relation = change.relation
        return {
            "schema": relation.schema,
            "table": relation.table,
            "type": change.operation,
            "commit_timestamp": committed,
        }


def _only(record: dict[str, Any], columns: Iterable[str]) -> dict[str, Any]:
    wanted = set(columns)
    return {name: value for name, value in record.items() if name in wanted}


def _shortened(data: dict[str, Any]) -> dict[str, Any]:
    """The message about a row that is too large to send."""
    short = dict(data)
    for name in ("record", "old_record"):
        if name in data:
            short[name] = {
                column: value
                for column, value in data[name].items()
                if len(json.dumps(value)) <= _SHORT_BYTES
            }
    return short | {"errors": ["Error 413: Payload Too Large"]}
