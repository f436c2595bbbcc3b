"""Sessions in the past, which no client can make."""

from datetime import timedelta

import psycopg

from local_supabase import Instance
from tests.conftest import User
from tests.database.tables import Row


def long_ago(stack: Instance, session: Row, how_long: timedelta) -> None:
    """Moves everything that a session says of time into the past, as if nothing had happened since."""
    with psycopg.connect(stack.admin_db_url) as superuser:
        # Without triggers, which keep these columns.
        superuser.execute("set session_replication_role = replica")
        superuser.execute("set timezone to 'UTC'")
        superuser.execute(
            """update public.user_sessions as s set
              started_at = s.started_at - %(ago)s,
              data = s.data
                || jsonb_strip_nulls(jsonb_build_object(
                  'paused_at', (s.data ->> 'paused_at')::timestamptz - %(ago)s))
                || case when s.data ? 'timers' then jsonb_build_object('timers', (
                  select coalesce(jsonb_agg(case when t ? 'ends_at'
                    then t || jsonb_build_object('ends_at', (t ->> 'ends_at')::timestamptz - %(ago)s)
                    else t end), '[]')
                  from jsonb_array_elements(s.data -> 'timers') as t)) else '{}' end
            where s.id = %(id)s""",
            {"ago": how_long, "id": session["id"]},
        )


def history(stack: Instance, owner: User, sessions: int, characters: int) -> None:
    """Sessions that ended long ago, each with that much data."""
    with psycopg.connect(stack.admin_db_url) as superuser:
        # Without triggers: no session starts as completed.
        superuser.execute("set session_replication_role = replica")
        superuser.execute(
            """insert into public.user_sessions (user_id, session_type, status, started_at, ended_at, data)
            select %s, 'cardio', 'completed', '2026-11-24', '2026-11-24',
              jsonb_build_object('note', repeat('x', %s))
            from generate_series(1, %s)""",
            [owner.id, characters, sessions],
        )
