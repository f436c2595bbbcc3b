"""gunicorn, from the same settings: `gunicorn -c app/gunicorn.conf.py "app:create_app()"` in the repository.

Threads, because a request mostly waits: for the model, then for the database. Measured for S2 (64 requests at
once, the model takes 1 s; p95): one gthread worker 1.4 s in 97 MB, one gevent worker 2.1 s in 130 MB, 64 sync
workers 2.3 s in 2.8 GB; two gthread workers 1.3 s.
"""

# ruff: noqa: E402, N999 (imports wait for the path and the environment; the name is gunicorn's)

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

# gunicorn reads this file before it puts the working directory on the path.
sys.path.insert(0, str(Path(__file__).parents[1]))


def _remove(folder: str, maker: int) -> None:
    if os.getpid() == maker:
        shutil.rmtree(folder, ignore_errors=True)


# Where workers count what /api/metrics sums up; prometheus_client wants to know before it is imported. A
# master that another one started anew (USR2) inherits the environment, but not the folder, which goes with
# its maker; workers inherit the handler, and leave the folder alone.
_SHARED = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "life-os-metrics-"
_MINE = f"{_PREFIX}{os.getpid()}-"
_folder = Path(os.environ.get(_SHARED, _PREFIX)).name
if _folder.startswith(_PREFIX) and not _folder.startswith(_MINE):
    os.environ[_SHARED] = tempfile.mkdtemp(prefix=_MINE)
    atexit.register(_remove, os.environ[_SHARED], os.getpid())

# Only names that aren't settings of gunicorn's (`config` is one) may stay in this module.
from prometheus_client import multiprocess

from app.config import SettingsError, load
from app.receipts.desk import temporary_socket

try:
    _settings = load()
except SettingsError as error:
    raise SystemExit(str(error)) from None

bind = f"{_settings.host}:{_settings.port}"
loglevel = _settings.log_level.lower()
worker_class = "gthread"
workers = _settings.web_concurrency
threads = _settings.web_threads
# All workers' receipts are read by one process, which the first that needs it starts.
if not _settings.receipts_socket:
    raw_env = [f"RECEIPTS_SOCKET={(_socket := temporary_socket())}"]
    atexit.register(_remove, str(Path(_socket).parent), os.getpid())
# A request may take as long as reading a receipt, the model and three calls of the Data API; a worker that
# stops waits for it.
_longest = _settings.receipts_timeout_seconds + _settings.openai_timeout_seconds
graceful_timeout = 1 + int(_longest + 3 * _settings.data_api_timeout_seconds)
keepalive = 5
# No socket in the home folder, which would be shared by every instance of this user.
control_socket_disable = True
# Room for the longest access token that auth takes, so that a longer one gets a proper answer.
limit_request_field_size = 16_384
# The heartbeat file must not be on a slow disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def child_exit(server: Any, worker: Any) -> None:  # noqa: ARG001 (gunicorn's hook)
    """What a dead worker counted stays counted; what it was doing isn't any more."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
