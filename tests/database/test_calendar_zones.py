"""The calendar in the owner's zone: clock changes, far-off zones, and a change of zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from local_supabase import Instance
from tests.conftest import NewUser, User
from tests.database.calendar_sources import (
    MOMENT,
    SOURCES,
    WORKOUT,
    Database,
    Row,
    acting_as,
    add,
    at,
    day_of,
    event_of,
    events,
    instant,
    projection,
    refusal,
    send,
    shared_account,
    when,
)

BERLIN = "Europe/Berlin"

owner = shared_account(BERLIN, "EUR")
other_user = shared_account("America/Los_Angeles", "USD")

# Days on which clocks changed; history, so that every edition of the zone database agrees.
CHANGES: dict[str, list[date]] = {
    "Europe/Berlin": [date(2024, 3, 31), date(2024, 10, 27)],
    # Its winter time is the odd one out ("negative" daylight saving time).
    "Europe/Dublin": [date(2024, 3, 31), date(2024, 10, 27)],
    "America/Los_Angeles": [date(2024, 3, 10), date(2024, 11, 3)],
    "Australia/Sydney": [date(2024, 4, 7), date(2024, 10, 6)],
    # By half an hour.
    "Australia/Lord_Howe": [date(2024, 4, 7), date(2024, 10, 6)],
    # At midnight: 26 April has no 00:30, 31 October has 23:30 twice.
    "Africa/Cairo": [date(2024, 4, 26), date(2024, 10, 31)],
    # By a whole day: 30 December 2011 and 31 December 1994 never were.
    "Pacific/Apia": [date(2011, 12, 30)],
    "Pacific/Kiritimati": [date(1994, 12, 31), date(2024, 1, 1)],
    "Asia/Tokyo": [date(2024, 1, 1)],
    "Asia/Kathmandu": [date(2024, 2, 29)],
    "UTC": [date(2024, 12, 31)],
}
WALLS: list[time | None] = [
    None,
    *(time(hour, minute) for hour in range(4) for minute in (0, 15, 30, 45)),
    time(12),
    *(time(23, minute) for minute in (0, 30, 59)),
]


@pytest.mark.covers("sync_calendar_on_insert")
@pytest.mark.parametrize("zone", CHANGES)
def test_derived_events_are_where_the_owners_clock_says(new_user: NewUser, zone: str) -> None:
    user = new_user(timezone=zone)
    rows, expected = [], []
    for change in CHANGES[zone]:
        for day in (change + timedelta(days=n) for n in (-1, 0, 1)):
            for wall in WALLS:
                for minutes in (None, 90, 1440):
                    title = f"{day} {wall} {minutes}"
                    rows.append(WORKOUT.row(title, day, wall, minutes))
                    expected.append((title, projection(zone, day, wall, minutes)))
    send(user.client.table("fitness_workouts").insert(rows))
    found = {event["title"]: when(event) for event in events(user)}
    assert found == dict(expected)


@pytest.mark.covers("normalise_event_on_insert", "normalise_event_on_update")
@pytest.mark.parametrize("zone", CHANGES)
def test_a_custom_event_dropped_at_a_wall_time_is_read_back_there(new_user: NewUser, zone: str) -> None:
    user = new_user(timezone=zone)
    table = user.client.table("calendar_events")
    walls = [wall for wall in WALLS if wall]
    drops = [
        (day + timedelta(days=n), wall) for day in CHANGES[zone] for n in (-1, 0, 1) for wall in walls[::4]
    ]
    instants = sorted({instant(zone, day, wall) for day, wall in drops})
    send(table.insert([{"title": str(n), "start_time": str(start)} for n, start in enumerate(instants)]))
    for event, start in zip(events(user), instants, strict=True):
        end = start + timedelta(minutes=30)
        assert when(event) == {
            "start_time": start,
            "end_time": end,
            "all_day": False,
            "local_date": day_of(zone, start),
            "local_end_date": max(day_of(zone, start), day_of(zone, end - MOMENT)),
        }
        # A week on, it is at the same wall time.
        local = start.astimezone(ZoneInfo(zone))
        target = local.date() + timedelta(days=7)
        change = {"local_date": target.isoformat()}
        (moved,) = send(table.update(change).eq("id", event["id"]))
        assert when(moved)["start_time"] == instant(zone, target, local.time())


@pytest.mark.covers("normalise_event_on_update", "write_back")
@pytest.mark.parametrize("zone", CHANGES)
def test_a_derived_event_dropped_at_an_instant_is_read_back_at_that_wall_time(
    new_user: NewUser, stack: Instance, zone: str
) -> None:
    user = new_user(timezone=zone)
    instants = sorted(
        {
            datetime.combine(change + timedelta(days=n), time(), UTC) + timedelta(minutes=15 * quarter)
            for change in CHANGES[zone]
            for n in (-1, 0, 1)
            for quarter in range(96)
        }
    )
    drops = {str(n): drop for n, drop in enumerate(instants)}
    workouts = [WORKOUT.row(name, date(2024, 7, 1), time(12), 45) for name in drops]
    send(user.client.table("fitness_workouts").insert(workouts))
    # Like a drop each, in one statement.
    with acting_as(stack, user) as connection:
        connection.execute(
            """update calendar_events as e set start_time = v.start
            from unnest(%s::text[], %s::timestamptz[]) as v (title, start) where e.title = v.title""",
            [list(drops), list(drops.values())],
        )
    rows = {row["name"]: row for row in send(user.client.table("fitness_workouts").select("*"))}
    moved = {event["title"]: event for event in events(user)}
    later = 0
    for name, drop in drops.items():
        local = drop.astimezone(ZoneInfo(zone))
        # What a clock shows twice is the later of the two.
        assert when(moved[name]) == projection(zone, local.date(), local.time(), 45)
        later += when(moved[name])["start_time"] != drop
        shown = (rows[name]["date"], rows[name]["start_time"], rows[name]["duration_minutes"])
        assert shown == (local.date().isoformat(), local.time().isoformat(), 45)
    # Overlaps are the exception: half an hour on Lord Howe, an hour where there is any, and a day nowhere.
    ambiguous = [d for d in instants if instant(zone, *wall_of(zone, d)) != d]
    assert later == len(ambiguous)
    assert len(ambiguous) == {"Australia/Lord_Howe": 2}.get(zone, 4 if zone in OVERLAPS else 0)


OVERLAPS = ("Europe/Berlin", "Europe/Dublin", "America/Los_Angeles", "Australia/Sydney", "Africa/Cairo")


def wall_of(zone: str, moment: datetime) -> tuple[date, time]:
    """What calendar and clock in a zone show at an instant."""
    local = moment.astimezone(ZoneInfo(zone))
    return local.date(), local.time()


@pytest.mark.covers("normalise_event_on_update", "write_back")
@pytest.mark.parametrize("zone", CHANGES)
def test_a_derived_event_moved_to_a_day_keeps_its_wall_time_if_the_day_has_it(
    new_user: NewUser, zone: str
) -> None:
    user = new_user(timezone=zone)
    walls = [None, time(0, 30), time(2), time(2, 15), time(2, 30), time(23, 45)]
    rows = [WORKOUT.row(str(wall), date(2024, 7, 1), wall, 1440) for wall in walls]
    send(user.client.table("fitness_workouts").insert(rows))
    calendar = user.client.table("calendar_events")
    for change in CHANGES[zone]:
        for day in (change, change + timedelta(days=1)):
            send(user.client.table("fitness_workouts").upsert(reset(user, walls)))
            moved = send(calendar.update({"local_date": day.isoformat()}).neq("title", ""))
            assert sorted(moved, key=str) == sorted(events(user), key=str)
            for event in moved:
                wall = None if event["title"] == "None" else time.fromisoformat(event["title"])
                expected = projection(zone, day, wall, 1440)
                # Of a timed event, the day that its clock shows: Samoa's clocks skipped one.
                if wall:
                    expected["local_date"] = day_of(zone, expected["start_time"])
                assert when(event) == expected


def reset(user: User, walls: list[time | None]) -> list[Row]:
    """The workouts as they were before their events were moved."""
    by_name = {str(wall): wall for wall in walls}
    found = send(user.client.table("fitness_workouts").select("id, name"))
    return [
        WORKOUT.row(row["name"], date(2024, 7, 1), by_name[row["name"]], 1440) | {"id": row["id"]}
        for row in found
    ]


@pytest.mark.covers("write_back", "follow_timezone")
def test_an_edit_in_the_calendar_is_the_wall_time_of_every_zone_after(owner: User) -> None:
    row = add(owner, WORKOUT, "Legs", date(2024, 7, 1), time(18), 45)
    profile, calendar = owner.client.table("profiles"), owner.client.table("calendar_events")
    for zone, wall in (
        ("Pacific/Kiritimati", time(6)),
        ("Asia/Kathmandu", time(23, 45)),
        (BERLIN, time(2, 30)),
    ):
        send(profile.update({"timezone": zone}).eq("id", owner.id))
        send(calendar.update({"start_time": at(zone, date(2024, 7, 2), wall)}).eq("source_id", row["id"]))
        for elsewhere in ("America/Los_Angeles", "Australia/Lord_Howe", "UTC", zone):
            send(profile.update({"timezone": elsewhere}).eq("id", owner.id))
            event = event_of(owner, row["id"])
            assert when(event) == projection(elsewhere, date(2024, 7, 2), wall, 45)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2024, 3, 31), 23),
        ("Europe/Berlin", date(2024, 10, 27), 25),
        ("Australia/Lord_Howe", date(2024, 10, 6), 23.5),
        ("Australia/Lord_Howe", date(2024, 4, 7), 24.5),
        ("Africa/Cairo", date(2024, 4, 26), 23),
        ("Pacific/Apia", date(2011, 12, 30), 0),
        ("Asia/Kathmandu", date(2024, 3, 31), 24),
    ],
)
@pytest.mark.covers("sync_calendar_on_insert", "normalise_event_on_insert")
def test_an_all_day_event_is_as_long_as_its_day(
    new_user: NewUser, zone: str, day: date, hours: float
) -> None:
    user = new_user(timezone=zone)
    for source in SOURCES:
        add(user, source, source.name, day)
    custom = {"title": "custom", "all_day": True, "local_date": day.isoformat()}
    send(user.client.table("calendar_events").insert(custom))
    for event in events(user):
        span = when(event)
        assert span["end_time"] - span["start_time"] == timedelta(hours=hours)
        assert (span["local_date"], span["local_end_date"]) == (day, day)


def the_week_the_clocks_changed(user: User) -> None:
    """Derived events of every source and custom ones, around a clock change in Berlin."""
    for source in SOURCES:
        for day in (date(2024, 3, 30), date(2024, 3, 31), date(2024, 7, 1)):
            for wall in (None, time(2, 30), time(23, 45)) if source.clock else (None,):
                add(user, source, f"{source.name} {day} {wall}", day, wall, 45)
    table = user.client.table("calendar_events")
    for start in ("2024-03-30T23:50:00Z", "2024-03-31T01:00:00Z", "2024-07-01T12:00:00Z"):
        send(table.insert({"title": f"custom {start}", "start_time": start}))
    for first_day, last_day in (("2024-03-30", "2024-04-01"), ("2024-07-01", "2024-07-01")):
        days = {"all_day": True, "local_date": first_day, "local_end_date": last_day}
        send(table.insert({"title": f"custom {first_day}"} | days))


def is_where_it_belongs(event: Row, zone: str) -> bool:
    """Whether an event of the_week_the_clocks_changed is right for a zone, given what its title says."""
    span = when(event)
    if event["source"] != "custom":
        day, wall = event["title"].split(" ")[1:]
        clock = None if wall == "None" else time.fromisoformat(wall)
        expected = projection(zone, date.fromisoformat(day), clock, 45)
    elif event["all_day"]:
        first_day = date.fromisoformat(event["title"].split(" ")[1])
        last_day = date(2024, 4, 1) if first_day < date(2024, 7, 1) else first_day
        expected = projection(zone, first_day, None) | {
            "local_end_date": last_day,
            "end_time": instant(zone, last_day + timedelta(days=1)),
        }
    else:
        start = datetime.fromisoformat(event["title"].split(" ")[1]).astimezone(UTC)
        end = start + timedelta(minutes=30)
        expected = {
            "start_time": start,
            "end_time": end,
            "all_day": False,
            "local_date": day_of(zone, start),
            "local_end_date": max(day_of(zone, start), day_of(zone, end - MOMENT)),
        }
    return span == expected


@pytest.mark.covers("follow_timezone", "profiles.a_lock_calendar")
def test_a_change_of_zone_keeps_wall_times_instants_and_days(owner: User, other_user: User) -> None:
    the_week_the_clocks_changed(owner)
    add(other_user, WORKOUT)
    before, others = events(owner), events(other_user)
    profile = owner.client.table("profiles")
    for zone in ("America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kathmandu", "UTC", BERLIN):
        send(profile.update({"timezone": zone}).eq("id", owner.id))
        found = events(owner)
        assert len(found) == len(before)
        assert [event for event in found if not is_where_it_belongs(event, zone)] == []
    back = {event["id"]: when(event) for event in events(owner)}
    assert back == {event["id"]: when(event) for event in before}
    assert events(other_user) == others


@pytest.mark.covers("follow_timezone")
def test_a_zone_with_the_same_clock_leaves_events_untouched(owner: User) -> None:
    add(owner, WORKOUT, "Legs", date(2024, 7, 1), time(18))
    send(owner.client.table("calendar_events").insert({"title": "Party", "start_time": "2024-07-01T18:00Z"}))
    before = events(owner)
    for zone in (BERLIN, "Europe/Paris"):
        send(owner.client.table("profiles").update({"timezone": zone}).eq("id", owner.id))
        assert events(owner) == before


@pytest.mark.covers("follow_timezone", "profiles.check_timezone_on_update")
def test_an_unknown_zone_is_refused_and_moves_nothing(owner: User) -> None:
    add(owner, WORKOUT, "Legs", date(2024, 7, 1), time(18))
    before = events(owner)
    for zone in ("Berlin", "+02", "UTC+2", "CET", "posix/Europe/Berlin", ""):
        refused = refusal(owner.client.table("profiles").update({"timezone": zone}).eq("id", owner.id))
        assert refused.code == "PT422"
        assert events(owner) == before


@pytest.mark.covers("follow_timezone")
def test_the_service_role_changes_the_zone_of_many_people_at_once(
    owner: User, other_user: User, db: Database
) -> None:
    people = (owner, other_user)
    rows = [add(user, WORKOUT, "Legs", date(2024, 7, 1), time(18)) for user in people]
    ids = [user.id for user in people]
    db.execute("update profiles set timezone = 'Asia/Tokyo' where id = any (%s)", [ids])
    for user, row in zip(people, rows, strict=True):
        expected = projection("Asia/Tokyo", date(2024, 7, 1), time(18))
        assert when(event_of(user, row["id"])) == expected


@pytest.mark.covers("profiles.a_lock_calendar")
def test_other_changes_of_the_profile_leave_events_untouched(owner: User) -> None:
    add(owner, WORKOUT, "Legs", date(2024, 7, 1), time(18))
    before = events(owner)
    change = {"currency": "USD", "unit_system": "imperial", "week_starts_on": 0}
    send(owner.client.table("profiles").update(change).eq("id", owner.id))
    assert events(owner) == before
