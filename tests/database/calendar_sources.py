"""What the calendar must show, computed without the database: sources, their columns, time zones."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import psycopg
import pytest
from postgrest import APIError
from psycopg.rows import DictRow, dict_row

from local_supabase import Instance
from tests.conftest import NewUser, User

Row = dict[str, Any]
Database = psycopg.Connection[DictRow]

MOMENT = timedelta(microseconds=1)


class Query(Protocol):
    """A request to the Data API that hasn't been sent."""

    def execute(self) -> Any: ...


def send(query: Query) -> list[Row]:
    """The rows that a request answers."""
    answer: list[Row] = query.execute().data
    return answer


def refusal(query: Query) -> APIError:
    """The error that a request is refused with."""
    with pytest.raises(APIError) as refused:
        query.execute()
    return refused.value


def clear(db: Database, user: User, zone: str) -> None:
    """Takes everything out of a person's calendar, with its sources, and puts the person back into a zone."""
    for table in ("meals", *(source.table for source in SOURCES), "calendar_events"):
        # Of the sources first: an event goes with its row.
        db.execute(f"delete from {table} where user_id = %s", [user.id])
    db.execute(
        "update profiles set timezone = %(z)s where id = %(u)s and timezone <> %(z)s",
        {"z": zone, "u": user.id},
    )


def shared_account(zone: str, currency: str) -> Any:
    """A fixture for a module: one account for all its tests, each of which finds its calendar empty."""
    made: list[User] = []

    @pytest.fixture
    def account(new_user: NewUser, db: Database) -> Iterator[User]:
        if not made:
            made.append(new_user(timezone=zone, currency=currency))
        yield made[0]
        clear(db, made[0], zone)

    return account


def events(user: User, source: str | None = None) -> list[Row]:
    """A person's events as the Data API gives them to that person, earliest first."""
    query = user.client.table("calendar_events").select("*").order("start_time").order("id")
    return send(query if source is None else query.eq("source", source))


def event_of(user: User, source_id: str) -> Row:
    """The one event of a source row."""
    (event,) = send(user.client.table("calendar_events").select("*").eq("source_id", source_id))
    return event


@contextmanager
def acting_as(stack: Instance, user: User | None) -> Iterator[Database]:
    """A database connection of its own with the rights of a person, or of the service role."""
    with psycopg.connect(stack.db_url, autocommit=True, row_factory=dict_row) as connection:
        if user is None:
            connection.execute("set role service_role")
        else:
            claims = f'{{"sub": "{user.id}", "role": "authenticated"}}'
            connection.execute("select set_config('request.jwt.claims', %s, false)", [claims])
            connection.execute("set role authenticated")
        yield connection


# How PostgreSQL reads a wall-clock time that isn't exactly one instant (DetermineTimeZoneOffset in its
# datetime.c): one that the clocks skip counts with the offset from before the change, one that they show
# twice with the offset from after it. Both are the later of two readings: fold=0 in a gap, fold=1 in an
# overlap.
def instant(zone: str, day: date, wall: time = time.min) -> datetime:
    """When a clock in a zone shows a time on a day."""
    local = datetime.combine(day, wall, ZoneInfo(zone))
    return max(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def day_of(zone: str, moment: datetime) -> date:
    """The calendar day of an instant in a zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def projection(zone: str, day: date, wall: time | None, minutes: int | None = None) -> Row:
    """When the event of a source row is: what calendar_events must say."""
    if wall is None:
        start, end = instant(zone, day), instant(zone, day + timedelta(days=1))
        last_day = day
    else:
        start = instant(zone, day, wall)
        end = start + timedelta(minutes=30 if minutes is None else minutes)
        last_day = max(day, day_of(zone, end - MOMENT))
    return {
        "start_time": start,
        "end_time": end,
        "all_day": wall is None,
        "local_date": day,
        "local_end_date": last_day,
    }


def at(zone: str, day: date, wall: time) -> str:
    """When a clock in a zone shows a time on a day, as clients send it."""
    return instant(zone, day, wall).isoformat()


def when(event: Row) -> Row:
    """The part of an event that `projection` computes, from the Data API or from psycopg."""

    def parsed(value: Any, kind: type[date]) -> Any:
        value = kind.fromisoformat(value) if isinstance(value, str) else value
        return value.astimezone(UTC) if isinstance(value, datetime) else value

    return {
        "start_time": parsed(event["start_time"], datetime),
        "end_time": parsed(event["end_time"], datetime),
        "all_day": event["all_day"],
        "local_date": parsed(event["local_date"], date),
        "local_end_date": parsed(event["local_end_date"], date),
    }


@dataclass(frozen=True)
class Source:
    """A table whose rows are in the calendar; the fields name its columns."""

    name: str
    table: str
    title: str
    day: str = "date"
    clock: str | None = "start_time"
    minutes: str | None = "duration_minutes"
    done: str | None = "done"
    """The status that the calendar shows as done."""
    hidden: str = "notes"
    """A text column that the calendar doesn't show."""

    def row(self, title: str, day: date, wall: time | None = None, minutes: int | None = None) -> Row:
        """A new row. Of a meal, the recipe and so the title and the minutes must be added."""
        row: Row = {self.day: day.isoformat()}
        if self.name != "meal":
            row[self.title] = title
        if self.clock:
            row[self.clock] = wall.isoformat() if wall else None
        if self.minutes:
            row[self.minutes] = minutes
        if self.name == "expense":
            row |= {"amount": 12.5, "currency": "EUR", "category": "Groceries"}
        return row


WORKOUT = Source("workout", "fitness_workouts", "name")
CARDIO = Source("cardio", "fitness_cardio", "activity_type")
SPORT = Source("sport", "fitness_sports", "sport")
STRETCHING = Source("stretching", "fitness_stretching", "name")
MEAL = Source("meal", "planned_meals", "meal_name", "planned_date", "meal_time", None, "cooked", "servings")
EXPENSE = Source("expense", "expenses", "name", clock=None, minutes=None, done=None)
SOURCES = (WORKOUT, CARDIO, SPORT, STRETCHING, MEAL, EXPENSE)
ACTIVITIES = (WORKOUT, CARDIO, SPORT, STRETCHING)
TIMED = (*ACTIVITIES, MEAL)


def each(sources: tuple[Source, ...] = SOURCES) -> pytest.MarkDecorator:
    """Runs a test for each source."""
    return pytest.mark.parametrize("source", sources, ids=[source.name for source in sources])


def recipe(user: User, name: str = "Chickpea curry", prep: int | None = 10, cook: int | None = 25) -> Row:
    """A new recipe of a person."""
    (row,) = send(user.client.table("meals").insert({"name": name, "prep_time": prep, "cook_time": cook}))
    return row


def add(
    user: User,
    source: Source,
    title: str = "Title",
    day: date = date(2026, 11, 24),
    wall: time | None = None,
    minutes: int | None = None,
) -> Row:
    """A new row of a source; a meal's title and length are those of a recipe that comes with it."""
    row = source.row(title, day, wall, minutes)
    if source is MEAL:
        row["meal_id"] = recipe(user, title, minutes, None)["id"]
    (added,) = send(user.client.table(source.table).insert(row))
    return added
