"""The moment between a commit in the log and its effect on queries."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from local_supabase.database import Database
from local_supabase.realtime import tables
from local_supabase.realtime.pgoutput import Change

_SECONDS = 5
_POLL_SECONDS = 0.001

_log = logging.getLogger(__name__)


async def wait_until_visible(database: Database, changes: Sequence[Change]) -> None:
    """Returns once queries see the changes.

    A policy would miss the row otherwise, and so would a client that reads it when it is told.
    """
    transactions = {change.transaction for change in changes}
    deadline = time.monotonic() + _SECONDS
    while True:
        async with database.transaction() as connection:
            if await tables.visible(connection, transactions):
                return
        if time.monotonic() > deadline:
            _log.warning("transactions stay invisible: %s", sorted(transactions))
            return
        await asyncio.sleep(_POLL_SECONDS)
