"""Whatever is wrong with Realtime, what people write is written."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from local_supabase import Instance
from tests.database.accounts import people
from tests.database.calendar_sources import Database

# postgres is a member of the other roles.
EVERYBODY = "public, postgres, anon, authenticated, service_role, supabase_realtime_admin"
FAULTS = {
    "no right to insert": f"revoke insert on realtime.messages from {EVERYBODY}",
    "no partition": "alter table realtime.messages detach partition realtime.messages_default",
    "another table": "alter table realtime.messages rename column topic to channel",
    "a stricter table": "alter table realtime.messages add check (payload is null) not valid",
    "no table": "drop table realtime.messages cascade",
}
INSERTS = {
    "pantry_items": """insert into pantry_items (user_id, name, quantity, unit)
        select unnest(%s::uuid[]), 'Rice', 1, 'kg'""",
    "fitness_workouts": """insert into fitness_workouts (user_id, name, date)
        select unnest(%s::uuid[]), 'Legs', '2026-11-24'""",
    "user_sessions": "insert into user_sessions (user_id, session_type) select unnest(%s::uuid[]), 'workout'",
}
CHANGES = {
    "pantry_items": "quantity = 2",
    "fitness_workouts": "date = '2026-11-25'",
    "user_sessions": "status = 'paused'",
}


@pytest.fixture
def superuser(stack: Instance) -> Iterator[psycopg.Connection[DictRow]]:
    """A transaction that can break anything, and is rolled back."""
    with psycopg.connect(stack.admin_db_url, row_factory=dict_row) as connection:
        yield connection
        connection.rollback()


@pytest.mark.parametrize("persons", [1, 60])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_realtime_never_fails_a_write(
    db: Database, superuser: psycopg.Connection[DictRow], fault: str, persons: int
) -> None:
    ids = people(db, persons)
    warnings: list[str] = []
    superuser.add_notice_handler(lambda notice: warnings.append(notice.message_primary or ""))
    superuser.execute("set local client_min_messages to warning")
    superuser.execute(FAULTS[fault])
    superuser.execute("set local role service_role")
    for table, insert in INSERTS.items():
        warnings.clear()
        assert superuser.execute(insert, [ids]).rowcount == persons
        update = f"update {table} set {CHANGES[table]} where user_id = any (%s::uuid[])"
        assert superuser.execute(update, [ids]).rowcount == persons
        delete = f"delete from {table} where user_id = any (%s::uuid[])"
        assert superuser.execute(delete, [ids]).rowcount == persons
        assert warnings
    warnings.clear()
    settings = "update profiles set week_starts_on = 0 where id = any (%s::uuid[])"
    assert superuser.execute(settings, [ids]).rowcount == persons
    assert len(warnings) == persons
    superuser.execute("reset role")
    mismatches = superuser.execute("select * from private.calendar_mismatches").fetchall()
    assert mismatches == []


@pytest.mark.parametrize("persons", [1, 60])
def test_without_a_fault_nothing_is_warned_of(
    db: Database, superuser: psycopg.Connection[DictRow], persons: int
) -> None:
    ids = people(db, persons)
    warnings: list[str] = []
    superuser.add_notice_handler(lambda notice: warnings.append(notice.message_primary or ""))
    superuser.execute("set local role service_role")
    for insert in INSERTS.values():
        superuser.execute(insert, [ids])
    superuser.execute("reset role")
    topics = [f"user:{person}" for person in ids]
    sent = superuser.execute("select count(*) from realtime.messages where topic = any (%s)", [topics])
    assert sent.fetchall() == [{"count": 5 * persons}]
    assert warnings == []


def test_the_table_of_messages_has_the_columns_that_are_written(db: Database) -> None:
    columns = db.execute(
        """select attname, format_type(atttypid, null) as type from pg_attribute
        where attrelid = 'realtime.messages'::regclass and attnum > 0 and not attisdropped
          and attname in ('topic', 'extension', 'event', 'private', 'payload') order by attname"""
    ).fetchall()
    assert {column["attname"]: column["type"] for column in columns} == {
        "event": "text",
        "extension": "text",
        "payload": "jsonb",
        "private": "boolean",
        "topic": "text",
    }
    # What it doesn't write has a default.
    missing = db.execute(
        """select attname from pg_attribute where attrelid = 'realtime.messages'::regclass and attnum > 0
        and attnotnull and not atthasdef and attname not in ('topic', 'extension')"""
    ).fetchall()
    assert missing == []
