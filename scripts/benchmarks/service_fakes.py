"""A Supabase project and a language model for the service area, in a process of their own."""

import multiprocessing
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from tests import fakes
from tests.app.conftest import BUDGET, CURRY, PUBLISHABLE_KEY, sensible_project, suggestion


@dataclass
class Fakes:
    """Where they listen, and what they are told."""

    project_url: str
    openai_url: str
    token: str
    pipe: Connection

    def settings(self, **changes: str) -> dict[str, str]:
        """The settings that put the model behind a service, with a budget that no benchmark spends."""
        return {
            "OPENAI_API_KEY": fakes.FakeOpenAI.api_key,
            "OPENAI_BASE_URL": self.openai_url,
            "AI_DAILY_REQUESTS": "1000000",
            "AI_DAILY_TOKENS": "1000000000000",
            "LOG_LEVEL": "ERROR",
            **changes,
        }

    @property
    def publishable_key(self) -> str:
        return PUBLISHABLE_KEY

    def model_takes(self, seconds: float) -> None:
        """From now on."""
        self.pipe.send(("delay", seconds))
        self.pipe.recv()

    def data_api_calls(self) -> list[str]:
        """The calls since the last time this was asked."""
        self.pipe.send(("calls", None))
        calls: list[str] = self.pipe.recv()
        return calls


@contextmanager
def running_fakes() -> Iterator[Fakes]:
    """Both, until the end of the block."""
    spawning = multiprocessing.get_context("spawn")
    here, there = spawning.Pipe()
    process = spawning.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        project_url, openai_url, token = here.recv()
        yield Fakes(project_url, openai_url, token, here)
    finally:
        here.send(None)
        process.join(10)
        process.kill()


def context() -> dict[str, Any]:
    """What a well-kept kitchen tells the model: 40 lots, 30 recipes, a week of plans. About 12 kB."""
    recipes = [{**CURRY, "id": str(uuid.UUID(int=n)), "name": f"Recipe number {n}"} for n in range(30)]
    return {
        "today": "2026-11-24",
        "profile": {"timezone": "Europe/Berlin", "currency": "EUR", "unit_system": "metric"},
        "pantry": [
            {"name": f"Food number {n}", "quantity": 400, "unit": "g", "expires_in_days": n}
            for n in range(40)
        ],
        "recipes": [{**recipe, "instructions": None, "last_cooked_on": "2026-11-01"} for recipe in recipes],
        "planned": [{"name": recipe["name"], "date": "2026-11-25"} for recipe in recipes[:7]],
    }


def _serve(pipe: Connection) -> None:
    started = {"context": context(), "ticket": {"id": "meal_suggestions", "key": "k"}, "budget": BUDGET}
    with sensible_project() as project, fakes.FakeOpenAI() as openai:
        project.replies["start_suggestions"] = fakes.Reply(body=started)
        openai.always = answer = fakes.answer({"suggestions": [suggestion()] * 3})
        pipe.send((project.url, openai.base_url, project.token()))
        while told := pipe.recv():
            match told:
                case ("delay", seconds):
                    openai.always = fakes.Reply(body=answer.body, delay=seconds)
                    pipe.send(None)
                case _:
                    pipe.send(project.calls)
            project.history.clear()
            openai.history.clear()
