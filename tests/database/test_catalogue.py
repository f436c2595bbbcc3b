"""What must be true of every object in the schema, read from the database's catalogue."""

import re

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.database.tables import TABLES, with_verb

Database = psycopg.Connection[DictRow]

# SECURITY DEFINER functions run with the rights of `postgres`: each is here with who may call it.
# Trigger functions fire without anybody being allowed to call them.
DEFINERS: dict[str, set[str]] = {
    "private.add_ai_request": {"authenticated"},
    "private.broadcast": set(),
    "private.broadcast_profile": set(),
    "private.broadcast_sessions": set(),
    "private.create_profile": set(),
    "private.delete_sources": set(),
    "private.document_ingredients": set(),
    "private.document_meals": set(),
    "private.event_minutes": {"authenticated", "service_role"},
    "private.find_recipes": {"authenticated"},
    "private.follow_email": set(),
    "private.follow_timezone": set(),
    "private.keep_email": set(),
    "private.project_all_of": set(),
    "private.project_events": set(),
    "private.remove_planned_meals": set(),
    "private.rename_planned_meals": set(),
    "private.repair_derived_events": {"authenticated", "service_role"},
    "private.reserve_ai_request": {"authenticated"},
    "private.settle_ai_request": {"authenticated"},
    "private.sync_planned_meals": set(),
    "private.write_back": set(),
    "private.write_recipe_documents": set(),
}
# Made by attach_calendar_source, two for each source.
DEFINERS |= {
    f"private.{verb}_{source}": set()
    for verb in ("project", "sync")
    for source in ("cardio", "expense", "meal", "sport", "stretching", "workout")
}

# What the Data API offers to call.
RPCS: dict[str, set[str]] = {
    "accept_meal_suggestion": {"authenticated"},
    "accept_workout_suggestion": {"authenticated"},
    "allergens": {"authenticated", "service_role"},
    "claim_receipt": {"authenticated"},
    "complete_session": {"authenticated"},
    "confirm_receipt": {"authenticated"},
    "create_meal": {"authenticated"},
    "create_workout": {"authenticated"},
    "day_summary": {"authenticated"},
    "delete_receipt": {"authenticated"},
    "effective_status": {"authenticated", "service_role"},
    "fail_receipt": {"authenticated"},
    "finish_ai_request": {"authenticated"},
    "finish_receipt": {"authenticated"},
    "finish_suggestions": {"authenticated"},
    "ground_meal_suggestions": {"authenticated"},
    "ground_workout_suggestions": {"authenticated"},
    "meal_suggestion_context": {"authenticated"},
    "plan_meals": {"authenticated"},
    "plan_workouts": {"authenticated"},
    "receipt_context": {"authenticated"},
    "record_ai_request": {"authenticated"},
    "reopen_receipt": {"authenticated"},
    "repair_calendar": {"authenticated", "service_role"},
    "search_recipes": {"authenticated"},
    "set_timer": {"authenticated", "service_role"},
    "start_ai_request": {"authenticated"},
    "start_receipt": {"authenticated"},
    "start_suggestions": {"authenticated"},
    "understood_restrictions": {"authenticated"},
    "workout_suggestion_context": {"authenticated"},
}

# Tables in `private` that hold no person's data, so everybody signed in may read them.
REFERENCE_TABLES = {
    "activity_muscles",
    "basic_recipes",
    "equipment_names",
    "exercise_names",
    "exercises",
    "food_classes",
    "food_synonyms",
    "food_terms",
    "known_foods",
    "known_units",
    "workout_slots",
}

# Triggers of ours are those whose function is ours, wherever they are attached (auth.users, too).
TRIGGERS_AND_RULES = """
select c.relname || '.' || t.tgname as name
from pg_trigger as t
join pg_class as c on c.oid = t.tgrelid
join pg_proc as p on p.oid = t.tgfoid
where not t.tgisinternal and p.pronamespace = 'private'::regnamespace
union all
select c.relname || '.' || r.conname
from pg_constraint as r
join pg_class as c on c.oid = r.conrelid
where c.relnamespace = 'public'::regnamespace and r.contype in ('c', 'f', 'p', 'u', 'x')
union all
select c.relname || '.' || i.relname
from pg_index as x
join pg_class as i on i.oid = x.indexrelid
join pg_class as c on c.oid = x.indrelid
where c.relnamespace = 'public'::regnamespace and x.indisunique
  and not exists (select from pg_constraint as r where r.conindid = x.indexrelid)
"""

# Functions of ours with who may call them beside their owner; PUBLIC is grantee 0.
FUNCTIONS = """
select p.pronamespace::regnamespace || '.' || p.proname as name, p.prosecdef, p.proconfig,
  p.proacl is null as open,
  obj_description(p.oid) as comment, p.pronamespace = 'public'::regnamespace as exposed,
  array(
    select case a.grantee when 0 then 'PUBLIC' else a.grantee::regrole::text end
    from aclexplode(p.proacl) as a where a.grantee <> p.proowner
  ) as callers
from pg_proc as p
where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
order by 1
"""


@pytest.fixture
def functions(db: Database) -> list[DictRow]:
    return db.execute(FUNCTIONS).fetchall()


def columns_of(db: Database, table: str, numbers: list[int]) -> set[str]:
    """The names of a table's columns."""
    rows = db.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum = any (%s)",
        [table, numbers],
    )
    return {row["attname"] for row in rows}


def is_indexed(db: Database, table: str, columns: set[str]) -> bool:
    """Whether an index starts with the columns, in any order, and has every row where they aren't null."""
    indexes = db.execute(
        """select indkey::int2[]::int[] as keys, pg_get_expr(indpred, indrelid) as predicate
        from pg_index where indrelid = %s::regclass and indisvalid""",
        [table],
    ).fetchall()
    return any(
        columns_of(db, table, index["keys"][: len(columns)]) == columns
        and (
            index["predicate"] is None
            or re.sub("[()]", "", index["predicate"]) in {f"{column} IS NOT NULL" for column in columns}
        )
        for index in indexes
    )


def test_every_trigger_and_constraint_is_covered_by_a_test(db: Database, covered: set[str]) -> None:
    existing = {row["name"] for row in db.execute(TRIGGERS_AND_RULES)}
    bare = {name.split(".")[1] for name in existing}
    missing = {name for name in existing if name not in covered and name.split(".")[1] not in covered}
    assert not missing, f"no test is marked `covers` for {sorted(missing)}"
    unknown = covered - existing - bare
    assert not unknown, f"tests cover what doesn't exist: {sorted(unknown)}"


# Tables and policies.


@pytest.mark.parametrize("table", TABLES)
def test_rows_are_behind_policies(db: Database, table: str) -> None:
    row = db.execute("select relrowsecurity from pg_class where oid = %s::regclass", [table]).fetchone()
    assert row == {"relrowsecurity": True}


@pytest.mark.parametrize("table", TABLES)
def test_each_verb_of_the_owner_has_exactly_one_policy(db: Database, table: str) -> None:
    policies = db.execute(
        """select lower(cmd) as verb, policyname, permissive, roles::text[] as roles, qual, with_check
        from pg_policies where schemaname = 'public' and tablename = %s""",
        [table],
    ).fetchall()
    assert sorted(policy["verb"] for policy in policies) == sorted(TABLES[table].verbs)
    owns = f"(( SELECT auth.uid() AS uid) = {TABLES[table].owner_column})"
    for policy in policies:
        verb = policy["verb"]
        assert policy["policyname"] == f"{verb}_own"
        assert policy["permissive"] == "PERMISSIVE"
        assert policy["roles"] == ["authenticated"]
        assert policy["qual"] == (None if verb == "insert" else owns)
        assert policy["with_check"] == (owns if verb in {"insert", "update"} else None)


@pytest.mark.parametrize("table", TABLES)
def test_the_policies_column_is_indexed(db: Database, table: str) -> None:
    assert is_indexed(db, table, {TABLES[table].owner_column})


@pytest.mark.parametrize("table", TABLES)
def test_every_foreign_key_is_indexed(db: Database, table: str) -> None:
    keys = db.execute(
        """select conname, conkey::int[] as numbers
        from pg_constraint where contype = 'f' and conrelid = %s::regclass""",
        [table],
    ).fetchall()
    assert keys
    unindexed = [
        key["conname"] for key in keys if not is_indexed(db, table, columns_of(db, table, key["numbers"]))
    ]
    assert unindexed == []


def test_no_two_foreign_keys_join_the_same_tables(db: Database) -> None:
    # PostgREST couldn't tell which of them an embed means (PGRST201).
    assert (
        db.execute(
            """select conrelid::regclass, confrelid::regclass, count(*) from pg_constraint
            where contype = 'f' and connamespace = 'public'::regnamespace group by 1, 2 having count(*) > 1"""
        ).fetchall()
        == []
    )


@pytest.mark.parametrize("table", [table for table in TABLES if table != "profiles"])
def test_rows_are_their_owners(db: Database, table: str) -> None:
    """Every table has id and user_id; references between rows carry the owner along."""
    columns = db.execute(
        """select attname, attnotnull, pg_get_expr(d.adbin, d.adrelid) as value
        from pg_attribute left join pg_attrdef as d on d.adrelid = attrelid and d.adnum = attnum
        where attrelid = %s::regclass and attname in ('id', 'user_id', 'created_at') order by attname""",
        [table],
    ).fetchall()
    assert [tuple(column.values()) for column in columns] == [
        ("created_at", True, "now()"),
        ("id", True, "gen_random_uuid()"),
        ("user_id", True, "auth.uid()"),
    ]
    keys = db.execute(
        """select confrelid::regclass::text as parent, confdeltype, conkey::int[] as numbers
        from pg_constraint where contype = 'f' and conrelid = %s::regclass""",
        [table],
    ).fetchall()
    for key in keys:
        assert "user_id" in columns_of(db, table, key["numbers"])
        assert key["parent"] != "profiles" or key["confdeltype"] == "c"


@pytest.mark.parametrize("table", with_verb("update"))
def test_rows_that_change_keep_identity_and_say_when(db: Database, table: str) -> None:
    triggers = db.execute(
        "select tgname from pg_trigger where tgrelid = %s::regclass and tgenabled = 'O'", [table]
    ).fetchall()
    assert {row["tgname"] for row in triggers} >= {"keep_identity", "set_updated_at"}


def test_every_table_and_view_has_a_comment(db: Database) -> None:
    # Comments become the Data API's documentation.
    silent = db.execute(
        """select relname from pg_class
        where relnamespace in ('public'::regnamespace, 'private'::regnamespace) and relkind in ('r', 'v', 'm')
          and obj_description(oid) is null"""
    ).fetchall()
    assert silent == []


def test_nothing_but_tables_is_exposed(db: Database) -> None:
    others = db.execute(
        """select relname from pg_class
        where relnamespace = 'public'::regnamespace and relkind not in ('r', 'i')"""
    ).fetchall()
    assert others == []


def test_views_apply_the_callers_policies(db: Database) -> None:
    views = db.execute(
        """select relname, reloptions from pg_class
        where relkind in ('v', 'm') and relnamespace in ('public'::regnamespace, 'private'::regnamespace)"""
    ).fetchall()
    assert [view["relname"] for view in views if view["reloptions"] != ["security_invoker=true"]] == []


def test_nobody_may_use_the_views_in_private_but_read_what_is_nobodys(db: Database) -> None:
    granted = db.execute(
        """select table_name, grantee, privilege_type from information_schema.role_table_grants
        where table_schema = 'private' and grantee <> 'postgres'"""
    ).fetchall()
    assert {tuple(grant.values()) for grant in granted} == {
        (table, role, "SELECT") for table in REFERENCE_TABLES for role in ("authenticated", "service_role")
    }


# Functions.


def test_definers_are_private_and_known(functions: list[DictRow]) -> None:
    definers = {row["name"]: set(row["callers"]) for row in functions if row["prosecdef"]}
    assert definers == DEFINERS


def test_rpcs_are_known(functions: list[DictRow]) -> None:
    exposed = {row["name"]: set(row["callers"]) for row in functions if row["exposed"]}
    assert exposed == {f"public.{name}": callers for name, callers in RPCS.items()}


def test_every_function_says_who_may_call_it(functions: list[DictRow]) -> None:
    # Without an access list of its own, a function is everybody's.
    careless = [row["name"] for row in functions if row["open"] or {"PUBLIC", "anon"} & set(row["callers"])]
    assert careless == []


def test_new_functions_are_nobodys(db: Database) -> None:
    with db.transaction(force_rollback=True):
        db.execute("create function public.careless() returns int language sql as 'select 1'")
        row = db.execute(
            "select has_function_privilege('anon', 'public.careless()', 'execute') as may"
        ).fetchone()
    assert row == {"may": False}


def test_every_function_fixes_its_search_path(functions: list[DictRow]) -> None:
    loose = [row["name"] for row in functions if 'search_path=""' not in (row["proconfig"] or [])]
    assert loose == []


def test_every_function_has_a_comment(functions: list[DictRow]) -> None:
    assert [row["name"] for row in functions if not row["comment"]] == []


def test_constraint_names_read_as_rules(db: Database) -> None:
    # PostgreSQL's own names (`meals_check1`) say nothing to whoever gets them in an error.
    unnamed = db.execute(
        """select conname from pg_constraint
        where connamespace = 'public'::regnamespace and contype = 'c' and conname ~ '_check[0-9]*$'"""
    ).fetchall()
    assert unnamed == []


def test_the_api_roles_may_not_create_anything(db: Database) -> None:
    may = db.execute(
        """select r.rolname, n.nspname from pg_roles as r cross join pg_namespace as n
        where r.rolname in ('anon', 'authenticated', 'service_role') and n.nspname in ('public', 'private')
          and has_schema_privilege(r.oid, n.oid, 'create')"""
    ).fetchall()
    assert may == []
    row = db.execute("select has_schema_privilege('anon', 'private', 'usage') as may").fetchone()
    assert row == {"may": False}
