"""Settings: wrong ones stop the start and are named; `.env.example` is equal to the code."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from app import config, create_app
from tests.app.conftest import PUBLISHABLE_KEY

ROOT = Path(__file__).parents[2]
GOOD = {"supabase_url": "http://127.0.0.1:54321", "supabase_publishable_key": PUBLISHABLE_KEY}


def legacy_key(role: str) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'iss': 'supabase', 'role': role})}.AAAA"


def test_the_example_file_is_equal_to_the_settings() -> None:
    assert (ROOT / ".env.example").read_text() == config.example() + "\n"


@pytest.mark.parametrize("name", config.Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    description = config.Settings.model_fields[name].description or ""
    assert len(description) > 20
    assert description.endswith(".")


def test_the_example_file_starts_the_service_once_its_key_is_filled_in(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text(config.example().replace("sb_publishable_…", PUBLISHABLE_KEY))
    settings = config.load(_env_file=env)
    assert settings == config.load(**{**GOOD, "_env_file": None})


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_URL", "https://abc.supabase.co/")
    monkeypatch.setenv("SUPABASE_PUBLISHABLE_KEY", PUBLISHABLE_KEY)
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://life.example.com, http://localhost:5173")
    monkeypatch.setenv("OPENAI_API_KEY", "")
    settings = config.load()
    assert settings.supabase_url == "https://abc.supabase.co"
    assert settings.supabase_jwt_issuer == "https://abc.supabase.co/auth/v1"
    assert settings.allowed_origins == ("https://life.example.com", "http://localhost:5173")
    assert settings.openai_api_key is None


def test_another_issuer_can_be_named() -> None:
    assert config.load(**GOOD, supabase_jwt_issuer="https://id.example.com").supabase_jwt_issuer == (
        "https://id.example.com"
    )


def test_every_missing_setting_is_named_at_once() -> None:
    with pytest.raises(config.SettingsError) as refused:
        create_app()
    assert "SUPABASE_URL is missing" in str(refused.value)
    assert "SUPABASE_PUBLISHABLE_KEY is missing" in str(refused.value)
    assert ".env.example" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("supabase_url", "localhost:54321"),
        ("supabase_url", "ftp://127.0.0.1"),
        ("supabase_url", "https://abc.supabase.co/rest/v1"),
        ("supabase_publishable_key", "sb_publishable_…"),
        ("supabase_publishable_key", "sb_secret_abcdef"),
        ("supabase_publishable_key", "anything"),
        ("supabase_publishable_key", legacy_key("service_role")),
        ("supabase_publishable_key", legacy_key("authenticated")),
        ("supabase_jwt_secret", "too-short"),
        ("openai_timeout_seconds", "soon"),
        ("openai_timeout_seconds", "0"),
        ("openai_max_retries", "-1"),
        ("openai_base_url", "api.openai.com"),
        ("openai_reasoning_effort", "extreme"),
        ("allowed_origins", "*"),
        ("allowed_origins", "https://life.example.com/"),
        ("allowed_origins", "life.example.com"),
        ("log_level", "LOUD"),
        ("port", "80000"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named_without_its_value(name: str, value: str) -> None:
    config.load(**GOOD)
    with pytest.raises(config.SettingsError) as refused:
        config.load(**{**GOOD, name: value})
    assert f"{name.upper()}: " in str(refused.value)
    if len(value) > 3:
        assert value not in str(refused.value)


def test_a_socket_in_a_folder_of_others_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    socket = str(tmp_path / "desk")
    tmp_path.chmod(0o770)
    with pytest.raises(config.SettingsError, match="RECEIPTS_SOCKET: others can write to its folder"):
        config.load(**GOOD, receipts_socket=socket)
    tmp_path.chmod(0o755)
    assert config.load(**GOOD, receipts_socket=socket).receipts_socket == socket
    monkeypatch.setattr("os.geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(config.SettingsError, match="RECEIPTS_SOCKET: its folder belongs to another user"):
        config.load(**GOOD, receipts_socket=socket)


@pytest.mark.parametrize("key", [PUBLISHABLE_KEY, legacy_key("anon")])
def test_a_publishable_or_anon_key_is_taken(key: str) -> None:
    assert config.load(**{**GOOD, "supabase_publishable_key": key}).supabase_publishable_key == key


def test_secrets_dont_show_in_the_settings() -> None:
    shown = repr(config.load(**GOOD, openai_api_key="sk-very-secret", supabase_jwt_secret="s" * 32))
    assert "sk-very-secret" not in shown
    assert "s" * 32 not in shown


def test_gunicorn_names_the_wrong_setting_and_stops(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "app/gunicorn.conf.py"), "app:create_app()"]
    environment = {"SUPABASE_URL": "http://127.0.0.1:1", "SUPABASE_PUBLISHABLE_KEY": "sb_secret_abc"}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert "SUPABASE_PUBLISHABLE_KEY: must be a publishable key" in ended.stderr
    assert "sb_secret_abc" not in ended.stderr + ended.stdout
