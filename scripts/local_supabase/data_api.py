"""Waits for the Data API: PostgREST learns of a changed schema a moment after the change."""

from __future__ import annotations

import secrets
import time
import urllib.error
import urllib.request

import psycopg
from psycopg import sql

from local_supabase.config import load_config
from local_supabase.errors import LocalSupabaseError
from local_supabase.instance import Instance

_SECONDS = 10


def wait_for_schema(instance: Instance) -> None:
    """Returns once PostgREST knows the schema as it is now.

    A function that is made for the purpose tells: a picture of the schema that has it is newer than every
    change before it. Raises LocalSupabaseError when PostgREST doesn't notice.
    """
    schemas = load_config().api.schemas
    schema = "graphql_public" if "graphql_public" in schemas else schemas[0]
    probe = f"schema_probe_{secrets.token_hex(8)}"
    function = sql.SQL("{}.{}()").format(sql.Identifier(schema), sql.Identifier(probe))
    with psycopg.connect(instance.admin_db_url, autocommit=True) as connection:
        create = sql.SQL("create function {} returns int language sql immutable as 'select 1'")
        connection.execute(create.format(function))
        try:
            deadline = time.monotonic() + _SECONDS
            while not _knows(instance, schema, probe):
                if time.monotonic() > deadline:
                    raise LocalSupabaseError("PostgREST doesn't notice changes of the schema.")
                time.sleep(0.02)
        finally:
            connection.execute(sql.SQL("drop function {}").format(function))


def _knows(instance: Instance, schema: str, function: str) -> bool:
    request = urllib.request.Request(  # noqa: S310  (our own http:// address)
        f"{instance.url}/rest/v1/rpc/{function}",
        headers={"apikey": instance.secret_key, "Accept-Profile": schema},
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return False
