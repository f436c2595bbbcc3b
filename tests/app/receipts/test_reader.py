"""One process reads for everybody: so many places and no more, jobs that fail alone, nothing left behind."""

import datetime
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import config, create_app
from app.errors import BrokenFile, ReaderBusy, ReaderUnavailable, ReadingFailed, ReadingTimedOut
from app.receipts import kinds, ocr
from app.receipts.desk import Turns
from app.receipts.extraction import Hints
from app.receipts.reader import Place, Reader
from tests.app.conftest import PUBLISHABLE_KEY, assert_error
from tests.app.receipts import drawing, files
from tests.app.receipts.conftest import MakeService
from tests.app.receipts.processes import eventually, is_working, processes
from tests.app.receipts.uploads import extract, receipts_of, send, sent, text_pdf
from tests.conftest import ROOT, User

HINTS = Hints(today=datetime.date(2026, 11, 24), currency="EUR")
PDF = files.text_pdf(("CORNER SHOP", "Milk|1,29", "Bread|2,50", "TOTAL|3,79"))
PHOTO = files.encoded(drawing.image("#^CORNER SHOP", "Milk|1,29", "Bread|2,50", "TOTAL|3,79"))


@pytest.fixture
def own_socket() -> Iterator[str]:
    """The socket of a desk that this test has for itself."""
    with tempfile.TemporaryDirectory(prefix="test-life-os-", ignore_cleanup_errors=True) as folder:
        yield f"{folder}/desk"


def reader(socket: str, **changes: Any) -> Reader:
    given = {"supabase_url": "http://127.0.0.1:9", "supabase_publishable_key": PUBLISHABLE_KEY}
    return Reader(config.load(**given, receipts_socket=socket, **changes))


def read(place: Place, content: bytes = PDF) -> str:
    """The text of a receipt."""
    return place.read(place.prepare(content, kinds.kind_of(content)), HINTS).text()


def reads(worker: Reader) -> bool:
    """Whether there is a place that reads; the desk takes a moment to see that whoever had it is gone."""
    try:
        with worker.place("owner") as place:
            return "CORNER SHOP" in read(place)
    except ReaderBusy:
        return False


def test_places_are_bounded_over_all_workers(own_socket: str) -> None:
    one, other = reader(own_socket, receipts_queue=2), reader(own_socket, receipts_queue=2)
    with one.place("owner"), other.place("other user"):
        for worker in (one, other):
            with pytest.raises(ReaderBusy), worker.place("third"):
                pass
    eventually(lambda: reads(one))


def test_an_upload_over_the_bound_is_told_to_come_back(
    make_service: MakeService, own_socket: str, owner: User
) -> None:
    service = make_service(receipts_socket=own_socket, receipts_queue=1)
    receipt_id = sent(service, owner, text_pdf())["receipt"]["id"]
    with reader(own_socket).place("owner"):
        for refused in (send(service, owner, PDF), extract(service, owner, receipt_id)):
            assert_error(refused, 503, "reader_busy")
            assert int(refused.headers["Retry-After"]) > 0
    assert [row["status"] for row in receipts_of(owner)] == ["draft"]
    eventually(lambda: send(service, owner, PDF).status_code == 201)


def test_one_person_leaves_a_place_to_others(own_socket: str) -> None:
    one, other = reader(own_socket, receipts_queue=4), reader(own_socket, receipts_queue=4)
    with one.place("owner"), other.place("owner"), one.place("owner"):
        for worker in (one, other):
            with pytest.raises(ReaderBusy), worker.place("owner"):
                pass
        with other.place("other user") as place:
            assert "CORNER SHOP" in read(place)
    with one.place("owner") as place:
        assert "CORNER SHOP" in read(place)


def test_nobody_has_two_turns_in_a_row_while_somebody_else_waits() -> None:
    turns = Turns()
    had: list[str] = []

    def take(person: str) -> None:
        with turns.turn(person):
            had.append(person)

    people = ["owner", "owner", "owner", "other user", "other user"]
    waiting = [threading.Thread(target=take, args=(person,)) for person in people]
    with turns.turn("owner"):
        for thread in waiting:
            thread.start()
        eventually(lambda: len(turns.waiting) == len(people))
    for thread in waiting:
        thread.join()
    assert had == ["other user", "owner", "other user", "owner", "owner"]


def test_workers_share_one_reader(own_socket: str) -> None:
    workers = [reader(own_socket) for _ in range(4)]
    threads = [threading.Thread(target=_read_once, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    running = processes(own_socket)
    assert set(running) == {"desk", "reader"}
    for worker in workers:
        _read_once(worker)
    assert processes(own_socket) == running


def _read_once(worker: Reader) -> None:
    with worker.place("owner") as place:
        assert "CORNER SHOP" in read(place)


def test_the_reader_runs_at_a_low_priority_and_knows_no_secrets(
    own_socket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    worker = reader(own_socket)
    _read_once(worker)
    running = processes(own_socket)
    # 19 is the lowest there is.
    low = min(os.getpriority(os.PRIO_PROCESS, 0) + 5, 19)
    assert os.getpriority(os.PRIO_PROCESS, running["reader"]) >= low
    for process in running.values():
        assert b"sk-secret" not in Path(f"/proc/{process}/environ").read_bytes()


def test_a_job_that_breaks_the_reader_fails_alone(own_socket: str) -> None:
    worker = reader(own_socket)
    _read_once(worker)
    first = processes(own_socket)
    with worker.place("owner") as place:
        pages = place.prepare(PHOTO, kinds.JPEG)
        failures = []

        def read_photo() -> None:
            try:
                place.read(pages, HINTS)
            except ReadingFailed as failure:
                failures.append(failure)

        reading = threading.Thread(target=read_photo)
        reading.start()
        eventually(lambda: is_working(first["reader"]))
        os.kill(first["reader"], signal.SIGKILL)
        reading.join()
        assert len(failures) == 1
        # The same place, and a waiting one, go on with another reader.
        assert "CORNER SHOP" in read(place)
    _read_once(worker)
    second = processes(own_socket)
    assert second["desk"] == first["desk"]
    assert second["reader"] != first["reader"]


def test_a_reader_that_dies_marks_the_receipt_and_the_next_one_is_read(
    make_service: MakeService, own_socket: str, owner: User
) -> None:
    service = make_service(receipts_socket=own_socket)
    sent(service, owner, PDF)
    answers: list[Any] = []
    sending = threading.Thread(target=lambda: answers.append(send(service, owner, PHOTO)))
    victim = processes(own_socket)["reader"]
    sending.start()
    eventually(lambda: is_working(victim))
    os.kill(victim, signal.SIGKILL)
    sending.join()
    body = assert_error(answers[0], 503, "reading_failed")
    (_, row) = receipts_of(owner)
    assert body["details"] == {"receipt_id": row["id"]}
    assert (row["status"], row["extraction"]["failure"]) == ("failed", "reading_failed")
    assert extract(service, owner, row["id"]).get_json()["data"]["receipt"]["amount"] == 3.79


def test_a_job_that_takes_too_long_is_ended(own_socket: str) -> None:
    worker = reader(own_socket, receipts_timeout_seconds=0.01)
    with worker.place("owner") as place:
        for _ in range(2):
            # A process can't even start in that time.
            with pytest.raises(ReadingTimedOut):
                place.prepare(PDF, kinds.PDF)
    eventually(lambda: "reader" not in processes(own_socket))


def test_a_reader_may_not_take_more_memory_than_it_is_given(own_socket: str) -> None:
    worker = reader(own_socket, receipts_memory_mb=500)
    _read_once(worker)
    with worker.place("owner") as place:
        # 64 megapixels with transparency need more.
        with pytest.raises((ReadingFailed, BrokenFile)):
            place.prepare(_large(), kinds.PNG)
        assert "CORNER SHOP" in read(place)


def _large() -> bytes:
    from PIL import Image

    return files.encoded(Image.new("RGBA", (8000, 8000)), "PNG", compress_level=1)


def test_a_bad_file_doesnt_cost_the_reader_its_life(own_socket: str) -> None:
    worker = reader(own_socket)
    _read_once(worker)
    before = processes(own_socket)
    with worker.place("owner") as place, pytest.raises(BrokenFile):
        place.prepare(PHOTO[:2000], kinds.JPEG)
    assert processes(own_socket) == before


def test_a_desk_that_was_killed_is_replaced(own_socket: str) -> None:
    worker = reader(own_socket)
    _read_once(worker)
    first = processes(own_socket)
    os.kill(first["desk"], signal.SIGKILL)
    eventually(lambda: not processes(own_socket))
    _read_once(worker)
    assert processes(own_socket)["desk"] != first["desk"]


def test_a_service_that_lacks_ocr_starts_and_says_what_it_can_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = {"supabase_url": "http://127.0.0.1:9", "supabase_publishable_key": PUBLISHABLE_KEY}
    said: list[tuple[str, ...]] = []
    monkeypatch.setattr(logging.getLogger("app.receipts.reader"), "warning", lambda *of: said.append(of))
    create_app(config.load(**given))
    assert said == []
    monkeypatch.setattr(ocr, "available", lambda: False)
    create_app(config.load(**given))
    create_app(config.load(**given, openai_api_key="sk-fake"))
    texts = [text % tuple(arguments) for text, *arguments in said]
    assert "requirements-ocr.txt" in texts[0]
    assert "PDFs with text only" in texts[0]
    assert "by the AI model only" in texts[1]


def test_a_reader_that_cannot_start_is_named() -> None:
    with pytest.raises(ReaderUnavailable), reader("/proc/nowhere/desk").place("owner"):
        pass


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_the_service(own_socket: str, how: signal.Signals) -> None:
    code = (
        "import sys, time\n"
        "from tests.app.receipts.test_reader import _read_once, reader\n"
        "worker = reader(sys.argv[1])\n"
        "_read_once(worker)\n"
        "print('read', flush=True)\n"
        "time.sleep(60)\n"
    )
    service = subprocess.Popen(
        [sys.executable, "-c", code, own_socket],
        env={"PYTHONPATH": f"{ROOT}:{ROOT}/scripts"},
        stdout=subprocess.PIPE,
    )
    assert service.stdout is not None
    assert service.stdout.readline() == b"read\n"
    assert set(processes(own_socket)) == {"desk", "reader"}
    service.send_signal(how)
    service.wait()
    service.stdout.close()
    eventually(lambda: not processes(own_socket))
    assert not Path(own_socket).exists()


def test_a_temporary_socket_is_for_its_user_alone() -> None:
    worker = reader("")
    _read_once(worker)
    folder = Path(worker._socket()).parent
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_socket_where_others_could_put_theirs_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "made later"
    worker = reader(str(folder / "desk"))
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(ReaderUnavailable), worker.place("owner"):
        pass
    assert list(folder.iterdir()) == []
