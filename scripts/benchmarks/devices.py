"""A person's devices: websockets on the person's topic, in a process of their own."""

import asyncio
import json
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, Literal

import aiohttp
import httpx

from local_supabase import Instance

Kind = Literal["broadcast", "postgres_changes"]
SECONDS = 60


class Account:
    """A signed-up person."""

    def __init__(self, instance: Instance, email: str) -> None:
        answer = httpx.post(
            f"{instance.url}/auth/v1/signup",
            headers={"apikey": instance.publishable_key},
            json={"email": email, "password": "correct horse battery"},
        )
        session = answer.raise_for_status().json()
        self.id: str = session["user"]["id"]
        self.token: str = session["access_token"]


class Devices:
    """Devices that are subscribed, and wait for a number of messages."""

    def __init__(self, results: Connection) -> None:
        self._results = results

    def heard(self) -> list[float]:
        """When the last of the devices had each message (time.monotonic()), once all have them all."""
        times = self._next()
        assert isinstance(times, list)
        return times

    def _next(self) -> object:
        if not self._results.poll(SECONDS):
            raise TimeoutError("The devices heard less than they should have.")
        result = self._results.recv()
        if isinstance(result, str):
            raise ConnectionError(result)
        return result


@contextmanager
def devices(
    instance: Instance, account: Account, count: int, messages: int, kind: Kind = "broadcast"
) -> Iterator[Devices]:
    """So many devices of one person, which wait for so many messages each; all are subscribed."""
    results, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(
        target=_run, args=(theirs, instance, account, count, messages, kind), daemon=True
    )
    process.start()
    try:
        group = Devices(results)
        group._next()
        yield group
    finally:
        process.terminate()
        process.join()


def _run(results: Connection, *arguments: Any) -> None:
    try:
        asyncio.run(_listen(results, *arguments))
    except Exception as error:
        # Whatever it is, the other process has to know.
        results.send(f"{type(error).__name__}: {error}")


async def _listen(
    results: Connection, instance: Instance, account: Account, count: int, messages: int, kind: Kind
) -> None:
    arrived, times = [0] * messages, [0.0] * messages
    url = f"{instance.url.replace('http', 'ws', 1)}/realtime/v1/websocket"

    async def hear(websocket: aiohttp.ClientWebSocketResponse) -> None:
        for number in range(messages):
            while f'"{kind}"' not in await websocket.receive_str():
                pass
            arrived[number] += 1
            if arrived[number] == count:
                times[number] = time.monotonic()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        query = {"apikey": instance.publishable_key, "vsn": "1.0.0"}
        websockets = [await http.ws_connect(url, params=query, max_msg_size=0) for _ in range(count)]
        for websocket in websockets:
            await _subscribe(websocket, account, kind)
        results.send(True)
        await asyncio.gather(*map(hear, websockets))
        results.send(times)


async def _subscribe(websocket: aiohttp.ClientWebSocketResponse, account: Account, kind: Kind) -> None:
    changes = [{"event": "*", "schema": "public", "table": "pantry_items"}]
    config = {
        "private": True,
        "broadcast": {"ack": False, "self": False},
        "presence": {"key": "", "enabled": False},
        "postgres_changes": changes if kind == "postgres_changes" else [],
    }
    await websocket.send_json(
        {
            "topic": f"realtime:user:{account.id}",
            "event": "phx_join",
            "payload": {"config": config, "access_token": account.token},
            "ref": "1",
            "join_ref": "1",
        }
    )
    reply = json.loads(await websocket.receive_str(timeout=SECONDS))["payload"]
    if reply["status"] != "ok":
        raise ConnectionError(f"The topic wasn't joined: {reply}")
    while kind == "postgres_changes":
        message = json.loads(await websocket.receive_str(timeout=SECONDS))
        if message["event"] == "system":
            return
