"""Sync with what only a database connection can send: merge, copy, triggers of others, a seventh source."""

from collections.abc import Iterator
from datetime import date, time
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from local_supabase import Instance
from tests.conftest import User
from tests.database.calendar_sources import (
    EXPENSE,
    MEAL,
    WORKOUT,
    Database,
    Row,
    Source,
    acting_as,
    add,
    each,
    event_of,
    events,
    projection,
    recipe,
    send,
    shared_account,
    when,
)

pytestmark = pytest.mark.covers(
    "a_lock_calendar", "sync_calendar_on_insert", "sync_calendar_on_update", "sync_calendar_on_delete"
)

DAY = date(2026, 11, 24)
BERLIN = "Europe/Berlin"

owner = shared_account(BERLIN, "EUR")


@pytest.fixture
def rolled_back(stack: Instance) -> Iterator[Database]:
    """A transaction of the role `postgres` that is never committed: for tests that change the schema."""
    with psycopg.connect(stack.db_url, row_factory=dict_row) as connection:
        yield connection
        connection.rollback()


def mismatches(connection: Database) -> list[Row]:
    return connection.execute("select * from private.calendar_mismatches").fetchall()


def shown(connection: Database, user: User) -> list[tuple[Any, ...]]:
    rows = connection.execute(
        "select source, title, local_date from calendar_events where user_id = %s order by title", [user.id]
    )
    return [tuple(row.values()) for row in rows]


def test_a_rolled_back_transaction_leaves_the_calendar_as_it_was(owner: User, rolled_back: Database) -> None:
    row = add(owner, WORKOUT, "Legs", DAY, time(18))
    before = events(owner)
    rolled_back.execute("update fitness_workouts set name = 'Arms' where id = %s", [row["id"]])
    assert shown(rolled_back, owner) == [("workout", "Arms", DAY)]
    rolled_back.rollback()
    assert events(owner) == before


def test_a_rolled_back_savepoint_leaves_the_calendar_as_it_was(owner: User, rolled_back: Database) -> None:
    row = add(owner, WORKOUT, "Legs", DAY)
    rolled_back.execute("savepoint here")
    rolled_back.execute("delete from fitness_workouts where id = %s", [row["id"]])
    assert shown(rolled_back, owner) == []
    rolled_back.execute("rollback to here")
    rolled_back.execute("update fitness_workouts set name = 'Arms' where id = %s", [row["id"]])
    rolled_back.commit()
    assert event_of(owner, row["id"])["title"] == "Arms"


def test_several_edits_in_one_transaction_end_in_the_last(owner: User, stack: Instance) -> None:
    with acting_as(stack, owner) as connection, connection.transaction():
        for name in ("one", "two", "three"):
            connection.execute("insert into fitness_workouts (name, date) values (%s, %s)", [name, DAY])
            connection.execute("update fitness_workouts set name = name || '!'")
        connection.execute("delete from fitness_workouts where name like 'two%'")
    assert sorted(event["title"] for event in events(owner)) == ["one!!!", "three!"]


def test_merge_syncs_what_it_inserts_updates_and_deletes(owner: User, stack: Instance) -> None:
    for name in ("delete me", "update me"):
        add(owner, WORKOUT, name, DAY)
    with acting_as(stack, owner) as connection:
        connection.execute("""
            merge into fitness_workouts as w
            using (values ('delete me'), ('update me'), ('insert me')) as v (name) on v.name = w.name
            when matched and v.name = 'delete me' then delete
            when matched then update set date = '2027-01-01'
            when not matched then insert (name, date) values (v.name, '2027-01-02')
        """)
    assert [(event["title"], event["local_date"]) for event in events(owner)] == [
        ("update me", "2027-01-01"),
        ("insert me", "2027-01-02"),
    ]


def test_copy_syncs_its_rows(owner: User, stack: Instance) -> None:
    # As the service role: PostgreSQL has no copy under row-level security.
    statement = "copy fitness_workouts (name, date, start_time, user_id) from stdin"
    with acting_as(stack, None) as connection, connection.cursor().copy(statement) as copy:
        for n in range(500):
            copy.write_row((f"Row {n}", DAY, time(18), owner.id))
    found = events(owner)
    assert len(found) == 500
    assert when(found[0]) == projection(BERLIN, DAY, time(18))


def test_one_statement_that_writes_several_sources_syncs_them_all(owner: User, stack: Instance) -> None:
    row = add(owner, WORKOUT, "Legs", DAY)
    with acting_as(stack, owner) as connection:
        connection.execute(
            """with renamed as (update fitness_workouts set name = 'Arms' where id = %s returning date),
            ran as (insert into fitness_cardio (activity_type, date) select 'Run', date from renamed),
            moved as (update profiles set timezone = 'Asia/Tokyo')
            insert into fitness_workouts (name, date, start_time)
            select 'Legs', date, '18:00' from renamed""",
            [row["id"]],
        )
    tokyo = {event["title"]: when(event) for event in events(owner)}
    assert tokyo == {
        "Arms": projection("Asia/Tokyo", DAY, None),
        "Run": projection("Asia/Tokyo", DAY, None),
        "Legs": projection("Asia/Tokyo", DAY, time(18)),
    }


def test_a_source_edited_inside_another_trigger_is_synced(owner: User, rolled_back: Database) -> None:
    rolled_back.execute("""
        create function pg_temp.stretch() returns trigger language plpgsql as $$
        begin
          insert into public.fitness_stretching (name, date, user_id)
          select 'after ' || w.name, w.date, w.user_id from written as w;
          update public.fitness_stretching set duration_minutes = 5;
          return null;
        end $$;
        create trigger stretch after insert on public.fitness_workouts
          referencing new table as written for each statement execute function pg_temp.stretch();
    """)
    # Fires after sync_calendar, and within it: the event that it writes makes yet another row.
    rolled_back.execute("""
        create function pg_temp.spend() returns trigger language plpgsql as $$
        begin
          insert into public.expenses (name, amount, currency, category, date, user_id)
          values ('spent on ' || new.title, 1, 'EUR', 'Gym', new.local_date, new.user_id);
          return null;
        end $$;
        create trigger spend after insert on public.calendar_events
          for each row when (new.source = 'workout') execute function pg_temp.spend();
    """)
    insert = "insert into public.fitness_workouts (name, date, user_id) values ('legs', %s, %s)"
    rolled_back.execute(insert, [DAY, owner.id])
    assert shown(rolled_back, owner) == [
        ("stretching", "after legs", DAY),
        ("workout", "legs", DAY),
        ("expense", "spent on legs", DAY),
    ]
    assert mismatches(rolled_back) == []


def test_a_trigger_that_edits_the_source_of_an_event_being_written_is_synced(
    owner: User, rolled_back: Database
) -> None:
    rolled_back.execute("""
        create function pg_temp.rename() returns trigger language plpgsql as $$
        begin
          update public.fitness_workouts set name = 'renamed' where id = new.source_id and name <> 'renamed';
          update public.fitness_workouts set date = '2027-01-01' where id = new.source_id;
          return null;
        end $$;
        create trigger rename after insert on public.calendar_events
          for each row when (new.source = 'workout') execute function pg_temp.rename();
    """)
    insert = "insert into public.fitness_workouts (name, date, user_id) values ('legs', %s, %s)"
    rolled_back.execute(insert, [DAY, owner.id])
    assert shown(rolled_back, owner) == [("workout", "renamed", date(2027, 1, 1))]
    assert mismatches(rolled_back) == []


def test_a_trigger_on_events_that_writes_a_source_does_not_stop_the_sync_around_it(
    owner: User, rolled_back: Database
) -> None:
    planned, skipped = add(owner, MEAL, "planned", DAY), add(owner, MEAL, "skipped", DAY)
    send(owner.client.table("planned_meals").update({"status": "skipped"}).eq("id", skipped["id"]))
    rolled_back.execute("""
        create function pg_temp.note() returns trigger language plpgsql as $$
        begin
          insert into public.fitness_stretching (name, date, user_id)
          values ('instead of ' || old.title, old.local_date, old.user_id);
          return null;
        end $$;
        create trigger note after delete on public.calendar_events
          for each row when (old.source = 'meal') execute function pg_temp.note();
    """)
    # Removes one event and writes another in a single call of project_events.
    rolled_back.execute(
        """update planned_meals set status = case status when 'planned' then 'skipped' else 'planned' end
        where id = any (%s)""",
        [[planned["id"], skipped["id"]]],
    )
    assert shown(rolled_back, owner) == [
        ("stretching", "instead of planned", DAY),
        ("meal", "skipped", DAY),
    ]
    assert mismatches(rolled_back) == []


def test_a_seventh_source_is_a_branch_forward_a_statement_back_and_one_call(
    owner: User, rolled_back: Database
) -> None:
    kept = add(owner, MEAL, "Soup", DAY)

    def replaced(function: str, line: str, added: str) -> str:
        """A function's definition with something added before one of its lines."""
        sql = "select pg_get_functiondef(%s::regproc) as sql"
        definition = rolled_back.execute(sql, [f"private.{function}"]).fetchone()
        assert definition
        before, found, after = str(definition["sql"]).rpartition(line)
        assert found
        return before + added + found + after

    definition = rolled_back.execute("select pg_get_viewdef('private.calendar_sources') as sql").fetchone()
    assert definition
    branches = definition["sql"].rstrip().rstrip(";")
    rolled_back.execute("""
        create table public.appointments (
          id uuid primary key default gen_random_uuid(),
          subject text not null,
          day date not null,
          at time,
          kept boolean not null default false,
          user_id uuid not null references public.profiles (id) on delete cascade
        );
        alter table public.calendar_events
          drop constraint calendar_events_source_is_known,
          add constraint calendar_events_source_is_known check (source in
            ('custom', 'meal', 'workout', 'cardio', 'sport', 'stretching', 'expense', 'appointment'));
    """)
    rolled_back.execute(f"""
        create or replace view private.calendar_sources with (security_invoker = true) as {branches}
        union all
          select 'appointment', a.id, a.user_id, a.subject, a.day, a.at, 20,
            case when a.kept then 'done' else 'planned' end
          from public.appointments as a
    """)
    back = """
        if 'appointment' = any (sources) then
          update public.appointments as s
          set subject = e.title, day = e.day, at = e.wall_time, kept = e.status = 'done'
          from private.calendar_edits as e
          where e.source = 'appointment' and e.source_id = any (ids) and s.id = e.source_id
            and (s.subject, s.day, s.at, s.kept)
              is distinct from (e.title, e.day, e.wall_time, e.status = 'done');
        end if;
    """
    rolled_back.execute(replaced("write_back", "  return null;", back))
    delete = """
        delete from public.appointments
        where id = any (array(select d.source_id from deleted as d where d.source = 'appointment'));
    """
    rolled_back.execute(replaced("delete_sources", "  return null;", delete))
    rolled_back.execute("select private.attach_calendar_source('public.appointments', 'appointment')")

    def event() -> Row:
        found = rolled_back.execute("select * from calendar_events where source = 'appointment'").fetchone()
        assert found
        return found

    def row() -> tuple[Any, ...]:
        found = rolled_back.execute("select subject, day, at, kept from public.appointments").fetchone()
        assert found
        return tuple(found.values())

    columns = "insert into public.appointments (subject, day, at, user_id)"
    rolled_back.execute(f"{columns} values ('Root canal', %s, '08:30', %s)", [DAY, owner.id])
    assert when(event()) == projection(BERLIN, DAY, time(8, 30), 20)
    rolled_back.execute("update public.profiles set timezone = 'Asia/Tokyo' where id = %s", [owner.id])
    assert when(event()) == projection("Asia/Tokyo", DAY, time(8, 30), 20)

    edit = "update calendar_events set {} where source = 'appointment'"
    rolled_back.execute(edit.format("local_date = '2027-01-01', title = 'Dentist', status = 'done'"))
    assert row() == ("Dentist", date(2027, 1, 1), time(8, 30), True)
    assert when(event()) == projection("Asia/Tokyo", date(2027, 1, 1), time(8, 30), 20)
    with pytest.raises(psycopg.Error, match="a appointment that is done"), rolled_back.transaction():
        rolled_back.execute("delete from calendar_events where source = 'appointment'")
    rolled_back.execute(edit.format("all_day = true, status = 'planned'"))
    assert row() == ("Dentist", date(2027, 1, 1), None, False)
    rolled_back.execute(edit.format("all_day = false"))
    assert when(event()) == projection("Asia/Tokyo", date(2027, 1, 1), time(), 20)
    assert mismatches(rolled_back) == []
    rolled_back.execute("delete from calendar_events where source = 'appointment'")
    assert rolled_back.execute("select from public.appointments").fetchall() == []
    assert shown(rolled_back, owner) == [("meal", "Soup", DAY)]
    assert mismatches(rolled_back) == []

    rolled_back.rollback()
    assert event_of(owner, kept["id"])["title"] == "Soup"
    send(owner.client.table("planned_meals").delete().eq("id", kept["id"]))
    assert events(owner) == []


def rows_read(connection: Database, table: str) -> int:
    """How many rows of a table this transaction has read, by scans of the table and of its indexes."""
    row = connection.execute(
        """select pg_stat_get_xact_tuples_returned(%(t)s::regclass)
          + pg_stat_get_xact_tuples_fetched(%(t)s::regclass) as n""",
        {"t": table},
    ).fetchone()
    assert row
    return int(row["n"])


@pytest.mark.covers("write_back", "delete_sources")
@each()
def test_writing_one_row_reads_no_other_rows_however_many_there_are(
    owner: User, rolled_back: Database, source: Source
) -> None:
    row = add(owner, source, "One", DAY)
    extra = {"meal_id": row["meal_id"]} if source is MEAL else {}
    many = [source.row(f"Row {n}", DAY) | extra for n in range(1000)]
    send(owner.client.table(source.table).insert(many))
    # Small tables are scanned whole because that is cheaper; large ones must not be.
    rolled_back.execute("set local enable_seqscan = off")
    rolled_back.execute(f"update {source.table} set {source.day} = '2027-01-01' where id = %s", [row["id"]])
    rolled_back.execute(
        "update calendar_events set local_date = '2027-01-02' where source_id = %s", [row["id"]]
    )
    if source is EXPENSE:
        with pytest.raises(psycopg.Error, match="can't be deleted"), rolled_back.transaction():
            rolled_back.execute("delete from calendar_events where source_id = %s", [row["id"]])
        rolled_back.execute("delete from expenses where id = %s", [row["id"]])
    else:
        rolled_back.execute("delete from calendar_events where source_id = %s", [row["id"]])
        found = rolled_back.execute(f"select from {source.table} where id = %s", [row["id"]])
        assert found.fetchall() == []
    for table in (source.table, "calendar_events"):
        assert rows_read(rolled_back, table) < 100
    rolled_back.rollback()
    send(owner.client.table(source.table).delete().eq("user_id", owner.id))


@pytest.mark.covers("follow_timezone", "sync_planned_meals")
def test_thousands_of_events_follow_a_zone_or_a_recipe_in_time_whatever_the_statistics_say(
    owner: User, rolled_back: Database
) -> None:
    meal = recipe(owner)["id"]
    rolled_back.execute(
        """insert into planned_meals (meal_id, planned_date, meal_time, user_id)
        select %s, '2026-11-24', '18:00', %s from generate_series(1, 8000)""",
        [meal, owner.id],
    )
    rolled_back.execute(
        """insert into fitness_workouts (name, date, start_time, user_id)
        select 'Legs', '2026-11-24', '18:00', %s from generate_series(1, 8000)""",
        [owner.id],
    )
    # A tenth of it is enough for plans that are linear; the others took three times as long.
    rolled_back.execute("set local statement_timeout = '5s'")
    for zone, minutes in (("Asia/Tokyo", 50), ("Asia/Kathmandu", 60)):
        rolled_back.execute("update profiles set timezone = %s where id = %s", [zone, owner.id])
        rolled_back.execute("update meals set cook_time = %s where id = %s", [minutes, meal])
        rolled_back.execute("analyze calendar_events, planned_meals, fitness_workouts, meals")
    assert mismatches(rolled_back) == []


FORGED = [
    ({"source": "Meal", "source_id": None}, "calendar_events_source_is_known"),
    (
        {"all_day": True, "local_end_date": "2026-11-25"},
        "calendar_events_several_days_only_when_timed_or_custom",
    ),
    ({"source": "custom", "source_id": None}, "calendar_events_custom_source_id_is_its_id"),
    ({}, "calendar_events_source_source_id_key"),
]


@pytest.mark.covers(*(rule for _, rule in FORGED))
@pytest.mark.parametrize(("values", "rule"), FORGED)
def test_the_rules_of_events_hold_without_their_triggers_too(
    owner: User, rolled_back: Database, values: Row, rule: str
) -> None:
    row = add(owner, WORKOUT, "Legs", DAY)
    event = event_of(owner, row["id"]) | {"id": str(uuid4())} | values
    event["source_id"] = event["source_id"] or str(uuid4())
    rolled_back.execute("alter table calendar_events disable trigger user")
    insert = "insert into calendar_events select * from jsonb_populate_record(null::calendar_events, %s)"
    with pytest.raises(psycopg.errors.IntegrityError) as refused:
        rolled_back.execute(insert, [Jsonb(event)])
    assert refused.value.diag.constraint_name == rule
