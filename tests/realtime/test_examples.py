"""The examples of docs/realtime.md run as printed, through a restart, and until the server stays away."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from supabase import Client

from local_supabase import Instance, push, running
from tests.conftest import ROOT, client_for
from tests.realtime.devices import device, run

GUIDE = (ROOT / "docs/realtime.md").read_text(encoding="utf-8")
SECONDS = 20
LANGUAGES = ("js", "python")
NODE = ["node", "--experimental-websocket", "--input-type=module"]


class Program:
    """A running example, and what it prints."""

    def __init__(self, language: str, instance: Instance, first_wait: str = "") -> None:
        (text,) = re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
        if first_wait:
            text, count = re.subn(r"(?<=FIRST_WAIT = )[\d.]+", first_wait, text)
            assert count == 1
        self.process = subprocess.Popen(
            NODE if language == "js" else [sys.executable, "-"],
            # supabase-js is installed there.
            cwd=ROOT / "scripts/local_supabase" if language == "js" else ROOT,
            env=os.environ
            | {
                "SUPABASE_URL": instance.url,
                "SUPABASE_PUBLISHABLE_KEY": instance.publishable_key,
                "DEVICE": language,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.process.stdin.close()
        self.lines: queue.Queue[str] = queue.Queue()
        self.seen: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def says(self, pattern: str) -> re.Match[str]:
        """The next line that matches."""
        while True:
            try:
                line = self.lines.get(timeout=SECONDS)
            except queue.Empty:
                raise AssertionError(f"{pattern!r} wasn't printed; but: {self.seen}") from None
            self.seen.append(line)
            if found := re.search(pattern, line):
                return found

    def ends(self) -> int:
        """Its exit status."""
        return self.process.wait(SECONDS)

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))


def sign_in(instance: Instance) -> Client:
    """The demo user's other device, for writing."""
    client = client_for(instance, instance.publishable_key)
    client.auth.sign_in_with_password({"email": "demo@example.com", "password": "life-os-demo"})
    return client


def sign_out_others(instance: Instance, client: Client) -> None:
    """What ends the examples."""
    session = client.auth.get_session()
    assert session is not None

    async def scenario() -> None:
        async with device(instance, None) as phone:
            await phone.client.realtime.set_auth(session.access_token)
            channel = await phone.join(f"user:{session.user.id}")
            await channel.send_broadcast("device:sign-out", {})
            # Answered after what was sent before.
            await channel.unsubscribe()
            await phone.hears("CLOSED")

    run(scenario)


def data_of(request: Any) -> Any:
    return request.execute().data


@pytest.fixture
def programs(stack: Instance) -> Iterator[list[Program]]:
    """Both examples, live."""
    with ExitStack() as cleanup:
        both = [cleanup.enter_context(Program(language, stack)) for language in LANGUAGES]
        for program in both:
            program.says("^fetched: [1-9]")
        yield both


def test_examples_tell_what_another_device_does(stack: Instance, programs: list[Program]) -> None:
    phone = sign_in(stack)
    workout = {"name": "Legs", "date": "2030-11-27", "start_time": "18:00", "exercises": []}
    created = data_of(phone.rpc("create_workout", {"workout": workout}))
    session = {"session_type": "workout", "workout_id": created["id"]}
    (session,) = data_of(phone.table("user_sessions").insert(session))
    id_ = session["id"]
    data_of(phone.rpc("set_timer", {"session_id": id_, "name": "rest", "seconds": 90}))
    data_of(phone.table("user_sessions").update({"status": "paused"}).eq("id", id_))
    data_of(phone.rpc("complete_session", {"session_id": id_}))
    rows = [{"name": f"jar {n}", "quantity": 1, "unit": "piece"} for n in range(150)]
    data_of(phone.table("pantry_items").insert(rows))
    data_of(phone.table("pantry_items").delete().like("name", "jar %"))
    data_of(phone.table("fitness_workouts").delete().eq("id", created["id"]))
    for program in programs:
        for line in (
            "^workouts:update INSERT 1$",
            "^calendar:update INSERT Legs$",
            "^workout active$",
            "^status: working_out$",
            # Rounded up, with what passed since.
            "^workout active rest (89|90) s$",
            "^workout paused rest (89|90) s$",
            "^status: paused$",
            "^workout completed$",
            "^status: idle$",
            "^pantry:update INSERT 150 rows: too many to send$",
            "^fetched: ",
            "^calendar:update DELETE Legs$",
        ):
            program.says(line)
    sign_out_others(stack, phone)
    for program in programs:
        program.says("^signed out$")
        assert program.ends() == 0


def test_examples_fetch_what_they_missed_and_give_up_after_five_tries(tmp_path: Path) -> None:
    with ExitStack() as cleanup:
        with running(tmp_path) as instance:
            push(instance)
            programs = [cleanup.enter_context(Program(language, instance)) for language in LANGUAGES]
            fetched = [int(program.says(r"^fetched: (\d+)")[1]) for program in programs]
        for program in programs:
            program.says("^not connected: ")
            # Asleep until after the restart and a write, which nobody will tell it of.
            program.process.send_signal(signal.SIGSTOP)

        with running(tmp_path, port=urlsplit(instance.url).port) as again:
            assert again.url == instance.url
            phone = sign_in(again)
            day = {
                "title": "Trip",
                "all_day": True,
                "local_date": "2030-12-05",
                "local_end_date": "2030-12-06",
            }
            data_of(phone.table("calendar_events").insert(day))
            for program, before in zip(programs, fetched, strict=True):
                program.process.send_signal(signal.SIGCONT)
                program.says(rf"^fetched: {before + 1} events")
            data_of(phone.table("calendar_events").update({"title": "Long trip"}).eq("title", "Trip"))
            for program in programs:
                program.says("^calendar:update UPDATE Long trip$")
            # The websocket stays when only the database's stream breaks, and yet there is a gap.
            with psycopg.connect(again.admin_db_url) as database:
                database.execute("select pg_terminate_backend(active_pid) from pg_replication_slots")
            for program in programs:
                program.says("^fetched: ")
            sign_out_others(again, phone)
            for program in programs:
                assert program.ends() == 0

            hasty = {"js": "20", "python": "0.02"}
            impatient = [
                cleanup.enter_context(Program(language, again, wait)) for language, wait in hasty.items()
            ]
            for program in impatient:
                program.says("^fetched: ")
        for program in impatient:
            # The loss, and four of the five tries.
            for _ in range(5):
                program.says("^not connected: ")
            program.says("^Live updates are off: .* – try again")
            assert program.ends() == 1
