"""Folders that only this user can enter: temporary ones, which go with their maker, and a check of others."""

import atexit
import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
from pathlib import Path

_NAME = "life-os-" + "[0-9a-f]" * 8


def new_name() -> str:
    """Where a temporary folder may be made."""
    return f"{tempfile.gettempdir()}/life-os-{secrets.token_hex(4)}"


def make(name: str) -> None:
    """Makes a temporary folder, which is removed when this process ends.

    A killed process removes nothing: the next that makes one does it for it. A lock on the folder tells who
    lives, also where numbers of processes come back; children that were forked hold it, too.
    """
    folder = Path(name)
    _sweep(folder.parent)
    # Under another name until it is locked: others may be sweeping.
    draft = tempfile.mkdtemp(prefix=".", dir=folder.parent)
    fcntl.flock(os.open(draft, os.O_RDONLY | os.O_DIRECTORY), fcntl.LOCK_EX)
    Path(draft).rename(folder)
    atexit.register(_remove, folder, os.getpid())


def check(folder: Path) -> None:
    """Raises PermissionError when others could put something else in the place of what is in it."""
    found = folder.stat()
    if found.st_uid != os.geteuid():
        raise PermissionError("its folder belongs to another user; name one that is this user's own")
    if found.st_mode & 0o022:
        raise PermissionError("others can write to its folder; end that (chmod go-w), or name another")


def _remove(folder: Path, maker: int) -> None:
    if os.getpid() == maker:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    for folder in parent.glob(_NAME):
        # Not a folder (or a link to one), somebody else's, or locked: none of ours to remove.
        with contextlib.suppress(OSError):
            found = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(found).st_uid == os.geteuid():
                    fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder)
            finally:
                os.close(found)
