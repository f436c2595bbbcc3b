"""/auth/v1: sign-up, sign-in, the signed-in user, and what the world may know of Auth."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from local_supabase.auth import mail, passwords, users
from local_supabase.auth.admin import Admin
from local_supabase.auth.errors import AuthError, email_exists, invalid
from local_supabase.auth.mail import Mailbox
from local_supabase.auth.requests import Body, caller, endpoint, object_of, text_of, verified_claims
from local_supabase.auth.sessions import SCOPES, Sessions, refuse_banned
from local_supabase.config import AuthConfig
from local_supabase.database import Connection, Database, Row
from local_supabase.keys import Keys

_PREFIX = "/auth/v1"
_MAILS_PATH = "/_local/mails"


class Auth:
    """Auth, as a part of the gateway."""

    open_paths: Sequence[str] = (f"{_PREFIX}/.well-known/", f"{_PREFIX}/verify", _MAILS_PATH)

    def __init__(self, keys: Keys, database_url: str, config: AuthConfig) -> None:
        self._keys = keys
        self._config = config
        self._database = Database(database_url)
        self._mailbox = Mailbox(keys.issuer, config.site_url)
        self._sessions = Sessions(
            keys, seconds=config.jwt_expiry, reuse_seconds=config.refresh_token_reuse_interval
        )
        self._admin = Admin(keys, self._database, self._mailbox, config)

    def routes(self) -> Iterable[web.RouteDef]:
        public = [
            web.post(f"{_PREFIX}/signup", endpoint(self._sign_up)),
            web.post(f"{_PREFIX}/token", endpoint(self._token)),
            web.get(f"{_PREFIX}/user", endpoint(self._get_user)),
            web.put(f"{_PREFIX}/user", endpoint(self._put_user)),
            web.post(f"{_PREFIX}/logout", endpoint(self._log_out)),
            web.post(f"{_PREFIX}/recover", endpoint(self._recover)),
            web.post(f"{_PREFIX}/otp", endpoint(self._one_time_password)),
            web.post(f"{_PREFIX}/verify", endpoint(self._verify)),
            web.get(f"{_PREFIX}/verify", endpoint(self._verify_link)),
            web.get(f"{_PREFIX}/settings", endpoint(self._settings)),
            web.get(f"{_PREFIX}/health", endpoint(self._health)),
            web.get(f"{_PREFIX}/.well-known/jwks.json", endpoint(self._jwks)),
            web.get(_MAILS_PATH, endpoint(self._mails)),
        ]
        return [*public, *self._admin.routes(f"{_PREFIX}/admin")]

    async def start(self) -> None:
        await self._database.open()

    async def stop(self) -> None:
        await self._database.close()

    async def _sign_up(self, request: web.Request, body: Body) -> web.Response:
        if not self._config.enable_signup:
            raise AuthError(422, "signup_disabled", "Signups not allowed for this instance")
        if not body.get("email") and not body.get("phone"):
            raise AuthError(422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled")
        if not body.get("email"):
            raise AuthError(400, "phone_provider_disabled", "Phone signups are disabled")
        if not self._config.email_enable_signup:
            raise AuthError(400, "email_provider_disabled", "Email signups are disabled")
        email, password = users.clean_email(body["email"]), text_of(body, "password")
        if not password:
            raise invalid("Signup requires a valid password")
        passwords.check_strength(password, self._config.minimum_password_length)
        encrypted, data = await passwords.hash_password(password), object_of(body, "data")
        confirm = self._config.email_enable_confirmations
        async with self._database.transaction() as connection:
            user = await users.by_email(connection, email)
            if user is not None and not confirm:
                raise AuthError(422, "user_already_exists", "User already registered")
            if user is not None and user["email_confirmed_at"]:
                # With confirmations nobody may learn which addresses are registered.
                return web.json_response(users.render(_stranger(user), []))
            if user is None:
                user = await users.create(
                    connection,
                    email=email,
                    encrypted_password=encrypted,
                    confirmed=not confirm,
                    user_metadata=data,
                )
            if not confirm:
                return web.json_response(await self._sessions.begin(connection, user))
            await self._mailbox.send(connection, user, "signup", request.query.get("redirect_to"))
            user = await users.update(connection, user["id"])
            return web.json_response(await users.as_json(connection, user))

    async def _token(self, request: web.Request, body: Body) -> web.Response:
        grant = request.query.get("grant_type")
        if grant == "password":
            return web.json_response(await self._password_grant(body))
        if grant == "refresh_token":
            return web.json_response(await self._refresh_grant(body))
        raise AuthError(400, "invalid_credentials", "unsupported_grant_type")

    async def _password_grant(self, body: Body) -> dict[str, Any]:
        email, password = text_of(body, "email").strip().lower(), text_of(body, "password")
        async with self._database.transaction() as connection:
            user = await users.by_email(connection, email)
        if user is None or not await passwords.matches(password, user["encrypted_password"]):
            raise AuthError(400, "invalid_credentials", "Invalid login credentials")
        refuse_banned(user)
        if not user["email_confirmed_at"]:
            raise AuthError(400, "email_not_confirmed", "Email not confirmed")
        async with self._database.transaction() as connection:
            return await self._sessions.begin(connection, user)

    async def _refresh_grant(self, body: Body) -> dict[str, Any]:
        token = text_of(body, "refresh_token")
        if not token:
            raise invalid("refresh_token required")
        async with self._database.transaction() as connection:
            answer = await self._sessions.refresh(connection, token)
        if answer is None:
            raise AuthError(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")
        return answer

    async def _get_user(self, request: web.Request, _body: Body) -> web.Response:
        claims = verified_claims(request, self._keys)
        async with self._database.transaction() as connection:
            me = await caller(connection, claims)
            return web.json_response(await users.as_json(connection, me.user))

    async def _put_user(self, request: web.Request, body: Body) -> web.Response:
        claims = verified_claims(request, self._keys)
        password = text_of(body, "password")
        async with self._database.transaction() as connection:
            me = await caller(connection, claims)
            changes: dict[str, object] = {}
            if password:
                passwords.check_strength(password, self._config.minimum_password_length)
                if await passwords.matches(password, me.user["encrypted_password"]):
                    message = "New password should be different from the old password."
                    raise AuthError(422, "same_password", message)
                changes["encrypted_password"] = await passwords.hash_password(password)
                await self._sessions.end(connection, me.user["id"], me.session_id, "others")
            if data := object_of(body, "data"):
                changes["raw_user_meta_data"] = users.merged(me.user["raw_user_meta_data"], data)
            if body.get("email"):
                redirect = request.query.get("redirect_to")
                changes |= await self._change_email(connection, me.user, body["email"], redirect)
            user = await users.update(connection, me.user["id"], **changes)
            return web.json_response(await users.as_json(connection, user))

    async def _change_email(
        self, connection: Connection, user: Row, wanted: object, redirect_to: str | None
    ) -> dict[str, object]:
        """What a wish for another address changes now; with confirmations the address itself waits."""
        email = users.clean_email(wanted)
        if email == user["email"]:
            return {}
        if await users.by_email(connection, email):
            raise email_exists()
        if not self._config.email_enable_confirmations:
            return {"email": email}
        await self._mailbox.send(connection, user, "email_change", redirect_to, to=email)
        return {"email_change": email}

    async def _log_out(self, request: web.Request, _body: Body) -> web.Response:
        claims = verified_claims(request, self._keys)
        scope = request.query.get("scope", "global")
        if scope not in SCOPES:
            raise invalid(f"Unsupported logout scope {scope!r}")
        async with self._database.transaction() as connection:
            me = await caller(connection, claims)
            await self._sessions.end(connection, me.user["id"], me.session_id, scope)
        return web.Response(status=204)

    async def _recover(self, request: web.Request, body: Body) -> web.Response:
        await self._send_if_known(request, body, "recovery")
        return web.json_response({})

    async def _one_time_password(self, request: web.Request, body: Body) -> web.Response:
        await self._send_if_known(request, body, "magiclink")
        return web.json_response({"message_id": None})

    async def _send_if_known(self, request: web.Request, body: Body, kind: str) -> None:
        """Whether the address is known isn't told."""
        email = users.clean_email(body.get("email"))
        async with self._database.transaction() as connection:
            if user := await users.by_email(connection, email):
                await self._mailbox.send(connection, user, kind, request.query.get("redirect_to"))

    async def _verify(self, _request: web.Request, body: Body) -> web.Response:
        token_hash = text_of(body, "token_hash")
        if not token_hash:
            token_hash = mail.hash_code(text_of(body, "email").lower(), text_of(body, "token"))
        return web.json_response(await self._redeem(token_hash))

    async def _verify_link(self, request: web.Request, _body: Body) -> web.Response:
        target = request.query.get("redirect_to") or self._config.site_url
        try:
            session = await self._redeem(request.query.get("token", ""))
        except AuthError as error:
            shown = {"error": "access_denied", "error_code": error.code, "error_description": error.message}
        else:
            names = ("access_token", "expires_at", "expires_in", "refresh_token", "token_type")
            shown = {name: session[name] for name in names} | {"type": request.query.get("type", "")}
        return web.Response(status=303, headers={"Location": f"{target}#{urlencode(shown)}"})

    async def _redeem(self, token_hash: str) -> dict[str, Any]:
        """A session for a one-time token, which is used up. Raises AuthError."""
        async with self._database.transaction() as connection:
            token = await mail.redeem(connection, token_hash)
            user = await users.by_id(connection, token["user_id"]) if token else None
            if token is None or user is None:
                raise AuthError(403, "otp_expired", "Token has expired or is invalid")
            changes: dict[str, object] = {
                "email_confirmed_at": user["email_confirmed_at"] or users.now(),
                "confirmation_token": "",
                "recovery_token": "",
            }
            if token["token_type"] == "email_change_token_new":  # noqa: S105
                changes |= {"email": token["relates_to"], "email_change": "", "email_change_token_new": ""}
            user = await users.update(connection, user["id"], **changes)
            return await self._sessions.begin(connection, user, method="otp")

    async def _settings(self, _request: web.Request, _body: Body) -> web.Response:
        enabled = {"email": self._config.email_enable_signup, "phone": False, "anonymous_users": False}
        return web.json_response(
            {
                "external": enabled,
                "disable_signup": not self._config.enable_signup,
                "mailer_autoconfirm": not self._config.email_enable_confirmations,
                "phone_autoconfirm": False,
                "sms_provider": "",
                "saml_enabled": False,
            }
        )

    async def _health(self, _request: web.Request, _body: Body) -> web.Response:
        description = "Auth of the local Supabase"
        return web.json_response({"version": "local", "name": "GoTrue", "description": description})

    async def _jwks(self, _request: web.Request, _body: Body) -> web.Response:
        return web.json_response(self._keys.public_jwks(), headers={"Cache-Control": "public, max-age=600"})

    async def _mails(self, _request: web.Request, _body: Body) -> web.Response:
        return web.json_response([asdict(sent) for sent in self._mailbox.mails])


def _stranger(user: Row) -> Row:
    """A row that looks like a new user, so that a registered address can't be told from a free one."""
    empty: dict[str, Any] = dict.fromkeys(user)
    created = {
        "id": uuid.uuid4(),
        "email": user["email"],
        "created_at": users.now(),
        "updated_at": users.now(),
    }
    sent = {"confirmation_sent_at": users.now(), "is_anonymous": False}
    return empty | {"aud": "authenticated", "role": "authenticated"} | created | sent
