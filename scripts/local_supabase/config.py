"""The settings that `supabase start` takes from supabase/config.toml, for this stack as well."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from local_supabase.errors import ConfigError

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIG_FILE = REPOSITORY / "supabase" / "config.toml"

# The CLI reads KB and KiB alike.
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}

T = TypeVar("T")


def port_number(text: str) -> int:
    """A command line's port; 0 means any free one. Raises ValueError, which argparse words."""
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError
    return port


@dataclass(frozen=True)
class ApiConfig:
    """`[api]`: where the gateway listens and what PostgREST serves."""

    port: int = 54321
    schemas: tuple[str, ...] = ("public", "graphql_public")
    extra_search_path: tuple[str, ...] = ("public", "extensions")
    max_rows: int = 1000


@dataclass(frozen=True)
class DatabaseConfig:
    """`[db]`: where PostgreSQL listens."""

    port: int = 54322


@dataclass(frozen=True)
class AuthConfig:
    """`[auth]`, with `[auth.email]` beside it."""

    site_url: str = "http://localhost:3000"
    jwt_expiry: int = 3600
    enable_signup: bool = True
    minimum_password_length: int = 6
    refresh_token_reuse_interval: int = 10
    email_enable_signup: bool = True
    email_enable_confirmations: bool = False


@dataclass(frozen=True)
class StorageConfig:
    """`[storage]`: limits that hold for every bucket."""

    file_size_limit: int = 50 * 2**20


@dataclass(frozen=True)
class Config:
    """What this stack uses of config.toml; the defaults are those of the real one."""

    api: ApiConfig = ApiConfig()
    db: DatabaseConfig = DatabaseConfig()
    auth: AuthConfig = AuthConfig()
    storage: StorageConfig = StorageConfig()


def load_config(path: Path = CONFIG_FILE) -> Config:
    """The settings in `path`, or the defaults when there is no such file.

    Raises ConfigError when the file isn't TOML or a value has the wrong type.
    """
    if not path.exists():
        return Config()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    api, database, auth, storage = (_section(data, name, path) for name in ("api", "db", "auth", "storage"))
    email = _section(auth, "email", path)
    return Config(
        api=ApiConfig(
            port=_value(api, "port", ApiConfig.port, path),
            schemas=_names(api, "schemas", ApiConfig.schemas, path),
            extra_search_path=_names(api, "extra_search_path", ApiConfig.extra_search_path, path),
            max_rows=_value(api, "max_rows", ApiConfig.max_rows, path),
        ),
        db=DatabaseConfig(port=_value(database, "port", DatabaseConfig.port, path)),
        auth=AuthConfig(
            site_url=_value(auth, "site_url", AuthConfig.site_url, path),
            jwt_expiry=_value(auth, "jwt_expiry", AuthConfig.jwt_expiry, path),
            enable_signup=_value(auth, "enable_signup", AuthConfig.enable_signup, path),
            minimum_password_length=_value(
                auth, "minimum_password_length", AuthConfig.minimum_password_length, path
            ),
            refresh_token_reuse_interval=_value(
                auth, "refresh_token_reuse_interval", AuthConfig.refresh_token_reuse_interval, path
            ),
            email_enable_signup=_value(email, "enable_signup", AuthConfig.email_enable_signup, path),
            email_enable_confirmations=_value(
                email, "enable_confirmations", AuthConfig.email_enable_confirmations, path
            ),
        ),
        storage=StorageConfig(file_size_limit=_size(storage, path)),
    )


def _section(data: dict[str, Any], name: str, path: Path) -> dict[str, Any]:
    section = data.get(name, {})
    if not isinstance(section, dict):
        raise ConfigError(f"{path}: [{name}] must be a table")
    return section


def _value(section: dict[str, Any], name: str, default: T, path: Path) -> T:
    value = section.get(name, default)
    # `type(…) is`, because a bool is an int to isinstance.
    if type(value) is not type(default):
        raise ConfigError(f"{path}: {name} must be of type {type(default).__name__}, not {value!r}")
    return value


def _names(section: dict[str, Any], name: str, default: tuple[str, ...], path: Path) -> tuple[str, ...]:
    value = section.get(name, list(default))
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{path}: {name} must be a list of names, not {value!r}")
    return tuple(value)


def _size(storage: dict[str, Any], path: Path) -> int:
    value = storage.get("file_size_limit", StorageConfig.file_size_limit)
    match = re.fullmatch(r"(\d+)\s*([KMG]?)(?:I?B)?", str(value).upper())
    if match is None:
        raise ConfigError(f'{path}: file_size_limit must be like 1048576 or "50MiB", not {value!r}')
    return int(match[1]) * _UNITS[match[2]]
