"""An instance with a small schema of its own: these tests are about the stack, not about the product."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
import psycopg
import pytest
from aiohttp import web
from postgrest import APIResponse
from psycopg.rows import DictRow, dict_row
from supabase import Client, ClientOptions, create_client

from local_supabase import Instance, running, wait_for_schema
from local_supabase.auth.part import Auth
from local_supabase.config import AuthConfig
from local_supabase.gateway import make_gateway
from local_supabase.keys import Keys

PASSWORD = "correct horse"
SCHEMA = Path(__file__).parent / "schema.sql"
REALTIME_SCHEMA = Path(__file__).parent / "realtime_schema.sql"


@dataclass(frozen=True)
class Person:
    """A signed-in account and its client."""

    id: str
    email: str
    token: str
    refresh_token: str
    client: Client


def new_email() -> str:
    return f"{uuid4().hex}@example.com"


def client_for(instance: Instance, key: str) -> Client:
    return create_client(instance.url, key, ClientOptions(auto_refresh_token=False, persist_session=False))


def rows_of(answer: APIResponse) -> list[dict[str, Any]]:
    """The rows of a Data API answer, which its type leaves open."""
    assert isinstance(answer.data, list)
    return cast(list[dict[str, Any]], answer.data)


def sign_up(instance: Instance) -> Person:
    client, email = client_for(instance, instance.publishable_key), new_email()
    answer = client.auth.sign_up({"email": email, "password": PASSWORD})
    assert answer.user is not None
    assert answer.session is not None
    session = answer.session
    return Person(answer.user.id, email, session.access_token, session.refresh_token, client)


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A running instance; its schema was applied as the role `postgres`, like a migration."""
    with running(tmp_path_factory.mktemp("platform")) as instance:
        with psycopg.connect(instance.db_url) as connection:
            connection.execute(SCHEMA.read_bytes())
        wait_for_schema(instance)
        yield instance


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A running instance for the tests of Realtime, which cut its streams."""
    with running(tmp_path_factory.mktemp("live")) as instance:
        with psycopg.connect(instance.db_url) as connection:
            connection.execute(SCHEMA.read_bytes())
            connection.execute(REALTIME_SCHEMA.read_bytes())
        wait_for_schema(instance)
        yield instance


@pytest.fixture(scope="session")
def alice(live: Instance) -> Person:
    """Somebody on the instance of Realtime's tests."""
    return sign_up(live)


@pytest.fixture(scope="session")
def bob(live: Instance) -> Person:
    """Somebody else there."""
    return sign_up(live)


@pytest.fixture(scope="session")
def live_keys(live: Instance) -> Keys:
    """The keys of that instance, to sign tokens as it would."""
    return Keys.load(live.directory / "keys.json", issuer=f"{live.url}/auth/v1")


@pytest.fixture(scope="session")
def live_db(live: Instance) -> Iterator[psycopg.Connection[DictRow]]:
    """Its database as the superuser; every statement commits."""
    with psycopg.connect(live.admin_db_url, autocommit=True, row_factory=dict_row) as connection:
        yield connection


@pytest.fixture
def http(platform: Instance) -> Iterator[httpx.Client]:
    """Plain HTTP with the publishable key, for what client libraries hide."""
    with httpx.Client(base_url=platform.url, headers={"apikey": platform.publishable_key}) as client:
        yield client


@pytest.fixture
def owner(platform: Instance) -> Person:
    return sign_up(platform)


@pytest.fixture
def other_user(platform: Instance) -> Person:
    return sign_up(platform)


@pytest.fixture
def anon(platform: Instance) -> Client:
    """A client that nobody has signed in to yet."""
    return client_for(platform, platform.publishable_key)


@pytest.fixture
def admin(platform: Instance) -> Client:
    return client_for(platform, platform.secret_key)


@pytest.fixture(scope="session")
def keys(platform: Instance) -> Keys:
    """The instance's own keys, to sign tokens as it would."""
    return Keys.load(platform.directory / "keys.json", issuer=f"{platform.url}/auth/v1")


@pytest.fixture
def postgres(platform: Instance) -> Iterator[psycopg.Connection[DictRow]]:
    """The database as migrations see it; what a test does is rolled back."""
    with psycopg.connect(platform.db_url, row_factory=dict_row) as connection:
        yield connection
        connection.rollback()


AuthWith = Callable[[AuthConfig], str]


@pytest.fixture
def auth_with(platform: Instance, keys: Keys) -> Iterator[AuthWith]:
    """A second Auth on the same database, with other settings; gives its address."""
    with _event_loop() as run:
        runners: list[web.AppRunner] = []
        database_url = platform.db_url.replace("//postgres:", "//supabase_auth_admin:")

        async def serve(config: AuthConfig) -> str:
            runner = web.AppRunner(make_gateway(keys, [Auth(keys, database_url, config)]))
            runners.append(runner)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            host, port = runner.addresses[0][:2]
            return f"http://{host}:{port}"

        async def stop() -> None:
            for runner in runners:
                await runner.cleanup()

        yield lambda config: run(serve(config))
        run(stop())


@contextmanager
def _event_loop() -> Iterator[Callable[..., str]]:
    """An event loop in a thread of its own, so that tests may stay synchronous."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
