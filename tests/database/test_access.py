"""Who may do what to a row, through the Data API: the owner can, another user and anon cannot."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from postgrest.exceptions import APIError
from psycopg.rows import DictRow
from supabase import Client

from tests.conftest import NewUser, User
from tests.database.tables import (
    EVERY_VERB,
    TABLES,
    count,
    new_row,
    only,
    read,
    stored,
    with_verb,
    without_verb,
)

Database = psycopg.Connection[DictRow]

FORBIDDEN = "42501"


@pytest.fixture(scope="module")
def owner(new_user: NewUser) -> User:
    return new_user(timezone="Europe/Berlin", currency="EUR")


@pytest.fixture(scope="module")
def other_user(new_user: NewUser) -> User:
    return new_user(timezone="America/Los_Angeles", currency="USD")


def refused(call: Callable[[], Any]) -> str:
    """The code with which the Data API refuses a call."""
    with pytest.raises(APIError) as refusal:
        call()
    assert refusal.value.code is not None
    return refusal.value.code


def test_every_table_is_registered(db: Database) -> None:
    exposed = db.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
    assert {row["tablename"] for row in exposed} == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_grants_are_exactly_the_owners_verbs(db: Database, table: str) -> None:
    granted = db.execute(
        """select lower(privilege_type) as verb, grantee from information_schema.role_table_grants
        where table_schema = 'public' and table_name = %s
          and grantee in ('authenticated', 'anon', 'PUBLIC')""",
        [table],
    ).fetchall()
    assert {(row["grantee"], row["verb"]) for row in granted} == {
        ("authenticated", verb) for verb in TABLES[table].verbs
    }
    assert not db.execute(
        """select from information_schema.role_column_grants as c
        where table_schema = 'public' and table_name = %s and grantee in ('anon', 'PUBLIC')""",
        [table],
    ).fetchall()


# The owner can.


@pytest.mark.parametrize("table", with_verb("select"))
def test_owner_can_select(owner: User, table: str) -> None:
    row = stored(table, owner)
    assert read(table, owner, row["id"]) == row
    assert row[TABLES[table].owner_column] == owner.id


@pytest.mark.parametrize("table", with_verb("insert"))
def test_owner_can_insert(owner: User, table: str) -> None:
    row = new_row(table, owner)
    inserted = only(owner.client.table(table).insert(row | {"user_id": owner.id}).execute().data)
    assert read(table, owner, inserted["id"]) == inserted


@pytest.mark.parametrize("table", with_verb("update"))
def test_owner_can_update(owner: User, table: str) -> None:
    row, change = stored(table, owner), TABLES[table].change
    updated = only(owner.client.table(table).update(change).eq("id", row["id"]).execute().data)
    assert updated.items() >= change.items()
    assert read(table, owner, row["id"]) == updated


@pytest.mark.parametrize("table", with_verb("insert", "update"))
def test_owner_can_upsert(owner: User, table: str) -> None:
    # An upsert is an insert first, and sessions start active: their status can't be sent with one.
    change = {"data": {"exercise": 2}} if table == "user_sessions" else TABLES[table].change
    row = new_row(table, owner)
    first = only(owner.client.table(table).upsert(row | {"user_id": owner.id}).execute().data)
    before = count(table, owner)
    again = row | {"id": first["id"], "user_id": owner.id} | change
    second = only(owner.client.table(table).upsert(again).execute().data)
    assert second["id"] == first["id"]
    assert second.items() >= change.items()
    assert count(table, owner) == before


@pytest.mark.parametrize("table", with_verb("delete"))
def test_owner_can_delete(owner: User, table: str) -> None:
    row = stored(table, owner)
    assert only(owner.client.table(table).delete().eq("id", row["id"]).execute().data) == row
    assert owner.client.table(table).select("id").eq("id", row["id"]).execute().data == []


# What isn't granted is refused to the owner, too.


@pytest.mark.parametrize("table", without_verb("insert"))
def test_owner_cannot_insert_where_the_database_does(owner: User, table: str) -> None:
    row, before = stored(table, owner), count(table, owner)
    assert refused(lambda: owner.client.table(table).insert(row).execute()) == FORBIDDEN
    assert refused(lambda: owner.client.table(table).upsert(row).execute()) == FORBIDDEN
    assert count(table, owner) == before


@pytest.mark.parametrize("table", without_verb("update"))
def test_owner_cannot_update_what_the_database_counts(owner: User, table: str) -> None:
    row = stored(table, owner)
    change = {"created_at": "2026-01-01T00:00:00Z"}
    assert (
        refused(lambda: owner.client.table(table).update(change).eq("id", row["id"]).execute()) == FORBIDDEN
    )
    assert read(table, owner, row["id"]) == row


@pytest.mark.parametrize("table", without_verb("delete"))
def test_owner_cannot_delete_what_the_database_keeps(owner: User, table: str) -> None:
    row = stored(table, owner)
    assert refused(lambda: owner.client.table(table).delete().eq("id", row["id"]).execute()) == FORBIDDEN
    assert read(table, owner, row["id"]) == row


# Another user cannot.


@pytest.mark.parametrize("table", TABLES)
def test_other_user_cannot_select(owner: User, other_user: User, table: str) -> None:
    row, mine = stored(table, owner), stored(table, other_user)
    assert other_user.client.table(table).select("*").eq("id", row["id"]).execute().data == []
    seen = other_user.client.table(table).select("*").execute().data
    assert mine["id"] in [r["id"] for r in seen]  # type: ignore[call-overload,index]
    assert {r[TABLES[table].owner_column] for r in seen} == {other_user.id}  # type: ignore[call-overload,index]


@pytest.mark.parametrize("table", TABLES)
def test_other_user_cannot_count(owner: User, other_user: User, table: str) -> None:
    row = stored(table, owner)
    request = other_user.client.table(table).select("*", count="exact", head=True)  # type: ignore[arg-type]
    assert request.eq(TABLES[table].owner_column, row[TABLES[table].owner_column]).execute().count == 0


@pytest.mark.parametrize("table", with_verb("insert"))
def test_other_user_cannot_insert_for_the_owner(owner: User, other_user: User, table: str) -> None:
    row, before = new_row(table, owner) | {"user_id": owner.id}, count(table, owner)
    assert refused(lambda: other_user.client.table(table).insert(row).execute()) == FORBIDDEN
    assert count(table, owner) == before


@pytest.mark.parametrize("table", TABLES)
def test_other_user_cannot_update(owner: User, other_user: User, table: str) -> None:
    row, change = stored(table, owner), TABLES[table].change or {"outcome": "timeout"}
    request = other_user.client.table(table).update(change).eq("id", row["id"])
    if "update" in TABLES[table].verbs:
        assert request.execute().data == []
    else:
        assert refused(request.execute) == FORBIDDEN
    assert read(table, owner, row["id"]) == row


@pytest.mark.parametrize("table", TABLES)
def test_other_user_cannot_delete(owner: User, other_user: User, table: str) -> None:
    row = stored(table, owner)
    request = other_user.client.table(table).delete().eq("id", row["id"])
    if "delete" in TABLES[table].verbs:
        assert request.execute().data == []
    else:
        assert refused(request.execute) == FORBIDDEN
    assert read(table, owner, row["id"]) == row


@pytest.mark.parametrize("in_whose_name", ["owner", "other user"])
@pytest.mark.parametrize("table", with_verb("insert", "update"))
def test_other_user_cannot_upsert(owner: User, other_user: User, table: str, in_whose_name: str) -> None:
    row = stored(table, owner)
    by = owner if in_whose_name == "owner" else other_user
    theirs = new_row(table, other_user) | {"id": row["id"], "user_id": by.id}
    assert refused(lambda: other_user.client.table(table).upsert(theirs).execute()) == FORBIDDEN
    assert read(table, owner, row["id"]) == row


@pytest.mark.parametrize("table", with_verb("update"))
@pytest.mark.covers("keep_identity")
def test_rows_cannot_be_given_away(owner: User, other_user: User, table: str) -> None:
    row = stored(table, owner)
    column = TABLES[table].owner_column
    change = {column: other_user.id}
    assert refused(lambda: owner.client.table(table).update(change).eq("id", row["id"]).execute()) == "PT409"
    assert read(table, owner, row["id"]) == row


@pytest.mark.parametrize("table", with_verb("update"))
@pytest.mark.covers("keep_identity")
def test_rows_keep_their_id(owner: User, table: str) -> None:
    row = stored(table, owner)
    change = {"id": "00000000-0000-4000-8000-000000000000"}
    with pytest.raises(APIError) as refusal:
        owner.client.table(table).update(change).eq("id", row["id"]).execute()
    assert refusal.value.code == "PT409"
    assert refusal.value.message == f"id and user_id of {table} never change"
    assert row["id"] in str(refusal.value.details)
    assert "insert a new row" in (refusal.value.hint or "")
    assert read(table, owner, row["id"]) == row


@pytest.mark.parametrize("table", with_verb("update"))
@pytest.mark.covers("keep_identity")
def test_rows_can_be_sent_back_with_their_own_identity(owner: User, table: str) -> None:
    row = stored(table, owner)
    column = TABLES[table].owner_column
    same = {"id": row["id"], column: row[column]}
    assert only(owner.client.table(table).update(same).eq("id", row["id"]).execute().data) == row


# A reference names one of the owner's rows, or none.

REFERENCES = [
    pytest.param(
        table,
        column,
        parent,
        id=f"{table}.{column}",
        # The foreign key is to the parent's id together with its owner.
        marks=pytest.mark.covers(f"{table}_{column}_fkey", f"{parent}_id_user_id_key"),
    )
    for table, entry in TABLES.items()
    for column, parent in (entry.references | entry.optional_references).items()
]


def test_every_reference_is_registered(db: Database) -> None:
    foreign_keys = db.execute(
        """select conrelid::regclass::text as child, confrelid::regclass::text as parent, a.attname as column
        from pg_constraint join pg_attribute as a on a.attrelid = conrelid and a.attnum = conkey[1]
        where contype = 'f' and connamespace = 'public'::regnamespace and confrelid <> 'profiles'::regclass
          and conrelid <> 'profiles'::regclass"""
    ).fetchall()
    registered = {tuple(reference.values) for reference in REFERENCES}
    assert {(row["child"], row["column"], row["parent"]) for row in foreign_keys} == registered


def referring(table: str, column: str, by: User, to: str) -> dict[str, Any]:
    """A new row of `by`'s that refers to a row, of the session type that may where it is a session."""
    fitting = {"session_type": "cooking"} if column == "planned_meal_id" else {}
    return new_row(table, by) | fitting | {column: to}


@pytest.mark.parametrize(("table", "column", "parent"), REFERENCES)
def test_owner_can_refer_to_their_row(owner: User, table: str, column: str, parent: str) -> None:
    to = stored(parent, owner)["id"]
    row = only(owner.client.table(table).insert(referring(table, column, owner, to)).execute().data)
    assert row[column] == to


@pytest.mark.parametrize(("table", "column", "parent"), REFERENCES)
def test_other_user_cannot_refer_to_the_owners_row(
    owner: User, other_user: User, table: str, column: str, parent: str
) -> None:
    row = referring(table, column, other_user, stored(parent, owner)["id"])
    before = count(table, other_user)
    with pytest.raises(APIError) as refusal:
        other_user.client.table(table).insert(row).execute()
    assert refusal.value.code == "23503"
    assert f'"{table}_{column}_fkey"' in (refusal.value.message or "")
    assert count(table, other_user) == before


@pytest.mark.parametrize(("table", "column", "parent"), REFERENCES)
def test_other_user_cannot_move_a_row_under_the_owners(
    owner: User, other_user: User, table: str, column: str, parent: str
) -> None:
    mine = referring(table, column, other_user, stored(parent, other_user)["id"])
    row = only(other_user.client.table(table).insert(mine).execute().data)
    change = {column: stored(parent, owner)["id"]}
    assert (
        refused(lambda: other_user.client.table(table).update(change).eq("id", row["id"]).execute())
        == "23503"
    )
    assert read(table, other_user, row["id"]) == row


# Anon cannot.


@pytest.mark.parametrize("table", TABLES)
def test_anon_cannot_select(owner: User, anon: Client, table: str) -> None:
    stored(table, owner)
    assert refused(lambda: anon.table(table).select("*").execute()) == FORBIDDEN


@pytest.mark.parametrize("table", TABLES)
def test_anon_cannot_insert(owner: User, anon: Client, table: str) -> None:
    row = TABLES[table].row | {TABLES[table].owner_column: owner.id}
    before = count(table, owner)
    assert refused(lambda: anon.table(table).insert(row).execute()) == FORBIDDEN
    assert refused(lambda: anon.table(table).upsert(row).execute()) == FORBIDDEN
    assert count(table, owner) == before


@pytest.mark.parametrize("table", TABLES)
def test_anon_cannot_update(owner: User, anon: Client, table: str) -> None:
    row = stored(table, owner)
    change = TABLES[table].change or {"outcome": "timeout"}
    assert refused(lambda: anon.table(table).update(change).eq("id", row["id"]).execute()) == FORBIDDEN
    assert read(table, owner, row["id"]) == row


@pytest.mark.parametrize("table", TABLES)
def test_anon_cannot_delete(owner: User, anon: Client, table: str) -> None:
    row = stored(table, owner)
    assert refused(lambda: anon.table(table).delete().eq("id", row["id"]).execute()) == FORBIDDEN
    assert read(table, owner, row["id"]) == row


# The admin client: scripts may do to every row what its owner may, and no more.


@pytest.mark.parametrize("table", TABLES)
def test_admin_client_can_do_what_owners_can(db: Database, table: str) -> None:
    granted = db.execute(
        """select lower(privilege_type) as verb from information_schema.role_table_grants
        where table_schema = 'public' and table_name = %s and grantee = 'service_role'""",
        [table],
    ).fetchall()
    assert {row["verb"] for row in granted} == TABLES[table].verbs <= EVERY_VERB


@pytest.mark.parametrize("table", TABLES)
def test_admin_client_can_select(owner: User, admin: Client, table: str) -> None:
    row = stored(table, owner)
    assert only(admin.table(table).select("*").eq("id", row["id"]).execute().data) == row
