"""A model of the calendar against the database: random steps of two people and the service role.

After each step both calendars are what the model computes from the rows, and nothing else is in them.
scripts/calendar_model runs many more steps than the test does.
"""

import os
import sys
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
    "refuse_derived_change",
    "write_back",
    "delete_sources",
)

QUICK = settings(
    max_examples=16,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    # A failure is shown as it was found: shrinking it takes minutes.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

# How many steps to run instead, at random ones.
STEPS = int(os.environ.get("CALENDAR_MODEL_STEPS", "0"))
LONG = settings(QUICK, max_examples=10, stateful_step_count=50, derandomize=False)

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
# When clocks in Los Angeles, on Lord Howe and in Berlin show what they showed half an hour or an hour before.
TWICE = st.sampled_from(
    [
        datetime(2024, 11, 3, 8, 30, tzinfo=UTC),
        datetime(2024, 4, 6, 14, 45, tzinfo=UTC),
        datetime(2024, 10, 27, 0, 15, tzinfo=UTC),
    ]
)
WHO = st.sampled_from([0, 1])
PICK = st.integers(0, 1000)
Item = TypeVar("Item")


# Which of the edits of events that exist a step makes.
EDITS = st.sampled_from(["drop", "drop with an end", "day", "end", "turn", "rename", "mark", "delete"])


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

    def minutes(self, row: Planned) -> int | None:
        """How long a row says that it is."""
        if row.source is not MEAL:
            return row.minutes
        meal = self.recipes.get(row.recipe or "")
        return meal.minutes if meal else None

    def calendar(self) -> dict[str, tuple[str, str, str, Row]]:
        """What must be in the calendar, by source_id."""
        shown = {}
        for row in self.rows.values():
            if row.status == "skipped":
                continue
            meal = self.recipes.get(row.recipe or "")
            title = meal.name if meal else row.title
            done = row.source is EXPENSE or row.status in ("done", "cooked")
            span = projection(self.zone, row.day, row.wall, self.minutes(row))
            shown[row.id] = (row.source.name, title, "done" if done else "planned", span)
        for event in self.customs.values():
            shown[event.id] = ("custom", "Party", "planned", self.span(event))
        return shown

    def dropped(self, row: Planned, start: datetime) -> Planned:
        """A timed row after its event was dropped at an instant."""
        local = start.astimezone(ZoneInfo(self.zone))
        landed = instant(self.zone, local.date(), local.time())
        if row.wall and row.day == local.date() and instant(self.zone, row.day, row.wall) == landed:
            # It didn't move; clocks may have skipped its time.
            return row
        return replace(row, day=local.date(), wall=local.time())

    def moved(self, row: Planned, day: date) -> Planned:
        """A row after its event was moved to a day."""
        if row.wall is None:
            return replace(row, day=day)
        if day == row.day:
            return row
        wall = instant(self.zone, row.day, row.wall).astimezone(ZoneInfo(self.zone)).time()
        return self.dropped(row, instant(self.zone, day, wall))

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

    steps = 0

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
            self.patch(person, self.moved_to_a_day(person, event, day), local_date=day.isoformat())

    def moved_to_a_day(self, person: Person, event: Custom, day: date) -> Custom:
        """A custom event on another day, at the same wall time."""
        if event.all_day:
            return replace(event, first=day, last=day + (event.last - event.first))
        if person.span(event)["local_date"] == day:
            return event
        wall = event.start.astimezone(ZoneInfo(person.zone)).time()
        start = instant(person.zone, day, wall)
        return replace(event, start=start, end=start + (event.end - event.start))

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

    # --- derived events ---------------------------------------------------------------------------

    @rule(
        who=WHO,
        edits=st.lists(
            st.tuples(
                PICK, EDITS, INSTANTS | TWICE, st.sampled_from([0, 1, 30, 45, 1440, 1441]), st.booleans()
            ),
            # Many: this is one of two dozen rules, and edits are of eight kinds.
            min_size=3,
            max_size=9,
        ),
        as_admin=st.booleans(),
    )
    def edit_derived_events(
        self, who: int, edits: list[tuple[int, str, datetime, int, bool]], as_admin: bool
    ) -> None:
        for n, what, start, minutes, everything in edits:
            person = self.people[who]
            if row := pick([row for row in person.rows.values() if row.status != "skipped"], n):
                self.edit(person, row, what, start, minutes, everything, as_admin)

    def edit(
        self,
        person: Person,
        row: Planned,
        what: str,
        start: datetime,
        minutes: int,
        everything: bool,
        as_admin: bool,
    ) -> None:
        """Edits or deletes the event of a row, or is refused."""
        calendar = (self.admin if as_admin else person.user.client).table("calendar_events")
        if what == "delete":
            query = calendar.delete().eq("source_id", row.id)
            if row.status == "planned" and row.source is not EXPENSE:
                assert len(send(query)) == 1
                del person.rows[row.id]
            else:
                assert refusal(query).code == "PT409"
            return
        sent, after = self.edited(person, row, what, start, minutes)
        if everything:
            # As a form does.
            (event,) = send(person.user.client.table("calendar_events").select("*").eq("source_id", row.id))
            if "start_time" not in sent and "all_day" not in sent:
                sent = event | sent
        query = calendar.update(sent).eq("source_id", row.id)
        if after is None:
            assert refusal(query).code in ("PT409", "23514")
            return
        (changed,) = send(query)
        person.rows[row.id] = after
        assert when(changed) == person.calendar()[row.id][3]

    def edited(
        self, person: Person, row: Planned, what: str, start: datetime, minutes: int
    ) -> tuple[Row, Planned | None]:
        """What is sent for an edit, and the row after it; no row if it is refused."""
        span = person.calendar()[row.id][3]
        length = (span["end_time"] - span["start_time"]) // timedelta(minutes=1)
        if what == "mark":
            done = row.status == "planned"
            if row.source is EXPENSE:
                return {"status": "planned"}, None
            if row.source is MEAL and row.recipe is None:
                return {"status": "planned"}, None
            return {"status": "done" if done else "planned"}, replace(
                row, status=str(row.source.done) if done else "planned"
            )
        if what == "rename":
            title = f"Renamed {minutes}"
            return {"title": title}, replace(row, title=title) if row.source in ACTIVITIES else None
        if what == "day":
            day = start.date()
            return {"local_date": day.isoformat()}, person.moved(row, day)
        if what == "end":
            end = span["start_time"] + timedelta(minutes=minutes)
            if row.wall is None:
                # Two days.
                end = span["end_time"] + timedelta(minutes=1)
                return {"end_time": end.isoformat()}, None
            return {"end_time": end.isoformat()}, self.resized(row, length, minutes)
        if what == "turn" and row.wall:
            return {"all_day": True}, replace(row, wall=None)
        if row.source is EXPENSE:
            return {"all_day": False}, None
        if what == "turn":
            return {"all_day": False}, person.dropped(row, span["start_time"])
        sent: Row = {"all_day": False, "start_time": start.isoformat()}
        if what == "drop":
            return sent, person.dropped(row, start)
        if row.wall is None:
            length = person.minutes(row) or 30
        sent["end_time"] = (start + timedelta(minutes=minutes)).isoformat()
        after = self.resized(row, length, minutes)
        return sent, after and person.dropped(after, start)

    def resized(self, row: Planned, length: int, minutes: int) -> Planned | None:
        """A row whose event got another length; none if it can't have that."""
        if minutes == length:
            return row
        return replace(row, minutes=minutes) if row.source in ACTIVITIES and 1 <= minutes <= 1440 else None

    @rule(who=WHO, day=DAYS, as_admin=st.booleans())
    def move_everything_to_a_day(self, who: int, day: date, as_admin: bool) -> None:
        person = self.people[who]
        calendar = (self.admin if as_admin else person.user.client).table("calendar_events")
        moved = send(calendar.update({"local_date": day.isoformat()}).eq("user_id", person.user.id))
        for row in [row for row in person.rows.values() if row.status != "skipped"]:
            person.rows[row.id] = person.moved(row, day)
        for event in person.customs.values():
            person.customs[event.id] = self.moved_to_a_day(person, event, day)
        assert {e["source_id"]: when(e) for e in moved} == {k: v[3] for k, v in person.calendar().items()}

    @rule(who=WHO, status=st.sampled_from(["planned", "done"]))
    def mark_everything(self, who: int, status: str) -> None:
        person = self.people[who]
        rows = [row for row in person.rows.values() if row.status != "skipped"]
        table = person.user.client.table("calendar_events")
        query = table.update({"status": status}).eq("user_id", person.user.id).neq("source", "custom")
        if status == "planned" and any(
            r.source is EXPENSE or (r.source is MEAL and not r.recipe) for r in rows
        ):
            assert refusal(query).code in ("PT409", "23514")
            return
        assert len(send(query)) == len(rows)
        for row in rows:
            if row.source.done:
                person.rows[row.id] = replace(row, status=row.source.done if status == "done" else "planned")

    @rule(who=WHO)
    def delete_everything(self, who: int) -> None:
        person = self.people[who]
        rows = [row for row in person.rows.values() if row.status != "skipped"]
        # Rarely is everything only planned.
        if any(row.status == "planned" and row.source is not EXPENSE for row in rows):
            query = person.user.client.table("calendar_events").delete().neq("source", "custom")
            if any(row.source is EXPENSE or row.status != "planned" for row in rows):
                assert refusal(query).code == "PT409"
            else:
                send(query)
                for row in rows:
                    del person.rows[row.id]

    @rule(who=WHO, as_admin=st.booleans())
    def repair(self, who: int, as_admin: bool) -> None:
        client = self.admin if as_admin else self.people[who].user.client
        assert client.rpc("repair_calendar", {}).execute().data == 0

    # --- what isn't allowed -----------------------------------------------------------------------

    @rule(who=WHO, n=PICK, change=st.sampled_from(["notes", "source", "source_id", "user_id"]))
    def change_what_never_changes(self, who: int, n: int, change: str) -> None:
        person, other = self.people[who], self.people[1 - who]
        if row := pick([row for row in person.rows.values() if row.status != "skipped"], n):
            value = {"notes": "By hand", "source": "custom"}.get(change, other.user.id)
            query = self.admin.table("calendar_events").update({change: value})
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
        calendar = person.user.client.table("calendar_events")
        assert send(calendar.update({"status": "done"}).eq("user_id", other.user.id)) == []
        assert send(calendar.delete().eq("user_id", other.user.id)) == []

    @invariant()
    def the_rows_are_what_the_model_says(self) -> None:
        ids = [person.user.id for person in self.people]
        parts = [
            f"""select id, user_id, {s.day} as day, {s.clock or "null::time"} as wall,
            {s.minutes or "null::integer"} as minutes, {"status" if s.done else "'planned'"} as status
            from {s.table} where user_id = any (%(ids)s)"""
            for s in SOURCES
        ]
        found = self.db.execute(" union all ".join(parts), {"ids": ids}).fetchall()
        assert {tuple(str(value) for value in row.values()) for row in found} == {
            tuple(str(v) for v in (row.id, p.user.id, row.day, row.wall, row.minutes, row.status))
            for p in self.people
            for row in p.rows.values()
        }

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

    @invariant()
    def the_progress_is_shown(self) -> None:
        if STEPS:
            Calendar.steps += 1
            print(f"\r{Calendar.steps} of {STEPS} steps", end="", file=sys.stderr, flush=True)  # noqa: T201


@pytest.fixture
def users(new_user: NewUser) -> tuple[User, User]:
    return new_user(timezone=ZONES[0]), new_user(timezone=ZONES[0])


def test_the_calendar_is_what_a_model_of_it_says(
    users: tuple[User, User], admin: Client, db: Database
) -> None:
    def run(which: settings) -> None:
        run_state_machine_as_test(lambda: Calendar(users, admin, db), settings=which)  # type: ignore[arg-type]

    if not STEPS:
        run(QUICK)
    while Calendar.steps < STEPS:
        run(LONG)
