"""Temporary folders go with their maker, or with the next one's start; nothing else is ever removed."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from app import folders

# By its file: importing the whole service would take most of the time.
MAKER = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("folders", sys.argv[1])
folders = importlib.util.module_from_spec(spec)
spec.loader.exec_module(folders)
folders.make(sys.argv[2])
print("made", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def maker_of(folder: Path) -> "subprocess.Popen[bytes]":
    """A process that has made `folder`, and ends with its input."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAKER, folders.__file__, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"made\n"
    return process


def ended(process: "subprocess.Popen[bytes]") -> int:
    process.communicate()
    return process.returncode


def make(place: Path) -> None:
    """Makes one of this process's own, which sweeps before."""
    name = folders.new_name()
    folders.make(name)
    assert Path(name).parent == place
    assert Path(name).stat().st_mode & 0o777 == 0o700


def test_a_folder_goes_with_its_maker(place: Path) -> None:
    folder = place / "life-os-0123abcd"
    maker = maker_of(folder)
    (folder / "full").write_text("of something")
    assert ended(maker) == 0
    assert list(place.iterdir()) == []


def test_the_next_maker_removes_what_a_killed_one_left_and_only_that(place: Path) -> None:
    dead, alive = place / "life-os-0123abcd", place / "life-os-4567cdef"
    killed, living = maker_of(dead), maker_of(alive)
    killed.send_signal(signal.SIGKILL)
    assert ended(killed) == -signal.SIGKILL
    make(place)
    assert not dead.exists()
    assert alive.exists()
    assert ended(living) == 0


def test_nothing_of_others_is_removed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = place / "elsewhere"
    checkout = place / "life-os-checkout"
    for folder in (elsewhere, checkout):
        folder.mkdir()
        (folder / "kept").touch()
    link = place / "life-os-00000000"
    link.symlink_to(elsewhere)
    make(place)
    assert link.is_symlink()
    assert (elsewhere / "kept").exists()
    assert (checkout / "kept").exists()

    theirs = place / "life-os-11111111"
    theirs.mkdir()
    with monkeypatch.context() as another_user:
        another_user.setattr("os.geteuid", lambda: place.stat().st_uid + 1)
        make(place)
    assert theirs.exists()
    make(place)
    assert not theirs.exists()
