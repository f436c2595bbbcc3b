"""What every test starts from: a local Supabase with migrations and seed, and people on it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg.rows import DictRow, dict_row
from supabase import Client, ClientOptions, create_client

from local_supabase import Instance, push, running

ROOT = Path(__file__).parent.parent
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class User:
    """A signed-in account with its own Data API client."""

    id: str
    email: str
    token: str
    client: Client


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A local Supabase of this test run's own, migrated and seeded by the real CLI."""
    with running(tmp_path_factory.mktemp("supabase")) as instance:
        push(instance)
        yield instance


def client_for(stack: Instance, key: str) -> Client:
    """A supabase-py client that keeps nothing on disk and starts no refresh timer."""
    options = ClientOptions(
        auto_refresh_token=False,
        persist_session=False,
        # The stack speaks plain HTTP; loading certificates would take most of the time of making a client.
        httpx_client=httpx.Client(verify=False),
    )
    return create_client(stack.url, key, options)


@pytest.fixture(scope="session")
def admin(stack: Instance) -> Client:
    """The admin client: secret key, role service_role, no RLS."""
    return client_for(stack, stack.secret_key)


@pytest.fixture(scope="session")
def anon(stack: Instance) -> Client:
    """A client that nobody signed in to."""
    return client_for(stack, stack.publishable_key)


NewUser = Callable[..., User]


@pytest.fixture(scope="session")
def new_user(stack: Instance) -> NewUser:
    """Makes accounts: `new_user(timezone="Asia/Tokyo")` signs up with that user metadata."""

    def make(**metadata: str) -> User:
        client = client_for(stack, stack.publishable_key)
        email = f"{uuid4().hex}@example.com"
        answer = client.auth.sign_up({"email": email, "password": PASSWORD, "options": {"data": metadata}})
        assert answer.user is not None
        assert answer.session is not None
        return User(answer.user.id, email, answer.session.access_token, client)

    return make


@pytest.fixture
def owner(new_user: NewUser) -> User:
    """Whose data a test is about."""
    return new_user(timezone="Europe/Berlin", currency="EUR")


@pytest.fixture
def other_user(new_user: NewUser) -> User:
    """Somebody else, who must neither see nor change the owner's data."""
    return new_user(timezone="America/Los_Angeles", currency="USD")


@pytest.fixture(scope="session")
def db(stack: Instance) -> Iterator[psycopg.Connection[DictRow]]:
    """The database as the role `postgres`, as migrations see it; every statement commits."""
    with psycopg.connect(stack.db_url, autocommit=True, row_factory=dict_row) as connection:
        yield connection
