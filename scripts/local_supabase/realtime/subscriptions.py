"""What a channel wants to hear of row changes: parsed and checked before it is told anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from local_supabase.database import Connection
from local_supabase.realtime import tables
from local_supabase.realtime.filters import Filter, FilterError, parse_filters
from local_supabase.realtime.pgoutput import Change
from local_supabase.realtime.rooms import Channel

PUBLICATION = "supabase_realtime"

_EVENTS = ("INSERT", "UPDATE", "DELETE")


class SubscriptionError(Exception):
    """A subscription that can't be fulfilled; the message is for the client."""


@dataclass(frozen=True, eq=False)
class Subscription:
    """One `postgres_changes` binding of a channel."""

    id: int
    channel: Channel
    event: str
    schema: str | None
    """None, as `table`, for any."""
    table: str | None
    filters: tuple[Filter, ...]
    columns: frozenset[str] | None

    def wants(self, change: Change) -> bool:
        return (
            self.event in ("*", change.operation)
            and self.schema in (None, change.relation.schema)
            and self.table in (None, change.relation.table)
        )


def parse(channel: Channel, binding: dict[str, Any]) -> Subscription:
    """The subscription that a binding of a join describes. Raises SubscriptionError."""
    schema, table = binding.get("schema"), binding.get("table")
    if not isinstance(schema, str) and not isinstance(table, str):
        raise SubscriptionError(
            "No subscription params provided. Please provide at least a `schema` or `table` to subscribe to"
        )
    event = str(binding.get("event", "*")).upper()
    columns = binding.get("select")
    if isinstance(columns, str):
        raise SubscriptionError("Error parsing `select` params: expected a list of column name strings")
    chosen = columns if isinstance(columns, list) else []
    names = frozenset(name for name in chosen if isinstance(name, str)) or None
    schema_name, table_name = _name(schema, "public"), _name(table, "*")
    if names and None in (schema_name, table_name):
        raise SubscriptionError(
            "Column selection is not supported for wildcard subscriptions. Provide an explicit schema and "
            "table name."
        )
    try:
        filters = parse_filters(str(binding.get("filter") or ""))
    except FilterError as error:
        raise SubscriptionError(str(error)) from error
    return Subscription(
        binding["id"],
        channel,
        event if event in _EVENTS else "*",
        schema_name,
        table_name,
        filters,
        names,
    )


async def check(connection: Connection, item: Subscription) -> None:
    """Raises SubscriptionError when the database can't fulfil a subscription."""
    found = await tables.published(connection, PUBLICATION, item.schema, item.table)
    parameters = f"[event: {item.event}, schema: {item.schema or '*'}, table: {item.table or '*'}]"
    if not found:
        raise SubscriptionError(
            "Unable to subscribe to changes with given parameters. Please check Realtime is enabled for the "
            f"given connect parameters: {parameters}"
        )
    for table in found:
        try:
            # A filter on a hidden column would tell what is in it.
            hidden = {condition.column for condition in item.filters} | (item.columns or frozenset())
            hidden -= await tables.readable_columns(connection, table, item.channel.claims["role"])
            if hidden:
                raise FilterError(f"invalid column for filter {min(hidden)}")
            await tables.check_filters(connection, table, item.filters)
        except (psycopg.Error, FilterError) as error:
            raise SubscriptionError(
                "Unable to subscribe to changes with given parameters. An exception happened so please check "
                f"your connect parameters: {parameters}. Exception: {str(error).strip()}"
            ) from error


def _name(value: object, default: str) -> str | None:
    name = value if isinstance(value, str) else default
    return None if name == "*" else name
