"""What the database knows of a changed table, and the queries that turn logged rows into JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from local_supabase.database import Connection, Row, fetch_all
from local_supabase.realtime.filters import Filter, condition
from local_supabase.realtime.pgoutput import Relation
from local_supabase.realtime.pgoutput import Row as LoggedRow

_VISIBILITY = """
select coalesce(bool_and(pg_visible_in_snapshot(id::text::xid8, snapshot)), true) as visible
from (
  -- The log has the lower half of a transaction's number; the upper is the present one, or the one before.
  select
    snapshot,
    newest - mod(newest, 4294967296) + low
      - case when low > mod(newest, 4294967296) + 2147483648 then 4294967296 else 0 end as id
  from
    unnest(%s::bigint[]) as low,
    (
      select snapshot, pg_snapshot_xmax(snapshot)::text::bigint as newest
      from pg_current_snapshot() as snapshot
    ) as present
) as numbers
"""

_COLUMNS = """
select
  c.relrowsecurity as secured,
  a.attname as name,
  t.typname as type,
  format_type(a.atttypid, null) as sql_type,
  t.typname in ('json', 'jsonb') as is_json,
  coalesce(a.attnum = any (k.conkey), false) as is_key
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
left join pg_constraint k on k.conrelid = c.oid and k.contype = 'p'
where c.oid = %s
order by a.attnum
"""

_READABLE = """
select a.attname as name
from pg_attribute a
where a.attrelid = %s and a.attnum > 0 and not a.attisdropped
  and has_column_privilege(%s, a.attrelid, a.attnum, 'SELECT')
"""


@dataclass(frozen=True)
class Column:
    """A column as clients and queries see it."""

    name: str
    type: str
    sql_type: str
    is_json: bool
    is_key: bool


@dataclass(frozen=True)
class Table:
    """A table that changes are told about."""

    oid: int
    name: sql.Identifier
    secured: bool
    """Row level security is on."""
    columns: tuple[Column, ...]

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.is_key)

    @property
    def types(self) -> dict[str, str]:
        return {column.name: column.sql_type for column in self.columns}


async def visible(connection: Connection, transactions: Iterable[int]) -> bool:
    """Whether queries see what the transactions did: their commits may be logged a moment before."""
    rows = await fetch_all(connection, _VISIBILITY, sorted(set(transactions)))
    return bool(rows[0]["visible"])


async def describe(connection: Connection, relation: Relation) -> Table | None:
    """The table as it is now, or None when it is gone."""
    return await _table(connection, relation.oid, relation.schema, relation.table)


async def published(
    connection: Connection, publication: str, schema: str | None, table: str | None
) -> list[Table]:
    """The tables of a publication; None stands for any schema or table."""
    query = """
      select schemaname, tablename, format('%%I.%%I', schemaname, tablename)::regclass::oid as oid
      from pg_publication_tables
      where pubname = %s
        and (%s::text is null or schemaname = %s) and (%s::text is null or tablename = %s)
    """
    rows = await fetch_all(connection, query, publication, schema, schema, table, table)
    found = [await _table(connection, row["oid"], row["schemaname"], row["tablename"]) for row in rows]
    return [item for item in found if item is not None]


async def readable_columns(connection: Connection, table: Table, role: str) -> frozenset[str]:
    """The columns that a role may select."""
    rows = await fetch_all(connection, _READABLE, table.oid, role)
    return frozenset(row["name"] for row in rows)


def as_json(table: Table, row: LoggedRow) -> str:
    """A logged row as JSON text; `records` gives its values their types."""
    json_columns = {column.name for column in table.columns if column.is_json}
    members = (
        f"{json.dumps(name)}:{value if value is not None and name in json_columns else json.dumps(value)}"
        for name, value in row.items()
    )
    return "{" + ",".join(members) + "}"


async def records(
    connection: Connection, table: Table, rows: Sequence[LoggedRow | None]
) -> list[dict[str, Any] | None]:
    """The rows as the Data API would show them, with the columns that were logged."""
    logged = [as_json(table, row) for row in rows if row is not None]
    if not logged:
        return [None] * len(rows)
    query = sql.SQL("select to_jsonb(r) as record from {rows} order by v.n").format(rows=_rows(table))
    cursor = await connection.execute(query, [logged])
    typed = iter(await cursor.fetchall())
    return [None if row is None else _only(next(typed)["record"], row) for row in rows]


async def visible_rows(connection: Connection, table: Table, rows: Sequence[LoggedRow]) -> set[int]:
    """The indices of the rows that the current role may select."""
    same_key = sql.SQL(" and ").join(
        sql.SQL("t.{0} = r.{0}").format(sql.Identifier(column)) for column in table.key
    )
    query = sql.SQL("select v.n from {rows} where exists (select from {table} as t where {same_key})")
    return await _indices(
        connection,
        query.format(rows=_rows(table), table=table.name, same_key=same_key),
        [[as_json(table, row) for row in rows]],
    )


async def matching_rows(
    connection: Connection, table: Table, filters: Sequence[Filter], rows: Sequence[LoggedRow]
) -> set[int]:
    """The indices of the rows that fulfil every filter. Raises FilterError."""
    # A column that wasn't logged (of a deleted row, all but the key) fulfils nothing.
    known = [all(item.column in row for item in filters) for row in rows]
    expression, parameters = condition(filters, table.types, "r")
    query = sql.SQL("select v.n from {rows} where {condition}")
    found = await _indices(
        connection,
        query.format(rows=_rows(table), condition=expression),
        [[as_json(table, row) for row in rows], *parameters],
    )
    return {index for index in found if known[index]}


async def check_filters(connection: Connection, table: Table, filters: Sequence[Filter]) -> None:
    """Raises FilterError or psycopg.Error for filters that can't be applied to the table."""
    await matching_rows(connection, table, filters, [dict.fromkeys(table.types)])


async def _table(connection: Connection, oid: int, schema: str, name: str) -> Table | None:
    rows = await fetch_all(connection, _COLUMNS, oid)
    if not rows:
        return None
    columns = tuple(_column(row) for row in rows)
    return Table(oid, sql.Identifier(schema, name), rows[0]["secured"], columns)


def _column(row: Row) -> Column:
    return Column(row["name"], row["type"], row["sql_type"], row["is_json"], row["is_key"])


def _rows(table: Table) -> sql.Composed:
    """The records `r`, numbered by `v.n` from 1, of a parameter that is a list of JSON texts."""
    return sql.SQL(
        "unnest(%s::text[]::jsonb[]) with ordinality as v(j, n) "
        "cross join lateral jsonb_populate_record(null::{}, v.j) as r"
    ).format(table.name)


async def _indices(connection: Connection, query: sql.Composed, parameters: Sequence[Any]) -> set[int]:
    cursor = await connection.execute(query, parameters)
    return {row["n"] - 1 for row in await cursor.fetchall()}


def _only(record: dict[str, Any], row: LoggedRow) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name in row}
