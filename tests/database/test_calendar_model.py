"""A model of the calendar against the database: random steps of two people and the service role.

After each step both calendars are what the model computes from the rows, and nothing else is in them.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from supabase import Client

from tests.conftest import NewUser, User
from tests.database.calendar_sources import (
    ACTIVITIES,
    EXPENSE,
    MEAL,
    MOMENT,
    SOURCES,
    Database,
    Row,
    Source,
    day_of,
    events,
    instant,
    projection,
    refusal,
    send,
    when,
)

pytestmark = pytest.mark.covers(
    "sync_calendar_on_insert",
    "sync_calendar_on_update",
    "sync_calendar_on_delete",
    "sync_planned_meals",
    "rename_planned_meals",
    "remove_planned_meals",
    "follow_timezone",
    "refuse_derived_update",
    "refuse_derived_delete",
)

QUICK = settings(
    max_examples=20,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    # A failure is shown as it was found: shrinking it takes minutes.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

ZONES = (
    "Europe/Berlin",
    "America/Los_Angeles",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
)
# Clocks change on some of them.
DAYS = st.sampled_from(
    [date(2024, 3, 10), date(2024, 3, 31), date(2024, 4, 7), date(2024, 7, 1), date(2024, 10, 27)]
)
WALLS = st.none() | st.sampled_from([time(0), time(2, 15), time(2, 30), time(12), time(23, 50)])
MINUTES = st.sampled_from([None, 1, 30, 95, 480])
INSTANTS = st.datetimes(datetime(2024, 3, 30), datetime(2024, 4, 8), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
WHO = st.sampled_from([0, 1])
PICK = st.integers(0, 1000)
Item = TypeVar("Item")


def pick(items: list[Item], n: int) -> Item | None:
    """The n-th item, counted round."""
    return items[n % len(items)] if items else None


@dataclass(frozen=True)
class Recipe:
    """A recipe that exists."""

    id: str
    name: str
    minutes: int | None


@dataclass(frozen=True)
class Planned:
    """A row of a source."""

    id: str
    source: Source
    title: str
    day: date
    wall: time | None
    minutes: int | None
    status: str = "planned"
    recipe: str | None = None


@dataclass(frozen=True)
class Custom:
    """A custom event; which fields count depends on all_day."""

    id: str
    all_day: bool
    start: datetime
    end: datetime
    first: date
    last: date


@dataclass
class Person:
    """Somebody's rows as the model has them."""

    user: User
    zone: str = ZONES[0]
    recipes: dict[str, Recipe] = field(default_factory=dict)
    rows: dict[str, Planned] = field(default_factory=dict)
    customs: dict[str, Custom] = field(default_factory=dict)

    def calendar(self) -> dict[str, tuple[str, str, str, Row]]:
        """What must be in the calendar, by source_id."""
        shown = {}
        for row in self.rows.values():
            if row.status == "skipped":
                continue
            title, minutes = row.title, row.minutes
            if row.source is MEAL:
                meal = self.recipes.get(row.recipe or "")
                title, minutes = (meal.name, meal.minutes) if meal else (row.title, None)
            done = row.source is EXPENSE or row.status in ("done", "cooked")
            span = projection(self.zone, row.day, row.wall, minutes or None)
            shown[row.id] = (row.source.name, title, "done" if done else "planned", span)
        for event in self.customs.values():
            shown[event.id] = ("custom", "Party", "planned", self.span(event))
        return shown

    def span(self, event: Custom) -> Row:
        """When a custom event is."""
        if event.all_day:
            start = instant(self.zone, event.first)
            end = instant(self.zone, event.last + timedelta(days=1))
            first, last = event.first, event.last
        else:
            start, end, first = event.start, event.end, day_of(self.zone, event.start)
            last = max(first, day_of(self.zone, end - MOMENT))
        return {
            "start_time": start,
            "end_time": end,
            "all_day": event.all_day,
            "local_date": first,
            "local_end_date": last,
        }


class Calendar(RuleBasedStateMachine):
    """Steps through the Data API, each mirrored in the model."""

    def __init__(self, users: tuple[User, User], admin: Client, db: Database) -> None:
        super().__init__()
        self.people = [Person(user) for user in users]
        self.admin, self.db = admin, db
        for person in self.people:
            profile = person.user.client.table("profiles")
            send(profile.update({"timezone": person.zone}).eq("id", person.user.id))

    @initialize()
    def everybody_has_planned_meals(self) -> None:
        for who in (0, 1):
            for n, name in enumerate(("Soup", "Pie")):
                self.add_recipe(who, name, 45)
                days = [date(2024, 3, 31), date(2024, 7, 1)]
                self.add_rows(who, MEAL, [(day, time(2, 30), None) for day in days], n)

    def teardown(self) -> None:
        ids = [person.user.id for person in self.people]
        for source in SOURCES:
            self.db.execute(f"delete from {source.table} where user_id = any (%s)", [ids])
        self.db.execute("delete from meals where user_id = any (%s)", [ids])
        assert [event for p in self.people for event in events(p.user) if event["source"] != "custom"] == []
        self.db.execute("delete from calendar_events where user_id = any (%s)", [ids])

    # --- sources ----------------------------------------------------------------------------------

    @rule(who=WHO, name=st.sampled_from(["Soup", "Stew"]), minutes=MINUTES)
    def add_recipe(self, who: int, name: str, minutes: int | None) -> None:
        person = self.people[who]
        recipe = Recipe(str(uuid4()), name, minutes)
        row = {"id": recipe.id, "name": name, "cook_time": minutes}
        send(person.user.client.table("meals").insert(row))
        person.recipes[recipe.id] = recipe

    @rule(who=WHO, n=PICK, name=st.sampled_from(["Soup", "Curry", "Pie"]), minutes=MINUTES)
    def change_recipe(self, who: int, n: int, name: str, minutes: int | None) -> None:
        person = self.people[who]
        if recipe := pick(list(person.recipes.values()), n):
            change = {"name": name, "prep_time": 0, "cook_time": minutes}
            send(person.user.client.table("meals").update(change).eq("id", recipe.id))
            person.recipes[recipe.id] = replace(recipe, name=name, minutes=minutes)

    @rule(who=WHO, n=PICK)
    def delete_recipe(self, who: int, n: int) -> None:
        person = self.people[who]
        if recipe := pick(list(person.recipes.values()), n):
            send(person.user.client.table("meals").delete().eq("id", recipe.id))
            del person.recipes[recipe.id]
            for row in [row for row in person.rows.values() if row.recipe == recipe.id]:
                if row.status == "planned":
                    del person.rows[row.id]
                else:
                    person.rows[row.id] = replace(row, title=recipe.name, recipe=None)

    def to_send(self, row: Planned) -> Row:
        """A row of the model as the Data API takes it."""
        sent = row.source.row(row.title, row.day, row.wall, row.minutes) | {"id": row.id}
        return sent | ({"meal_id": row.recipe} if row.source is MEAL else {})

    @rule(
        who=WHO,
        source=st.sampled_from(SOURCES),
        spans=st.lists(st.tuples(DAYS, WALLS, MINUTES), min_size=1, max_size=4),
        n=PICK,
    )
    def add_rows(
        self, who: int, source: Source, spans: list[tuple[date, time | None, int | None]], n: int
    ) -> None:
        person = self.people[who]
        recipe = pick(list(person.recipes.values()), n)
        if source is MEAL and recipe is None:
            return
        rows = [
            Planned(
                str(uuid4()),
                source,
                f"Title {n}",
                day,
                wall if source.clock else None,
                minutes if source.minutes else None,
                recipe=recipe.id if recipe and source is MEAL else None,
            )
            for day, wall, minutes in spans
        ]
        send(person.user.client.table(source.table).insert([self.to_send(row) for row in rows]))
        person.rows |= {row.id: row for row in rows}

    @rule(who=WHO, n=PICK, day=DAYS, wall=WALLS, minutes=MINUTES, upsert=st.booleans())
    def change_row(
        self, who: int, n: int, day: date, wall: time | None, minutes: int | None, upsert: bool
    ) -> None:
        person = self.people[who]
        row = pick(list(person.rows.values()), n)
        if row is None or (row.source is MEAL and row.recipe is None):
            return
        row = replace(
            row,
            title=f"Title {n}",
            day=day,
            wall=wall if row.source.clock else None,
            minutes=minutes if row.source.minutes else None,
        )
        table = person.user.client.table(row.source.table)
        sent = self.to_send(row)
        send(table.upsert(sent) if upsert else table.update(sent).eq("id", row.id))
        person.rows[row.id] = row

    @rule(who=WHO, n=PICK, m=PICK)
    def change_status(self, who: int, n: int, m: int) -> None:
        person = self.people[who]
        row = pick([row for row in person.rows.values() if row.source.done], n)
        if row is None:
            return
        meal = ["planned", "cooked", "skipped"] if row.recipe else ["cooked", "skipped"]
        status = pick(meal if row.source is MEAL else ["planned", "done"], m)
        assert status
        send(person.user.client.table(row.source.table).update({"status": status}).eq("id", row.id))
        person.rows[row.id] = replace(row, status=status)

    @rule(who=WHO, n=PICK)
    def delete_row(self, who: int, n: int) -> None:
        person = self.people[who]
        if row := pick(list(person.rows.values()), n):
            send(person.user.client.table(row.source.table).delete().eq("id", row.id))
            del person.rows[row.id]

    @rule(source=st.sampled_from(ACTIVITIES), day=DAYS)
    def the_service_role_moves_everybodys_rows(self, source: Source, day: date) -> None:
        ids = [person.user.id for person in self.people]
        send(self.admin.table(source.table).update({source.day: day.isoformat()}).in_("user_id", ids))
        for person in self.people:
            for row in [row for row in person.rows.values() if row.source is source]:
                person.rows[row.id] = replace(row, day=day)

    @rule(who=WHO, zone=st.sampled_from(ZONES))
    def change_zone(self, who: int, zone: str) -> None:
        person = self.people[who]
        send(person.user.client.table("profiles").update({"timezone": zone}).eq("id", person.user.id))
        person.zone = zone

    # --- custom events ----------------------------------------------------------------------------

    @rule(who=WHO, start=INSTANTS, minutes=MINUTES)
    def add_timed_event(self, who: int, start: datetime, minutes: int | None) -> None:
        person = self.people[who]
        end = start + timedelta(minutes=minutes or 30)
        event = Custom(str(uuid4()), False, start, end, date.min, date.min)
        sent: Row = {"id": event.id, "title": "Party", "start_time": start.isoformat()}
        if minutes:
            sent["end_time"] = end.isoformat()
        send(person.user.client.table("calendar_events").insert(sent))
        person.customs[event.id] = event

    @rule(who=WHO, first=DAYS, length=st.integers(0, 9))
    def add_all_day_event(self, who: int, first: date, length: int) -> None:
        person = self.people[who]
        event = Custom(str(uuid4()), True, datetime.min, datetime.min, first, first + timedelta(length))  # noqa: DTZ901
        sent: Row = {"id": event.id, "title": "Party", "all_day": True}
        sent |= {"local_date": event.first.isoformat(), "local_end_date": event.last.isoformat()}
        send(person.user.client.table("calendar_events").insert(sent))
        person.customs[event.id] = event

    def patch(self, person: Person, event: Custom, **values: Any) -> None:
        """A PATCH of a custom event, whose answer must be what is stored."""
        (changed,) = send(person.user.client.table("calendar_events").update(values).eq("id", event.id))
        assert when(changed) == person.span(event)
        person.customs[event.id] = event

    @rule(who=WHO, n=PICK, start=INSTANTS)
    def move_timed_event(self, who: int, n: int, start: datetime) -> None:
        person = self.people[who]
        if event := pick([event for event in person.customs.values() if not event.all_day], n):
            moved = replace(event, start=start, end=start + (event.end - event.start))
            self.patch(person, moved, start_time=start.isoformat())

    @rule(who=WHO, n=PICK, day=DAYS)
    def move_event_to_a_day(self, who: int, n: int, day: date) -> None:
        person = self.people[who]
        if event := pick(list(person.customs.values()), n):
            span = person.span(event)
            if event.all_day:
                moved = replace(event, first=day, last=day + (event.last - event.first))
            elif span["local_date"] == day:
                moved = event
            else:
                wall = event.start.astimezone(ZoneInfo(person.zone)).time()
                start = instant(person.zone, day, wall)
                moved = replace(event, start=start, end=start + (event.end - event.start))
            self.patch(person, moved, local_date=day.isoformat())

    @rule(who=WHO, n=PICK, minutes=st.integers(0, 3000))
    def resize_timed_event(self, who: int, n: int, minutes: int) -> None:
        person = self.people[who]
        if event := pick([event for event in person.customs.values() if not event.all_day], n):
            longer = replace(event, end=event.start + timedelta(minutes=minutes))
            self.patch(person, longer, end_time=longer.end.isoformat())

    @rule(who=WHO, n=PICK, minutes=st.integers(0, 3000), days=st.integers(0, 9))
    def drag_the_start_and_send_everything(self, who: int, n: int, minutes: int, days: int) -> None:
        person = self.people[who]
        if event := pick(list(person.customs.values()), n):
            (stored,) = send(person.user.client.table("calendar_events").select("*").eq("id", event.id))
            if event.all_day:
                event = replace(event, first=event.last - timedelta(days))
                changed = {"local_date": event.first.isoformat()}
            else:
                event = replace(event, start=event.end - timedelta(minutes=minutes))
                changed = {"start_time": event.start.isoformat()}
            self.patch(person, event, **(stored | changed))

    @rule(who=WHO, n=PICK)
    def turn_event(self, who: int, n: int) -> None:
        person = self.people[who]
        if event := pick(list(person.customs.values()), n):
            span = person.span(event)
            if event.all_day:
                start = span["start_time"]
                turned = replace(event, all_day=False, start=start, end=start + timedelta(minutes=30))
            else:
                turned = replace(event, all_day=True, first=span["local_date"], last=span["local_end_date"])
            self.patch(person, turned, all_day=turned.all_day)

    @rule(who=WHO, n=PICK)
    def delete_event(self, who: int, n: int) -> None:
        person = self.people[who]
        if event := pick(list(person.customs.values()), n):
            send(person.user.client.table("calendar_events").delete().eq("id", event.id))
            del person.customs[event.id]

    # --- what isn't allowed -----------------------------------------------------------------------

    @rule(who=WHO, n=PICK, delete=st.booleans(), as_admin=st.booleans())
    def write_a_derived_event(self, who: int, n: int, delete: bool, as_admin: bool) -> None:
        person = self.people[who]
        row = pick([row for row in person.rows.values() if row.status != "skipped"], n)
        if row:
            client = self.admin if as_admin else person.user.client
            table = client.table("calendar_events")
            query = table.delete() if delete else table.update({"title": "By hand"})
            assert refusal(query.eq("source_id", row.id)).code == "PT409"

    @rule(who=WHO, n=PICK)
    def write_somebody_elses(self, who: int, n: int) -> None:
        person, other = self.people[who], self.people[1 - who]
        if row := pick(list(other.rows.values()), n):
            table = person.user.client.table(row.source.table)
            assert send(table.update({row.source.day: "2024-01-01"}).eq("id", row.id)) == []
            assert send(table.delete().eq("id", row.id)) == []
        if event := pick(list(other.customs.values()), n):
            calendar = person.user.client.table("calendar_events")
            assert send(calendar.update({"title": "Mine now"}).eq("id", event.id)) == []
            assert send(calendar.delete().eq("id", event.id)) == []

    @invariant()
    def the_calendar_is_what_the_model_says(self) -> None:
        for person in self.people:
            found = {
                event["source_id"]: (event["source"], event["title"], event["status"], when(event))
                for event in events(person.user)
            }
            assert found == person.calendar()

    @invariant()
    def the_database_finds_no_mismatch(self) -> None:
        assert self.db.execute("select * from private.calendar_mismatches").fetchall() == []


@pytest.fixture
def users(new_user: NewUser) -> tuple[User, User]:
    return new_user(timezone=ZONES[0]), new_user(timezone=ZONES[0])


def test_the_calendar_is_what_a_model_of_it_says(
    users: tuple[User, User], admin: Client, db: Database
) -> None:
    run_state_machine_as_test(lambda: Calendar(users, admin, db), settings=QUICK)  # type: ignore[arg-type]
