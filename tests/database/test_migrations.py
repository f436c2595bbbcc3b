"""The migrations as the Supabase CLI sees them: advisors are content, and a reset ends where a push does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from local_supabase import Instance, push, running, supabase_cli
from tests.conftest import PASSWORD, client_for

DEMO = {"email": "demo@example.com", "password": "life-os-demo"}

# Everything of ours that could be lost or doubled.
SCHEMA = """
select 'table' as kind, c.oid::regclass::text as name, c.relrowsecurity::text as detail
from pg_class as c where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
union all
select 'function', p.oid::regprocedure::text, md5(p.prosrc) || coalesce(p.proacl::text, '')
from pg_proc as p where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
union all
select 'trigger', t.tgrelid::regclass || '.' || t.tgname, pg_get_triggerdef(t.oid)
from pg_trigger as t join pg_proc as p on p.oid = t.tgfoid
where not t.tgisinternal and p.pronamespace = 'private'::regnamespace
union all
select 'constraint', r.conrelid::regclass || '.' || r.conname, pg_get_constraintdef(r.oid)
from pg_constraint as r where r.connamespace = 'public'::regnamespace
union all
select 'policy', schemaname || '.' || tablename || '.' || policyname,
  cmd || coalesce(qual, '') || coalesce(with_check, '')
from pg_policies where schemaname in ('public', 'storage')
union all
select 'grant', table_name || '.' || privilege_type, grantee
from information_schema.role_table_grants where table_schema = 'public'
union all
select 'bucket', id, file_size_limit::text || public::text || allowed_mime_types::text from storage.buckets
union all
select 'default privileges', defaclobjtype::text, defaclacl::text
from pg_default_acl where defaclrole = 'postgres'::regrole
order by 1, 2, 3
"""

SEEDED = """
select u.email, (select count(*) from public.meals where user_id = u.id) as meals,
  (select count(*) from public.meal_ingredients where user_id = u.id) as ingredients,
  (select count(*) from public.planned_meals where user_id = u.id) as plans,
  (select count(*) from public.expenses where user_id = u.id) as expenses,
  (select count(*) from public.calendar_events where user_id = u.id) as events
from auth.users as u order by 1
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A project of this module's own, freshly pushed with its seed."""
    with running(tmp_path_factory.mktemp("project")) as instance:
        push(instance)
        yield instance


def rows(instance: Instance, query: Any) -> list[dict[str, Any]]:
    with psycopg.connect(instance.db_url, row_factory=dict_row) as connection:
        return connection.execute(query).fetchall()


def test_the_advisors_are_content(project: Instance) -> None:
    advice = supabase_cli("db", "advisors", "--level", "info", "--fail-on", "warn", instance=project)
    assert "WARN" not in advice.stdout
    assert "ERROR" not in advice.stdout


def test_a_second_push_finds_nothing_to_do(project: Instance) -> None:
    before = rows(project, SCHEMA)
    push(project)
    assert rows(project, SCHEMA) == before


def test_resetting_twice_ends_where_a_push_does(project: Instance) -> None:
    schema, seeded = rows(project, SCHEMA), rows(project, SEEDED)
    assert [row["email"] for row in seeded] == [DEMO["email"]]
    assert all(seeded[0].values())
    for _ in range(2):
        # What was there before must not get in the way of the next one.
        client = client_for(project, project.publishable_key)
        user = client.auth.sign_up({"email": "ada@example.com", "password": PASSWORD}).user
        assert user
        client.table("meals").insert({"name": "Toast"}).execute()
        path = f"{user.id}/1.jpg"
        client.storage.from_("receipts").upload(path, b"receipt", {"content-type": "image/jpeg"})

        supabase_cli("db", "reset", instance=project)

        assert rows(project, SCHEMA) == schema
        assert rows(project, SEEDED) == seeded
        assert rows(project, "select * from private.calendar_mismatches") == []


def test_the_demo_user_signs_in_after_a_reset(project: Instance) -> None:
    supabase_cli("db", "reset", instance=project)
    client = client_for(project, project.publishable_key)
    session = client.auth.sign_in_with_password({"email": DEMO["email"], "password": DEMO["password"]})
    assert session.user
    assert client.table("meals").select("id").limit(1).execute().data


def test_accounts_that_are_older_than_the_schema_can_use_it(tmp_path: Path) -> None:
    with running(tmp_path) as instance:
        client = client_for(instance, instance.publishable_key)
        user = client.auth.sign_up({"email": "ada@example.com", "password": PASSWORD}).user
        assert user
        push(instance, seed=False)
        profile = client.table("profiles").select("id, email, timezone").single().execute().data
        assert profile == {"id": user.id, "email": "ada@example.com", "timezone": "UTC"}
        assert client.table("meals").insert({"name": "Toast"}).execute().data
