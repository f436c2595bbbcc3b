"""The calendar at scale: a week among millions of events, edits of sources and events, changes of zone."""

# ruff: noqa: S608 (the statements are put together from constants)

import itertools
import random
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import psycopg

from benchmarks import dataset
from benchmarks.figures import Figure, Part, at_most, noted, required
from benchmarks.floors import copy_tables
from benchmarks.plans import Plan, explain
from benchmarks.stack import Bench, Connection, fresh, sign_in
from benchmarks.timing import medians, ms, timed

_LISTED = "id, title, start_time, end_time, all_day, local_date, local_end_date, status, source, source_id"
_WEEK = (datetime.fromisoformat("2026-03-02T00:00+01:00"), datetime.fromisoformat("2026-03-09T00:00+01:00"))
_CONTENTION_SECONDS = 10.0


def measure(scale: float) -> Iterator[Figure]:
    """D1, D5, D6, D7, D8 and D12."""
    with fresh(scale) as bench:
        # The floor's calendar: a sixth of the other one, without triggers.
        copy_tables(bench, "calendar_events")
        yield _reading_a_week(bench)

        owner, traveller = dataset.people(bench, 2)
        dataset.load_mixed_calendar(bench, owner, bench.scaled(70_000))
        dataset.load_mixed_calendar(bench, traveller, bench.scaled(50_000))
        with bench.superuser() as db:
            db.execute(
                "insert into bench.calendar_events select * from public.calendar_events where user_id = %s",
                [owner],
            )
        copy_tables(bench, "fitness_workouts")
        # First, while the table is as it was loaded.
        yield _deep_pages(bench, owner)
        yield _stable_plans(bench, owner)
        yield _hidden_column(bench, owner)
        yield _moving_an_event(bench, owner)
        yield _time_zones(bench, owner, traveller)


# --- D1 -------------------------------------------------------------------------------------------


def _reading_a_week(bench: Bench) -> Figure:
    many = bench.scaled(2_000, least=6)
    people = dataset.people(bench, many)
    few = people[: many // 6]
    sizes = [len(owners) * dataset.EVENTS_PER_PERSON for owners in (few, people)]
    dataset.load_custom_events(bench, "bench.calendar_events", few, label=f"{sizes[0]:,} events")
    dataset.load_custom_events(bench, "public.calendar_events", people, label=f"{sizes[1]:,} events")

    def week(table: str, *conditions: str) -> str:
        where = " and ".join(["start_time >= %s", "start_time < %s", *conditions])
        return f"select {_LISTED} from {table} where {where} order by start_time"

    readers = random.Random(1).choices(few, k=300)  # noqa: S311
    with bench.user(few[0]) as user, bench.owner() as owner:
        reader = few[0]

        def next_reader(number: int) -> None:
            nonlocal reader
            reader = readers[number]
            sign_in(user, reader)

        def with_rls(table: str) -> Callable[[], object]:
            return lambda: user.execute(week(table), _WEEK).fetchall()

        def without_rls(table: str) -> Callable[[], object]:
            query = week(table, "user_id = %s")
            return lambda: owner.execute(query, [*_WEEK, reader]).fetchall()

        times = medians(
            {
                "rls": with_rls("public.calendar_events"),
                "floor": without_rls("public.calendar_events"),
                "small rls": with_rls("bench.calendar_events"),
                "small floor": without_rls("bench.calendar_events"),
            },
            200,
            before=next_reader,
        )
        plan = explain(user, week("public.calendar_events"), _WEEK)
        floor_plan = explain(owner, week("public.calendar_events", "user_id = %s"), [*_WEEK, reader])
        overlapping = explain(
            user, "select * from public.calendar_events where end_time > %s and start_time < %s", _WEEK
        )
    return Figure(
        "D1",
        "a person's calendar week under RLS",
        (
            at_most(f"{sizes[1]:,} events, to no RLS", times["rls"] / times["floor"], 1.35),
            at_most(f"{sizes[0]:,} events, to no RLS", times["small rls"] / times["small floor"], 1.35),
            at_most(f"{sizes[1]:,} to {sizes[0]:,} events", times["rls"] / times["small rls"], 1.3),
            at_most("buffers", plan.buffers, 12, ""),
            required(
                "user_id and start_time in the Index Cond", holds=_conditions(plan, "user_id", "start_time")
            ),
        ),
        f"{ms(times['rls'])}, floor {ms(times['floor'])} (role postgres, user_id = …; {floor_plan.buffers} "
        f"buffers); {plan.root['Actual Rows']:.0f} rows. {len(people):,} people with "
        f"{dataset.EVENTS_PER_PERSON:,} events each, inserted by day and, within a day, by person; 200 "
        "rounds over random people. The filter for events that overlap the week (end_time > its start, "
        f"start_time < its end) reads {overlapping.buffers} buffers",
    )


def _conditions(plan: Plan, *columns: str) -> bool:
    return all(column in plan.index_conditions for column in columns)


# --- D5 -------------------------------------------------------------------------------------------


def _stable_plans(bench: Bench, owner: str) -> Figure:
    workouts = _workouts(bench, owner, 5_000)
    parts: list[Part] = []
    notes: list[str] = []
    for what, statement, column in (
        ("source", "update fitness_workouts set date = date + 1 where {}", 0),
        ("event", "update calendar_events set local_date = local_date + 1 where {}", 1),
    ):
        ids = [row[column] for row in workouts]
        single, bulk = statement.format("id = %s"), statement.format("id = any(%s)")
        # Names of times: what ran on the connection before.
        times: dict[str, list[float]] = {
            "single": [],
            "single after bulk": [],
            "bulk": [],
            "bulk after singles": [],
        }
        for number in range(5):
            some = [ids[(number * 40 + n) % len(ids)] for n in range(40)]
            with bench.user(owner) as db:
                times["single"] += _singles(db, single, some[:20])
                times["bulk after singles"].append(_time_of(db, bulk, ids))
            with bench.user(owner) as db:
                times["bulk"].append(_time_of(db, bulk, ids))
                times["single after bulk"] += _singles(db, single, some[20:])
            with bench.superuser() as db:
                db.execute("vacuum fitness_workouts, calendar_events")
        median = {name: statistics.median(values) for name, values in times.items()}
        parts += [
            at_most(
                f"{what}: single after a bulk, to fresh", median["single after bulk"] / median["single"], 1.5
            ),
            at_most(
                f"{what}: bulk after singles, to fresh", median["bulk after singles"] / median["bulk"], 1.5
            ),
        ]
        notes.append(f"{what}: single {ms(median['single'])}, bulk {ms(median['bulk'])}")
    return Figure(
        "D5",
        "stable plans on a pooled connection",
        tuple(parts),
        f"{'; '.join(notes)}. Bulk: {len(workouts):,} rows in one statement, of a calendar of "
        f"{bench.scaled(70_000):,} events; each pair on a new connection, 5 rounds",
    )


def _singles(db: Connection, statement: str, ids: list[object]) -> list[float]:
    """The times of single updates, but of the first, which makes the plans."""
    return [_time_of(db, statement, i) for i in ids][1:]


def _time_of(db: Connection, statement: str, *parameters: object) -> float:
    return timed(lambda: db.execute(statement, parameters))


def _workouts(bench: Bench, owner: str, most: int) -> list[tuple[object, object]]:
    """Random workouts of a person with their events: ids."""
    with bench.owner() as db:
        rows = db.execute(
            """select w.id, e.id from fitness_workouts as w
            join calendar_events as e on e.source = 'workout' and e.source_id = w.id
            where w.user_id = %s order by hashtext(w.id::text) limit %s""",
            [owner, most],
        ).fetchall()
    return [(row[0], row[1]) for row in rows]


# --- D6, D7 ---------------------------------------------------------------------------------------


def _hidden_column(bench: Bench, owner: str) -> Figure:
    ids = [workout for workout, _ in _workouts(bench, owner, 400)]
    notes = itertools.count()
    by_hand = """with changed as (update bench.fitness_workouts set notes = %s where id = %s returning *)
        insert into realtime.messages (topic, extension, event, private, payload)
        select 'user:' || c.user_id, 'broadcast', 'workouts:update', true, jsonb_build_object(
          'id', gen_random_uuid(), 'type', 'workouts:update', 'data', jsonb_build_object(
            'operation', 'UPDATE', 'table', 'fitness_workouts', 'rows', jsonb_build_array(to_jsonb(c))),
          'timestamp', clock_timestamp(), 'user_id', c.user_id)
        from changed as c"""
    with bench.user(owner) as db:
        # As the server does for a client that sends on its own topic.
        db.execute("select set_config('realtime.topic', %s, false)", [f"user:{owner}"])

        def run(statement: str, value: Callable[[], object]) -> Callable[[], object]:
            turns = itertools.cycle(ids)
            return lambda: db.execute(statement, [value(), next(turns)])

        def update(table: str, column: str, value: Callable[[], object]) -> Callable[[], object]:
            return run(f"update {table} set {column} = %s where id = %s", value)

        times = medians(
            {
                "hidden": update("fitness_workouts", "notes", lambda: f"Note {next(notes)}"),
                "floor": update("bench.fitness_workouts", "notes", lambda: f"Note {next(notes)}"),
                "by hand": run(by_hand, lambda: f"Note {next(notes)}"),
                "shown": update("fitness_workouts", "name", lambda: f"Push {next(notes)}"),
                "shown floor": update("bench.fitness_workouts", "name", lambda: f"Push {next(notes)}"),
            },
            1_000,
            warm_up=len(ids),
        )
    return Figure(
        "D6",
        "update of a column that the calendar doesn't show",
        (
            at_most("notes of a workout, to the bare update", times["hidden"] / times["floor"], 1.9),
            noted(
                "to an update and its message in one statement by hand",
                times["hidden"] / times["by hand"],
                "×",
            ),
        ),
        f"{ms(times['hidden'])}, floor {ms(times['floor'])}: the same row of a copy without triggers, same "
        f"RLS and role; nobody is told of it, as of the other ({ms(times['by hand'])} if somebody is). "
        "For comparison the name, which the calendar shows: "
        f"{times['shown'] / times['shown floor']:.2f}×",
    )


def _moving_an_event(bench: Bench, owner: str) -> Figure:
    workouts = _workouts(bench, owner, 400)
    hour = "interval '1 hour'"
    move = f"update calendar_events set start_time = start_time + {hour} where id = %s"
    bare = f"""update bench.calendar_events set start_time = start_time + {hour}, end_time = end_time + {hour}
        where id = %s"""
    both = f"""with event as (
          update bench.calendar_events set start_time = start_time + {hour}, end_time = end_time + {hour}
          where id = %s returning source_id)
        update bench.fitness_workouts as w set start_time = w.start_time + {hour} from event
        where w.id = event.source_id"""
    with bench.user(owner) as db:

        def each(statement: str) -> Callable[[], object]:
            turns = itertools.cycle([event for _, event in workouts])
            return lambda: db.execute(statement, [next(turns)])

        times = medians(
            {"move": each(move), "bare": each(bare), "both": each(both)}, 800, warm_up=len(workouts)
        )
    done, deadlocks, others = _contention(bench, owner)
    return Figure(
        "D7",
        "moving an event",
        (
            at_most("a workout's event, to a bare update of the event", times["move"] / times["bare"], 1.6),
            at_most("deadlocks among 4 clients", deadlocks, 0, ""),
            at_most("other errors", sum(others.values()), 0, ""),
            at_most("mismatches afterwards", dataset.mismatches(bench, owner), 0, ""),
        ),
        f"{ms(times['move'])}, floor {ms(times['bare'])} (a copy without triggers, same RLS and role); to "
        f"one statement that updates event and source by hand {times['move'] / times['both']:.2f}×. "
        f"Contention: {done:,} transactions of two writes in {_CONTENTION_SECONDS:.0f} s on 3 items, moves "
        "and edits mixed, half of the clients service "
        f"role{''.join(f'; {count} × {what}' for what, count in others.items())}",
    )


def _contention(bench: Bench, owner: str) -> tuple[int, int, dict[str, int]]:
    """Four clients on three hot items: transactions done, deadlocks, other errors by their names."""
    with bench.owner() as db:
        hot = db.execute(
            """(select 'fitness_workouts', 'date', source_id, id from calendar_events
              where user_id = %(owner)s and source = 'workout' limit 2)
            union all
            (select 'planned_meals', 'planned_date', source_id, id from calendar_events
              where user_id = %(owner)s and source = 'meal' limit 1)""",
            {"owner": owner},
        ).fetchall()
    start = Barrier(4)

    def client(number: int) -> tuple[int, list[str]]:
        dice = random.Random(number)  # noqa: S311
        done, errors = 0, []
        with bench.service_role() if number % 2 else bench.user(owner) as db:
            start.wait()
            end = time.monotonic() + _CONTENTION_SECONDS
            while time.monotonic() < end:
                try:
                    with db.transaction():
                        for table, column, source_id, event_id in dice.sample(hot, 2):
                            days = timedelta(days=dice.choice((-1, 1)))
                            if dice.random() < 0.5:
                                statement = (
                                    f"update {table} set {column} = {column} + %s::interval where id = %s"
                                )
                                db.execute(statement, [days, source_id])
                            else:
                                statement = (
                                    "update calendar_events set start_time = start_time + %s where id = %s"
                                )
                                db.execute(statement, [days, event_id])
                    done += 1
                except psycopg.Error as error:
                    errors.append(error.sqlstate or type(error).__name__)
        return done, errors

    with ThreadPoolExecutor(4) as clients:
        results = list(clients.map(client, range(4)))
    errors = [error for _, some in results for error in some]
    others = {name: errors.count(name) for name in set(errors) - {"40P01"}}
    return sum(done for done, _ in results), errors.count("40P01"), others


# --- D8 -------------------------------------------------------------------------------------------


def _time_zones(bench: Bench, owner: str, traveller: str) -> Figure:
    with bench.owner() as db:
        row = db.execute("select count(*) from fitness_workouts where user_id = %s", [owner]).fetchone()
        assert row is not None
        plain = "select max(date + start_time) from fitness_workouts where user_id = %s"
        converted = """select max(start_time) from private.calendar_projections
            where source = 'workout' and user_id = %s"""
        times = medians(
            {
                "plain": lambda: db.execute(plain, [owner]),
                "converted": lambda: db.execute(converted, [owner]),
            },
            30,
        )
    with bench.user(traveller) as db:
        db.execute("set statement_timeout = '60s'")
        change = "update profiles set timezone = %s where id = %s"
        seconds = [
            _time_of(db, change, zone, traveller)
            for zone in ("Asia/Tokyo", "America/Los_Angeles", "Asia/Kathmandu")
        ]
    per_row = (times["converted"] - times["plain"]) / row[0] * 1e6
    return Figure(
        "D8",
        "time zones in bulk",
        (
            at_most("conversion of a row, over date + time", per_row, 0.5, "µs"),
            at_most(
                f"change of zone with {bench.scaled(50_000):,} events", statistics.median(seconds), 8, "s"
            ),
            at_most("mismatches afterwards", dataset.mismatches(bench, traveller), 0, ""),
        ),
        f"max(start_time) over {row[0]:,} rows of calendar_projections {ms(times['converted'])}, max(date + "
        f"start_time) of the table {ms(times['plain'])}. The change of zone is one update of the profile, "
        "which moves planned meals, workouts, expenses and custom events; median of 3, the slowest "
        f"{max(seconds):.2f} s; the time-out is 8 s",
    )


# --- D12 ------------------------------------------------------------------------------------------


def _deep_pages(bench: Bench, owner: str) -> Figure:
    deep = bench.scaled(40_000)
    order = "order by start_time desc, id desc limit 50"
    first = f"select {_LISTED} from calendar_events {order}"
    offset = f"{first} offset {deep}"
    keyset = f"""select {_LISTED} from calendar_events
        where start_time <= %(time)s
          and (start_time < %(time)s or (start_time = %(time)s and id < %(id)s)) {order}"""
    with bench.user(owner) as db:
        # Planning doesn't depend on the depth; whether a plan is cached depends on its guesses.
        db.execute("set plan_cache_mode = force_generic_plan")
        last = db.execute(
            f"""select start_time, id from calendar_events
            order by start_time desc, id desc limit 1 offset {deep - 1}"""
        ).fetchone()
        assert last is not None
        after = {"time": last[0], "id": last[1]}
        top = {"time": datetime.max.replace(tzinfo=UTC), "id": last[1]}
        times = medians(
            {
                "first": lambda: db.execute(keyset, top).fetchall(),
                "plain first": lambda: db.execute(first).fetchall(),
                "keyset": lambda: db.execute(keyset, after).fetchall(),
                "offset": lambda: db.execute(offset).fetchall(),
            },
            100,
            warm_up=10,
        )
        same = db.execute(keyset, after).fetchall() == db.execute(offset).fetchall()
        buffers = [
            explain(db, query, values).buffers
            for query, values in ((keyset, top), (keyset, after), (offset, ()))
        ]
    return Figure(
        "D12",
        f"a page of 50 events after row {deep:,}",
        (
            at_most("keyset, to page 1", times["keyset"] / times["first"], 1.1),
            at_most("keyset, to offset", times["keyset"] / times["offset"], 0.25),
            required("keyset and offset list the same rows", holds=same),
        ),
        f"page 1 {ms(times['first'])} (the same query after no row; {ms(times['plain first'])} without the "
        f"condition), keyset {ms(times['keyset'])}, offset {ms(times['offset'])}; "
        f"{', '.join(map(str, buffers))} buffers; cached plans, under RLS, a calendar of "
        f"{bench.scaled(70_000):,} events",
    )
