"""Starting and stopping: nothing is left behind, whatever dies and however."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from local_supabase import Instance, StartError, find, running

from .conftest import PASSWORD, new_email

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
ENVIRONMENT = os.environ | {"PYTHONPATH": str(SCRIPTS)}
LAUNCHER = """
import sys, time
from pathlib import Path
from local_supabase import running
with running(Path(sys.argv[1])) as instance:
    print(instance.to_json(), flush=True)
    time.sleep(600)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def processes_of(directory: Path) -> list[str]:
    """The command lines of every process that has to do with an instance."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            folder = str((entry / "cwd").readlink())
        except OSError:
            continue
        if entry.name != str(os.getpid()) and (
            str(directory) in command or folder.startswith(str(directory))
        ):
            found.append(command)
    return found


def gone(directory: Path, seconds: float = 5) -> bool:
    """Whether every process of an instance ends within a few seconds."""
    deadline = time.monotonic() + seconds
    while processes_of(directory) and time.monotonic() < deadline:
        time.sleep(0.02)
    return processes_of(directory) == []


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/auth/v1/.well-known/jwks.json").status_code == 200
    except httpx.ConnectError:
        return False


@pytest.fixture
def start() -> Iterator[Callable[..., tuple[subprocess.Popen[str], Instance]]]:
    """Starts a program that runs an instance, and waits for stack.json."""
    started: list[subprocess.Popen[str]] = []

    def begin(directory: Path, *command: str) -> tuple[subprocess.Popen[str], Instance]:
        process = subprocess.Popen(
            [sys.executable, *command],
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        deadline = time.monotonic() + 30
        while (instance := find(directory)) is None:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return process, instance

    yield begin
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate()


def start_command(directory: Path, *more: str) -> list[str]:
    return ["-m", "local_supabase", "start", "--no-migrations", "--dir", str(directory), *more]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_stops_everything(
    tmp_path: Path, start: Callable[..., tuple[subprocess.Popen[str], Instance]], number: signal.Signals
) -> None:
    process, instance = start(tmp_path, *start_command(tmp_path))
    assert answers(instance.url)
    process.send_signal(number)
    output, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert instance.publishable_key in output
    assert processes_of(tmp_path) == []
    assert not (tmp_path / "stack.json").exists()


def test_killed_supervisor_leaves_nothing_behind(tmp_path: Path) -> None:
    with running(tmp_path) as instance:
        assert any("postgrest" in command for command in processes_of(tmp_path))
        assert any("bin/postgres" in command for command in processes_of(tmp_path))
        os.kill(instance.pid, signal.SIGKILL)
        assert gone(tmp_path)
        assert find(tmp_path) is None


def test_killed_launcher_leaves_nothing_behind(
    tmp_path: Path, start: Callable[..., tuple[subprocess.Popen[str], Instance]]
) -> None:
    process, instance = start(tmp_path, "-c", LAUNCHER, str(tmp_path))
    assert answers(instance.url)
    process.kill()
    assert gone(tmp_path)
    assert not (tmp_path / "stack.json").exists()


def test_restart_after_a_kill_keeps_the_data(tmp_path: Path) -> None:
    with running(tmp_path) as instance:
        with psycopg.connect(instance.db_url) as connection:
            connection.execute("create table public.kept (id int); insert into public.kept values (1)")
        os.kill(instance.pid, signal.SIGKILL)
    with running(tmp_path) as instance, psycopg.connect(instance.db_url) as connection:
        assert connection.execute("select id from public.kept").fetchall() == [(1,)]


def test_restart_keeps_users_files_and_keys_and_fresh_keeps_only_the_keys(tmp_path: Path) -> None:
    body = {"email": new_email(), "password": PASSWORD}
    with running(tmp_path) as first:
        headers = {"apikey": first.secret_key}
        httpx.post(f"{first.url}/auth/v1/signup", json=body, headers=headers)
        httpx.post(f"{first.url}/storage/v1/bucket", json={"name": "b"}, headers=headers)
        httpx.post(f"{first.url}/storage/v1/object/b/x", content=b"1", headers=headers)
    with running(tmp_path) as second:
        assert second.secret_key == first.secret_key
        token = f"{second.url}/auth/v1/token?grant_type=password"
        assert httpx.post(token, json=body, headers=headers).status_code == 200
        assert httpx.get(f"{second.url}/storage/v1/object/b/x", headers=headers).content == b"1"
    with running(tmp_path, fresh=True) as third:
        assert third.secret_key == first.secret_key
        token = f"{third.url}/auth/v1/token?grant_type=password"
        assert httpx.post(token, json=body, headers=headers).status_code == 400
        assert httpx.get(f"{third.url}/storage/v1/object/b/x", headers=headers).status_code == 400
        assert not any(path.is_file() for path in (tmp_path / "objects").rglob("*"))


def test_instances_run_side_by_side_and_know_only_their_own_keys(tmp_path: Path, platform: Instance) -> None:
    with running(tmp_path / "other") as other:
        assert other.url != platform.url
        assert other.db_url != platform.db_url
        for instance, key, status in [
            (platform, platform.secret_key, 200),
            (other, other.secret_key, 200),
            (platform, other.secret_key, 401),
            (other, platform.secret_key, 401),
        ]:
            answer = httpx.get(f"{instance.url}/storage/v1/bucket", headers={"apikey": key})
            assert answer.status_code == status


def test_given_port_is_used_when_it_is_free_and_another_when_it_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        with running(tmp_path, port=port) as instance:
            assert instance.url != f"http://127.0.0.1:{port}"
            assert answers(instance.url)
    with running(tmp_path, port=port) as instance:
        assert instance.url == f"http://127.0.0.1:{port}"


def test_second_instance_in_one_folder_is_refused(tmp_path: Path) -> None:
    with running(tmp_path) as instance:
        with pytest.raises(StartError, match="already runs"), running(tmp_path):
            pass
        assert answers(instance.url)
        assert find(tmp_path) == instance


def test_supervisor_ends_with_the_log_when_postgres_dies(tmp_path: Path) -> None:
    with running(tmp_path) as instance:
        postmaster = int((tmp_path / "pg" / "postmaster.pid").read_text().split("\n")[0])
        os.kill(postmaster, signal.SIGKILL)
        assert gone(tmp_path)
    assert "postgres ended by itself" in (tmp_path / "supervisor.log").read_text()
    assert not answers(instance.url)


def test_data_of_another_version_is_refused(tmp_path: Path) -> None:
    with running(tmp_path):
        pass
    (tmp_path / "pg" / "bootstrap.sha256").write_text("older")
    with pytest.raises(StartError, match="--fresh"), running(tmp_path):
        pass


def test_deep_folder_with_a_blank_is_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path / ("a rather long name " * 6) / ("x" * 100)
    with running(deep) as instance:
        answer = httpx.get(f"{instance.url}/rest/v1/", headers={"apikey": instance.secret_key})
        assert answer.status_code == 200


def test_stack_file_tells_the_owner_alone_where_the_instance_is(platform: Instance) -> None:
    file = platform.directory / "stack.json"
    told = json.loads(file.read_text())
    assert told["url"] == platform.url
    assert told["db_url"] == platform.db_url
    assert Instance.from_json(file.read_text()) == platform
    for name in ("stack.json", "keys.json", "objects"):
        mode = stat.S_IMODE((platform.directory / name).stat().st_mode)
        assert mode & 0o077 == 0


def test_server_listens_on_the_loopback_interface_only(platform: Instance) -> None:
    with psycopg.connect(platform.db_url) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("show unix_socket_directories").fetchone() == ("",)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(platform.db_url.replace(":postgres@", ":wrong@"))
