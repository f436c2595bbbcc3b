"""Child processes that never outlive their parent, and the user that PostgreSQL runs as."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local_supabase.errors import StartError

_PR_SET_PDEATHSIG = 1
# Loaded here: after a change of user the child may be unable to read the library.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

Command = Sequence[str | Path]


@dataclass(frozen=True)
class Identity:
    """How to run a program as somebody who isn't root.

    `owner` is whom its files must belong to (None: this process's user); `prefix` is a command that starts
    the program.
    """

    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None
    owner: tuple[int, int] | None = None

    def run(self, command: Command, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Runs `command` to its end; the caller looks at the exit status."""
        return subprocess.run(
            [*self.prefix, *map(str, command)],
            capture_output=True,
            text=True,
            check=False,
            # The current folder may be closed to another user.
            cwd="/",
            env=dict(environment),
            user=self.user,
            group=self.group,
            extra_groups=None if self.user is None else [],
        )


def unprivileged_identity(program: Path, folder: Path) -> Identity:
    """An identity that can run `program` and write below `folder`: PostgreSQL refuses to run as root.

    An ordinary user is just that. Root becomes `nobody` where nobody can reach both paths. In a folder that
    is closed to others (/root) it takes another name in a user namespace, which keeps root's access to root's
    files; a container that forbids namespaces may let nobody keep the one capability that passes closed
    folders. Raises StartError when nothing works.
    """
    if os.geteuid() != 0:
        return Identity()
    for identity in _candidates():
        os.chown(folder, *(identity.owner or (0, 0)))
        if _works(identity, program, folder):
            return identity
    raise StartError(
        f"PostgreSQL refuses to run as root, and no other user can reach {program} and {folder}. Start as an "
        "ordinary user, or move the repository to a folder that every user may enter."
    )


def _works(identity: Identity, program: Path, folder: Path) -> bool:
    try:
        runs = identity.run([program, "--version"], {"LC_ALL": "C"})
        writes = identity.run(["test", "-w", folder], {"PATH": os.defpath})
    except OSError:
        # Without a prefix, a program that can't be reached is an error of ours.
        return False
    return runs.returncode == 0 and writes.returncode == 0


def _candidates() -> list[Identity]:
    import pwd

    nobody = pwd.getpwnam("nobody")
    owner = (nobody.pw_uid, nobody.pw_gid)
    found = [Identity(user=owner[0], group=owner[1], owner=owner)]
    if unshare := shutil.which("unshare"):
        found.append(Identity(prefix=(unshare, "--user", "--")))
    if setpriv := shutil.which("setpriv"):
        users = (f"--reuid={owner[0]}", f"--regid={owner[1]}", "--clear-groups")
        # Without the secure bit, access(2), which PostgreSQL asks, ignores the capability.
        capability = (
            "--securebits=+no_setuid_fixup",
            "--inh-caps=+dac_override",
            "--ambient-caps=+dac_override",
        )
        # The change of user forgets the signal that `spawn` asks for.
        found.append(Identity(prefix=(setpriv, *capability, *users, "--pdeathsig=INT", "--"), owner=owner))
    return found


@dataclass(frozen=True)
class Child:
    """A running program of the stack."""

    name: str
    process: subprocess.Popen[bytes]
    stop_signal: signal.Signals
    log: Path

    def exited(self) -> bool:
        return self.process.poll() is not None

    def stop(self, timeout: float = 10) -> None:
        """Asks it to end, and kills it when it doesn't within `timeout` seconds."""
        if self.exited():
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def log_tail(self, characters: int = 2000) -> str:
        """The end of what it wrote."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-characters:]


def spawn(
    name: str,
    command: Command,
    *,
    log: Path,
    environment: Mapping[str, str],
    folder: Path = Path("/"),
    stop_signal: signal.Signals = signal.SIGTERM,
    identity: Identity | None = None,
) -> Child:
    """Starts `command`; on Linux the kernel sends it `stop_signal` when this process dies, however it dies.

    Must be called from the main thread: the kernel watches the thread that forks, not the process.
    """
    who = identity or Identity()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*who.prefix, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=dict(environment),
            user=who.user,
            group=who.group,
            extra_groups=None if who.user is None else [],
            # In its own session: Ctrl-C reaches only the supervisor, which stops things in order.
            start_new_session=True,
            preexec_fn=_dies_with_parent(stop_signal),
        )
    return Child(name, process, stop_signal, log)


def _dies_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    libc, parent = _LIBC, os.getpid()

    def in_child() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:
            # The parent died before the kernel was told to watch it.
            os._exit(1)

    return in_child


def command_line(pid: int) -> str | None:
    """What runs as process `pid`, or None when nothing does (or it can't be told)."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        if sys.platform == "linux":
            return None
    shown = subprocess.run(["ps", "-p", str(pid), "-o", "args="], capture_output=True, text=True, check=False)
    return shown.stdout.strip() or None
