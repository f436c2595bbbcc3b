"""What the database tells devices: how soon, to how many, how often, and what telling adds to a write."""

# ruff: noqa: S608 (the statements are put together from constants)

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from psycopg.types.json import Jsonb

from benchmarks import dataset
from benchmarks.devices import Account, Kind, devices
from benchmarks.figures import Figure, Part, at_most, noted
from benchmarks.floors import copy_tables
from benchmarks.progress import Progress
from benchmarks.stack import Bench, Connection, fresh, value
from benchmarks.timing import medians, ms
from local_supabase import wait_for_schema

_BULK = 1_000
_WRITES = 300
_GROUPS = (100, 10, 1)


def measure(scale: float) -> Iterator[Figure]:
    """L1, deliveries, D4, D3 and what broadcasting adds."""
    with fresh(scale) as bench:
        wait_for_schema(bench.instance)
        account = Account(bench.instance, "bench@example.com")
        yield _commit_to_client(bench, account)
        yield _deliveries(bench, account)
        (owner,) = dataset.people(bench, 1)
        yield _messages(bench, owner)
        dataset.load_mixed_calendar(bench, owner, bench.scaled(70_000))
        others = dataset.people(bench, bench.scaled(100))
        dataset.load_custom_events(bench, "public.calendar_events", others, label="Other people's events")
        copy_tables(bench, "fitness_workouts", "calendar_events")
        copy_tables(bench, "fitness_workouts", "calendar_events", schema="bench_rows")
        yield _insert_of_a_source(bench, owner)
        yield _telling(bench, owner)


# --- L1 and deliveries ----------------------------------------------------------------------------


def _commit_to_client(bench: Bench, account: Account) -> Figure:
    seconds = {kind: _latencies(bench, account, kind) for kind in ("broadcast", "postgres_changes")}
    (p50, p95), (changes_p50, changes_p95) = (
        (statistics.median(times), statistics.quantiles(times, n=20)[-1]) for times in seconds.values()
    )
    return Figure(
        "L1",
        "from the commit of a write to a subscribed device",
        (
            at_most("broadcast on the private topic, p95", p95 * 1e3, 50, "ms"),
            noted("p50", p50 * 1e3, "ms"),
            noted("postgres_changes, p95", changes_p95 * 1e3, "ms"),
            noted("p50", changes_p50 * 1e3, "ms"),
        ),
        f"{_WRITES} inserts of one pantry item each, 5 to 25 ms apart, one device on a websocket in another "
        "process. From just before COMMIT is sent, a durable one, until the device has the frame; slowest "
        f"{max(seconds['broadcast']) * 1e3:.3g} ms",
    )


def _latencies(bench: Bench, account: Account, kind: Kind) -> list[float]:
    commits = []
    dice = random.Random(1)  # noqa: S311
    progress = Progress(f"Commit to client, {kind}", _WRITES)
    with devices(bench.instance, account, 1, _WRITES, kind) as device, bench.user(account.id) as db:
        _durable(db)
        for _ in range(_WRITES):
            with db.transaction():
                db.execute("insert into pantry_items (name, quantity, unit) values ('Rice', 1, 'kg')")
                commits.append(time.monotonic())
            time.sleep(dice.uniform(0.005, 0.025))
            progress.add(1)
        return [heard - commit for heard, commit in zip(device.heard(), commits, strict=True)]


def _deliveries(bench: Bench, account: Account) -> Figure:
    messages = bench.scaled(2_000, least=200)
    progress = Progress("Deliveries", sum(_GROUPS))
    rates: dict[int, float] = {}
    for count in _GROUPS:
        with devices(bench.instance, account, count, messages) as group, bench.user(account.id) as db:
            _durable(db)
            # A statement sends one message, so these are as many statements in one transaction.
            with db.transaction():
                db.execute(
                    f"""do $$ begin
                      for n in 1 .. {messages} loop
                        insert into public.pantry_items (name, quantity, unit) values ('Rice', 1, 'kg');
                      end loop;
                    end $$"""
                )
                start = time.monotonic()
            rates[count] = messages * count / (group.heard()[-1] - start)
        progress.add(count)
    return Figure(
        "deliveries",
        "messages of the database delivered in a second",
        tuple(noted(_devices(count), rate, "/s") for count, rate in rates.items()),
        f"{messages:,} messages of one row in one transaction, to devices of one person; from its commit "
        "until the last device has the last message. Database, Realtime and the devices (one process) share "
        "the machine",
    )


def _durable(db: Connection) -> None:
    """Realtime reads the log as far as it is on disk, where other commits come a moment later."""
    db.execute("set synchronous_commit = on")


def _devices(count: int) -> str:
    return f"to {count} device{'s' if count > 1 else ''}"


# --- D4 -------------------------------------------------------------------------------------------

_WORKOUT = {"name": "Push", "date": "2026-11-24", "exercises": [{"name": "Row", "sets": [{"reps": 5}]}] * 3}
_MEAL = {
    "name": "Curry",
    "ingredients": [{"food_item_name": name, "quantity": 1, "unit": "kg"} for name in ("rice", "peas")],
}
_PANTRY = "insert into pantry_items (id, name, quantity, unit) select md5('p' || n)::uuid, 'Rice', 1, 'kg'"
# Statements one after the other, and the messages of each: "table operation" as often as statements, those
# inside functions and triggers included, change rows of the table.
_STATEMENTS: list[tuple[str, list[object], list[str]]] = [
    (f"{_PANTRY} from generate_series(1, 1) as n", [], ["pantry_items INSERT"]),
    (f"{_PANTRY} from generate_series(2, 500) as n", [], ["pantry_items INSERT"]),
    ("update pantry_items set quantity = 2", [], ["pantry_items UPDATE"]),
    ("update pantry_items set quantity = 2", [], []),
    ("update pantry_items set quantity = 3 where false", [], []),
    ("delete from pantry_items where quantity > 7", [], []),
    (f"{_PANTRY} from generate_series(1, 500) as n on conflict do nothing", [], []),
    (
        f"{_PANTRY} from generate_series(400, 600) as n on conflict (id) do update set quantity = 9",
        [],
        ["pantry_items INSERT", "pantry_items UPDATE"],
    ),
    (
        f"{_PANTRY} from generate_series(400, 600) as n on conflict (id) do update set quantity = 9",
        [],
        # The new ones of before are of quantity 1 still.
        ["pantry_items UPDATE"],
    ),
    ("delete from pantry_items", [], ["pantry_items DELETE"]),
    ("delete from pantry_items", [], []),
    (
        "select create_workout(%s)",
        [Jsonb(_WORKOUT)],
        ["fitness_workouts INSERT", "fitness_workout_exercises INSERT", "calendar_events INSERT"],
    ),
    ("update fitness_workouts set notes = 'Slow'", [], ["fitness_workouts UPDATE"]),
    ("update fitness_workouts set notes = 'Slow'", [], []),
    (
        "insert into fitness_workouts (name, date) select 'Pull', '2026-11-25' from generate_series(1, 1000)",
        [],
        ["fitness_workouts INSERT", "calendar_events INSERT"],
    ),
    (
        "update calendar_events set local_date = local_date + 1",
        [],
        ["fitness_workouts UPDATE", "calendar_events UPDATE"],
    ),
    (
        "insert into user_sessions (session_type) values ('workout'), ('cooking')",
        [],
        ["user_sessions INSERT", "user_sessions INSERT", "status"],
    ),
    ("update user_sessions set status = 'active'", [], []),
    (
        "update user_sessions set status = 'completed'",
        [],
        ["user_sessions UPDATE", "user_sessions UPDATE", "status"],
    ),
    (
        "delete from fitness_workouts",
        [],
        ["fitness_workouts DELETE", "fitness_workout_exercises DELETE", "calendar_events DELETE"],
    ),
    (
        "select create_meal(%s, %s)",
        [Jsonb(_MEAL), Jsonb({"date": "2026-11-24"})],
        ["meals INSERT", "meal_ingredients INSERT", "planned_meals INSERT", "calendar_events INSERT"],
    ),
    (
        "update meals set name = 'Stew'",
        [],
        ["meals UPDATE", "planned_meals UPDATE", "calendar_events UPDATE"],
    ),
    ("update profiles set timezone = 'Asia/Tokyo'", [], ["calendar_events UPDATE", "profiles UPDATE"]),
    ("update profiles set timezone = 'Asia/Tokyo'", [], []),
    (
        "delete from meals",
        [],
        ["meals DELETE", "meal_ingredients DELETE", "planned_meals DELETE", "calendar_events DELETE"],
    ),
]
_OF_MANY_PEOPLE = [
    (
        """insert into expenses (user_id, name, amount, currency, category, date)
        select p, 'Tea', 2, 'EUR', 'Food', '2026-11-24'
        from unnest(%s::uuid[]) as p, generate_series(1, 3)""",
        ["expenses INSERT", "calendar_events INSERT"],
    ),
    ("update expenses set amount = 3 where user_id = any(%s::uuid[])", ["expenses UPDATE"]),
    (
        "delete from expenses where user_id = any(%s::uuid[])",
        ["expenses DELETE", "calendar_events DELETE"],
    ),
]


def _messages(bench: Bench, owner: str) -> Figure:
    found: list[str] = []
    sent = 0
    with bench.user(owner) as user, bench.owner() as db:
        for statement, parameters, expected in _STATEMENTS:
            before = _sent(db)
            user.execute(statement, parameters)
            messages = _sent(db) - before
            sent += messages.total()
            if messages != Counter((owner, what) for what in expected):
                found.append(f"{statement[:60]} …: {', '.join(what for _, what in messages.elements())}")
        many = [owner, *dataset.people(bench, 200)]
        for statement, expected in _OF_MANY_PEOPLE:
            before = _sent(db)
            db.execute(statement, [many])
            messages = _sent(db) - before
            sent += messages.total()
            if messages != Counter((person, what) for person in many for what in expected):
                found.append(f"{statement[:60]} …: {messages.total()} messages to {len(many)} people")
    statements = len(_STATEMENTS) + len(_OF_MANY_PEOPLE)
    nothing = sum(not expected for *_, expected in _STATEMENTS)
    return Figure(
        "D4",
        "messages to each person for each statement, operation and type",
        (at_most("statements that sent more, fewer or others than they should", len(found), 0, ""),),
        f"{statements} statements, {nothing} of which change nothing; {sent:,} messages (rows of "
        "realtime.messages), against a list of what each statement changes"
        + "".join(f"; {what}" for what in found),
    )


def _sent(db: Connection) -> Counter[tuple[str, str]]:
    """How many messages there are of each person, table and operation."""
    rows = db.execute(
        """select payload ->> 'user_id',
          coalesce((data ->> 'table') || ' ' || (data ->> 'operation'), 'status') as what, count(*)
        from realtime.messages, jsonb_extract_path(payload, 'data') as data group by 1, 2"""
    ).fetchall()
    return Counter({(row[0], row[1]): row[2] for row in rows})


# --- D3, and what telling adds --------------------------------------------------------------------

_INSERT = "insert into {}fitness_workouts (name, date, start_time, duration_minutes) {}"
_ONE = "values ('Push', '2026-11-24', '18:00', 50)"
_MANY = f"""select 'Push', date '2026-01-01' + mod(n, 300), time '06:00' + mod(n, 14) * interval '1 h', 50
    from generate_series(1, {_BULK}) as n"""
_WRITTEN = f"""with source as ({_INSERT.format("{0}", "{1}")} returning *),
    event as (
      insert into {{0}}calendar_events (
        source, source_id, title, start_time, end_time, all_day, local_date, local_end_date, status)
      select 'workout', id, name, (date + start_time) at time zone 'Europe/Berlin',
        (date + start_time) at time zone 'Europe/Berlin' + duration_minutes * interval '1 minute',
        false, date, date, status
      from source returning *
    )"""
_TOLD = """, told as (
      select 'workouts:update' as type, {} as data from source
      union all
      select 'calendar:update', {} from event
    )
    insert into realtime.messages (topic, extension, event, private, payload)
    select 'user:' || auth.uid(), 'broadcast', type, true, jsonb_build_object('id', gen_random_uuid(),
      'type', type, 'data', data || '{{"operation": "INSERT"}}', 'timestamp', clock_timestamp(),
      'user_id', auth.uid())
    from told"""


def _insert_of_a_source(bench: Bench, owner: str) -> Figure:
    rows = [f"jsonb_build_object('rows', jsonb_agg(to_jsonb({row})))" for row in ("source", "event")]
    ids = ["jsonb_build_object('ids', array_agg(id), 'count', count(*), 'resync', true)"] * 2
    _tell_of_each_row(bench)
    with bench.user(owner) as db:
        # As the server does for a client that sends on its own topic.
        db.execute("select set_config('realtime.topic', %s, false)", [f"user:{owner}"])

        def run(statement: str) -> Callable[[], object]:
            return lambda: db.execute(statement)

        single = medians(
            {
                "sync": run(_INSERT.format("", _ONE)),
                "floor": run(_WRITTEN.format("bench.", _ONE) + _TOLD.format(*rows)),
                "bare": run(_INSERT.format("bench.", _ONE)),
            },
            1_000,
            warm_up=50,
        )
        bulk = medians(
            {
                "sync": run(_INSERT.format("", _MANY)),
                "floor": run(_WRITTEN.format("bench.", _MANY) + _TOLD.format(*ids)),
                "rows": run(_WRITTEN.format("bench_rows.", _MANY) + " select from event"),
            },
            30,
            warm_up=3,
        )
    return Figure(
        "D3",
        "insert of a source row with calendar sync and broadcast",
        (
            at_most("one row, to source, event and messages by hand", single["sync"] / single["floor"], 1.4),
            at_most(
                f"{_BULK:,} rows, to source, event and messages by hand", bulk["sync"] / bulk["floor"], 1.15
            ),
            at_most(
                f"{_BULK:,} rows, to row triggers with a realtime.send each", bulk["sync"] / bulk["rows"], 0.5
            ),
            at_most("mismatches afterwards", dataset.mismatches(bench, owner), 0, ""),
        ),
        f"{ms(single['sync'])}, floor {ms(single['floor'])}: one CTE that writes both rows into copies "
        "without triggers, same constraints, indexes, rows, RLS and role, and the two messages (the source "
        f"alone {ms(single['bare'])}); bulk {ms(bulk['sync'])}, floor {ms(bulk['floor'])}, row triggers "
        f"{ms(bulk['rows'])}: the same CTE into copies whose row triggers send, so without a sync of its own",
    )


def _tell_of_each_row(bench: Bench) -> None:
    """Gives the copies in bench_rows row triggers that send."""
    with bench.owner() as db:
        db.execute(
            """create function private.bench_tell() returns trigger
            language plpgsql security definer set search_path = '' as $$
            begin
              perform realtime.send(jsonb_build_object('type', tg_argv[0], 'data', jsonb_build_object(
                'operation', tg_op, 'rows', jsonb_build_array(to_jsonb(new))), 'timestamp', clock_timestamp(),
                'user_id', new.user_id), tg_argv[0], 'user:' || new.user_id);
              return null;
            end $$"""
        )
    with bench.superuser() as db:
        for table, type_ in (("fitness_workouts", "workouts:update"), ("calendar_events", "calendar:update")):
            db.execute(
                f"""create trigger tell after insert on bench_rows.{table}
                for each row execute function private.bench_tell('{type_}')"""
            )


def _telling(bench: Bench, owner: str) -> Figure:
    with bench.superuser() as db:
        # All but the broadcasts fire also for a connection that plays a replica.
        for table, trigger in db.execute(
            """select tgrelid::regclass::text, quote_ident(tgname) from pg_trigger
            where tgrelid in ('fitness_workouts'::regclass, 'calendar_events'::regclass)
              and tgname not like 'broadcast_on_%'"""
        ).fetchall():
            db.execute(f"alter table {table} enable always trigger {trigger}")
    update = "update fitness_workouts set notes = md5(random()::text) where id = any(%s)"
    with bench.user(owner) as told, bench.untold(owner) as untold, bench.owner() as db:
        ids = [
            row[0]
            for row in db.execute(
                "select id from fitness_workouts where user_id = %s limit %s", [owner, _BULK]
            ).fetchall()
        ]
        parts: list[Part] = []
        notes: list[str] = []
        for what, statement, parameters, rounds in (
            ("insert of one row", _INSERT.format("", _ONE), [], 1_000),
            (f"insert of {_BULK:,} rows", _INSERT.format("", _MANY), [], 30),
            ("update of one row", update, [ids[:1]], 1_000),
            (f"update of {len(ids):,} rows", update, [ids], 30),
        ):
            messages = value(db, "select count(*) from realtime.messages")
            untold.execute(statement, parameters)
            silent = value(db, "select count(*) from realtime.messages") == messages
            times = medians(
                {
                    "told": partial(told.execute, statement, parameters),
                    "untold": partial(untold.execute, statement, parameters),
                },
                rounds,
                warm_up=rounds // 20 + 2,
            )
            parts.append(noted(f"{what}, to none told of", times["told"] / times["untold"], "×"))
            notes.append(f"{what} {ms(times['told'])} against {ms(times['untold'])}")
            assert silent, "The connection that should tell nobody does."
    return Figure(
        "telling",
        "what broadcasting adds to a write of the calendar's sources",
        tuple(parts),
        f"{'; '.join(notes)}. The inserts send two messages, the updates (notes, which the calendar doesn't "
        "show) one; on the other side is a connection for which all fires but the broadcast triggers",
    )
