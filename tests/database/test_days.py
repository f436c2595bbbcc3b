"""day_summary: what a dashboard shows of a day, in one request."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from local_supabase import Instance
from tests.conftest import NewUser, User
from tests.database.data_api import DataApi, the_row
from tests.database.receipts import abandon
from tests.database.tables import TABLES, Row, read, stored

DAY = "2026-11-24"


@pytest.fixture
def owner(new_user: NewUser) -> User:
    return new_user(timezone="Europe/Berlin", currency="EUR")


def summary(data_api: DataApi, by: User, **arguments: Any) -> Row:
    answer = data_api.post("rpc/day_summary", arguments, by=by)
    assert answer.is_success, answer.text
    found: Row = answer.json()
    return found


def test_a_day_without_anything_has_empty_lists(data_api: DataApi, owner: User) -> None:
    assert summary(data_api, owner, day=DAY) == {
        "date": DAY,
        "events": [],
        "sessions": [],
        "expiring": [],
        "spent": [],
        "receipts": [],
    }


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_today_is_the_owners(data_api: DataApi, new_user: NewUser, zone: str) -> None:
    before = datetime.now(UTC)
    found = date.fromisoformat(summary(data_api, new_user(timezone=zone))["date"])
    after = datetime.now(UTC)
    assert before.astimezone(ZoneInfo(zone)).date() <= found <= after.astimezone(ZoneInfo(zone)).date()


def test_events_are_those_that_touch_the_day_by_start(data_api: DataApi, owner: User) -> None:
    def event(title: str, **columns: Any) -> Row:
        return the_row(data_api.post("calendar_events", {"title": title} | columns, by=owner))

    # A year and a day, which is the longest that an event may be.
    longest = event("Year off", all_day=True, local_date="2025-11-23", local_end_date=DAY)
    overnight = event(
        "Night train", start_time="2026-11-23T22:00:00+01:00", end_time="2026-11-24T06:00:00+01:00"
    )
    last = event("Last minute", start_time="2026-11-24T23:59:00+01:00")
    event("Until midnight", start_time="2026-11-23T23:00:00+01:00", end_time="2026-11-24T00:00:00+01:00")
    event("Day before", all_day=True, local_date="2026-11-23")
    event("Next day", start_time="2026-11-25T00:00:00+01:00")
    run = {"activity_type": "Run", "date": DAY, "start_time": "07:00"}
    run = the_row(data_api.post("fitness_cardio", run, by=owner))
    events = summary(data_api, owner, day=DAY)["events"]
    assert [found["title"] for found in events] == ["Year off", "Night train", "Run", "Last minute"]
    assert [events[0], events[1], events[3]] == [longest, overnight, last]
    assert events[2]["source_id"] == run["id"]


def test_sessions_are_the_open_ones(data_api: DataApi, owner: User) -> None:
    done = stored("user_sessions", owner)
    data_api.patch(f"user_sessions?id=eq.{done['id']}", {"status": "completed"}, by=owner)
    session = {"session_type": "cooking", "status": "active"}
    cooking = the_row(data_api.post("user_sessions", session, by=owner))
    assert summary(data_api, owner, day=DAY)["sessions"] == [cooking]


def test_what_is_left_and_expires_within_three_days_or_has_expired_is_told(
    data_api: DataApi, owner: User
) -> None:
    def lot(name: str, expiry_date: str | None, quantity: int = 1) -> Row:
        row = {"name": name, "quantity": quantity, "unit": "piece", "expiry_date": expiry_date}
        return the_row(data_api.post("pantry_items", row, by=owner))

    within, past = lot("eggs", "2026-11-27"), lot("cream", "2026-11-20")
    lot("feta", "2026-11-28")
    lot("milk", "2026-11-24", quantity=0)
    lot("rice", None)
    assert summary(data_api, owner, day=DAY)["expiring"] == [past, within]


def test_spending_is_summed_by_currency_to_the_cent_and_refunds_are_taken_off(
    data_api: DataApi, owner: User
) -> None:
    for day, amount, currency, kind in (
        (DAY, "0.10", "EUR", "expense"),
        (DAY, "0.20", "EUR", "expense"),
        ("2026-11-01", "5.00", "EUR", "expense"),
        ("2026-11-02", "1.30", "EUR", "refund"),
        ("2026-10-31", "99", "EUR", "expense"),
        ("2026-11-25", "99", "EUR", "expense"),
        ("2026-11-03", "700", "JPY", "expense"),
    ):
        row = {"name": "Tea", "category": "Food", "date": day, "amount": amount}
        data_api.post("expenses", row | {"currency": currency, "kind": kind}, by=owner).raise_for_status()
    assert summary(data_api, owner, day=DAY)["spent"] == [
        {"currency": "EUR", "day": "0.30", "month": "4.00"},
        {"currency": "JPY", "day": "0", "month": "700"},
    ]


def test_receipts_are_those_to_be_looked_at(stack: Instance, data_api: DataApi, owner: User) -> None:
    confirmed = stored("receipts", owner)
    ready = {"store": "Biomarkt", "amount": 5, "date": DAY}
    data_api.patch(f"receipts?id=eq.{confirmed['id']}", ready, by=owner).raise_for_status()
    data_api.post("rpc/confirm_receipt", {"receipt_id": confirmed["id"]}, by=owner).raise_for_status()
    image = {"sha256": "a" * 64, "path": f"{owner.id}/{'a' * 64}.jpg"}
    abandon(stack, data_api.post("rpc/start_receipt", {"image": image}, by=owner).json()["receipt"])
    draft = stored("receipts", owner)
    first, second = summary(data_api, owner, day=DAY)["receipts"]
    expected = read("receipts", owner, draft["id"]) | {"effective_status": "draft"}
    del expected["extraction"]
    assert first == expected
    assert (second["status"], second["effective_status"]) == ("processing", "failed")


def test_other_user_sees_nothing_of_the_owners_day(data_api: DataApi, new_user: NewUser, owner: User) -> None:
    for table in ("calendar_events", "user_sessions", "expenses", "receipts"):
        stored(table, owner)
    lot = TABLES["pantry_items"].row | {"expiry_date": DAY}
    data_api.post("pantry_items", lot, by=owner).raise_for_status()
    days = {
        event["local_date"] for event in data_api.get("calendar_events?select=local_date", by=owner).json()
    }
    assert days
    other_user = new_user()
    for day in days:
        assert summary(data_api, owner, day=day)["events"]
        seen = summary(data_api, other_user, day=day)
        assert not any(value for key, value in seen.items() if key != "date")


def test_nobody_cannot_ask(data_api: DataApi) -> None:
    answer = data_api.post("rpc/day_summary", {}, by=None)
    assert (answer.status_code, answer.json()["code"]) == (401, "42501")
