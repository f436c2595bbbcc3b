"""When the database's stream or the server goes: what clients notice, and that everything comes back."""

import os
import signal
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import DictRow
from websockets.exceptions import ConnectionClosed

from local_supabase import Instance, running

from .conftest import Person
from .test_realtime_changes import POSTS, insert_post, next_change
from .wire import SECONDS, Wire, wire

Database = psycopg.Connection[DictRow]

THINGS: dict[str, str] = {"event": "*", "schema": "public", "table": "things"}


def cut(database: Database) -> None:
    """Ends the streams."""
    query = "select pg_terminate_backend(active_pid) from pg_replication_slots where active"
    assert len(database.execute(query.encode()).fetchall()) == 2


def hears_that_it_is_back(client: Wire, *extensions: str) -> None:
    """Waits until the streams of all `extensions` are said to be up."""
    missing = set(extensions)
    while missing:
        message = client.receive("system").payload
        assert message["status"] == "ok"
        missing.discard(message["extension"])


def test_subscriber_notices_a_gap_and_hears_what_follows(
    live: Instance, live_db: Database, alice: Person
) -> None:
    with wire(live) as client:
        client.join("rows", alice.token, postgres_changes=[POSTS])
        hears_that_it_is_back(client, "postgres_changes")
        for _ in range(2):
            cut(live_db)
            hears_that_it_is_back(client, "postgres_changes", "system")
            post = insert_post(alice)
            assert next_change(client)["record"]["id"] == post["id"]


def test_listener_of_broadcasts_notices_a_gap_and_hears_what_follows(
    live: Instance, live_db: Database, alice: Person
) -> None:
    topic = f"user:{alice.id}"
    with wire(live) as client:
        client.join(topic, alice.token, private=True)
        cut(live_db)
        hears_that_it_is_back(client, "system")
        post = insert_post(alice)
        assert client.receive("broadcast").payload["payload"]["record"]["id"] == post["id"]


def test_client_may_ask_to_be_told_when_broadcasts_arrive(live: Instance) -> None:
    with wire(live) as client:
        client.join("lobby", broadcast={"replication_ready": True})
        message = client.receive("system").payload
        assert (message["status"], message["message"]) == ("ok", "Replication connection established")


def test_table_that_is_made_anew_is_followed(live: Instance, live_db: Database) -> None:
    make = """
      drop table if exists public.things;
      create table public.things (id {} primary key);
      grant select on public.things to anon;
      alter publication supabase_realtime add table public.things;
    """
    live_db.execute(make.format("int").encode())
    with wire(live) as client:
        client.join("things", postgres_changes=[THINGS])
        hears_that_it_is_back(client, "postgres_changes")
        live_db.execute("insert into public.things values (1)")
        assert next_change(client)["record"] == {"id": 1}
        live_db.execute(make.format("text").encode())
        live_db.execute("insert into public.things values ('x')")
        change = next_change(client)
        assert (change["record"], change["columns"]) == ({"id": "x"}, [{"name": "id", "type": "text"}])


def test_filter_that_no_longer_fits_takes_changes_from_nobody_else(live: Instance, live_db: Database) -> None:
    make = """
      drop table if exists public.things;
      create table public.things ({} int primary key);
      grant select on public.things to anon;
      alter publication supabase_realtime add table public.things;
    """
    live_db.execute(make.format("id").encode())
    with wire(live) as filtered, wire(live) as other:
        for client, filters in ((filtered, {"filter": "id=gt.0"}), (other, {})):
            client.join("things", postgres_changes=[THINGS | filters])
            hears_that_it_is_back(client, "postgres_changes")
        live_db.execute(make.format("number").encode())
        live_db.execute("insert into public.things values (1)")
        assert next_change(other)["record"] == {"number": 1}
        assert filtered.unread() == []


def test_missing_publication_stops_changes_until_it_is_back(
    live: Instance, live_db: Database, alice: Person
) -> None:
    with wire(live) as client:
        client.join("rows", alice.token, postgres_changes=[POSTS])
        hears_that_it_is_back(client, "postgres_changes")
        tables = live_db.execute(
            "select tablename from pg_publication_tables where pubname = 'supabase_realtime'"
        ).fetchall()
        names = ", ".join(f"public.{row['tablename']}" for row in tables)
        live_db.execute("drop publication supabase_realtime")
        insert_post(alice)
        live_db.execute(f"create publication supabase_realtime for table {names}".encode())
        live_db.execute("alter publication supabase_realtime owner to postgres")
        hears_that_it_is_back(client, "postgres_changes")
        post = insert_post(alice)
        assert next_change(client)["record"]["id"] == post["id"]


def test_server_that_stops_says_goodbye(tmp_path: Path) -> None:
    with running(tmp_path) as instance, wire(instance) as client:
        client.join("lobby")
        os.kill(instance.pid, signal.SIGTERM)
        with pytest.raises(ConnectionClosed):
            client.connection.recv(timeout=SECONDS)
        assert client.connection.close_code == 1001
