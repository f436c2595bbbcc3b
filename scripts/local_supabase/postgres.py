"""PostgreSQL 17 as a child process, with the roles, schemas and fences of a hosted project."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from local_supabase import programs
from local_supabase.errors import StartError
from local_supabase.processes import Child, Identity, command_line, spawn, unprivileged_identity

HOST = "127.0.0.1"
# Known to everybody, as with `supabase start`; the server listens on the loopback interface only.
PASSWORD = "postgres"  # noqa: S105
SUPERUSER = "supabase_admin"

_BOOTSTRAP = Path(__file__).resolve().parent / "bootstrap"
_START_SECONDS = 30
_PORT_ATTEMPTS = 5

# Durability is off: a crash of the machine may cost the data, which seeds and tests make again.
_SETTINGS = """
listen_addresses = '127.0.0.1'
# No socket file: its path would be limited to 107 bytes, and the folder may lie deep.
unix_socket_directories = ''
wal_level = logical
max_wal_senders = 10
max_replication_slots = 10
max_slot_wal_keep_size = 1GB
max_connections = 100
shared_buffers = 64MB
fsync = off
full_page_writes = off
# On, because logical decoding sends only flushed WAL.
synchronous_commit = on
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
# Passwords are public here; fewer rounds make each connection quicker.
scram_iterations = 16
"""

_HBA = """
host all all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    port: int
    child: Child

    def url(self, user: str) -> str:
        """The connection URL for a role that may log in."""
        return database_url(user, self.port)


def database_url(user: str, port: int) -> str:
    """Where `user` finds the database."""
    return f"postgresql://{user}:{PASSWORD}@{HOST}:{port}/postgres"


def start(directory: Path, *, preferred_port: int | None) -> Postgres:
    """Starts the server on `directory`/pg and makes the database on first use.

    `preferred_port` is used when it is free, else any free port. Raises StartError, MissingProgramError.
    """
    folder = programs.postgres_bin()
    data = directory / "pg"
    _end_orphan(data)
    identity = _prepare(folder, data)
    (data / "stack.conf").write_text(_SETTINGS, encoding="utf-8")
    (data / "pg_hba.conf").write_text(_HBA, encoding="utf-8")
    for attempt in range(_PORT_ATTEMPTS):
        port = free_port(preferred_port if attempt == 0 else None)
        log = directory / "postgres.log"
        log.write_bytes(b"")
        child = spawn(
            "postgres",
            [folder / "postgres", "-D", data, "-p", str(port)],
            log=log,
            environment=_environment(),
            stop_signal=signal.SIGINT,
            identity=identity,
        )
        if _accepts_connections(child, port):
            break
        if "could not bind" not in child.log_tail():
            raise StartError(f"PostgreSQL didn't start:\n{child.log_tail()}")
        # Another program took the port in between.
    else:
        raise StartError(f"PostgreSQL found no free port:\n{child.log_tail()}")
    server = Postgres(port, child)
    try:
        _bootstrap(server, data)
    except BaseException:
        child.stop()
        raise
    return server


def free_port(preferred: int | None) -> int:
    """`preferred` when nothing listens there, else a port that the system picks."""
    with listen(preferred) as probe:
        port: int = probe.getsockname()[1]
        return port


def listen(preferred: int | None) -> socket.socket:
    """A socket bound to `preferred` on the loopback interface, or to any free port when that one is taken."""
    for port in (preferred or 0, 0):
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((HOST, port))
            # Only listening tells a port that is taken on every platform.
            bound.listen(128)
        except OSError:
            bound.close()
        else:
            return bound
    raise StartError("No free port on the loopback interface.")


def _environment() -> dict[str, str]:
    """Nothing of the user's own PostgreSQL settings (PGDATA, PGPORT, …) may leak into the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}


def _own(data: Path, identity: Identity) -> None:
    """Gives an existing data folder to the user that PostgreSQL runs as, who may have been another."""
    if os.geteuid() != 0:
        return
    owner = identity.owner or (0, 0)
    probe = data / "PG_VERSION"
    if probe.exists() and probe.stat().st_uid != owner[0]:
        for path in data.rglob("*"):
            os.chown(path, *owner, follow_symlinks=False)


def _prepare(folder: Path, data: Path) -> Identity:
    """Makes the data folder on first use; says whom PostgreSQL is to run as."""
    if (data / "PG_VERSION").exists():
        identity = unprivileged_identity(folder / "postgres", data)
        _own(data, identity)
        return identity
    # Under another name until it is complete: a start that is killed halfway leaves nothing usable.
    draft = data.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    identity = unprivileged_identity(folder / "postgres", draft)
    _initdb(folder, draft, data.with_name("password"), identity)
    shutil.rmtree(data, ignore_errors=True)
    draft.rename(data)
    return identity


def _initdb(folder: Path, data: Path, password_file: Path, identity: Identity) -> None:
    try:
        password_file.touch(mode=0o600)
        password_file.write_text(PASSWORD, encoding="utf-8")
        if identity.owner:
            os.chown(password_file, *identity.owner)
        options = ["--username", SUPERUSER, "--encoding=UTF8", "--locale-provider=builtin", "--locale=C"]
        options += ["--builtin-locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password_file}"]
        result = identity.run([folder / "initdb", "-D", data, *options, "--no-sync"], _environment())
    finally:
        password_file.unlink(missing_ok=True)
    if result.returncode:
        raise StartError(f"initdb failed:\n{result.stdout}{result.stderr}")
    with (data / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write("\ninclude 'stack.conf'\n")


def _end_orphan(data: Path) -> None:
    """Waits for the server of a killed supervisor to end; stops it where no kernel did."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    deadline = time.monotonic() + 20
    asked = False
    # The command line is looked at, because after a reboot the number may be somebody else's.
    while str(data) in (command_line(pid) or ""):
        if time.monotonic() > deadline:
            raise StartError(f"PostgreSQL (process {pid}) still runs on {data}; stop it first.")
        if not asked and time.monotonic() > deadline - 18:
            os.kill(pid, signal.SIGINT)
            asked = True
        time.sleep(0.05)


def _accepts_connections(child: Child, port: int) -> bool:
    """True when the server is up, False when it has ended."""
    deadline = time.monotonic() + _START_SECONDS
    while not child.exited():
        try:
            psycopg.connect(database_url(SUPERUSER, port), connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                child.stop()
                raise StartError(
                    f"PostgreSQL took longer than {_START_SECONDS} s to start:\n{child.log_tail()}"
                ) from None
            time.sleep(0.02)
        else:
            return True
    return False


def _bootstrap(server: Postgres, data: Path) -> None:
    """Makes the platform's roles and schemas, all or nothing."""
    files = sorted(_BOOTSTRAP.glob("*.sql"))
    version = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    stamp = data / "bootstrap.sha256"
    with psycopg.connect(server.url(SUPERUSER)) as connection:
        done = connection.execute("select from pg_roles where rolname = 'authenticator'").fetchone()
        if done is None:
            for file in files:
                # Bytes: these are whole files of ours, not queries built from input.
                connection.execute(file.read_bytes())
            stamp.write_text(version)
        elif not stamp.exists() or stamp.read_text() != version:
            raise StartError(
                f"{data} was made by another version of the local Supabase. Start once with --fresh, which "
                "forgets its data."
            )
