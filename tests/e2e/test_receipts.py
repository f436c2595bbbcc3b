"""Receipts in the service as it runs: under gunicorn, killed at every step, abandoned by its client."""

import contextlib
import http.server
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from psycopg.rows import DictRow

from app import config
from app.receipts.reader import Reader
from local_supabase import Instance
from tests.app.conftest import PUBLISHABLE_KEY, bearer
from tests.app.receipts import drawing, files
from tests.app.receipts.processes import eventually, is_working, processes
from tests.app.receipts.uploads import ROWS, files_of, receipts_of, text_pdf
from tests.conftest import ROOT, User

ADDRESS = "/api/finances/receipts"
PHOTO = files.encoded(drawing.image(*ROWS))
_NOT_FORWARDED = {"host", "connection", "transfer-encoding", "content-length", "content-encoding"}


class Gate(http.server.ThreadingHTTPServer):
    """Forwards everything to the stack; does something instead of a certain request, or after it."""

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        self.behind = behind
        self.before: dict[str, Callable[[], None]] = {}
        self.after: dict[str, Callable[[], None]] = {}
        super().__init__(("127.0.0.1", 0), _Forward)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that die are what this is for."""


class _Forward(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Gate
    client: ClassVar = httpx.Client(timeout=20)

    def do_GET(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        step = f"{self.command} {self.path}"
        if self._pass(step, self.server.before):
            self.close_connection = True
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_FORWARDED}
        answer = self.client.request(
            self.command, f"{self.server.behind}{self.path}", content=content, headers=headers
        )
        self._pass(step, self.server.after)
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in _NOT_FORWARDED:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_POST = do_DELETE = do_HEAD = do_GET  # noqa: N815

    def _pass(self, step: str, actions: dict[str, Callable[[], None]]) -> bool:
        """Does what is to be done at this step, once. Returns whether there was anything."""
        due = [actions.pop(part) for part in list(actions) if part in step]
        for action in due:
            action()
        return bool(due)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing."""


@pytest.fixture
def gate(stack: Instance) -> Iterator[Gate]:
    with Gate(stack.url) as gate:
        yield gate
        gate.shutdown()


class Service:
    """gunicorn, which may be killed and started again."""

    def __init__(self, stack: Instance, supabase_url: str, desk: str, workers: int = 1) -> None:
        self.socket = desk
        self._environment = {
            "PATH": os.environ["PATH"],
            "SUPABASE_URL": supabase_url,
            "SUPABASE_JWT_ISSUER": f"{stack.url}/auth/v1",
            "SUPABASE_PUBLISHABLE_KEY": stack.publishable_key,
            "RECEIPTS_SOCKET": self.socket,
            # What a killed service leaves behind goes with the socket's folder.
            "TMPDIR": str(Path(self.socket).parent),
            "WEB_CONCURRENCY": str(workers),
        }
        self.start()

    def start(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "gunicorn", "-c", f"{ROOT}/app/gunicorn.conf.py", "app:create_app()"]
        self.process = subprocess.Popen(
            command,
            # Not in the repository, whose .env may hold real keys.
            cwd=Path(self.socket).parent,
            env=self._environment | {"PORT": str(port)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        eventually(self._answers)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/health").is_success
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """As the kernel does when memory is short: master and workers at once, without a word."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def send(self, user: User, content: bytes) -> httpx.Response:
        return httpx.post(
            f"{self.url}{ADDRESS}", files={"file": content}, headers=bearer(user.token), timeout=60
        )

    def extract(self, user: User, receipt_id: str) -> httpx.Response:
        address = f"{self.url}{ADDRESS}/{receipt_id}/extract"
        return httpx.post(address, headers=bearer(user.token), timeout=60)


@pytest.fixture(scope="module")
def shared_desk() -> Iterator[str]:
    """Where a reader is that outlives the services of these tests: starting one takes seconds."""
    with tempfile.TemporaryDirectory(prefix="test-life-os-", ignore_cleanup_errors=True) as folder:
        given = {"supabase_url": "http://127.0.0.1:9", "supabase_publishable_key": PUBLISHABLE_KEY}
        with Reader(config.load(**given, receipts_socket=f"{folder}/desk")).place("nobody"):
            yield f"{folder}/desk"


@pytest.fixture
def service(stack: Instance, gate: Gate, shared_desk: str) -> Iterator[Service]:
    service = Service(stack, gate.url, shared_desk)
    yield service
    service.kill()


def abandon(db: psycopg.Connection[DictRow], receipt: dict[str, Any]) -> None:
    """Lets the time pass after which a reading counts as failed."""
    with db.transaction():
        db.execute("select set_config('life_os.receipt_step', 'on', true)")
        query = "update public.receipts set claimed_until = now() - interval '1 second' where id = %s"
        db.execute(query, [receipt["id"]])


FORM_START = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
FORM_END = b"\r\n--x--\r\n"

BEFORE = "before"
AFTER = "after"
STORING = "POST /storage/v1/object/receipts"
CONTEXT = "rpc/receipt_context"
FINISHING = "rpc/finish_receipt"


@pytest.mark.parametrize(
    ("moment", "request_", "stored", "then"),
    [
        pytest.param(BEFORE, STORING, 0, "send", id="row without file"),
        pytest.param(AFTER, STORING, 1, "send", id="file stored"),
        pytest.param(BEFORE, CONTEXT, 1, "send", id="before reading"),
        pytest.param(BEFORE, FINISHING, 1, "extract", id="read, not written, extracted later"),
    ],
)
def test_a_service_killed_at_a_step_loses_nothing_and_goes_on(
    service: Service,
    gate: Gate,
    db: psycopg.Connection[DictRow],
    owner: User,
    moment: str,
    request_: str,
    stored: int,
    then: str,
) -> None:
    getattr(gate, moment)[request_] = service.kill
    with pytest.raises(httpx.TransportError):
        service.send(owner, text_pdf())
    (row,) = receipts_of(owner)
    assert row["status"] == "processing"
    assert len(files_of(owner)) == stored
    _goes_on(service, db, owner, text_pdf(), then)


def test_a_service_killed_while_it_reads_loses_nothing_and_goes_on(
    service: Service, gate: Gate, db: psycopg.Connection[DictRow], owner: User
) -> None:
    def kill_when_it_reads() -> None:
        threading.Thread(target=_kill_when_it_reads, args=(service,)).start()

    gate.after[CONTEXT] = kill_when_it_reads
    with pytest.raises(httpx.TransportError):
        service.send(owner, PHOTO)
    assert receipts_of(owner)[0]["status"] == "processing"
    _goes_on(service, db, owner, PHOTO, "extract")


def _kill_when_it_reads(service: Service) -> None:
    eventually(lambda: is_working(processes(service.socket)["reader"]))
    service.kill()


def _goes_on(
    service: Service, db: psycopg.Connection[DictRow], owner: User, content: bytes, then: str
) -> None:
    """After a restart the receipt is first being read, then failed, then read."""
    (row,) = receipts_of(owner)
    service.start()
    early = service.send(owner, content)
    assert early.status_code == 200
    assert (early.json()["data"]["receipt"]["status"], early.json()["data"]["source"]) == ("processing", None)
    assert "being read" in early.json()["message"]
    assert service.extract(owner, row["id"]).status_code == 409
    abandon(db, row)
    shown: Any = owner.client.table("receipts").select("effective_status").execute().data
    assert shown == [{"effective_status": "failed"}]
    later = service.send(owner, content) if then == "send" else service.extract(owner, row["id"])
    assert later.status_code == 200, later.text
    (done,) = receipts_of(owner)
    assert (done["id"], done["status"], done["amount"]) == (row["id"], "draft", 7.35)
    assert files_of(owner) == [done["image_url"]]


def test_a_service_killed_after_the_draft_was_written_has_it(
    service: Service, gate: Gate, owner: User
) -> None:
    gate.after[FINISHING] = service.kill
    with pytest.raises(httpx.TransportError):
        service.send(owner, text_pdf())
    (row,) = receipts_of(owner)
    assert (row["status"], row["amount"]) == ("draft", 7.35)
    service.start()
    again = service.send(owner, text_pdf())
    assert again.status_code == 200
    assert again.json()["data"]["receipt"]["id"] == row["id"]


def test_a_delete_that_was_killed_between_file_and_row_can_be_repeated(
    service: Service, gate: Gate, owner: User
) -> None:
    receipt_id = service.send(owner, text_pdf()).json()["data"]["receipt"]["id"]
    gate.before["rpc/delete_receipt"] = service.kill
    address = f"{ADDRESS}/{receipt_id}"
    with pytest.raises(httpx.TransportError):
        httpx.delete(f"{service.url}{address}", headers=bearer(owner.token))
    assert (len(receipts_of(owner)), files_of(owner)) == (1, [])
    service.start()
    assert httpx.delete(f"{service.url}{address}", headers=bearer(owner.token)).status_code == 200
    assert receipts_of(owner) == []


def test_a_receipt_that_is_deleted_while_it_arrives_leaves_no_file(
    service: Service, gate: Gate, owner: User
) -> None:
    def delete() -> None:
        (row,) = receipts_of(owner)
        deleted = httpx.delete(f"{service.url}{ADDRESS}/{row['id']}", headers=bearer(owner.token))
        assert deleted.status_code == 200

    gate.after["rpc/start_receipt"] = delete
    refused = service.send(owner, text_pdf())
    assert (refused.status_code, refused.json()["code"]) == (404, "PT404")
    assert (receipts_of(owner), files_of(owner)) == ([], [])


def test_a_receipt_is_read_though_its_sender_hung_up(service: Service, owner: User) -> None:
    form = b"".join([FORM_START, text_pdf(), FORM_END])
    head = (
        f"POST {ADDRESS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {owner.token}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(form)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", urlsplit(service.url).port or 0)) as phone:
        phone.sendall(head.encode() + form)
    eventually(lambda: [row["status"] for row in receipts_of(owner)] == ["draft"])


def test_a_file_that_is_too_large_is_refused_whether_or_not_its_length_is_told(
    service: Service, owner: User
) -> None:
    told = service.send(owner, bytes(22 * 2**20))
    assert (told.status_code, told.json()["code"]) == (413, "file_too_large")
    large = iter([FORM_START, *[bytes(2**20)] * 22, FORM_END])
    headers = {**bearer(owner.token), "Content-Type": "multipart/form-data; boundary=x"}
    untold = httpx.post(f"{service.url}{ADDRESS}", content=large, headers=headers)
    assert (untold.status_code, untold.json()["code"]) == (413, "file_too_large")
    small = iter([FORM_START, text_pdf(), FORM_END])
    assert httpx.post(f"{service.url}{ADDRESS}", content=small, headers=headers).status_code == 201


def test_two_workers_share_one_reader_and_nothing_outlives_their_master(stack: Instance, owner: User) -> None:
    with tempfile.TemporaryDirectory(prefix="test-life-os-", ignore_cleanup_errors=True) as folder:
        service = Service(stack, stack.url, f"{folder}/desk", workers=2)
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda n: service.send(owner, text_pdf(f"Copy {n}")), range(6)))
        assert [answer.status_code for answer in answers] == [201] * 6
        assert set(processes(service.socket)) == {"desk", "reader"}
        # The master alone: its workers notice, and the desk notices that they are gone.
        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait()
        eventually(lambda: not processes(service.socket))
