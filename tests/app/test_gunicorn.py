"""The service as it runs: under gunicorn, over real sockets."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import fakes
from tests.app.conftest import PUBLISHABLE_KEY, bearer, sensible_project, suggestion

ROOT = Path(__file__).parents[2]
URL = "/api/ai/meal-suggestions"


@contextmanager
def gunicorn(project: fakes.FakeDataApi, **settings: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The service in front of `project`: its URL and its process, which is stopped at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "SUPABASE_URL": project.url,
        "SUPABASE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
        "PORT": str(port),
        **settings,
    }
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "app/gunicorn.conf.py"), "app:create_app()"]
    # Not in the repository, whose .env may hold real keys.
    elsewhere = tempfile.mkdtemp()
    process = subprocess.Popen(
        command, cwd=elsewhere, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url)
        yield url, process
    finally:
        process.terminate()
        process.wait(10)
        Path(elsewhere).rmdir()


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/api/health")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("gunicorn didn't start")


def model_settings(openai: fakes.FakeOpenAI) -> dict[str, str]:
    return {"OPENAI_API_KEY": openai.api_key, "OPENAI_BASE_URL": openai.base_url}


@pytest.fixture(scope="module")
def project() -> Iterator[fakes.FakeDataApi]:
    with sensible_project() as fake:
        yield fake


@pytest.fixture(scope="module")
def service(project: fakes.FakeDataApi) -> Iterator[str]:
    """The URL of a service without a model, one for all tests here."""
    with gunicorn(project) as (url, _):
        yield url


def raw(url: str, sent: bytes) -> bytes:
    """The first bytes that come back for `sent`."""
    _, _, port = url.rpartition(":")
    with socket.create_connection(("127.0.0.1", int(port)), timeout=5) as connection:
        connection.sendall(sent)
        return connection.recv(4096)


def test_it_answers(service: str, project: fakes.FakeDataApi) -> None:
    assert httpx.get(f"{service}/api/health/ready").json()["data"] == {"status": "ready"}
    answer = httpx.post(f"{service}{URL}", json={}, headers=bearer(project.token()))
    assert answer.json()["data"]["source"] == "planner"


def test_a_token_too_long_to_be_one_gets_the_usual_answer(service: str) -> None:
    answer = httpx.post(f"{service}{URL}", json={}, headers=bearer("x" * 12_000))
    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_token"


def test_an_oversized_body_is_refused_whether_or_not_its_length_is_told(
    service: str, project: fakes.FakeDataApi
) -> None:
    headers = {**bearer(project.token()), "Content-Type": "application/json"}
    told = httpx.post(f"{service}{URL}", content=b" " * 100_000, headers=headers)
    assert (told.status_code, told.json()["code"]) == (413, "body_too_large")
    untold = httpx.post(f"{service}{URL}", content=iter([b" " * 1000] * 100), headers=headers)
    assert (untold.status_code, untold.json()["code"]) == (413, "body_too_large")
    small = httpx.post(f"{service}{URL}", content=iter([b"{", b"}"]), headers=headers)
    assert small.status_code == 200


def test_requests_that_could_be_read_in_two_ways_are_refused(service: str) -> None:
    for smuggled in (
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 2\r\nContent-Length: 3\r\n",
        b"Content-Length : 2\r\n",
    ):
        answer = raw(service, b"POST /api/health HTTP/1.1\r\nHost: x\r\n" + smuggled + b"\r\n{}")
        assert answer.startswith(b"HTTP/1.1 400"), smuggled


def test_requests_that_wait_for_the_model_dont_block_each_other(
    project: fakes.FakeDataApi, openai: fakes.FakeOpenAI
) -> None:
    openai.always = fakes.answer({"suggestions": [suggestion()]}, delay=1.0)
    headers = bearer(project.token())

    def ask(_: int) -> Any:
        return httpx.post(f"{url}{URL}", json={}, headers=headers, timeout=20).json()

    with gunicorn(project, **model_settings(openai)) as (url, _), ThreadPoolExecutor(20) as pool:
        ask(0)
        started = time.monotonic()
        answers = list(pool.map(ask, range(20)))
        # One after the other they would take 20 s; the bound is loose because the fakes share this machine.
        assert time.monotonic() - started < 8
    assert {answer["data"]["source"] for answer in answers} == {"openai"}


def test_a_stopping_service_finishes_what_it_began(
    project: fakes.FakeDataApi, openai: fakes.FakeOpenAI
) -> None:
    openai.always = fakes.answer({"suggestions": [suggestion()]}, delay=1.5)
    answers = []

    def ask() -> None:
        answers.append(httpx.post(f"{url}{URL}", json={}, headers=bearer(project.token()), timeout=20).json())

    with gunicorn(project, **model_settings(openai)) as (url, process):
        asking = threading.Thread(target=ask)
        asking.start()
        while not openai.history:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        asking.join()
        assert process.wait(10) == 0
    assert answers[0]["data"]["source"] == "openai"
