"""Data as a real system would have them: people, and years of their calendars.

Loaded with triggers off; derived events come from the projections themselves, so that the calendar is right.
"""

# ruff: noqa: S608 (the statements are put together from constants)

from uuid import uuid4

from benchmarks.progress import Progress
from benchmarks.stack import Bench, Connection, value

EVENT_COLUMNS = (
    "source, source_id, user_id, title, start_time, end_time, all_day, local_date, local_end_date, status"
)
EVENTS_PER_PERSON = 3000
_FIRST_DAY = "date '2024-01-01'"
_DAYS = 1000


def people(bench: Bench, count: int, zone: str = "Europe/Berlin") -> list[str]:
    """Accounts with profiles, in one zone; their ids."""
    ids = [str(uuid4()) for _ in range(count)]
    with bench.superuser() as db:
        db.execute("insert into auth.users (id) select unnest(%s::uuid[])", [ids])
        db.execute(
            "insert into profiles (id, timezone, currency) select p, %s, 'EUR' from unnest(%s::uuid[]) as p",
            [zone, ids],
        )
    return ids


def load_custom_events(bench: Bench, table: str, owners: list[str], *, label: str) -> None:
    """EVENTS_PER_PERSON custom events for each owner over _DAYS days, in the order of the days.

    Within a day the events of one person follow each other (people plan by the day), and those of all people
    share the day's pages: a week of one person lies on about seven pages.
    """
    per_day = EVENTS_PER_PERSON // _DAYS
    step = 10
    progress = Progress(label, len(owners) * EVENTS_PER_PERSON)
    with bench.superuser() as db:
        # Built afterwards: several times quicker than row by row, and as compact.
        indexes = _drop_indexes(db, table)
        for first in range(0, _DAYS, step):
            db.execute(
                f"""insert into {table} (id, {EVENT_COLUMNS})
                select e.id, 'custom', e.id, e.user_id, 'Event ' || e.n, e.start_time,
                  e.start_time + interval '45 minutes', false, e.day, e.day, 'planned'
                from (
                  select gen_random_uuid() as id, p as user_id, n, {_FIRST_DAY} + d as day,
                    ({_FIRST_DAY} + d + time '08:00' + n * interval '3 hours'
                      + (hashtext(p::text || d) & 127) * interval '1 minute')
                      at time zone 'Europe/Berlin' as start_time
                  from generate_series(%s::int, %s::int) as d,
                    unnest(%s::uuid[]) as p, generate_series(1, %s) as n
                ) as e
                order by e.day, e.user_id""",
                [first, first + step - 1, owners, per_day],
            )
            progress.add(len(owners) * per_day * step)
        progress = Progress(f"{label}: indexes", len(indexes) + 1)
        for statement in [*indexes, f"vacuum analyze {table}"]:
            db.execute(statement)
            progress.add(1)


def load_mixed_calendar(bench: Bench, owner: str, events: int) -> None:
    """A calendar of every kind: planned meals and workouts (30 % each), expenses and custom events (20 %)."""
    with bench.superuser() as db:
        db.execute(
            """insert into meals (name, prep_time, cook_time, user_id)
            select 'Recipe ' || n, 10, mod(n, 50), %(owner)s from generate_series(1, 100) as n""",
            {"owner": owner},
        )
        arguments = {"owner": owner, "most": events * 3 // 10, "fewer": events * 2 // 10}
        day, hour = "date '2018-01-01' + mod(n, 3650)", "time '06:00' + mod(n, 14) * interval '1 hour'"
        for statement in (
            f"""insert into fitness_workouts (name, date, start_time, duration_minutes, user_id)
            select 'Workout ' || n, {day}, {hour}, 50, %(owner)s from generate_series(1, %(most)s) as n""",
            f"""insert into planned_meals (meal_id, meal_name, planned_date, meal_time, user_id)
            select m.id, m.name, {day}, {hour}, m.user_id
            from generate_series(1, %(most)s) as n
            join (select *, row_number() over () as number from meals where user_id = %(owner)s) as m
              on m.number = 1 + mod(n, 100)""",
            f"""insert into expenses (name, amount, currency, category, date, user_id)
            select 'Expense ' || n, 12.5, 'EUR', 'Groceries', {day}, %(owner)s
            from generate_series(1, %(fewer)s) as n""",
            f"""insert into calendar_events (id, {EVENT_COLUMNS})
            select e.id, 'custom', e.id, %(owner)s, 'Event', e.start_time, e.start_time + interval '1 hour',
              false, e.day, e.day, 'planned'
            from (
              select gen_random_uuid() as id, {day} as day,
                ({day} + {hour}) at time zone 'Europe/Berlin' as start_time
              from generate_series(1, %(fewer)s) as n
            ) as e""",
        ):
            db.execute(statement, arguments)
        project(db, [owner])
        db.execute("vacuum analyze")


def project(db: Connection, owners: list[str]) -> None:
    """Makes the events of sources that were loaded with triggers off."""
    db.execute(
        f"""insert into calendar_events ({EVENT_COLUMNS})
        select {EVENT_COLUMNS} from private.calendar_projections where user_id = any(%s)""",
        [owners],
    )


def mismatches(bench: Bench, owner: str) -> int:
    """How many events of a person aren't as their sources say."""
    with bench.owner() as db:
        count = value(db, "select count(*) from private.calendar_mismatches where user_id = %s", [owner])
    assert isinstance(count, int)
    return count


def _drop_indexes(db: Connection, table: str) -> list[str]:
    """Drops a table's indexes and what depends on them; the statements that make them again."""
    constraints = db.execute(
        """select conname, pg_get_constraintdef(oid) from pg_constraint
        where conrelid = %s::regclass and contype in ('p', 'u')""",
        [table],
    ).fetchall()
    again = [f"alter table {table} add constraint {name} {definition}" for name, definition in constraints]
    for name, _ in constraints:
        db.execute(f"alter table {table} drop constraint {name} cascade")
    indexes = db.execute(
        """select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index
        where indrelid = %s::regclass""",
        [table],
    ).fetchall()
    for name, definition in indexes:
        db.execute(f"drop index {name}")
        again.append(definition)
    return again
