"""supabase-js in Node against the stack, in both versions of Realtime's protocol."""

from pathlib import Path

import pytest

from local_supabase import Instance
from tests.javascript import names_of, run_checks

SCRIPT = Path(__file__).parent / "supabase_js.mjs"
SECONDS = 90


@pytest.fixture(scope="module", params=["1.0.0", "2.0.0"])
def errors(request: pytest.FixtureRequest, live: Instance) -> dict[str, str | None]:
    """What went wrong in each check; None where nothing did."""
    return run_checks(SCRIPT, {"INSTANCE": live.to_json(), "VSN": request.param}, SECONDS)


@pytest.mark.parametrize("name", names_of(SCRIPT))
def test_supabase_js(errors: dict[str, str | None], name: str) -> None:
    assert errors[name] is None, errors[name]
