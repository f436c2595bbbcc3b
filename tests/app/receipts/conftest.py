"""The service in front of the real database and Storage, with one reader for all tests."""

import dataclasses
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import config, create_app
from app.receipts import desk
from app.receipts.desk import Rules
from local_supabase import Instance
from tests.conftest import ROOT

MakeService = Callable[..., FlaskClient]


@pytest.fixture(scope="session")
def socket() -> Iterator[str]:
    """Where the reader is that these tests share: starting one for each would take most of their time."""
    # Not in pytest's own folder, whose path is too long for a socket.
    with tempfile.TemporaryDirectory(prefix="test-life-os-", ignore_cleanup_errors=True) as folder:
        yield f"{folder}/desk"


@pytest.fixture(scope="session")
def make_service(stack: Instance, socket: str) -> MakeService:
    """Makes a client of the service on the stack: `make_service(receipts_queue=1)` with that setting."""

    def make(**changes: Any) -> FlaskClient:
        given = {
            "supabase_url": stack.url,
            "supabase_publishable_key": stack.publishable_key,
            "receipts_socket": socket,
            **changes,
        }
        return create_app(config.load(**given)).test_client()

    return make


@pytest.fixture(scope="session")
def service(make_service: MakeService) -> FlaskClient:
    """The service without a model."""
    return make_service()


@pytest.fixture(scope="session")
def without_ocr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The socket of a reader that runs where the OCR extra isn't installed."""
    elsewhere = tmp_path_factory.mktemp("without_ocr")
    # Python imports this module at its start, if there is one; None means: no such module.
    (elsewhere / "sitecustomize.py").write_text("import sys\nsys.modules['rapidocr'] = None\n")
    with tempfile.TemporaryDirectory(prefix="test-life-os-", ignore_cleanup_errors=True) as folder:
        rules = Rules(f"{folder}/desk", places=8, timeout_seconds=60, memory_mb=3000, threads=1)
        process = subprocess.Popen(
            [sys.executable, "-P", desk.__file__, json.dumps(dataclasses.asdict(rules))],
            env={"PYTHONPATH": f"{elsewhere}:{ROOT}"},
        )
        yield rules.socket
        process.kill()
        process.wait()
