"""The contract: what the document says, that everything is in it, and that the service keeps to it."""

import base64
import hashlib
import logging
import re
import threading
import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask, Response
from flask.testing import FlaskClient
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from werkzeug.serving import make_server

from app import create_app, errors, health, http, openapi
from app.receipts import drafts
from local_supabase import Instance
from tests import fakes
from tests.app.conftest import bearer, sensible_project, settings_for, suggestion, with_model
from tests.app.receipts.uploads import text_pdf
from tests.app.test_on_the_stack import settings as settings_on_the_stack
from tests.conftest import User

ROOT = Path(__file__).parents[2]
# The contract itself isn't in the contract, nor is what only operators read.
UNDECLARED = {"openapi.document", "openapi.page", "metrics.metrics"}


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/api/openapi.json")
    assert answer.status_code == 200
    made: dict[str, Any] = answer.get_json()
    return made


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


# What the document says.


def test_every_address_declares_its_part(client: FlaskClient) -> None:
    app = client.application
    undeclared = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if openapi.declared_by(app.view_functions[rule.endpoint]) is None
    }
    assert undeclared == UNDECLARED


def test_the_document_is_of_this_version(document: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == project["version"]


def test_the_request_is_described_with_its_limits(document: dict[str, Any]) -> None:
    operation = document["paths"]["/api/ai/meal-suggestions"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/MealSuggestionRequest"}
    fields = document["components"]["schemas"]["MealSuggestionRequest"]["properties"]
    assert (fields["count"]["minimum"], fields["count"]["maximum"]) == (1, 5)
    assert fields["notes"]["anyOf"][0]["maxLength"] == 500
    assert operation["security"] == [{"access_token": []}]


def test_an_answer_is_described_in_its_envelope(document: dict[str, Any]) -> None:
    operation = document["paths"]["/api/ai/workout-suggestions"]["post"]
    envelope = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert envelope["required"] == ["data", "timestamp"]
    assert envelope["properties"]["data"] == {"$ref": "#/components/schemas/WorkoutSuggestions"}


def test_every_error_is_listed_under_its_status_with_its_code(document: dict[str, Any]) -> None:
    listed = set()
    for operation in operations(document):
        for status, response in operation["responses"].items():
            code = response["content"]["application/json"]["schema"].get("allOf", [{}, {}])[1]
            listed |= {
                (int(status), value) for value in code.get("properties", {}).get("code", {}).get("enum", [])
            }
            # Where the database has codes of its own, ours are only told of.
            listed |= {(int(status), word) for word in re.findall(r"^(\w+):", response["description"], re.M)}
    assert listed == {(kind.status, kind.code) for kind in errors.kinds_of(errors.LifeOSError)}


def codes_in(migrations: str, pattern: str) -> set[str]:
    """What a pattern finds in those of the migrations."""
    files = (ROOT / "supabase/migrations").glob(migrations)
    return {code for file in files for code in re.findall(pattern, file.read_text(encoding="utf-8"))}


def test_every_warning_of_the_database_is_listed(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    suggesting = codes_in("*.sql", r"private\.warning\('(\w+)'")
    assert set(schemas["SuggestionWarning"]["properties"]["code"]["enum"]) == suggesting
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [code for code in suggesting if f"`{code}`" not in readme] == []

    # Reopening a receipt, which the service has no part in, warns of what was changed.
    reading = codes_in("*_receipts*.sql", r"'code', '(\w+)'") - {
        "expense_changed",
        "expenses_differ",
        "pantry_item_changed",
    }
    listed = {code for either in schemas["Warned"]["properties"]["code"]["anyOf"] for code in either["enum"]}
    assert listed == reading | set(drafts.MESSAGES)


def test_everything_but_health_needs_a_token_and_says_so(document: dict[str, Any]) -> None:
    for operation in operations(document):
        assert ("security" in operation) == (operation["tags"] != ["health"])
        assert ("401" in operation["responses"]) == ("security" in operation)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    names = re.findall(r"'#/components/schemas/(\w+)'", str(document))
    assert names
    assert set(names) <= set(document["components"]["schemas"])


def test_a_path_and_a_query_become_parameters(project: fakes.FakeDataApi) -> None:
    app = create_app(settings_for(project))

    class Query(health.Alive):
        limit: int = 3

    @app.delete("/api/things/<uuid:thing_id>")
    @openapi.operation(
        answer={201: health.Alive},
        query=Query,
        content={"image/png": {"type": "string", "format": "binary"}},
        refusals=(404,),
    )
    def remove(thing_id: object) -> Response:
        """Removes a thing.

        For good.
        """
        return http.envelope({"status": str(thing_id)})

    paths = app.test_client().get("/api/openapi.json").get_json()["paths"]
    described = paths["/api/things/{thing_id}"]["delete"]
    assert (described["summary"], described["description"]) == ("Removes a thing.", "For good.")
    assert [(p["name"], p["in"], p["required"]) for p in described["parameters"]] == [
        ("thing_id", "path", True),
        ("status", "query", True),
        ("limit", "query", False),
    ]
    assert list(described["requestBody"]["content"]) == ["image/png"]
    # What can be wrong with a query or a form is told like what is wrong with JSON.
    assert set(described["responses"]) == {"201", "404", "422", "500"}
    assert "invalid_request" in described["responses"]["422"]["description"]


# The page.


def test_the_page_shows_every_operation_and_schema(client: FlaskClient, document: dict[str, Any]) -> None:
    page = client.get("/api/docs").get_data(as_text=True)
    for operation in operations(document):
        assert f'id="{operation["operationId"]}"' in page
    for name in document["components"]["schemas"]:
        assert f'id="{name}"' in page


def test_the_page_says_what_a_parameter_means(client: FlaskClient) -> None:
    page = client.get("/api/docs").get_data(as_text=True)
    assert re.search(
        r"<code>expenses</code></td><td>query</td><td>keep \| delete</td><td>What becomes of", page
    )


def test_the_page_needs_nothing_from_elsewhere(client: FlaskClient) -> None:
    answer = client.get("/api/docs")
    page = answer.get_data(as_text=True)
    assert answer.mimetype == "text/html"
    assert not re.search(r"<script|<link|<img|<iframe|@import|url\(|style=|https?://", page)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert policy == f"default-src 'none'; frame-ancestors 'none'; style-src 'sha256-{digest}'"


def test_the_page_shows_text_as_text(project: fakes.FakeDataApi) -> None:
    app = create_app(settings_for(project))

    @app.get("/api/odd")
    @openapi.operation(answer=health.Alive)
    def odd() -> Response:
        """<b>Bold</b>"""
        return http.envelope({"status": "ok"})

    page = app.test_client().get("/api/docs").get_data(as_text=True)
    assert "&lt;b&gt;Bold" in page
    assert "<b>" not in page


# The service keeps to it.


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application on a port: its URL."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


# By the schema a file may be any bytes; these are receipts.
schemathesis.openapi.format("binary", st.integers(0, 9).map(lambda number: text_pdf(f"Copy {number}")))


def told_better(check: str, response: Any) -> bool:
    """Whether the database refused what a schema can't say, such as a day that is past, in its own words."""
    return check == "positive_data_acceptance" and response is not None and '"PT422"' in response.text


def explore(
    app: Flask, token: str, *expected: str, without: str = "^$"
) -> tuple[list[str], Counter[tuple[str, int]]]:
    """What schemathesis finds when it asks `app` as a user, by all its checks; the statuses it got.

    Bodies by the schema and against it, every limit and just beyond, missing tokens, other methods. Server
    errors are findings, but for those `expected`. Paths that match `without` are left out.
    """
    config = SchemathesisConfig.from_dict(
        {
            "headers": bearer(token),
            "seed": 1,
            "generation": {"max-examples": 40, "database": "none", "deterministic": True},
            "checks": {"not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", *expected]}},
        }
    )
    findings: list[str] = []
    statuses: Counter[tuple[str, int]] = Counter()
    with served(app) as url:
        document = schemathesis.openapi.from_url(f"{url}/api/openapi.json", config=config)
        schema = document.exclude(path_regex=without)
        for event in from_schema(schema).execute():
            if isinstance(event, events.NonFatalError):
                findings.append(str(event.value))
            elif isinstance(event, events.FatalError):
                raise event.exception
            elif isinstance(event, events.ScenarioFinished):
                for case, nodes in event.recorder.checks.items():
                    response = event.recorder.find_response(case_id=case)
                    for node in nodes:
                        if node.failure_info and not told_better(node.name, response):
                            findings.append(f"{event.label}: {node.failure_info.failure}")
                for interaction in event.recorder.interactions.values():
                    if interaction.response:
                        statuses[str(event.label), interaction.response.status_code] += 1
    return findings, statuses


# A line for each of a thousand requests would bury what was found.
QUIET = {"log_level": "ERROR"}


@pytest.fixture(autouse=True)
def _quiet_server(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "werkzeug")


SUGGESTING = [f"POST /api/ai/{kind}-suggestions" for kind in ("meal", "workout")]


@pytest.mark.parametrize("model", ["answers", "refuses", "none"])
def test_every_answer_is_one_that_the_contract_knows(model: str) -> None:
    with sensible_project() as project, fakes.FakeOpenAI() as openai:
        openai.always = fakes.refusal() if model == "refuses" else fakes.answer({"suggestions": []})
        settings = QUIET if model == "none" else with_model(openai, **QUIET)
        app = create_app(settings_for(project, **settings))
        # Without fallback, a model that declines is 502, and one that isn't there 503: failures by contract.
        expected = {"refuses": ["502"], "none": ["503"]}.get(model, [])
        # The fake project has no Storage; receipts are explored on the stack.
        findings, statuses = explore(app, project.token(), *expected, without="/finances/")
    assert findings == []
    for label in SUGGESTING:
        assert statuses[label, 200] > 20
        assert statuses[label, 422] > 20
        assert statuses[label, 401] > 0
    for status in expected:
        assert statuses[SUGGESTING[0], int(status)] > 0


def test_every_answer_on_the_stack_is_one_that_the_contract_knows(stack: Instance, owner: User) -> None:
    owner.client.rpc("create_meal", {"meal": suggestion()["meal"]}).execute()
    owner.client.table("pantry_items").insert({"name": "chickpeas", "quantity": 1, "unit": "kg"}).execute()
    findings, statuses = explore(create_app(settings_on_the_stack(stack, **QUIET)), owner.token, "503")
    assert findings == []
    for label in SUGGESTING:
        assert statuses[label, 200] > 20
    uploads = [statuses["POST /api/finances/receipts", status] for status in (201, 200, 415, 422, 401)]
    assert all(uploads), uploads


def test_a_service_that_breaks_its_contract_is_found_out(project: fakes.FakeDataApi) -> None:
    app = create_app(settings_for(project))

    @app.get("/api/broken")
    @openapi.operation(answer=health.Alive)
    def broken() -> Response:
        return http.envelope({"status": "fine, really"})

    findings, _ = explore(app, project.token(), "503", without="/finances/")
    assert findings
    assert all("/api/broken" in finding for finding in findings)
