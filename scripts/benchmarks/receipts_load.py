"""What everybody else notices while receipts are read: the service on the stack, OCR without a pause."""

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from uuid import uuid4

import httpx

from benchmarks.figures import Figure, at_most, required
from benchmarks.stack import fresh
from local_supabase import Instance
from receipt_photo import photo
from service import ROOT, running_service

_PLACES = 8
_LIMIT = 50


def while_ocr_runs(scale: float) -> Figure:
    """S4."""
    count = max(50, round(400 * scale))
    settings = {"LOG_LEVEL": "ERROR", "RECEIPTS_QUEUE": str(_PLACES)}
    log = ROOT / ".local" / "bench" / "service.log"
    with fresh(scale) as bench:
        token = _person(bench.instance)
        running = running_service(bench.instance.url, bench.instance.publishable_key, log, settings=settings)
        with running as (url, _), httpx.Client(base_url=url, headers=_bearer(token), timeout=60) as client:
            alone = _asked(client, count)
            with _uploading(url, token) as uploads:
                busy = _asked(client, count)
                seconds = time.perf_counter() - uploads.since
                read = uploads.statuses.count(201)
    refused = [answer for answer in uploads.refused if answer.headers.get("Retry-After", "0") != "0"]
    return Figure(
        "S4",
        "Other requests while receipts are read by OCR",
        (
            at_most("health: p95", _p95(busy["health"]), _LIMIT, "ms"),
            at_most("planner: p95", _p95(busy["planner"]), _LIMIT, "ms"),
            required(
                f"of more than {_PLACES} uploads the others are told when to come back",
                holds=bool(refused) and len(refused) == len(uploads.refused),
            ),
            required("every other upload is read", holds=set(uploads.statuses) <= {201, 503} and read > 0),
        ),
        f"{count} requests each, one after the other; alone: health {_p95(alone['health']):.1f}, planner "
        f"{_p95(alone['planner']):.1f} ms; {_PLACES + 2} clients that send photos without a pause: {read} "
        f"read in {seconds:.0f} s, {len(uploads.refused)} answers 503; load, stack and service on the same "
        "machine",
    )


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _person(instance: Instance) -> str:
    """Somebody with recipes and a pantry: the access token."""
    keys = {"apikey": instance.publishable_key}
    account = {"email": f"{uuid4().hex}@example.com", "password": "correct horse battery"}
    signed_up = httpx.post(f"{instance.url}/auth/v1/signup", headers=keys, json=account)
    token: str = signed_up.raise_for_status().json()["access_token"]
    with httpx.Client(base_url=f"{instance.url}/rest/v1", headers=keys | _bearer(token)) as api:
        foods = [f"food {number}" for number in range(20)]
        lots = [{"name": food, "quantity": 500, "unit": "g"} for food in foods]
        api.post("/pantry_items", json=lots).raise_for_status()
        for number in range(30):
            ingredients = [
                {"food_item_name": foods[(number + n) % 20], "quantity": 100, "unit": "g"} for n in range(6)
            ]
            meal = {"name": f"Meal {number}", "prep_time": 10, "cook_time": 20, "ingredients": ingredients}
            api.post("/rpc/create_meal", json={"meal": meal}).raise_for_status()
    return token


def _asked(client: httpx.Client, count: int) -> dict[str, list[float]]:
    """Milliseconds of each request, by what was asked."""
    times: dict[str, list[float]] = {"health": [], "planner": []}
    for number in range(count + 10):
        for name, times_of_it in times.items():
            start = time.perf_counter()
            if name == "health":
                answer = client.get("/api/health")
            else:
                answer = client.post("/api/ai/meal-suggestions", json={})
            elapsed = (time.perf_counter() - start) * 1000
            answer.raise_for_status()
            if number >= 10:
                times_of_it.append(elapsed)
            # As people come: not one right upon the other.
            time.sleep(0.02)
    return times


@dataclass
class _Uploads:
    since: float = 0
    statuses: list[int] = field(default_factory=list)
    refused: list[httpx.Response] = field(default_factory=list)


@contextmanager
def _uploading(url: str, token: str) -> Iterator[_Uploads]:
    """More clients than places, each sending one photo after the other, once the first is read."""
    uploads, done = _Uploads(), threading.Event()
    picture = photo(date(2026, 11, 24))

    def send() -> None:
        with httpx.Client(headers=_bearer(token), timeout=120) as client:
            while not done.is_set():
                # What follows the end of a JPEG makes it another file, and drawing it would be load.
                file = picture + uuid4().bytes
                answer = client.post(f"{url}/api/finances/receipts", files={"file": file})
                uploads.statuses.append(answer.status_code)
                if answer.status_code == 503:
                    uploads.refused.append(answer)
                    done.wait(1)

    threads = [threading.Thread(target=send) for _ in range(_PLACES + 2)]
    threads[0].start()
    while not uploads.statuses:
        time.sleep(0.05)
    for thread in threads[1:]:
        thread.start()
    uploads.since = time.perf_counter()
    uploads.statuses.clear()
    try:
        yield uploads
    finally:
        done.set()
        for thread in threads:
            thread.join()


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
