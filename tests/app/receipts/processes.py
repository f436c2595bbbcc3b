"""The processes that read receipts, as the operating system shows them."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from app.receipts import desk


def processes(socket: str) -> dict[str, int]:
    """The processes behind a socket, by their part: desk and reader."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            arguments = (folder / "cmdline").read_bytes().decode().split("\0")
            if desk.__file__ in arguments and any(socket in argument for argument in arguments):
                found["reader" if arguments[-2].isdigit() else "desk"] = int(folder.name)
    return found


def eventually(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_working(process: int) -> bool:
    """Whether it loads the OCR: then it has the library's weights in memory."""
    return b"onnxruntime" in Path(f"/proc/{process}/maps").read_bytes()
