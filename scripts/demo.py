"""Life OS's main job, end to end, through the public interfaces: Auth, the Data API and the Flask service.

One line per step, with what came back. Every step is checked: the first one that isn't as it should be ends
the demo with exit status 1.
"""

import asyncio
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
from postgrest import APIError
from realtime import AsyncRealtimeClient
from supabase import AuthError, Client, ClientOptions, create_client

from local_supabase import Instance, LocalSupabaseError, push, running
from receipt_photo import ITEMS, photo
from service import ROOT, running_service

DATA = ROOT / ".local" / "demo"
SECONDS = 10
"""How long a message of Realtime may take."""
Row = dict[str, Any]

RECIPE: Row = {
    "name": "Miso aubergine",
    "prep_time": 10,
    "cook_time": 25,
    "servings": 2,
    "instructions": ["Score and roast the aubergines.", "Glaze with miso and honey, grill."],
    "ingredients": [
        {"food_item_name": "aubergines", "quantity": 2, "unit": "piece"},
        {"food_item_name": "miso paste", "quantity": 40, "unit": "g"},
    ],
}
WORKOUT: Row = {
    "name": "Push",
    "start_time": "07:00",
    "duration_minutes": 50,
    "exercises": [{"name": "Bench press", "sets": [{"reps": 8, "weight_kg": 60}] * 3}],
}


class DemoError(Exception):
    """A step didn't come out as it should."""


def step(what: str, came_back: str) -> None:
    """Tells one step."""
    print(f"  {what:<58} {came_back}", flush=True)


def check(holds: object, otherwise: object) -> None:
    """Ends the demo unless a step came out right."""
    if not holds:
        raise DemoError(f"Not as it should be: {otherwise}")


def client(supabase: Instance) -> Client:
    """A supabase-py client that nobody signed in to yet."""
    options = ClientOptions(auto_refresh_token=False, persist_session=False)
    return create_client(supabase.url, supabase.publishable_key, options)


def refusal(request: Any) -> APIError:
    """The error that a request which must be refused is answered with."""
    try:
        answer = request.execute()
    except APIError as error:
        return error
    raise DemoError(f"This should have been refused: {answer.data}")


def data_of(request: Any) -> Any:
    """What the Data API answers to a request that must succeed."""
    return request.execute().data


def events_of(person: Client, day: date) -> list[Row]:
    """A day in the calendar."""
    query = person.table("calendar_events").select("*").eq("local_date", day.isoformat())
    return list(data_of(query.order("start_time")))


def wall_time(event: Row, zone: str) -> str:
    """When an event starts, as its owner's clock shows it."""
    return f"{datetime.fromisoformat(event['start_time']).astimezone(ZoneInfo(zone)):%a %H:%M}"


def sign_in(supabase: Instance) -> tuple[Client, Row, str]:
    """The demo user, with the profile and access token."""
    person = client(supabase)
    session = person.auth.sign_in_with_password(
        {"email": "demo@example.com", "password": "life-os-demo"}
    ).session
    if session is None:
        raise DemoError("No session.")
    profile: Row = data_of(person.table("profiles").select("*").single())
    step("Sign in", f"{profile['first_name']}, {profile['timezone']}, {profile['currency']}")
    return person, profile, session.access_token


def plan_a_day(person: Client, zone: str) -> tuple[Row, Row, date]:
    """A meal and a workout through the Data API, both found in the calendar."""
    day = datetime.now(ZoneInfo(zone)).date() + timedelta(days=10)
    plan = {"date": day.isoformat(), "time": "19:00"}
    meal: Row = data_of(person.rpc("create_meal", {"meal": RECIPE, "plan": plan}))
    step("Create a recipe and plan it (RPC create_meal)", f"{meal['name']}, {day}, 19:00")
    workout: Row = data_of(person.rpc("create_workout", {"workout": WORKOUT | {"date": day.isoformat()}}))
    step("Plan a workout (RPC create_workout)", f"{workout['name']}, 07:00, 50 minutes")

    events = events_of(person, day)
    shown = [(e["title"], e["source"], wall_time(e, zone)[-5:]) for e in events]
    check(shown == [("Push", "workout", "07:00"), ("Miso aubergine", "meal", "19:00")], shown)
    step("Read the day from the calendar", "; ".join(f"{time} {title}" for title, _, time in shown))
    return meal, workout, day


@contextmanager
def second_device(supabase: Instance, token: str, user_id: str) -> Iterator[queue.Queue[Row]]:
    """A device of the same person, elsewhere; gives what it hears."""
    heard: queue.Queue[Row] = queue.Queue()
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    done = asyncio.Event()

    async def listen() -> None:
        phone = AsyncRealtimeClient(f"{supabase.url}/realtime/v1", supabase.publishable_key)
        await phone.set_auth(token)
        config: Any = {"private": True, "broadcast": {"ack": False, "self": False}}
        channel = phone.channel(f"user:{user_id}", {"config": config})
        channel.on_broadcast("*", lambda message: heard.put(message["payload"]))
        await channel.subscribe(lambda state, _: ready.set() if state.value == "SUBSCRIBED" else None)
        await done.wait()
        await phone.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(listen()), daemon=True)
    thread.start()
    check(ready.wait(SECONDS), "The second device couldn't subscribe.")
    try:
        yield heard
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(SECONDS)
        loop.close()


def hear(heard: queue.Queue[Row], kind: str, **wanted: str) -> tuple[str, Row]:
    """What the second device was told, without asking, of a row that has these values: operation and row."""
    while True:
        try:
            message = heard.get(timeout=SECONDS)
        except queue.Empty:
            raise DemoError(f"The second device heard no {kind} with {wanted}.") from None
        for row in message["data"].get("rows", []) if message["type"] == kind else []:
            if wanted.items() <= row.items():
                return message["data"]["operation"], row


def change_the_plan(person: Client, zone: str, meal: Row, workout: Row, day: date) -> None:
    """The calendar follows its sources."""
    person.table("fitness_workouts").update({"start_time": "18:00"}).eq("id", workout["id"]).execute()
    person.table("meals").update({"name": "Nasu dengaku", "cook_time": 50}).eq("id", meal["id"]).execute()
    push_day, dinner = events_of(person, day)
    minutes = datetime.fromisoformat(dinner["end_time"]) - datetime.fromisoformat(dinner["start_time"])
    check(wall_time(push_day, zone).endswith("18:00"), push_day)
    check((dinner["title"], minutes) == ("Nasu dengaku", timedelta(hours=1)), dinner)
    step("Move the workout, rename the recipe, cook longer", "both events followed")

    person.table("profiles").update({"timezone": "Asia/Kathmandu"}).eq("timezone", zone).execute()
    times = [wall_time(e, "Asia/Kathmandu")[-5:] for e in events_of(person, day)]
    check(times == ["18:00", "19:00"], times)
    person.table("profiles").update({"timezone": zone}).eq("timezone", "Asia/Kathmandu").execute()
    step("Move to Kathmandu (+05:45) and back", "the plans keep their wall time")

    start = datetime.fromisoformat(push_day["start_time"]) - timedelta(minutes=30)
    calendar = person.table("calendar_events")
    (dragged,) = data_of(calendar.update({"start_time": start.isoformat()}).eq("id", push_day["id"]))
    (source,) = data_of(person.table("fitness_workouts").select("*").eq("id", workout["id"]))
    check(dragged in events_of(person, day), dragged)
    check((source["start_time"], source["duration_minutes"]) == ("17:30:00", 50), source)
    step("Drag the workout to 17:30 in the calendar", "the workout followed: 17:30, 50 minutes")
    error = refusal(calendar.update({"title": "x"}).eq("id", dinner["id"]))
    check(error.code == "PT409", error)
    step("Rename the meal in the calendar", f"refused: {error.message}")
    person.table("fitness_workouts").delete().eq("id", workout["id"]).execute()
    check([e["source"] for e in events_of(person, day)] == ["meal"], events_of(person, day))
    step("Delete the workout", "its event went with it")


def refuse_nonsense(person: Client, supabase: Instance) -> None:
    """Bad input changes nothing, and other people see nothing."""
    before = data_of(person.table("meals").select("*"))
    bad = {"name": "Half a soup", "ingredients": [{"food_item_name": "water", "quantity": -1, "unit": "l"}]}
    error = refusal(person.rpc("create_meal", {"meal": bad}))
    after = data_of(person.table("meals").select("*"))
    check(error.code == "PT422" and before == after, error)
    step("Send a recipe with a negative quantity", f"refused, nothing saved: {error.message}")

    stranger = client(supabase)
    stranger.auth.sign_up({"email": f"{uuid4().hex}@example.com", "password": "another-long-password"})
    seen = [data_of(stranger.table(t).select("id")) for t in ("meals", "calendar_events", "expenses")]
    check(seen == [[], [], []], seen)
    error = refusal(client(supabase).table("calendar_events").select("id"))
    check(error.code == "42501", error)
    step("Look at it as a stranger, and as nobody", f"no rows; {error.message}")


def photograph_a_receipt(
    person: Client, service_url: str, token: str, zone: str, heard: queue.Queue[Row]
) -> None:
    """A photo becomes a draft, the draft two expenses and a lot in the pantry."""
    url, headers = f"{service_url}/api/finances/receipts", {"Authorization": f"Bearer {token}"}
    day = datetime.now(ZoneInfo(zone)).date() - timedelta(days=1)
    picture = photo(day)
    answer = httpx.post(url, files={"file": picture}, headers=headers, timeout=60)
    check(answer.status_code == 201, answer.text)
    data = answer.json()["data"]
    receipt, total = data["receipt"], data["extraction"]["total"]["value"]
    check((total, receipt["date"], receipt["currency"]) == ("9.49", day.isoformat(), "EUR"), data)
    check(len(data["lines"]) == len(ITEMS), data["lines"])
    read = f"{receipt['store']}, {receipt['date']}, {total} {receipt['currency']}, {len(data['lines'])} lines"
    step("Send a photo of a receipt", f"read by {data['source']}: {read}")
    for status in ("processing", "draft"):
        hear(heard, "receipts:update", id=receipt["id"], status=status)
    step("The second device follows", "receipts:update: processing, draft")
    again = httpx.post(url, files={"file": picture}, headers=headers, timeout=60)
    check((again.status_code, again.json()["data"]["receipt"]["id"]) == (200, receipt["id"]), again.text)
    step("Send the same photo again", again.json()["message"])

    milk = data["lines"][0]
    confirmation = {
        "receipt_id": receipt["id"],
        "split": [
            {"name": "Food", "category": "Groceries", "amount": "7.54"},
            {"name": "Washing-up liquid", "category": "Household", "amount": "1.95"},
        ],
        "restock": [{"line_id": milk["id"], "name": "milk", "quantity": 1, "unit": "l"}],
    }
    confirmed = data_of(person.rpc("confirm_receipt", confirmation))
    expenses = {row["id"]: f"{row['category']} {row['amount']}" for row in confirmed["expenses"]}
    check((len(expenses), confirmed["pantry_items"][0]["name"]) == (2, "milk"), confirmed)
    step(
        "Confirm it, split, and restock (RPC confirm_receipt)", f"{', '.join(expenses.values())}; 1 l of milk"
    )
    found = [event for event in events_of(person, day) if event["source_id"] in expenses]
    check(len(found) == 2 and all(event["all_day"] for event in found), found)
    step("Find it in the calendar", f"{day}: {'; '.join(event['title'] for event in found)}")


def suggest(service_url: str, token: str) -> None:
    """Meal suggestions from the Flask service, as the user."""
    url = f"{service_url}/api/ai/meal-suggestions"
    refused = httpx.post(url, json={"count": 3})
    check((refused.status_code, refused.json()["error"]) == (401, "Authentication required"), refused.text)
    step("Ask for meal suggestions without a token", f"401 {refused.json()['error']}")
    answer = httpx.post(url, json={"count": 3}, headers={"Authorization": f"Bearer {token}"}, timeout=60)
    check(answer.status_code == 200, answer.text)
    data = answer.json()["data"]
    check(len(data["suggestions"]) == 3, data)
    check(any(s["uses_expiring"] for s in data["suggestions"]), data)
    step("Ask with the user's token", f"{len(data['suggestions'])} suggestions from the {data['source']}")
    for suggestion in data["suggestions"]:
        step(f"    {suggestion['meal']['name']}", suggestion["reason"])


def main() -> int:
    """Runs the demo; returns the exit status."""
    print("Life OS, end to end:")
    try:
        with running(DATA, fresh=True) as supabase:
            push(supabase)
            step("Start PostgreSQL, PostgREST, Auth, Storage; migrate; seed", supabase.url)
            with running_service(supabase.url, supabase.publishable_key, DATA / "service.log") as (url, _):
                step("Start the Flask service", url)
                person, profile, token = sign_in(supabase)
                zone = profile["timezone"]
                with second_device(supabase, token, profile["id"]) as heard:
                    meal, workout, day = plan_a_day(person, zone)
                    operation, event = hear(heard, "calendar:update", source_id=workout["id"])
                    step("A second device hears of it", f"calendar:update: {operation} {event['title']}")
                    photograph_a_receipt(person, url, token, zone, heard)
                change_the_plan(person, zone, meal, workout, day)
                refuse_nonsense(person, supabase)
                suggest(url, token)
    except (DemoError, LocalSupabaseError, APIError, AuthError, httpx.HTTPError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print("Every step was checked.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
