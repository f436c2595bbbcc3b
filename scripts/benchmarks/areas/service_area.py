"""The Flask service: what a suggestion costs it, many at once, a slow or dead model, and receipts."""

import http.client
import json
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from app import auth, config, data_api
from benchmarks.figures import Figure, at_most, required
from benchmarks.receipts_load import while_ocr_runs
from benchmarks.service_fakes import Fakes, running_fakes
from service import ROOT, running_service

_MEALS = "/api/ai/meal-suggestions"
_AT_ONCE = 64
_TIMEOUT = 1.0


def measure(scale: float) -> Iterator[Figure]:
    """S1, S2, S3 and S4."""
    with running_fakes() as fakes:
        yield _own_cpu(fakes, max(300, round(2000 * scale)))
        yield _many_at_once(fakes, rounds=max(2, round(5 * scale)))
        yield _slow_or_dead(fakes, rounds=max(1, round(3 * scale)))
    yield while_ocr_runs(scale)


@contextmanager
def _service(fakes: Fakes, settings: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """A service with one worker: its URL, and the worker's process id."""
    log = ROOT / ".local" / "bench" / "service.log"
    running = running_service(fakes.project_url, fakes.publishable_key, log, settings=settings)
    with running as (url, gunicorn):
        children = Path(f"/proc/{gunicorn.process.pid}/task/{gunicorn.process.pid}/children")
        (worker,) = children.read_text().split()
        yield url, int(worker)


class _Client:
    """One connection to the service, which it keeps."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self) -> tuple[float, str]:
        """Seconds until the answer, and where it came from."""
        start = time.perf_counter()
        self._connection.request("POST", _MEALS, b"{}", self._headers)
        response = self._connection.getresponse()
        body = response.read()
        seconds = time.perf_counter() - start
        if response.status != 200:
            raise RuntimeError(f"the service answered {response.status}: {body[:200]!r}")
        return seconds, json.loads(body)["data"]["source"]


def _together(url: str, token: str, count: int) -> list[tuple[float, str]]:
    """So many clients, all at the same moment: what each got."""
    clients = [_Client(url, token) for _ in range(count)]
    ready = threading.Barrier(count)
    answers: list[tuple[float, str]] = []

    def ask(client: _Client) -> None:
        ready.wait()
        answers.append(client.ask())

    threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(answers) < count:
        raise RuntimeError(f"{count - len(answers)} of {count} requests failed")
    return answers


# --- S1 -------------------------------------------------------------------------------------------


def _own_cpu(fakes: Fakes, count: int) -> Figure:
    fakes.model_takes(0)
    planning = {"LOG_LEVEL": "ERROR"}
    with _service(fakes, fakes.settings()) as with_model, _service(fakes, planning) as without:
        cases: dict[str, tuple[Callable[[], object], Callable[[], float]]] = {
            "bare": (_bare_calls(fakes), time.process_time)
        }
        for name, (url, worker) in {"model": with_model, "planner": without}.items():
            cases[name] = (_Client(url, fakes.token).ask, partial(_cpu_seconds, worker))
        for action, _ in cases.values():
            _cpu_ms_each(action, 30, time.process_time)
        # In turns, because what else the machine does makes each of them dearer.
        rounds = [
            {name: _cpu_ms_each(action, count // 10, cpu) for name, (action, cpu) in cases.items()}
            for _ in range(10)
        ]
        fakes.data_api_calls()
        cases["model"][0]()
        calls = fakes.data_api_calls()
    own = statistics.median(each["model"] - each["bare"] for each in rounds)
    whole, bare, planner = (
        statistics.median(each[name] for each in rounds) for name in ("model", "bare", "planner")
    )
    return Figure(
        "S1",
        "A suggestion, with an instant model",
        (
            at_most("the service's own CPU, on top of its Data API calls", own, 5, "ms"),
            at_most("calls of the Data API", len(calls), 3, ""),
        ),
        f"worker's CPU {whole:.2f} ms a request, {bare:.2f} of it for the same {len(calls)} calls made alone "
        f"({', '.join(calls)}); with the planner {planner:.2f} ms in all; medians of 10 rounds of "
        f"{count // 10} requests each; a context of 12 kB, three suggestions",
    )


def _bare_calls(fakes: Fakes) -> Callable[[], object]:
    """The Data API calls of a suggestion, and nothing else."""
    settings = config.load(
        _env_file=None, supabase_url=fakes.project_url, supabase_publishable_key=fakes.publishable_key
    )
    caller = auth.Caller(auth.VerifiedClaims("", auth.ROLE, 0, None), fakes.token)
    api = data_api.DataApi(settings)
    ticket = {"id": "meal_suggestions", "key": "k"}

    def call() -> None:
        user = api.for_user(caller)
        user.call("start_suggestions", kind="meal_suggestions", request={"count": 3})
        user.call("finish_suggestions", ticket=ticket, suggestions=[], request={"count": 3})

    return call


def _cpu_ms_each(action: Callable[[], object], count: int, cpu_seconds: Callable[[], float]) -> float:
    before = cpu_seconds()
    for _ in range(count):
        action()
    return (cpu_seconds() - before) / count * 1000


def _cpu_seconds(process: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- S2 -------------------------------------------------------------------------------------------


def _many_at_once(fakes: Fakes, rounds: int) -> Figure:
    fakes.model_takes(1)
    with _service(fakes, fakes.settings()) as (url, _):
        _together(url, fakes.token, _AT_ONCE)
        times = [[seconds for seconds, _ in _together(url, fakes.token, _AT_ONCE)] for _ in range(rounds)]
    # The highest goal that still counts: load, fakes and service share the machine's two cores.
    limit = 1 + _AT_ONCE * 0.012
    p95 = statistics.median(_p95(each) for each in times)
    return Figure(
        "S2",
        f"{_AT_ONCE} suggestions at once, a model that takes 1 s, one worker",
        (at_most("p95", p95, limit, "s"),),
        f"median of {rounds} rounds, each {_AT_ONCE} requests at the same moment; p50 "
        f"{statistics.median(s for each in times for s in each):.2f} s, worst {max(map(max, times)):.2f} s; "
        "load, fakes and service on the same machine",
    )


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


# --- S3 -------------------------------------------------------------------------------------------


def _slow_or_dead(fakes: Fakes, rounds: int) -> Figure:
    slow = fakes.settings(OPENAI_TIMEOUT_SECONDS=str(_TIMEOUT))
    dead = {**slow, "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}
    fakes.model_takes(30)
    answers: dict[str, list[tuple[float, str]]] = {}
    for name, settings in (("slow", slow), ("dead", dead)):
        with _service(fakes, settings) as (url, _):
            _together(url, fakes.token, 8)
            answers[name] = [answer for _ in range(rounds) for answer in _together(url, fakes.token, 8)]
    worst = {name: max(seconds for seconds, _ in each) for name, each in answers.items()}
    sources = {source for each in answers.values() for _, source in each}
    return Figure(
        "S3",
        f"A model that is slow or dead, time-out {_TIMEOUT:g} s",
        (
            at_most("slow: the longest wait for an answer", worst["slow"], _TIMEOUT + 1, "s"),
            at_most("dead: the longest wait for an answer", worst["dead"], _TIMEOUT + 1, "s"),
            required("every answer is marked as the planner's", holds=sources == {"planner"}),
        ),
        f"{rounds} rounds of 8 requests at once; slow: it takes 30 s; dead: nobody listens, tried twice",
    )
