"""The database as migrations find it: roles, privileges and the fences of a hosted project."""

from typing import LiteralString

import psycopg
import pytest
from postgrest.exceptions import APIError
from psycopg import sql
from psycopg.rows import DictRow
from supabase import Client

from local_supabase import Instance, wait_for_schema

from .conftest import Person

Postgres = psycopg.Connection[DictRow]

ALLOWED: list[LiteralString] = [
    "create trigger t after insert on auth.users for each row execute function public.add_profile()",
    "create table public.t (id uuid references auth.users (id) on delete cascade); drop table public.t",
    "create policy p on storage.objects for select to authenticated using (false)",
    "alter policy own_folder on storage.objects using (false)",
    "drop policy own_folder on storage.objects",
    "create policy p on storage.buckets for select to authenticated using (false)",
    "create policy p on realtime.messages for select to authenticated using (false)",
    "drop trigger add_profile on auth.users",
    "insert into storage.buckets (id, name) values ('b', 'b')",
    "update storage.buckets set public = true",
    "delete from auth.users",
    "create extension unaccent with schema extensions",
    "create extension btree_gist with schema extensions",
    "alter publication supabase_realtime add table public.notes",
    "alter role authenticator set pgrst.db_max_rows = '10'",
    "alter role authenticated set statement_timeout = '9s'",
    "alter default privileges in schema public grant select on tables to anon",
    "alter default privileges revoke execute on functions from public",
    "create schema private; drop schema private",
    "create role reader",
    "set local role authenticated",
]

REFUSED: list[LiteralString] = [
    "alter table auth.users add column extra text",
    "alter table auth.users disable row level security",
    "alter table storage.objects disable row level security",
    "alter table realtime.messages enable row level security",
    "create index on auth.users (phone)",
    "create index on storage.objects (owner_id)",
    "create table auth.t (id int)",
    "create view storage.v as select 1 as one",
    "create function auth.f() returns int language sql as 'select 1'",
    "create or replace function auth.uid() returns uuid language sql stable as 'select null::uuid'",
    "create or replace function realtime.topic() returns text language sql stable as 'select null::text'",
    "drop table auth.sessions cascade",
    "drop function auth.uid() cascade",
    "drop index storage.bucketid_objname",
    "drop schema auth cascade",
    "drop event trigger fence_managed_schemas",
    "alter event trigger fence_managed_schemas disable",
    "alter default privileges for role supabase_auth_admin grant select on tables to anon",
    "alter default privileges for role supabase_admin grant select on tables to anon",
    "set local role supabase_auth_admin",
    "set local role supabase_admin",
    "grant supabase_storage_admin to authenticated",
    "grant supabase_admin to postgres",
    "alter role postgres superuser",
    "create role chief superuser",
    "delete from storage.objects",
    "delete from storage.buckets",
    "copy (select 1) to program 'true'",
]


@pytest.mark.parametrize("statement", ALLOWED)
def test_migration_may_do_what_a_hosted_project_allows(postgres: Postgres, statement: LiteralString) -> None:
    postgres.execute(statement)


@pytest.mark.parametrize("statement", REFUSED)
def test_migration_may_not_do_what_a_hosted_project_refuses(
    postgres: Postgres, statement: LiteralString
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        postgres.execute(statement)


def test_superuser_of_the_platform_passes_the_fences(platform: Instance) -> None:
    with psycopg.connect(platform.admin_db_url) as connection:
        connection.execute("alter table auth.users add column extra text")
        connection.rollback()


def test_postgres_is_the_role_of_a_hosted_project(postgres: Postgres) -> None:
    row = postgres.execute(
        "select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls "
        "from pg_roles where rolname = current_user"
    ).fetchone()
    assert row == {
        "rolsuper": False,
        "rolcreaterole": True,
        "rolcreatedb": True,
        "rolreplication": True,
        "rolbypassrls": True,
    }


def test_only_the_service_role_bypasses_row_level_security(postgres: Postgres) -> None:
    rows = postgres.execute(
        "select rolname from pg_roles "
        "where rolname in ('anon', 'authenticated', 'service_role', 'authenticator') and rolbypassrls"
    ).fetchall()
    assert rows == [{"rolname": "service_role"}]


def test_new_table_grants_nothing_to_the_api_roles(postgres: Postgres) -> None:
    for role in ("anon", "authenticated", "service_role"):
        row = postgres.execute(
            "select has_table_privilege(%s, 'public.ungranted', 'select, insert, update, delete') as granted",
            (role,),
        ).fetchone()
        assert row == {"granted": False}


def test_new_function_is_executable_through_public(postgres: Postgres) -> None:
    row = postgres.execute(
        "select has_function_privilege('anon', 'public.whoami()', 'execute') as granted"
    ).fetchone()
    assert row == {"granted": True}


@pytest.mark.parametrize(
    ("role", "settings"),
    [
        ("anon", {"statement_timeout=3s"}),
        ("authenticated", {"statement_timeout=8s"}),
        ("authenticator", {"statement_timeout=8s", "lock_timeout=8s"}),
    ],
)
def test_role_has_the_timeouts_of_a_hosted_project(postgres: Postgres, role: str, settings: set[str]) -> None:
    row = postgres.execute("select rolconfig from pg_roles where rolname = %s", (role,)).fetchone()
    assert row is not None
    assert settings <= set(row["rolconfig"])


def test_extensions_and_public_are_on_the_search_path(postgres: Postgres) -> None:
    row = postgres.execute("select gen_salt('bf') is not null as salt, uuid_generate_v4() as id").fetchone()
    assert row is not None
    assert row["salt"]


def test_server_has_utc_utf8_and_logical_wal(postgres: Postgres) -> None:
    row = postgres.execute(
        "select current_setting('timezone') as zone, current_setting('wal_level') as wal, "
        "current_setting('server_version_num')::int / 10000 as major, getdatabaseencoding() as encoding"
    ).fetchone()
    assert row == {"zone": "UTC", "wal": "logical", "major": 17, "encoding": "UTF8"}


def test_identity_functions_read_the_claims(postgres: Postgres) -> None:
    postgres.execute(
        """select set_config('request.jwt.claims', '{"sub": "00000000-0000-4000-8000-000000000001",
        "role": "authenticated", "email": "a@example.com"}', true)"""
    )
    row = postgres.execute(
        "select auth.uid()::text as uid, auth.role() as role, auth.email() as email, "
        "auth.jwt() ->> 'sub' as sub"
    ).fetchone()
    subject = "00000000-0000-4000-8000-000000000001"
    assert row == {"uid": subject, "role": "authenticated", "email": "a@example.com", "sub": subject}


def test_identity_functions_are_null_without_claims(postgres: Postgres) -> None:
    postgres.execute("select set_config('request.jwt.claims', '', true)")
    row = postgres.execute("select auth.uid() as uid, auth.role() as role, auth.jwt() as jwt").fetchone()
    assert row == {"uid": None, "role": None, "jwt": None}


def test_data_api_knows_a_changed_schema(platform: Instance, admin: Client) -> None:
    with psycopg.connect(platform.db_url) as connection:
        connection.execute("create function public.just_made() returns int language sql return 7")
    wait_for_schema(platform)
    assert admin.rpc("just_made").execute().data == 7
    with psycopg.connect(platform.db_url) as connection:
        connection.execute("drop function public.just_made()")
    wait_for_schema(platform)
    with pytest.raises(APIError) as refusal:
        admin.rpc("just_made").execute()
    assert refusal.value.code == "PGRST202"


def sent_to(postgres: Postgres, topic: str) -> list[DictRow]:
    return postgres.execute(
        "select payload, event, private, extension from realtime.messages where topic = %s", (topic,)
    ).fetchall()


def test_user_with_a_policy_can_send_a_message(owner: Person, postgres: Postgres) -> None:
    owner.client.rpc("send", {"topic": "room"}).execute()
    sent = sent_to(postgres, "room")[-1]
    assert set(sent.pop("payload")) == {"id", "n"}
    assert sent == {"event": "hello", "private": True, "extension": "broadcast"}


def test_user_without_a_policy_sends_nothing_and_gets_no_error(owner: Person, postgres: Postgres) -> None:
    owner.client.rpc("send", {"topic": "elsewhere"}).execute()
    assert sent_to(postgres, "elsewhere") == []


@pytest.mark.parametrize("payload", ["[]", '"text"', "null"])
def test_message_that_cannot_be_stored_is_a_warning(postgres: Postgres, payload: str) -> None:
    notices: list[str] = []
    postgres.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
    postgres.execute("select realtime.send(%s::jsonb, 'e', 'a topic', false)", (payload,))
    assert notices == [] or notices[0].startswith("ErrorSendingBroadcastMessage")


def test_topic_is_set_while_sending(postgres: Postgres) -> None:
    postgres.execute("select realtime.send('{}', 'e', 'my topic', true)")
    assert postgres.execute("select realtime.topic() as topic").fetchone() == {"topic": "my topic"}


CHANGES = """
create function public.broadcast() returns trigger language plpgsql security definer set search_path = ''
as $$
begin
  perform realtime.broadcast_changes(
    'changes', tg_op, {operation}, tg_table_name, tg_table_schema, new, old, {level}
  );
  return null;
end
$$;
create trigger broadcast after insert on public.ungranted for each row execute function public.broadcast();
insert into public.ungranted values (1);
"""


def test_change_of_a_row_is_broadcast(postgres: Postgres) -> None:
    postgres.execute(sql.SQL(CHANGES).format(operation=sql.SQL("tg_op"), level=sql.Literal("ROW")))
    payload = sent_to(postgres, "changes")[0]["payload"]
    payload.pop("id")
    assert payload == {
        "operation": "INSERT",
        "table": "ungranted",
        "schema": "public",
        "record": {"id": 1},
        "old_record": None,
    }


@pytest.mark.parametrize(("operation", "level"), [("TRUNCATE", "ROW"), ("INSERT", "STATEMENT")])
def test_impossible_broadcast_fails_the_statement(postgres: Postgres, operation: str, level: str) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match="Failed to process the row"):
        postgres.execute(sql.SQL(CHANGES).format(operation=sql.Literal(operation), level=sql.Literal(level)))


def test_publications_of_realtime_exist(postgres: Postgres) -> None:
    rows = postgres.execute(
        "select pubname, pg_get_userbyid(pubowner) as owner from pg_publication order by pubname"
    ).fetchall()
    assert rows == [
        {"pubname": "supabase_realtime", "owner": "postgres"},
        {"pubname": "supabase_realtime_messages_publication", "owner": "supabase_admin"},
    ]
