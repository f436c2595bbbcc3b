"""Two devices of one person, and somebody else's, with supabase-js in Node."""

from pathlib import Path

import pytest

from local_supabase import Instance
from tests.javascript import names_of, run_checks

SCRIPT = Path(__file__).parent / "devices.mjs"
SECONDS = 60


@pytest.fixture(scope="module")
def errors(stack: Instance) -> dict[str, str | None]:
    """What went wrong in each check; None where nothing did."""
    variables = {"SUPABASE_URL": stack.url, "SUPABASE_PUBLISHABLE_KEY": stack.publishable_key}
    return run_checks(SCRIPT, variables, SECONDS)


@pytest.mark.parametrize("name", names_of(SCRIPT))
def test_supabase_js(errors: dict[str, str | None], name: str) -> None:
    assert errors[name] is None, errors[name]
