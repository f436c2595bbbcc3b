"""Who may use the topic user:<id>: asked as Realtime asks, with rows of nothing but topic and extension."""

import json
from uuid import uuid4

import psycopg
import pytest

from tests.conftest import NewUser, User
from tests.database.calendar_sources import Database
from tests.database.messages import SILENT
from tests.database.tables import TABLES

EXTENSIONS = ["broadcast", "presence"]


@pytest.fixture(scope="module")
def owner(new_user: NewUser) -> User:
    return new_user()


@pytest.fixture(scope="module")
def other_user(new_user: NewUser) -> User:
    return new_user()


def _become(db: Database, user: User | None, topic: str, claims: dict[str, str] | None = None) -> None:
    role = "authenticated" if user else "anon"
    said = claims or ({"sub": user.id, "role": role} if user else {"role": role})
    db.execute(
        """select set_config('role', %s, true), set_config('realtime.topic', %s, true),
          set_config('request.jwt.claims', %s, true), set_config('request.jwt.claim.sub', %s, true),
          set_config('request.jwt.claim.role', %s, true), set_config('request.headers', '{}', true)""",
        [role, topic, json.dumps(said), said.get("sub", ""), role],
    )


def may_receive(db: Database, user: User | None, topic: str, extension: str) -> bool:
    """Whether a probe row is visible."""
    with db.transaction(force_rollback=True):
        probe = db.execute(
            "insert into realtime.messages (topic, extension) values (%s, %s) returning id",
            [topic, extension],
        ).fetchone()
        assert probe
        _become(db, user, topic)
        return db.execute("select from realtime.messages where id = %s", [probe["id"]]).rowcount == 1


def may_send(db: Database, user: User | None, topic: str, extension: str) -> bool:
    """Whether a probe row can be inserted."""
    with db.transaction(force_rollback=True):
        _become(db, user, topic)
        try:
            db.execute("insert into realtime.messages (topic, extension) values (%s, %s)", [topic, extension])
        except psycopg.errors.InsufficientPrivilege:
            return False
        return True


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_the_owner_may_receive_and_send_on_their_topic(db: Database, owner: User, extension: str) -> None:
    assert may_receive(db, owner, f"user:{owner.id}", extension)
    assert may_send(db, owner, f"user:{owner.id}", extension)


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_nobody_else_may_receive_or_send_there(
    db: Database, owner: User, other_user: User, extension: str
) -> None:
    for user in (other_user, None):
        assert not may_receive(db, user, f"user:{owner.id}", extension)
        assert not may_send(db, user, f"user:{owner.id}", extension)


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_there_is_no_other_private_topic(db: Database, owner: User, extension: str) -> None:
    for topic in (
        owner.id,
        "user:",
        "user",
        "users",
        f"user:{owner.id}:phone",
        f"user:{owner.id} ",
        f"USER:{owner.id}",
        f"user:{owner.id.upper()}",
        f"user:{uuid4()}",
        f"room:{owner.id}",
        f"realtime:user:{owner.id}",
        "user:%",
        "",
    ):
        assert not may_receive(db, owner, topic, extension), topic
        assert not may_send(db, owner, topic, extension), topic


@pytest.mark.parametrize("extension", ["postgres_changes", "", "Broadcast", "broadcast ", "system"])
def test_no_other_extension_is_allowed(db: Database, owner: User, extension: str) -> None:
    assert not may_receive(db, owner, f"user:{owner.id}", extension)
    assert not may_send(db, owner, f"user:{owner.id}", extension)


def test_a_token_without_a_person_opens_no_topic(db: Database, owner: User) -> None:
    for claims in ({"role": "authenticated"}, {"role": "authenticated", "sub": str(uuid4())}):
        with db.transaction(force_rollback=True):
            _become(db, owner, f"user:{owner.id}", claims)
            assert db.execute("select from realtime.messages").rowcount == 0


def test_messages_of_one_topic_are_not_seen_from_another(db: Database, owner: User, other_user: User) -> None:
    """The policies go by the topic that Realtime is asked for, so one's own opens no view of others'."""
    with db.transaction(force_rollback=True):
        _become(db, owner, f"user:{other_user.id}")
        assert db.execute("select from realtime.messages").rowcount == 0


def test_messages_cannot_be_changed_or_removed(db: Database, owner: User) -> None:
    topic = f"user:{owner.id}"
    for user in (owner, None):
        with db.transaction(force_rollback=True):
            db.execute("insert into realtime.messages (topic, extension) values (%s, 'broadcast')", [topic])
            _become(db, user, topic)
            assert db.execute("update realtime.messages set payload = '{}'").rowcount == 0
            with pytest.raises(psycopg.errors.InsufficientPrivilege), db.transaction():
                db.execute("delete from realtime.messages")


def test_clients_may_watch_exactly_the_tables_that_are_told_of(db: Database) -> None:
    published = db.execute(
        """select p.schemaname || '.' || p.tablename as name, p.rowfilter,
          exists (select from pg_constraint as c
            where c.conrelid = (p.schemaname || '.' || p.tablename)::regclass and c.contype = 'p') as has_key,
          (select relrowsecurity from pg_class
            where oid = (p.schemaname || '.' || p.tablename)::regclass) as behind_policies
        from pg_publication_tables as p where p.pubname = 'supabase_realtime'"""
    ).fetchall()
    assert {row["name"] for row in published} == {
        f"public.{table}" for table in TABLES if table not in SILENT
    }
    assert all(row["has_key"] and row["behind_policies"] and row["rowfilter"] is None for row in published)
