"""Rows of auth.users and auth.identities, and their JSON."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from local_supabase.auth.errors import database_error, invalid
from local_supabase.database import Connection, Row, execute, fetch_all, fetch_one

_NO_INSTANCE = uuid.UUID(int=0)
_OPTIONAL_TIMES = (
    "email_confirmed_at",
    "phone_confirmed_at",
    "confirmed_at",
    "invited_at",
    "confirmation_sent_at",
    "recovery_sent_at",
    "email_change_sent_at",
    "last_sign_in_at",
    "banned_until",
    "deleted_at",
)


def now() -> datetime:
    return datetime.now(UTC)


def timestamp(value: datetime | None) -> str | None:
    """A time as Auth writes it in JSON."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if value else None


def clean_email(value: object) -> str:
    """The address as it is stored. Raises AuthError when it can't be one."""
    email = value.strip().lower() if isinstance(value, str) else ""
    local, _, domain = email.rpartition("@")
    if not local or not domain or any(character.isspace() for character in email):
        raise invalid("Unable to validate email address: invalid format")
    return email


def merged(old: dict[str, Any] | None, new: dict[str, Any]) -> dict[str, Any]:
    """User or app metadata after an update: top-level keys replace, null removes."""
    return {key: value for key, value in ((old or {}) | new).items() if value is not None}


async def by_id(connection: Connection, user_id: uuid.UUID) -> Row | None:
    return await fetch_one(
        connection, "select * from auth.users where id = %s and deleted_at is null", user_id
    )


async def by_email(connection: Connection, email: str) -> Row | None:
    query = "select * from auth.users where email = %s and is_sso_user = false and deleted_at is null"
    return await fetch_one(connection, query, email)


async def create(
    connection: Connection,
    *,
    email: str,
    encrypted_password: str,
    confirmed: bool,
    user_metadata: dict[str, Any],
    app_metadata: dict[str, Any] | None = None,
    user_id: uuid.UUID | None = None,
    role: str = "authenticated",
) -> Row:
    """Inserts a user with its e-mail identity. Raises AuthError when the database refuses it."""
    identifier, time = user_id or uuid.uuid4(), now()
    try:
        user = await fetch_one(
            connection,
            """
            insert into auth.users (
              instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data,
              raw_user_meta_data, created_at, updated_at, confirmation_token, recovery_token,
              email_change_token_new, email_change
            ) values (%s, %s, 'authenticated', %s, %s, %s, %s, %s, %s, %s, %s, '', '', '', '')
            returning *
            """,
            _NO_INSTANCE,
            identifier,
            role,
            email,
            encrypted_password,
            time if confirmed else None,
            Jsonb({"provider": "email", "providers": ["email"]} | (app_metadata or {})),
            Jsonb(user_metadata),
            time,
            time,
        )
    except psycopg.Error as error:
        raise database_error(error, "saving new user") from error
    assert user is not None
    identity = {"sub": str(identifier), "email": email, "email_verified": confirmed, "phone_verified": False}
    await execute(
        connection,
        """
        insert into auth.identities (
          provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at
        ) values (%s, %s, %s, 'email', %s, %s, %s)
        """,
        str(identifier),
        identifier,
        Jsonb(identity | {key: value for key, value in user_metadata.items() if key not in identity}),
        time,
        time,
        time,
    )
    return user


async def update(connection: Connection, user_id: uuid.UUID, **columns: object) -> Row:
    """Sets columns of a user. Raises AuthError when the database refuses it."""
    values: dict[str, object] = {"updated_at": now(), **columns}
    assignments = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in values)
    query = sql.SQL("update auth.users set {} where id = %s returning *").format(assignments)
    parameters = [Jsonb(value) if isinstance(value, dict) else value for value in values.values()]
    try:
        cursor = await connection.execute(query, [*parameters, user_id])
    except psycopg.Error as error:
        raise database_error(error, "updating user") from error
    user = await cursor.fetchone()
    assert user is not None
    if "email" in columns:
        await execute(
            connection,
            "update auth.identities set identity_data = identity_data || %s, updated_at = now() "
            "where user_id = %s and provider = 'email'",
            Jsonb({"email": columns["email"]}),
            user_id,
        )
    return user


async def as_json(connection: Connection, user: Row) -> dict[str, Any]:
    """A user as clients get it, with its identities."""
    query: LiteralString = "select * from auth.identities where user_id = %s order by created_at"
    return render(user, await fetch_all(connection, query, user["id"]))


def render(user: Row, identities: Iterable[Row]) -> dict[str, Any]:
    """The JSON of a user row; times that never came are left out."""
    return {
        "id": str(user["id"]),
        "aud": user["aud"],
        "role": user["role"],
        "email": user["email"] or "",
        "phone": user["phone"] or "",
        "app_metadata": user["raw_app_meta_data"] or {},
        "user_metadata": user["raw_user_meta_data"] or {},
        "identities": [_render_identity(identity) for identity in identities],
        "created_at": timestamp(user["created_at"]),
        "updated_at": timestamp(user["updated_at"]),
        "is_anonymous": user["is_anonymous"],
        **({"new_email": user["email_change"]} if user["email_change"] else {}),
        **{name: timestamp(user[name]) for name in _OPTIONAL_TIMES if user[name]},
    }


def _render_identity(identity: Row) -> dict[str, Any]:
    return {
        "identity_id": str(identity["id"]),
        "id": identity["provider_id"],
        "user_id": str(identity["user_id"]),
        "identity_data": identity["identity_data"],
        "provider": identity["provider"],
        "last_sign_in_at": timestamp(identity["last_sign_in_at"]),
        "created_at": timestamp(identity["created_at"]),
        "updated_at": timestamp(identity["updated_at"]),
        "email": identity["email"],
    }
