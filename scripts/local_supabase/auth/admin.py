"""/auth/v1/admin: users, for whoever holds the secret key."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from aiohttp import web

from local_supabase.auth import passwords, users
from local_supabase.auth.errors import AuthError, email_exists, invalid, user_not_found
from local_supabase.auth.mail import Mailbox
from local_supabase.auth.requests import Body, endpoint, object_of, text_of, verified_claims
from local_supabase.config import AuthConfig
from local_supabase.database import Connection, Database, Row, execute, fetch_all, fetch_one
from local_supabase.keys import Keys

_DURATION_UNITS = {"h": 3600, "m": 60, "s": 1}
_LINK_KINDS_THAT_CREATE = ("signup", "invite", "magiclink")
_LINK_KINDS = (*_LINK_KINDS_THAT_CREATE, "recovery", "email_change_new", "email_change_current")


class Admin:
    """The admin endpoints. Each asks for a token of the role service_role."""

    def __init__(self, keys: Keys, database: Database, mailbox: Mailbox, config: AuthConfig) -> None:
        self._keys = keys
        self._database = database
        self._mailbox = mailbox
        self._config = config

    def routes(self, prefix: str) -> Iterable[web.RouteDef]:
        return [
            web.get(f"{prefix}/users", endpoint(self._list)),
            web.post(f"{prefix}/users", endpoint(self._create)),
            web.get(f"{prefix}/users/{{id}}", endpoint(self._get)),
            web.put(f"{prefix}/users/{{id}}", endpoint(self._update)),
            web.delete(f"{prefix}/users/{{id}}", endpoint(self._delete)),
            web.post(f"{prefix}/generate_link", endpoint(self._generate_link)),
        ]

    def _require_admin(self, request: web.Request) -> None:
        if verified_claims(request, self._keys).get("role") not in ("service_role", "supabase_admin"):
            raise AuthError(403, "not_admin", "User not allowed")

    async def _list(self, request: web.Request, _body: Body) -> web.Response:
        self._require_admin(request)
        try:
            page, size = int(request.query.get("page") or 1), int(request.query.get("per_page") or 50)
        except ValueError as error:
            raise invalid("Bad Pagination Parameters") from error
        if page < 1 or size < 1:
            raise invalid("Bad Pagination Parameters")
        async with self._database.transaction() as connection:
            rows = await fetch_all(
                connection,
                "select * from auth.users where deleted_at is null "
                "order by created_at desc, id limit %s offset %s",
                size,
                (page - 1) * size,
            )
            counted = await fetch_one(connection, "select count(*) from auth.users where deleted_at is null")
            found = [await users.as_json(connection, row) for row in rows]
        total = str(counted["count"]) if counted else "0"
        answer = {"users": found, "aud": "authenticated"}
        return web.json_response(answer, headers={"X-Total-Count": total})

    async def _create(self, request: web.Request, body: Body) -> web.Response:
        self._require_admin(request)
        if not body.get("email"):
            raise invalid("Cannot create a user without either an email or phone")
        email = users.clean_email(body["email"])
        user_id = _user_id(text_of(body, "id")) if body.get("id") else None
        encrypted = text_of(body, "password_hash")
        if password := text_of(body, "password"):
            encrypted = await passwords.hash_password(password)
        async with self._database.transaction() as connection:
            if await users.by_email(connection, email):
                raise email_exists()
            user = await users.create(
                connection,
                email=email,
                encrypted_password=encrypted,
                confirmed=bool(body.get("email_confirm")),
                user_metadata=object_of(body, "user_metadata"),
                app_metadata=object_of(body, "app_metadata"),
                user_id=user_id,
                role=text_of(body, "role") or "authenticated",
            )
            return web.json_response(await users.as_json(connection, user))

    async def _get(self, request: web.Request, _body: Body) -> web.Response:
        self._require_admin(request)
        async with self._database.transaction() as connection:
            user = await _requested(connection, request)
            return web.json_response(await users.as_json(connection, user))

    async def _update(self, request: web.Request, body: Body) -> web.Response:
        self._require_admin(request)
        async with self._database.transaction() as connection:
            user = await _requested(connection, request)
            changes: dict[str, object] = {}
            if body.get("email"):
                changes["email"] = users.clean_email(body["email"])
            if password := text_of(body, "password"):
                passwords.check_strength(password, self._config.minimum_password_length)
                changes["encrypted_password"] = await passwords.hash_password(password)
            if role := text_of(body, "role"):
                changes["role"] = role
            if body.get("email_confirm"):
                changes["email_confirmed_at"] = user["email_confirmed_at"] or users.now()
            if duration := text_of(body, "ban_duration"):
                changes["banned_until"] = _ban_end(duration)
            for column, field in (
                ("raw_user_meta_data", "user_metadata"),
                ("raw_app_meta_data", "app_metadata"),
            ):
                if metadata := object_of(body, field):
                    changes[column] = users.merged(user[column], metadata)
            user = await users.update(connection, user["id"], **changes)
            return web.json_response(await users.as_json(connection, user))

    async def _delete(self, request: web.Request, body: Body) -> web.Response:
        self._require_admin(request)
        async with self._database.transaction() as connection:
            user = await _requested(connection, request)
            if body.get("should_soft_delete"):
                # The row stays for what refers to it; nobody can sign in with it, and the address is free.
                gone = f"deleted-{user['id']}"
                await execute(connection, "delete from auth.sessions where user_id = %s", user["id"])
                await execute(connection, "delete from auth.identities where user_id = %s", user["id"])
                await users.update(
                    connection, user["id"], email=gone, encrypted_password="", deleted_at=users.now()
                )
            else:
                await execute(connection, "delete from auth.users where id = %s", user["id"])
        return web.json_response({})

    async def _generate_link(self, request: web.Request, body: Body) -> web.Response:
        self._require_admin(request)
        kind, email = text_of(body, "type"), users.clean_email(body.get("email"))
        if kind not in _LINK_KINDS:
            raise invalid(f"Invalid email action link type requested: {kind}")
        redirect_to = text_of(body, "redirect_to") or request.query.get("redirect_to")
        password = text_of(body, "password")
        encrypted = await passwords.hash_password(password) if password else ""
        async with self._database.transaction() as connection:
            user = await users.by_email(connection, email)
            if user is None and kind in _LINK_KINDS_THAT_CREATE:
                user = await users.create(
                    connection,
                    email=email,
                    encrypted_password=encrypted,
                    confirmed=False,
                    user_metadata=object_of(body, "data"),
                )
            if user is None:
                raise AuthError(404, "user_not_found", "User with this email not found")
            is_change = kind.startswith("email_change")
            new_address = users.clean_email(body.get("new_email")) if is_change else None
            sent_kind = "email_change" if is_change else kind
            mail = await self._mailbox.send(connection, user, sent_kind, redirect_to, to=new_address)
            user = await users.update(connection, user["id"])
            answer = await users.as_json(connection, user)
        link = {"action_link": mail.link, "email_otp": mail.token, "hashed_token": mail.token_hash}
        link |= {"verification_type": kind, "redirect_to": redirect_to or self._config.site_url}
        return web.json_response(answer | link)


def _user_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise AuthError(404, "validation_failed", "user_id must be an UUID") from error


async def _requested(connection: Connection, request: web.Request) -> Row:
    """The user whom the path names. Raises AuthError."""
    user = await users.by_id(connection, _user_id(request.match_info["id"]))
    if user is None:
        raise user_not_found()
    return user


def _ban_end(duration: str) -> datetime | None:
    """When a ban that starts now ends: a duration like 24h or 1h30m; `none` lifts it."""
    if duration == "none":
        return None
    if not re.fullmatch(r"(\d+(?:\.\d+)?[hms])+", duration):
        raise invalid(f"invalid format for ban duration: {duration}")
    parts = re.findall(r"(\d+(?:\.\d+)?)([hms])", duration)
    return users.now() + timedelta(
        seconds=sum(float(number) * _DURATION_UNITS[unit] for number, unit in parts)
    )
