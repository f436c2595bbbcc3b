"""gunicorn, from the same settings: `gunicorn -c app/gunicorn.conf.py "app:create_app()"` in the repository.

Threads, because a request mostly waits: for the model, then for the database. Measured for S2 (64 requests at
once, the model takes 1 s; p95): one gthread worker 1.4 s in 97 MB, one gevent worker 2.1 s in 130 MB, 64 sync
workers 2.3 s in 2.8 GB; two gthread workers 1.3 s.
"""

# ruff: noqa: E402, N999 (imports wait for the path and the environment; the name is gunicorn's)

import os
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any

# gunicorn reads this file before it puts the working directory on the path.
sys.path.insert(0, str(Path(__file__).parents[1]))


# A temporary folder for what the workers share: their counts, which /api/metrics sums up, and the socket of
# the desk that reads receipts. It is named here, as folders.new_name does it, because prometheus_client wants
# to know before it is imported, and made when the service starts. A master that another one started anew
# (USR2) inherits the environment, but not the folder, which goes with its maker; one that reads this file
# again (HUP) keeps it.
_COUNTS, _SOCKET, _OURS = "PROMETHEUS_MULTIPROC_DIR", "RECEIPTS_SOCKET", "LIFE_OS_FOLDER"
_maker, _, _folder = os.environ.get(_OURS, "").partition(":")
if _maker != str(os.getpid()):
    for _name in (_COUNTS, _SOCKET):
        if _folder and os.environ.get(_name, "").startswith(f"{_folder}/"):
            del os.environ[_name]
    _folder = f"{tempfile.gettempdir()}/life-os-{secrets.token_hex(4)}"
    os.environ[_OURS] = f"{os.getpid()}:{_folder}"
os.environ.setdefault(_COUNTS, f"{_folder}/counts")

# Only names that aren't settings of gunicorn's (`config` is one) may stay in this module.
from prometheus_client import multiprocess

from app import folders
from app.config import SettingsError, load

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
    os.environ[_SOCKET] = f"{_folder}/desk"
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


def on_starting(server: Any) -> None:  # noqa: ARG001 (gunicorn's hook)
    """Just before signals are handled: a start that ends earlier leaves nothing behind."""
    folders.make(_folder)
    Path(_folder, "counts").mkdir()


def child_exit(server: Any, worker: Any) -> None:  # noqa: ARG001 (gunicorn's hook)
    """What a dead worker counted stays counted; what it was doing isn't any more."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
