"""Settings: read from the environment or `.env` once, checked before anything starts.

Every setting is a field of `Settings` with its documentation. `.env.example` is `example()`; a test keeps the
two equal.
"""

import re
import textwrap
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import jwt
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app import folders


class SettingsError(Exception):
    """A setting is missing or wrong. The message names each variable and says what it should be."""


class Settings(BaseSettings):
    """What an operator may decide. Field names in capitals are the environment variables."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    supabase_url: str = Field(
        description="The Supabase project's URL, without a path.",
        examples=["http://127.0.0.1:54321"],
    )
    supabase_publishable_key: str = Field(
        description="The project's publishable key (sb_publishable_…; on legacy projects the anon key). "
        "It goes to the Data API beside the user's own access token. A secret key is refused: this "
        "process must not be able to pass row level security.",
        examples=["sb_publishable_…"],
    )
    supabase_jwt_secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Only for legacy projects that sign access tokens with a shared secret (HS256). "
        "Leave it empty otherwise: tokens are then verified with the project's public keys alone.",
    )
    supabase_jwt_issuer: str = Field(
        default="",
        description="The issuer that access tokens must name. Empty: <SUPABASE_URL>/auth/v1.",
    )
    data_api_timeout_seconds: float = Field(
        default=10.0,
        gt=0,
        le=60,
        description="How long one call of the Data API may take. The database itself stops at 8 s.",
    )
    openai_api_key: SecretStr | None = Field(
        default=None,
        description="Key of the OpenAI API; any text for a server that asks for none. Empty: "
        "suggestions come from the built-in planner, and receipts are read by OCR.",
    )
    openai_base_url: str = Field(
        default="https://api.openai.com/v1",
        description="Any server that speaks OpenAI's API with structured output.",
    )
    openai_api: Literal["responses", "chat"] = Field(
        default="responses",
        description="Which of OpenAI's APIs the server speaks: responses, or chat (chat/completions), which "
        "is all that many self-hosted servers know.",
    )
    openai_model: str = Field(
        default="gpt-6-luna",
        max_length=100,
        description="The model that suggests and reads receipts; it must take images and support structured "
        "output.",
    )
    openai_timeout_seconds: float = Field(
        default=30.0,
        gt=0,
        le=300,
        description="How long the model may take, retries included; then the built-in planner or OCR "
        "does it.",
    )
    openai_max_retries: int = Field(
        default=1,
        ge=0,
        le=3,
        description="How often a request that the model's server refused or dropped is sent again.",
    )
    openai_max_output_tokens: int = Field(
        default=8000,
        ge=256,
        description="Upper limit of a model response, reasoning included.",
    )
    openai_temperature: float | None = Field(
        default=None,
        ge=0,
        le=2,
        description="Sampling temperature. Empty: the model's default; reasoning models accept no other.",
    )
    openai_reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = Field(
        default=None,
        description="none, minimal, low, medium or high, for models that reason. Empty: the model's default.",
    )
    ai_daily_requests: int = Field(
        default=50,
        ge=0,
        le=1_000_000,
        description="How often the model may be asked for one user in a day (UTC). Beyond it, and with 0 "
        "always, the built-in planner or OCR does it.",
    )
    ai_daily_tokens: int = Field(
        default=200_000,
        ge=0,
        le=1_000_000_000_000,
        description="How many tokens, of prompts and answers together, the model may use for one user in a "
        "day (UTC). A request needs room for the most that it can take: its prompt at one token a byte, and "
        "OPENAI_MAX_OUTPUT_TOKENS.",
    )
    receipts_queue: int = Field(
        default=8,
        ge=1,
        le=100,
        description="How many receipts may be in work at once, in all worker processes together. Each may "
        "hold 20 MiB of upload; further ones, and those of a person who has three quarters of them, are "
        "answered with 503 and Retry-After.",
    )
    receipts_timeout_seconds: float = Field(
        default=60.0,
        gt=0,
        le=600,
        description="How long reading one receipt may take, once it is its turn.",
    )
    receipts_memory_mb: int = Field(
        default=3000,
        ge=500,
        description="What the process that reads receipts may allocate (Linux). OCR takes 1300 at most.",
    )
    receipts_threads: int = Field(
        default=2, ge=1, le=64, description="Threads of the OCR. It runs at a low priority."
    )
    receipts_socket: str = Field(
        default="",
        max_length=100,
        description="Unix socket of the process that reads receipts, in a folder of this user's own. Empty: "
        "a temporary one, which gunicorn's workers share.",
    )
    sentry_dsn: str = Field(
        default="", description="Where errors are reported: the DSN of a Sentry project. Empty: nowhere."
    )
    sentry_traces_sample_rate: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Which share of requests is reported with the times of its Data API and model calls.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="What reads /api/metrics: Authorization: Bearer <this>. Empty: everybody who reaches the "
        "service; the metrics say nothing about any user.",
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Web origins, separated by commas, whose pages may call this service from a browser, "
        "for example https://life.example.com,http://localhost:5173. Empty: none.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO",
        description="DEBUG, INFO, WARNING or ERROR. The log goes to standard output: a JSON object a line, "
        "one for every request.",
    )
    host: str = Field(
        default="127.0.0.1", description="The address that gunicorn listens on; 0.0.0.0 in a container."
    )
    port: int = Field(default=8000, ge=1, le=65535, description="The port that gunicorn listens on.")
    web_concurrency: int = Field(
        default=1, ge=1, le=64, description="How many worker processes gunicorn runs."
    )
    web_threads: int = Field(
        default=80,
        ge=1,
        le=1000,
        description="Threads of each worker: how many requests it serves at once. A request that waits "
        "for the model occupies one.",
    )

    @field_validator("supabase_url", "openai_base_url")
    @classmethod
    def _is_http_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must be an http:// or https:// URL")
        return value.rstrip("/")

    @field_validator("supabase_url")
    @classmethod
    def _is_bare(cls, value: str) -> str:
        if urlsplit(value).path:
            raise ValueError("must not have a path: /auth/v1 and /rest/v1 are added to it")
        return value

    @field_validator("supabase_publishable_key")
    @classmethod
    def _is_publishable(cls, value: str) -> str:
        if re.fullmatch(r"sb_publishable_[\w-]+", value, re.ASCII):
            return value
        if value.startswith("sb_publishable_"):
            raise ValueError("has a character that no key has; is it the placeholder of .env.example?")
        if _role_of(value) == "anon":
            return value
        raise ValueError(
            "must be a publishable key (sb_publishable_…) or a legacy anon key; "
            "secret and service_role keys are refused, because they pass row level security"
        )

    @field_validator("receipts_socket")
    @classmethod
    def _is_in_a_folder_of_our_own(cls, value: str) -> str:
        # One that doesn't exist is made, and checked again, when it is needed.
        if value and (folder := Path(value).parent).exists():
            try:
                folders.check(folder)
            except PermissionError as objection:
                raise ValueError(str(objection)) from None
        return value

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}":
                raise ValueError(
                    "each must be scheme://host or scheme://host:port, nothing else; * is refused"
                )
        return value

    @model_validator(mode="after")
    def _default_issuer(self) -> Self:
        if not self.supabase_jwt_issuer:
            object.__setattr__(self, "supabase_jwt_issuer", f"{self.supabase_url}/auth/v1")
        return self


def _role_of(key: str) -> object:
    """The role that a legacy API key (a JWT) names, unverified; None when it isn't one."""
    try:
        return jwt.decode(key, options={"verify_signature": False}).get("role")
    except jwt.PyJWTError:
        return None


def load(**overrides: Any) -> Settings:
    """The settings of this process. Raises SettingsError, which names what is missing or wrong."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None


def _explain(error: ValidationError) -> str:
    """One line per wrong setting. Values aren't repeated: some are secrets."""
    lines = [
        "Life OS can't start; set these in the environment, or in .env of the folder you start in "
        "(see .env.example):"
    ]
    for problem in error.errors(include_input=False, include_url=False):
        name = str(problem["loc"][0])
        if problem["type"] == "missing":
            lines.append(f"  {name.upper()} is missing. {Settings.model_fields[name].description}")
        else:
            lines.append(f"  {name.upper()}: {problem['msg'].removeprefix('Value error, ')}.")
    return "\n".join(lines)


def example() -> str:
    """The text of `.env.example`: required settings are set, optional ones commented out at their default."""
    blocks = ["# Settings of the Flask service: copy to .env. Written by app.config.example()."]
    for name, field in Settings.model_fields.items():
        comment = textwrap.fill(
            str(field.description), width=100, initial_indent="# ", subsequent_indent="# "
        )
        if field.is_required():
            blocks.append(f"{comment}\n{name.upper()}={(field.examples or [''])[0]}")
        else:
            default = "" if field.default in (None, ()) else field.default
            blocks.append(f"{comment}\n# {name.upper()}={default}")
    return "\n\n".join(blocks)
