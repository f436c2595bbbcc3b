"""A person's devices in Python: realtime-py through supabase-py's asynchronous client."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
from realtime import AsyncRealtimeChannel, RealtimeSubscribeStates
from supabase import AsyncClient, AsyncClientOptions, acreate_client

from local_supabase import Instance
from tests.conftest import PASSWORD, User

SECONDS = 20
Row = dict[str, Any]
STATES = {state.value for state in RealtimeSubscribeStates}


class Device:
    """One client, and what it heard, in order."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self.heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    async def join(self, topic: str, *, private: bool = True, key: str = "") -> AsyncRealtimeChannel:
        """Subscribes; the state is heard like everything else."""
        config: Any = {
            "private": private,
            "broadcast": {"ack": False, "self": False},
            "presence": {"key": key, "enabled": bool(key)},
        }
        channel = self.client.channel(topic, {"config": config})
        channel.on_broadcast("*", self._broadcast)
        if key:
            channel.on_presence_sync(lambda: self._note("presence", set(channel.presence_state())))
        await channel.subscribe(lambda state, error: self._note(state.value, str(error)))
        return channel

    async def next(self) -> tuple[str, Any]:
        """What is heard next."""
        async with asyncio.timeout(SECONDS):
            return await self.heard.get()

    async def hears(self, kind: str, wanted: Callable[[Any], object] = lambda _: True) -> Any:
        """The next of a kind that is wanted: a type's data, a state's error, the devices that are present."""
        while True:
            heard, content = await self.next()
            if heard == kind and wanted(content):
                return content

    async def messages_until(self, kind: str) -> list[tuple[str, Any]]:
        """The messages heard before the next of a kind, which is left out."""
        messages = []
        while (message := await self.next())[0] != kind:
            messages.append(message)
        return [(heard, data) for heard, data in messages if heard not in STATES | {"presence"}]

    def _broadcast(self, message: Any) -> None:
        payload = message["payload"]
        # The devices' own broadcasts have no type.
        self._note(message["event"], payload["data"] if "type" in payload else payload)

    def _note(self, kind: str, content: Any) -> None:
        self.heard.put_nowait((kind, content))


@asynccontextmanager
async def device(stack: Instance, user: User | None, *, token: str | None = None) -> AsyncIterator[Device]:
    """A device of somebody, or of nobody; `token` is for Realtime instead of the session's own."""
    async with httpx.AsyncClient(verify=False) as http:
        options = AsyncClientOptions(
            auto_refresh_token=False,
            persist_session=False,
            httpx_client=http,
            realtime={"auto_reconnect": False},
        )
        client = await acreate_client(stack.url, stack.publishable_key, options)
        if user is not None:
            answer = await client.auth.sign_in_with_password({"email": user.email, "password": PASSWORD})
            assert answer.session is not None
            # The library does the same in a task of its own, which must come first.
            await asyncio.sleep(0)
            await client.realtime.set_auth(token or answer.session.access_token)
        try:
            yield Device(client)
        finally:
            await client.realtime.close()


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs a scenario to its end."""
    asyncio.run(asyncio.wait_for(scenario(), 3 * SECONDS))
