"""The rest of the database: child rows, the Data API, recipe search."""

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import httpx

from benchmarks import dataset
from benchmarks.figures import Figure, at_least, at_most, noted, required
from benchmarks.floors import copy_tables
from benchmarks.plans import explain
from benchmarks.progress import Progress
from benchmarks.stack import Bench, Connection, fresh, sign_in
from benchmarks.timing import Action, medians, ms
from local_supabase import wait_for_schema

_REQUEST_BULK = 100


def measure(scale: float) -> Iterator[Figure]:
    """D2, D9, D10 and D11."""
    with fresh(scale) as bench:
        yield _child_rows(bench)
        yield _recipe_search(bench)
        (owner,) = dataset.people(bench, 1)
        dataset.load_mixed_calendar(bench, owner, bench.scaled(70_000))
        others = dataset.people(bench, bench.scaled(100))
        dataset.load_custom_events(bench, "public.calendar_events", others, label="Other people's events")
        yield _post(bench)
        yield _day_summary(bench)


# --- D2 -------------------------------------------------------------------------------------------


def _child_rows(bench: Bench) -> Figure:
    people = dataset.people(bench, bench.scaled(500, least=20))
    _load_workouts_with_exercises(bench, people)
    readers = random.Random(1).choices(people, k=300)  # noqa: S311
    exercises = "select {} from fitness_workout_exercises {}"
    newest = ("order by created_at desc limit 50",)
    # As PostgREST embeds: fitness_workouts?select=*,fitness_workout_exercises(*)&order=date.desc&limit=50
    nested = """select w.*, coalesce(e.list, '[]') from fitness_workouts as w
        left join lateral (
          select json_agg(e) as list from (
            select e.* from fitness_workout_exercises as e
            where e.workout_id = w.id and e.user_id = w.user_id {}
          ) as e
        ) as e on true {} order by w.date desc limit 50"""
    with bench.user(people[0]) as user, bench.owner() as owner:
        reader = people[0]

        def next_reader(number: int) -> None:
            nonlocal reader
            reader = readers[number]
            sign_in(user, reader)

        def rls(query: str) -> Callable[[], object]:
            return lambda: user.execute(query).fetchall()

        def floor(query: str, times: int = 1) -> Callable[[], object]:
            return lambda: owner.execute(query, [reader] * times).fetchall()

        mine = "where user_id = %s"
        times = medians(
            {
                "newest": rls(exercises.format("*", newest[0])),
                "newest floor": floor(exercises.format("*", f"{mine} {newest[0]}")),
                "count": rls(exercises.format("count(*)", "")),
                "count floor": floor(exercises.format("count(*)", mine)),
                "nested": rls(nested.format("", "")),
                "nested floor": floor(nested.format("and e.user_id = %s", "where w.user_id = %s"), 2),
            },
            200,
            before=next_reader,
        )
        plan = explain(user, exercises.format("count(*)", ""))
        rows = owner.execute("select count(*) from fitness_workout_exercises").fetchone()
    assert rows is not None
    return Figure(
        "D2",
        "child rows (exercises of workouts) under RLS, without a filter",
        (
            at_most("50 newest, to no RLS", times["newest"] / times["newest floor"], 1.2),
            at_most("count, to no RLS", times["count"] / times["count floor"], 1.2),
            at_most(
                "50 workouts with their exercises, to no RLS", times["nested"] / times["nested floor"], 1.15
            ),
            required("user_id in the Index Cond of the count", holds="user_id" in plan.index_conditions),
        ),
        f"newest {ms(times['newest'])}, count {ms(times['count'])}, nested {ms(times['nested'])}; floors: "
        f"role postgres with user_id = …. {rows[0]:,} exercises of {len(people):,} people, inserted by day; "
        "200 rounds over random people",
    )


def _load_workouts_with_exercises(bench: Bench, people: list[str]) -> None:
    """Two years: 300 workouts with 4 exercises for each, in the order of their days."""
    progress = Progress("Workouts with exercises", 300)
    with bench.superuser() as db:
        for day in range(300):
            db.execute(
                """with workout as (
                  insert into fitness_workouts (name, date, start_time, user_id)
                  select 'Push', date '2026-01-01' + %s::int, '18:00', p from unnest(%s::uuid[]) as p
                  returning id, user_id)
                insert into fitness_workout_exercises (
                  workout_id, user_id, name, sets, order_index, created_at)
                select w.id, w.user_id, 'Exercise ' || n, '[{"reps": 8, "weight_kg": 60}]', n,
                  date '2026-01-01' + %s::int + n * interval '1 minute'
                from workout as w, generate_series(1, 4) as n""",
                [day, people, day],
            )
            progress.add(1)
        dataset.project(db, people)
        db.execute("vacuum analyze fitness_workouts, fitness_workout_exercises, calendar_events")


# --- D9 -------------------------------------------------------------------------------------------


def _post(bench: Bench) -> Figure:
    copy_tables(bench, "fitness_workouts", "calendar_events", schema="public", prefix="bench_")
    wait_for_schema(bench.instance)
    with _signed_up(bench, "writer@example.com") as (http, person):
        http.headers["Prefer"] = "return=minimal"

        def post(table: str, body: object) -> None:
            http.post(f"/rest/v1/{table}", json=body).raise_for_status()

        def with_triggers(count: int) -> Callable[[], object]:
            return lambda: post("fitness_workouts", [_workout() for _ in range(count)])

        def tell(rows: dict[str, list[dict[str, object]]]) -> None:
            messages = [
                {
                    "topic": f"user:{person}",
                    "event": type_,
                    "payload": {"type": type_, "data": {"operation": "INSERT", "rows": of_type}},
                    "private": True,
                }
                for type_, of_type in rows.items()
            ]
            http.post("/realtime/v1/api/broadcast", json={"messages": messages}).raise_for_status()

        def by_client(count: int, *, telling: bool = False) -> Callable[[], object]:
            def write() -> None:
                workouts = [_workout() for _ in range(count)]
                events = [_event_of(workout) for workout in workouts]
                post("bench_fitness_workouts", workouts)
                post("bench_calendar_events", events)
                if telling:
                    tell({"workouts:update": workouts, "calendar:update": events})

            return write

        def cases(count: int) -> dict[str, Callable[[], object]]:
            return {
                "triggers": with_triggers(count),
                "client": by_client(count),
                "telling": by_client(count, telling=True),
            }

        single = medians(cases(1), 300, warm_up=20)
        bulk = medians(cases(_REQUEST_BULK), 40, warm_up=3)
    return Figure(
        "D9",
        "POST with triggers through the Data API",
        (
            at_most("one row, to two requests", single["triggers"] / single["client"], 0.65),
            at_most(f"{_REQUEST_BULK} rows, to two requests", bulk["triggers"] / bulk["client"], 0.75),
            noted("one row, to three, which tell of it", single["triggers"] / single["telling"], "×"),
            noted(
                f"{_REQUEST_BULK} rows, to three, which tell of them", bulk["triggers"] / bulk["telling"], "×"
            ),
        ),
        f"{ms(single['triggers'])} against {ms(single['client'])}, bulk {ms(bulk['triggers'])} against "
        f"{ms(bulk['client'])}: the client makes ids and events itself and posts to copies without "
        "triggers, same RLS; kept-alive connection, return=minimal, gateway included. The triggers tell the "
        f"person's devices, two requests don't; the third one does ({ms(single['telling'])}, bulk "
        f"{ms(bulk['telling'])})",
    )


@contextmanager
def _signed_up(bench: Bench, email: str) -> Iterator[tuple[httpx.Client, str]]:
    """A new account's client of the stack, and its id."""
    instance = bench.instance
    with httpx.Client(
        base_url=instance.url, headers={"apikey": instance.publishable_key}, timeout=30
    ) as http:
        account = {"email": email, "password": "correct horse battery"}
        session = http.post("/auth/v1/signup", json=account).raise_for_status().json()
        http.headers["Authorization"] = f"Bearer {session['access_token']}"
        yield http, session["user"]["id"]


def _workout() -> dict[str, object]:
    return {
        "id": str(uuid4()),
        "name": "Push",
        "date": "2026-11-24",
        "start_time": "18:00",
        "duration_minutes": 50,
    }


def _event_of(workout: dict[str, object]) -> dict[str, object]:
    return {
        "source": "workout",
        "source_id": workout["id"],
        "title": workout["name"],
        "start_time": "2026-11-24T18:00:00Z",
        "end_time": "2026-11-24T18:50:00Z",
        "local_date": workout["date"],
        "local_end_date": workout["date"],
    }


# --- D10 ------------------------------------------------------------------------------------------

_DAY = "2026-11-24"
# What day_summary answers, as a client asks for it piece by piece.
_PIECES = (
    f"calendar_events?local_date=lte.{_DAY}&local_end_date=gte.{_DAY}&start_time=gte.2025-11-22"
    "&start_time=lt.2026-11-26&order=start_time,id",
    "user_sessions?status=neq.completed&order=started_at,id",
    "pantry_items?quantity=gt.0&expiry_date=lte.2026-11-27&order=expiry_date,name,id",
    f"expenses?select=currency,kind,date,amount::text&date=gte.2026-11-01&date=lte.{_DAY}",
    "receipts?select=id,store,amount::text,currency,date,status,effective_status&status=neq.confirmed"
    "&order=created_at.desc,id",
)


def _day_summary(bench: Bench) -> Figure:
    with _signed_up(bench, "reader@example.com") as (http, person):
        dataset.load_mixed_calendar(bench, person, bench.scaled(20_000))
        with bench.user(person) as user:
            user.execute(
                """insert into pantry_items (name, quantity, unit, expiry_date)
                select 'Lot ' || n, 1, 'piece', date '2026-11-20' + n from generate_series(1, 200) as n"""
            )
            user.execute("insert into user_sessions (session_type) values ('workout')")
            user.execute(
                "insert into receipts (store, amount) select 'Shop ' || n, n from generate_series(1, 3) as n"
            )

        def summary() -> object:
            return http.post("/rest/v1/rpc/day_summary", json={"day": _DAY}).raise_for_status().json()

        def pieces() -> object:
            return [http.get(f"/rest/v1/{piece}").raise_for_status().json() for piece in _PIECES]

        times = medians({"one": summary, "five": pieces}, 300, warm_up=20)
    return Figure(
        "D10",
        "a day's summary as one RPC",
        (at_least("summaries a second, to five requests", times["five"] / times["one"], 2.5),),
        f"{ms(times['one'])} against {ms(times['five'])}, one after the other on a kept-alive connection, "
        f"gateway included; {bench.scaled(20_000):,} events in ten years, 200 lots",
    )


# --- D11 ------------------------------------------------------------------------------------------

_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprst" for vowel in "aeiou"]
_RECIPES_EACH = 100


def _recipe_search(bench: Bench) -> Figure:
    people = dataset.people(bench, bench.scaled(10_000, least=50))
    collector, *others = people
    huge = bench.scaled(20_000)
    words = _load_recipes(bench, collector, others, huge)
    queries = {"a common word": words[0], "a rare word": words[-1], "two words": f"{words[1]} {words[2]}"}
    readers = random.Random(1).choices(others, k=400)  # noqa: S311
    listing, count = "select id, name from meals", "select count(name) from meals"
    with bench.user(others[0]) as db, bench.owner() as owner:
        before = _sequential_scans(owner)
        turns = itertools.cycle(queries.values())
        usual = medians(
            {
                "search": lambda: _search(db, next(turns))(),
                "floor": lambda: db.execute(listing).fetchall(),
                "count": lambda: db.execute(count),
            },
            300,
            before=lambda number: sign_in(db, readers[number]),
        )
        found = len(db.execute("select id from search_recipes(%s)", [words[0]]).fetchall())
        sign_in(db, collector)
        cases: dict[str, Action] = {what: _search(db, query) for what, query in queries.items()}
        large = medians(cases | {"floor": lambda: db.execute(listing).fetchall()}, 20)
        large_floor = large.pop("floor")
        db.execute("select pg_stat_force_next_flush()")
        scans = _sequential_scans(owner) - before
    return Figure(
        "D11",
        f"recipe search under RLS, {len(others) * _RECIPES_EACH + huge:,} recipes of {len(people):,} people",
        (
            at_most(
                f"{_RECIPES_EACH} recipes, to the user-index floor", usual["search"] / usual["floor"], 1.5
            ),
            *(
                at_most(f"{huge:,} recipes, {what}", seconds * 1000, 5, "ms")
                for what, seconds in large.items()
            ),
            at_most("sequential scans", scans, 0, ""),
        ),
        f"{ms(usual['search'])}, floor {ms(usual['floor'])}: listing one's {_RECIPES_EACH} recipes (id, "
        f"name) by the index on user_id, under RLS (counting them {ms(usual['count'])}; listing {huge:,} "
        f"{ms(large_floor)}). 300 rounds over random people and three queries (a common word, in {found} of "
        f"{_RECIPES_EACH}; a rare one; two). Each recipe lies on a page of its own, but for one person's "
        f"{huge:,}, which came in {_RECIPES_EACH} imports",
    )


def _search(db: Connection, query: str) -> Callable[[], object]:
    return lambda: db.execute("select id, name from search_recipes(%s)", [query]).fetchall()


def _load_recipes(bench: Bench, collector: str, others: list[str], huge: int) -> list[str]:
    """Recipes and their search documents; returns words from the most common to the rarest.

    The texts repeat after some thousands, so that their documents are made once.
    """
    dice = random.Random(1)  # noqa: S311
    words = ["".join(dice.choices(_SYLLABLES, k=dice.randint(2, 4))) for _ in range(2_000)]

    def text(count: int) -> str:
        # Few words are in many recipes, most in few.
        return " ".join(words[int(dice.random() ** 2.2 * len(words))] for _ in range(count))

    texts = [(text(3), text(10), text(8)) for _ in range(5_000)]
    progress = Progress("Recipes", len(others) * _RECIPES_EACH + huge)
    with bench.superuser() as db:
        db.execute("create schema if not exists bench")
        db.execute("create table bench.texts (n serial, name text, description text, ingredients text)")
        with db.cursor().copy("copy bench.texts (name, description, ingredients) from stdin") as copy:
            for row in texts:
                copy.write_row(row)
        db.execute(
            """create table bench.documents as select *, setweight(private.search_words(name), 'A')
              || setweight(private.search_words(ingredients), 'B')
              || setweight(private.search_words(description), 'C') as document
            from bench.texts"""
        )
        for _ in range(_RECIPES_EACH):
            extra = huge // _RECIPES_EACH
            db.execute(
                """with recipe as materialized (
                  select gen_random_uuid() as id, p.id as user_id, p.place, 1 + (random() * 4999)::int as n
                  from unnest(
                    %(others)s::uuid[] || array_fill(%(collector)s::uuid, array[%(extra)s::int])
                  ) with ordinality as p (id, place)
                ), meal as (
                  insert into meals (id, user_id, name, description, instructions)
                  select r.id, r.user_id, d.name, d.description, array['Cook.', 'Eat.']
                  from recipe as r join bench.documents as d using (n) order by r.place)
                insert into private.recipe_documents (meal_id, user_id, document)
                select r.id, r.user_id, d.document
                from recipe as r join bench.documents as d using (n) order by r.place""",
                {"others": others, "collector": collector, "extra": extra},
            )
            progress.add(len(others) + extra)
        db.execute("vacuum analyze meals, private.recipe_documents")
    return words


def _sequential_scans(db: Connection) -> int:
    """How often recipes or their documents were read from end to end."""
    row = db.execute(
        """select sum(seq_scan) from pg_stat_all_tables
        where relid in ('public.meals'::regclass, 'private.recipe_documents'::regclass)"""
    ).fetchone()
    assert row is not None
    return int(row[0])
