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


def start(project: fakes.FakeDataApi, folder: str, **settings: str) -> "subprocess.Popen[bytes]":
    """gunicorn, which works in `folder`, starting in front of `project`."""
    environment = {
        "PATH": os.environ["PATH"],
        "SUPABASE_URL": project.url,
        "SUPABASE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
        "TMPDIR": folder,
        **settings,
    }
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "app/gunicorn.conf.py"), "app:create_app()"]
    # Not in the repository, whose .env may hold real keys.
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@contextmanager
def gunicorn(project: fakes.FakeDataApi, **settings: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The service in front of `project`: its URL and its process, which is stopped at the end.

    Fails when it leaves something behind.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tempfile.mkdtemp()
    process = start(project, folder, **{"PORT": str(port), **settings})
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url)
        yield url, process
    finally:
        process.terminate()
        process.wait(10)
        Path(folder).rmdir()


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


def workers_of(master: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


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


# All tests here end theirs with SIGTERM.
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_stopped_service_leaves_no_folder(
    project: fakes.FakeDataApi, tmp_path: Path, how: signal.Signals
) -> None:
    with gunicorn(project, TMPDIR=str(tmp_path)) as (_, process):
        assert len(list(tmp_path.iterdir())) == 1
        # An interrupted gunicorn hangs when it was just handing a request to a thread.
        time.sleep(0.3)
        process.send_signal(how)
        process.wait(10)
        assert list(tmp_path.iterdir()) == []


def test_a_service_that_is_stopped_while_it_starts_leaves_no_folder(
    project: fakes.FakeDataApi, tmp_path: Path
) -> None:
    """Where the start is slowest: at an import of its settings' file."""
    modules, folder = tmp_path / "modules", tmp_path / "folder"
    modules.mkdir()
    folder.mkdir()
    (modules / "prometheus_client.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n")
    process = start(project, str(folder), PYTHONPATH=str(modules))
    assert process.wait(20) == -signal.SIGTERM
    assert list(folder.iterdir()) == []


def test_what_a_killed_service_left_goes_when_the_next_one_starts(
    project: fakes.FakeDataApi, tmp_path: Path
) -> None:
    with gunicorn(project, TMPDIR=str(tmp_path)) as (_, killed):
        left = set(tmp_path.iterdir())
        workers = workers_of(killed.pid)
        killed.kill()
        killed.wait()
        # It holds the folder until it has noticed.
        while any(Path(f"/proc/{worker}").exists() for worker in workers):
            time.sleep(0.05)
        assert set(tmp_path.iterdir()) == left
        with gunicorn(project, TMPDIR=str(tmp_path)):
            assert len(set(tmp_path.iterdir()) - left) == 1
            assert not left & set(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []


def test_a_service_keeps_its_folder_when_it_reloads(project: fakes.FakeDataApi, tmp_path: Path) -> None:
    with gunicorn(project, TMPDIR=str(tmp_path)) as (url, process):
        folders, workers = list(tmp_path.iterdir()), workers_of(process.pid)
        process.send_signal(signal.SIGHUP)
        while set(workers) & set(workers_of(process.pid)):
            time.sleep(0.05)
        assert list(tmp_path.iterdir()) == folders
        assert httpx.get(f"{url}/api/metrics").status_code == 200
