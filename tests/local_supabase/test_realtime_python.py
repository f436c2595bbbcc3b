"""realtime-py against the stack: what a device in Python does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from realtime import AsyncRealtimeChannel, AsyncRealtimeClient, RealtimeSubscribeStates
from realtime.types import PostgresChangesPayload
from realtime.types import RealtimePostgresChangesListenEvent as Event

from local_supabase import Instance
from local_supabase.keys import Keys

from .conftest import Person
from .test_realtime_channels import token_for

SECONDS = 10


class Device:
    """One client, and what it heard."""

    def __init__(self, client: AsyncRealtimeClient) -> None:
        self.client = client
        self.heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    def channel(self, topic: str, **config: Any) -> AsyncRealtimeChannel:
        standard: Any = {
            "broadcast": {"ack": False, "self": False},
            "presence": {"key": "", "enabled": False},
            "private": False,
        }
        channel = self.client.channel(topic, {"config": standard | config})
        channel.on_broadcast("*", lambda message: self.note("broadcast", message))
        channel.on_system(lambda message: self.note("system", message.message))
        return channel

    async def subscribe(self, channel: AsyncRealtimeChannel) -> RealtimeSubscribeStates:
        """Subscribes, and returns the first state; later ones are heard."""
        states: list[tuple[RealtimeSubscribeStates, str]] = []

        def changed(state: RealtimeSubscribeStates, error: Exception | None) -> None:
            states.append((state, str(error)))
            self.note(state.value, str(error))

        await channel.subscribe(changed)
        return states[0][0]

    async def join(self, topic: str, **config: Any) -> AsyncRealtimeChannel:
        channel = self.channel(topic, **config)
        assert await self.subscribe(channel) is RealtimeSubscribeStates.SUBSCRIBED
        return channel

    def changed(self, change: PostgresChangesPayload) -> None:
        self.note("change", change["data"])

    def joined(self, key: str, _current: list[Any], new: list[Any]) -> None:
        self.note("join", (key, new))

    def left(self, key: str, _current: list[Any], left: list[Any]) -> None:
        self.note("leave", (key, left))

    def note(self, kind: str, content: Any) -> None:
        self.heard.put_nowait((kind, content))

    async def hears(self, kind: str) -> Any:
        """What is heard next of a kind."""
        async with asyncio.timeout(SECONDS):
            while True:
                heard, content = await self.heard.get()
                if heard == kind:
                    return content


@asynccontextmanager
async def device(instance: Instance, person: Person | None = None, token: str = "") -> AsyncIterator[Device]:
    url = f"{instance.url}/realtime/v1"
    client = AsyncRealtimeClient(url, instance.publishable_key, auto_reconnect=False)
    if person or token:
        await client.set_auth(token or (person.token if person else None))
    try:
        yield Device(client)
    finally:
        await client.close()


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 3 * SECONDS))


def test_broadcast_reaches_another_device(live: Instance) -> None:
    async def scenario() -> None:
        async with device(live) as first, device(live) as second:
            sender = await first.join("lobby")
            await second.join("lobby")
            await sender.send_broadcast("hello", {"n": 1})
            message = await second.hears("broadcast")
            assert (message["event"], message["payload"]) == ("hello", {"n": 1})
            await sender.http_send("over http", {"n": 2})
            assert (await second.hears("broadcast"))["payload"] == {"n": 2}
            # Over HTTP nobody is left out.
            assert (await first.hears("broadcast"))["payload"] == {"n": 2}

    run(scenario)


def test_private_topic_takes_members_and_refuses_others(live: Instance, alice: Person, bob: Person) -> None:
    async def scenario() -> None:
        async with device(live, alice) as first, device(live, bob) as second, device(live) as anon:
            sender = await first.join("members", private=True, broadcast={"ack": True, "self": True})
            await second.join("members", private=True)
            await sender.send_broadcast("hello", {"n": 1})
            for member in (first, second):
                assert (await member.hears("broadcast"))["payload"] == {"n": 1}
            for stranger, topic in ((second, f"user:{alice.id}"), (anon, "members")):
                channel = stranger.channel(topic, private=True)
                assert await stranger.subscribe(channel) is RealtimeSubscribeStates.CHANNEL_ERROR
                assert "Unauthorized" in await stranger.hears("CHANNEL_ERROR")

    run(scenario)


def test_message_of_the_database_reaches_its_owner(live: Instance, alice: Person) -> None:
    async def scenario() -> None:
        async with device(live, alice) as client:
            await client.join(f"user:{alice.id}", private=True)
            await asyncio.to_thread(alice.client.table("posts").insert({"body": "told"}).execute)
            message = await client.hears("broadcast")
            assert (message["event"], message["payload"]["record"]["body"]) == ("INSERT", "told")

    run(scenario)


def test_presence_shows_devices_and_their_leaving(live: Instance) -> None:
    async def scenario() -> None:
        async with device(live) as first, device(live) as second:
            channels = {}
            for key, client in (("a", first), ("b", second)):
                channel = client.channel("here", presence={"key": key, "enabled": True})
                channel.on_presence_sync(lambda: None)
                channel.on_presence_join(client.joined)
                channel.on_presence_leave(client.left)
                await client.subscribe(channel)
                await channel.track({"device": key})
                channels[key] = channel
            for client in (first, second):
                joined = [await client.hears("join") for _ in range(2)]
                assert [(name, new[0]["device"]) for name, new in joined] == [("a", "a"), ("b", "b")]
            assert set(channels["b"].presence_state()) == {"a", "b"}
            await channels["b"].untrack()
            assert (await first.hears("leave"))[0] == "b"
            await channels["b"].track({"device": "again"})
            assert (await first.hears("join"))[1][0]["device"] == "again"
            await second.client.close()
            assert (await first.hears("leave"))[0] == "b"
            assert set(channels["a"].presence_state()) == {"a"}

    run(scenario)


def test_changes_of_rows_reach_whom_they_belong_to(live: Instance, alice: Person, bob: Person) -> None:
    async def scenario() -> None:
        async with device(live, alice) as owner, device(live, bob) as other:
            for client in (owner, other):
                channel = client.channel("rows")
                channel.on_postgres_changes(Event.All, client.changed, schema="public", table="posts")
                await client.subscribe(channel)
                assert await client.hears("system") == "Subscribed to PostgreSQL"
            posts = alice.client.table("posts")
            made = await asyncio.to_thread(posts.insert({"body": "mine"}).execute)
            assert (await owner.hears("change"))["record"] == made.data[0]
            await asyncio.to_thread(posts.delete().eq("body", "mine").execute)
            for client in (owner, other):
                change = await client.hears("change")
                assert change["type"] == Event.Delete
                assert set(change["old_record"]) == {"id"}

    run(scenario)


def test_subscription_to_an_unpublished_table_is_an_error(live: Instance) -> None:
    async def scenario() -> None:
        async with device(live) as client:
            channel = client.channel("rows")
            channel.on_postgres_changes(Event.All, lambda _: None, schema="public", table="unpublished")
            await client.subscribe(channel)
            assert "Please check Realtime is enabled" in await client.hears("CHANNEL_ERROR")

    run(scenario)


def test_expired_token_closes_the_channel(live: Instance, alice: Person, live_keys: Keys) -> None:
    async def scenario() -> None:
        async with device(live, token=token_for(alice, live_keys, seconds=2)) as client:
            await client.join("members", private=True)
            assert "Token has expired" in await client.hears("CHANNEL_ERROR")
            await client.hears("CLOSED")

    run(scenario)


def test_renewed_token_keeps_the_channel(live: Instance, alice: Person, live_keys: Keys) -> None:
    async def scenario() -> None:
        async with device(live, token=token_for(alice, live_keys, seconds=2)) as client:
            channel = await client.join("members", private=True, broadcast={"ack": True, "self": True})
            await client.client.set_auth(alice.token)
            async with device(live, token=token_for(alice, live_keys, seconds=2)) as witness:
                await witness.join("members", private=True)
                await witness.hears("CLOSED")
            await channel.send_broadcast("still here", {"n": 1})
            assert (await client.hears("broadcast"))["event"] == "still here"

    run(scenario)


def test_leaving_closes_the_channel(live: Instance) -> None:
    async def scenario() -> None:
        async with device(live) as client:
            channel = await client.join("lobby")
            await channel.unsubscribe()
            await client.hears("CLOSED")

    run(scenario)
