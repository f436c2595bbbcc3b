"""A running instance as its clients see it, and the file that tells them."""

from __future__ import annotations

import fcntl
import json
from dataclasses import asdict, dataclass
from pathlib import Path

STACK_FILE = "stack.json"
LOCK_FILE = "lock"


@dataclass(frozen=True)
class Instance:
    """Where a running local Supabase listens, and the keys it accepts."""

    url: str
    publishable_key: str
    secret_key: str
    anon_key: str
    service_role_key: str
    jwt_secret: str
    db_url: str
    """As the role `postgres`, which applies migrations."""
    admin_db_url: str
    """As the superuser supabase_admin, which no hosted project hands out: for tests of the stack only."""
    directory: Path
    pid: int
    """The supervisor's process."""

    def to_json(self) -> str:
        """The fields as one line of JSON."""
        return json.dumps(asdict(self) | {"directory": str(self.directory)})

    @classmethod
    def from_json(cls, text: str) -> Instance:
        """The instance that `to_json` described."""
        fields = json.loads(text)
        return cls(**(fields | {"directory": Path(fields["directory"])}))

    def publish(self) -> None:
        """Writes stack.json; it holds secret keys, so only its owner may read it."""
        target = self.directory / STACK_FILE
        draft = target.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(self.to_json() + "\n", encoding="utf-8")
        # A reader sees the whole file or none.
        draft.replace(target)


def find(directory: Path) -> Instance | None:
    """The instance that runs in `directory`, as its stack.json says, or None."""
    try:
        instance = Instance.from_json((directory / STACK_FILE).read_text(encoding="utf-8"))
        with (directory / LOCK_FILE).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        # The supervisor holds the lock as long as it lives; a killed one leaves its stack.json behind.
        return instance
    return None
