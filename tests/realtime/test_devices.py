"""Two devices of one person, and somebody else's, in Python."""

import time
from typing import Any

from local_supabase import Instance
from local_supabase.keys import Keys
from tests.conftest import NewUser, User
from tests.realtime.devices import Device, Row, device, run

WORKOUT: Row = {"name": "Push", "date": "2026-11-27", "start_time": "18:00", "exercises": []}


async def create_workout(writer: Device) -> Row:
    answer: Any = await writer.client.rpc("create_workout", {"workout": WORKOUT}).execute()
    row: Row = answer.data
    return row


async def insert(writer: Device, table: str, row: Row) -> Row:
    answer: Any = await writer.client.table(table).insert(row).execute()
    (stored,) = answer.data
    return dict(stored)


async def stored(reader: Device, table: str, column: str, value: str) -> Row:
    answer: Any = await reader.client.table(table).select("*").eq(column, value).single().execute()
    row: Row = answer.data
    return row


def test_write_on_one_device_reaches_the_other_with_the_rows(stack: Instance, owner: User) -> None:
    async def scenario() -> None:
        async with device(stack, owner) as writer, device(stack, owner) as other:
            await other.join(f"user:{owner.id}")
            workout = await create_workout(writer)
            told = await other.messages_until("calendar:update")
            assert told == [
                ("workouts:update", {"operation": "INSERT", "table": "fitness_workouts", "rows": [workout]})
            ]

            event = await stored(writer, "calendar_events", "source_id", workout["id"])
            edit = {"start_time": "2026-11-27T19:00:00+01:00"}
            await writer.client.table("calendar_events").update(edit).eq("id", event["id"]).execute()
            moved = await other.hears("calendar:update")
            assert moved == {
                "operation": "UPDATE",
                "table": "calendar_events",
                "rows": [await stored(writer, "calendar_events", "id", event["id"])],
            }

            await writer.client.table("fitness_workouts").delete().eq("id", workout["id"]).execute()
            assert await other.hears("calendar:update") == moved | {"operation": "DELETE"}

    run(scenario)


def test_each_device_hears_its_own_writes(stack: Instance, owner: User) -> None:
    async def scenario() -> None:
        async with device(stack, owner) as writer:
            await writer.join(f"user:{owner.id}")
            row = await insert(writer, "pantry_items", {"name": "rice", "quantity": 1, "unit": "kg"})
            heard = await writer.hears("pantry:update")
            assert heard == {"operation": "INSERT", "table": "pantry_items", "rows": [row]}

    run(scenario)


def test_broadcast_of_a_device_reaches_the_owners_others(stack: Instance, owner: User) -> None:
    async def scenario() -> None:
        async with device(stack, owner) as sender, device(stack, owner) as other:
            channel = await sender.join(f"user:{owner.id}")
            await other.join(f"user:{owner.id}")
            await channel.send_broadcast("device:sign-out", {"reason": "lost"})
            assert await other.hears("device:sign-out") == {"reason": "lost"}

    run(scenario)


def test_owner_joins_the_own_topic(stack: Instance, owner: User) -> None:
    async def scenario() -> None:
        async with device(stack, owner) as own:
            await own.join(f"user:{owner.id}")
            assert (await own.next())[0] == "SUBSCRIBED"

    run(scenario)


def test_stranger_and_anon_cannot_join_the_topic(stack: Instance, owner: User, other_user: User) -> None:
    async def scenario() -> None:
        for person in (other_user, None):
            async with device(stack, person) as stranger:
                await stranger.join(f"user:{owner.id}")
                state, error = await stranger.next()
                assert state == "CHANNEL_ERROR"
                assert "Unauthorized" in error

    run(scenario)


def test_stranger_hears_and_sends_nothing_on_the_topic(
    stack: Instance, owner: User, other_user: User
) -> None:
    async def scenario() -> None:
        async with (
            device(stack, owner) as own,
            device(stack, other_user) as refused,
            device(stack, other_user) as public,
        ):
            await own.join(f"user:{owner.id}")
            await refused.join(f"user:{owner.id}")
            await refused.join(f"user:{other_user.id}")
            # The public topic of that name is another one.
            eavesdrop = await public.join(f"user:{owner.id}", private=False)
            assert (await public.next())[0] == "SUBSCRIBED"
            await public.join(f"user:{other_user.id}")
            await eavesdrop.send_broadcast("calendar:update", {"forged": True})

            await insert(own, "pantry_items", {"name": "rice", "quantity": 1, "unit": "kg"})
            assert await own.messages_until("pantry:update") == []
            # What the stranger hears first is the stranger's own, written after that.
            await insert(
                public, "expenses", {"name": "x", "amount": 1, "category": "Other", "date": "2026-11-27"}
            )
            for deaf in (refused, public):
                assert await deaf.messages_until("expenses:update") == []

    run(scenario)


def token_of(stack: Instance, user: User, seconds: int) -> str:
    """An access token as Auth would sign it, for some seconds."""
    keys = Keys.load(stack.directory / "keys.json", issuer=f"{stack.url}/auth/v1")
    now = int(time.time())
    return keys.sign({"sub": user.id, "role": "authenticated", "iat": now, "exp": now + seconds})


def test_expired_token_closes_the_channel_and_a_renewed_one_keeps_it(stack: Instance, owner: User) -> None:
    async def scenario() -> None:
        short = token_of(stack, owner, 3)
        async with (
            device(stack, owner, token=short) as sleeper,
            device(stack, owner, token=short) as renewed,
        ):
            for own in (sleeper, renewed):
                await own.join(f"user:{owner.id}")
                assert (await own.next())[0] == "SUBSCRIBED"
            await renewed.client.realtime.set_auth(owner.token)
            assert "Token has expired" in await sleeper.hears("CHANNEL_ERROR")
            await sleeper.hears("CLOSED")

            # It hears nothing of this, and is back with a new token.
            await create_workout(renewed)
            assert (await renewed.next())[0] == "workouts:update"
            assert (await renewed.next())[0] == "calendar:update"
            await sleeper.client.realtime.set_auth(owner.token)
            await sleeper.join(f"user:{owner.id}")
            assert (await sleeper.next())[0] == "SUBSCRIBED"
            await create_workout(renewed)
            await sleeper.hears("calendar:update")

    run(scenario)


def test_bulk_write_arrives_as_one_message_of_each_type(stack: Instance, owner: User) -> None:
    async def scenario() -> None:
        async with device(stack, owner) as writer, device(stack, owner) as other:
            await other.join(f"user:{owner.id}")
            rows = [
                {"activity_type": f"Run {n}", "date": "2026-11-27", "duration_minutes": 30}
                for n in range(5000)
            ]
            await writer.client.table("fitness_cardio").insert(rows, returning="minimal").execute()  # type: ignore[arg-type]
            await insert(writer, "pantry_items", {"name": "rice", "quantity": 1, "unit": "kg"})
            told = await other.messages_until("pantry:update")
            assert sorted(kind for kind, _ in told) == ["calendar:update", "workouts:update"]
            assert {data.pop("table") for _, data in told} == {"calendar_events", "fitness_cardio"}
            for _, data in told:
                assert data == {"operation": "INSERT", "ids": None, "count": 5000, "resync": True}

    run(scenario)


def test_session_goes_on_from_another_device(stack: Instance, new_user: NewUser) -> None:
    owner = new_user()

    async def scenario() -> None:
        async with device(stack, owner) as watch, device(stack, owner) as phone:
            for name, own in (("watch", watch), ("phone", phone)):
                channel = await own.join(f"user:{owner.id}", key=name)
                await channel.track({"device": name})
            for own in (watch, phone):
                await own.hears("presence", {"watch", "phone"}.__eq__)

            workout = await create_workout(watch)
            session = await insert(
                watch, "user_sessions", {"session_type": "workout", "workout_id": workout["id"]}
            )
            timer = {"session_id": session["id"], "name": "rest", "seconds": 90}
            await watch.client.rpc("set_timer", timer).execute()
            heard = await phone.hears("fitness:session:update")
            assert heard == {"operation": "INSERT", "table": "user_sessions", "rows": [session]}
            assert (await phone.hears("user:status:change"))["status"] == "working_out"
            (running,) = (await phone.hears("fitness:session:update"))["rows"]
            assert set(running["data"]["timers"][0]) == {"name", "seconds", "ends_at"}

            sessions = phone.client.table("user_sessions")
            await sessions.update({"status": "paused"}).eq("id", session["id"]).execute()
            (paused,) = (
                await watch.hears(
                    "fitness:session:update", lambda data: data["rows"][0]["status"] == "paused"
                )
            )["rows"]
            assert set(paused["data"]["timers"][0]) == {"name", "seconds", "remaining_seconds"}
            assert await watch.hears("user:status:change") == {
                "status": "paused",
                "session_type": "workout",
                "session_id": session["id"],
            }

            await phone.client.rpc("complete_session", {"session_id": session["id"]}).execute()
            (completed,) = (await watch.hears("fitness:session:update"))["rows"]
            assert (completed["status"], completed["data"].get("timers")) == ("completed", None)
            assert (await watch.hears("user:status:change"))["status"] == "idle"
            (done,) = (await watch.hears("workouts:update"))["rows"]
            assert (done["id"], done["status"]) == (workout["id"], "done")

            await phone.client.realtime.close()
            await watch.hears("presence", {"watch"}.__eq__)

    run(scenario)
