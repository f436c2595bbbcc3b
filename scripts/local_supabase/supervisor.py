"""Runs one instance: PostgreSQL and PostgREST as children, gateway and services in this process."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from local_supabase import postgres, postgrest
from local_supabase.auth.part import Auth
from local_supabase.config import load_config
from local_supabase.errors import StartError
from local_supabase.gateway import Part, make_gateway
from local_supabase.instance import LOCK_FILE, STACK_FILE, Instance
from local_supabase.keys import Keys
from local_supabase.processes import Child
from local_supabase.realtime.part import Realtime
from local_supabase.rest import Rest
from local_supabase.storage.part import Storage

_DATA = ("pg", "pg.new", "objects")
_WATCH_SECONDS = 0.5
_LOCK_SECONDS = 0.5


@dataclass(frozen=True)
class Options:
    """How to run an instance. A port that is None, or taken, gives way to any free one.

    `fresh` forgets database and files of an earlier run; the keys stay, so that clients' settings stay valid.
    `until_eof` also stops it when standard input ends, which it does when the process that started it dies.
    """

    directory: Path
    port: int | None
    database_port: int | None = None
    fresh: bool = False
    until_eof: bool = False


async def supervise(options: Options, when_ready: Callable[[Instance], Awaitable[None]]) -> None:
    """Runs until a signal (SIGINT, SIGTERM, SIGHUP), or until a program of it ends.

    `when_ready` is called once everything answers. Raises LocalSupabaseError, StartError among them.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    if options.until_eof:
        _watch_standard_input(loop, stop)
    async with _instance(options) as (instance, children):
        ready = asyncio.ensure_future(when_ready(instance))
        while not stop.is_set():
            if ready.done():
                # Raises what it raised.
                ready.result()
            for child in children:
                if child.exited():
                    raise StartError(f"{child.name} ended by itself:\n{child.log_tail()}")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _WATCH_SECONDS)
        ready.cancel()
        with suppress(asyncio.CancelledError):
            await ready


@asynccontextmanager
async def _instance(options: Options) -> AsyncIterator[tuple[Instance, list[Child]]]:
    """Starts every program in order, and stops them in the opposite one."""
    directory = options.directory
    directory.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as cleanup:
        _lock(directory, cleanup)
        # PostgREST's socket is named relative to it.
        os.chdir(directory)
        if options.fresh:
            for name in _DATA:
                shutil.rmtree(directory / name, ignore_errors=True)
        config = load_config()
        listener = postgres.listen(options.port)
        cleanup.callback(listener.close)
        port: int = listener.getsockname()[1]
        url = f"http://{postgres.HOST}:{port}"
        keys = Keys.load(directory / "keys.json", issuer=f"{url}/auth/v1")

        server = postgres.start(directory, preferred_port=options.database_port)
        cleanup.callback(server.child.stop)
        rest_child = postgrest.start(
            directory, database_url=server.url("authenticator"), public_url=url, keys=keys, config=config.api
        )
        cleanup.callback(rest_child.stop)

        realtime = Realtime(keys, server.url(postgres.SUPERUSER))
        parts: list[Part] = [
            Rest(keys),
            Auth(keys, server.url("supabase_auth_admin"), config.auth),
            Storage(keys, server.url("supabase_storage_admin"), directory / "objects", config.storage),
            realtime,
        ]
        runner = web.AppRunner(make_gateway(keys, parts), access_log=None, shutdown_timeout=1)
        cleanup.push_async_callback(runner.cleanup)
        cleanup.push_async_callback(realtime.say_goodbye)
        await runner.setup()
        await postgrest.wait_until_ready(rest_child)
        await web.SockSite(runner, listener).start()

        instance = Instance(
            url=url,
            publishable_key=keys.publishable_key,
            secret_key=keys.secret_key,
            anon_key=keys.anon_key,
            service_role_key=keys.service_role_key,
            jwt_secret=keys.jwt_secret,
            db_url=server.url("postgres"),
            admin_db_url=server.url(postgres.SUPERUSER),
            directory=directory,
            pid=os.getpid(),
        )
        cleanup.callback((directory / STACK_FILE).unlink, missing_ok=True)
        instance.publish()
        yield instance, [server.child, rest_child]


def _lock(directory: Path, cleanup: AsyncExitStack) -> None:
    """Two supervisors would fight over the data; the kernel drops the lock however this one ends."""
    file = cleanup.enter_context((directory / LOCK_FILE).open("w"))
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            # Whoever looks for an instance holds the lock for a moment.
            if time.monotonic() > deadline:
                raise StartError(f"An instance already runs in {directory}.") from error
            time.sleep(0.02)
        else:
            return


def _watch_standard_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    def readable() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            stop.set()

    loop.add_reader(sys.stdin.fileno(), readable)
