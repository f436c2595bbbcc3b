"""gunicorn, from the same settings: `gunicorn -c app/gunicorn.conf.py "app:create_app()"` in the repository.

Threads, because a request mostly waits: for the model, then for the database.
"""

# ruff: noqa: N999 (the name that gunicorn gives it)

import sys
from pathlib import Path

# gunicorn reads this file before it puts the working directory on the path.
sys.path.insert(0, str(Path(__file__).parents[1]))

# Only names that aren't settings of gunicorn's (`config` is one) may stay in this module.
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
# A request may take as long as the model and three calls of the Data API; a stopping worker waits for it.
graceful_timeout = int(_settings.openai_timeout_seconds + 3 * _settings.data_api_timeout_seconds) + 1
keepalive = 5
# No socket in the home folder, which would be shared by every instance of this user.
control_socket_disable = True
# Room for the longest access token that auth takes, so that a longer one gets a proper answer.
limit_request_field_size = 16_384
# The heartbeat file must not be on a slow disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
