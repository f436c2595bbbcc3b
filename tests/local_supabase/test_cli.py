"""The real Supabase CLI against an instance, with the project's own migrations."""

import json
from collections.abc import Iterator

import psycopg
import pytest

from local_supabase import CliError, Instance, push, running, supabase_cli
from local_supabase.config import REPOSITORY

from .wire import wire

MIGRATIONS = sorted(path.name.split("_")[0] for path in (REPOSITORY / "supabase/migrations").glob("*.sql"))


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with running(tmp_path_factory.mktemp("migrated")) as instance:
        push(instance)
        yield instance


def applied(instance: Instance) -> list[str]:
    with psycopg.connect(instance.db_url) as connection:
        rows = connection.execute(
            "select version from supabase_migrations.schema_migrations order by version"
        )
        return [row[0] for row in rows]


def test_push_applies_every_migration_once(migrated: Instance) -> None:
    assert applied(migrated) == MIGRATIONS
    push(migrated)
    assert applied(migrated) == MIGRATIONS


def test_migrations_belong_to_postgres(migrated: Instance) -> None:
    with psycopg.connect(migrated.db_url) as connection:
        owners = connection.execute("select distinct tableowner from pg_tables where schemaname = 'public'")
        assert owners.fetchall() == [("postgres",)]


def test_reset_twice_ends_in_the_same_schema(migrated: Instance) -> None:
    for _ in range(2):
        supabase_cli("db", "reset", instance=migrated)
        assert applied(migrated) == MIGRATIONS


def test_subscriber_hears_of_changes_after_a_reset(migrated: Instance) -> None:
    table = b"""
      create table public.things (id int primary key);
      grant select on public.things to service_role;
      alter publication supabase_realtime add table public.things;
    """
    with psycopg.connect(migrated.db_url, autocommit=True) as connection:
        connection.execute(table)
    with wire(migrated, key=migrated.secret_key) as client:
        client.join("t", postgres_changes=[{"event": "*", "schema": "public", "table": "things"}])
        assert client.receive("system").payload["status"] == "ok"
        supabase_cli("db", "reset", instance=migrated)
        with psycopg.connect(migrated.db_url, autocommit=True) as connection:
            connection.execute(table)
            connection.execute("insert into public.things values (7)")
            connection.execute("select realtime.send('{}', 'e', 't', false)")
        assert client.receive("postgres_changes").payload["data"]["record"] == {"id": 7}
        assert client.receive("broadcast").payload["event"] == "e"


def test_migration_list_types_and_advisors_work(migrated: Instance) -> None:
    assert MIGRATIONS[0] in supabase_cli("migration", "list", instance=migrated).stdout
    types = supabase_cli("gen", "types", "--lang", "python", instance=migrated).stdout
    assert "class" in types
    advice = supabase_cli("db", "advisors", "--output-format", "json", instance=migrated).stdout
    assert json.loads(advice) is not None


def test_failure_of_the_cli_carries_its_output(migrated: Instance) -> None:
    with pytest.raises(CliError, match="no-such-file"):
        supabase_cli("db", "reset", "--sql-paths", "no-such-file.sql", "--version", "x", instance=migrated)
