"""Decodes the messages of PostgreSQL's logical replication plugin `pgoutput`, version 1, text format."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Operation = Literal["INSERT", "UPDATE", "DELETE"]
Row = dict[str, str | None]
"""Columns in PostgreSQL's text format; a column that didn't travel is missing."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_OPERATIONS: dict[bytes, Operation] = {b"I": "INSERT", b"U": "UPDATE", b"D": "DELETE"}
_KEY_FLAG = 1


@dataclass(frozen=True)
class Relation:
    """A table as it was when the change was made."""

    oid: int
    schema: str
    table: str
    columns: tuple[str, ...]
    key: frozenset[str]
    """The columns of the replica identity."""


@dataclass(frozen=True)
class Change:
    """One row that a committed transaction inserted, updated or deleted."""

    operation: Operation
    relation: Relation
    new: Row | None
    old: Row | None
    """The key, or the whole row with `replica identity full`; None when an update left the key alone."""
    committed_at: datetime
    transaction: int


class Decoder:
    """Turns messages into changes; remembers the tables that the stream has described."""

    def __init__(self) -> None:
        self._relations: dict[int, Relation] = {}
        self._committed_at = _EPOCH
        self._transaction = 0

    def feed(self, message: bytes) -> Change | None:
        """The change in `message`, if it is one."""
        kind = message[:1]
        if kind == b"B":
            microseconds, self._transaction = struct.unpack_from(">qI", message, 9)
            self._committed_at = _EPOCH + timedelta(microseconds=microseconds)
        elif kind == b"R":
            relation = _relation(_Reader(message, 1))
            self._relations[relation.oid] = relation
        elif kind in _OPERATIONS:
            return self._change(_OPERATIONS[kind], _Reader(message, 1))
        # Commits, types, origins and truncations say nothing that is wanted here.
        return None

    def _change(self, operation: Operation, reader: _Reader) -> Change:
        relation = self._relations[reader.number(4)]
        old = new = None
        tag = reader.take(1)
        if tag in (b"K", b"O"):
            old = reader.row(relation)
            if tag == b"K":
                old = {name: value for name, value in old.items() if name in relation.key}
            tag = reader.take(1)
        if tag == b"N":
            new = reader.row(relation)
        return Change(operation, relation, new, old, self._committed_at, self._transaction)


def _relation(reader: _Reader) -> Relation:
    oid, schema, table = reader.number(4), reader.text(), reader.text()
    reader.take(1)
    columns, key = [], set()
    for _ in range(reader.number(2)):
        flags, name = reader.number(1), reader.text()
        columns.append(name)
        if flags & _KEY_FLAG:
            key.add(name)
        # The type's OID and modifier: types are looked up when they are needed.
        reader.take(8)
    return Relation(oid, schema or "pg_catalog", table, tuple(columns), frozenset(key))


class _Reader:
    def __init__(self, message: bytes, position: int) -> None:
        self._message = message
        self._position = position

    def take(self, length: int) -> bytes:
        self._position += length
        return self._message[self._position - length : self._position]

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "big")

    def text(self) -> str:
        end = self._message.index(0, self._position)
        value = self.take(end - self._position).decode()
        self._position += 1
        return value

    def row(self, relation: Relation) -> Row:
        row: Row = {}
        for name in relation.columns[: self.number(2)]:
            kind = self.take(1)
            if kind == b"n":
                row[name] = None
            elif kind == b"t":
                row[name] = self.take(self.number(4)).decode()
            # Else "u": a large value that an update left alone; it isn't in the log.
        return row
