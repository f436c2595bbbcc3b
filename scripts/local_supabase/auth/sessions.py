"""Sessions: access tokens and the refresh tokens that renew them."""

from __future__ import annotations

import secrets
import time
import uuid
from datetime import UTC, timedelta
from typing import Any

from local_supabase.auth import users
from local_supabase.auth.errors import AuthError
from local_supabase.database import Connection, Row, execute, fetch_one
from local_supabase.keys import Keys

SCOPES = {
    "global": "delete from auth.sessions where user_id = %(user)s",
    "local": "delete from auth.sessions where user_id = %(user)s and id = %(session)s",
    "others": "delete from auth.sessions where user_id = %(user)s and id is distinct from %(session)s",
}


class Sessions:
    """Begins, renews and ends sessions. `seconds` is the lifetime of an access token."""

    def __init__(self, keys: Keys, *, seconds: int, reuse_seconds: int) -> None:
        self._keys = keys
        self._seconds = seconds
        self._reuse = timedelta(seconds=reuse_seconds)

    async def begin(self, connection: Connection, user: Row, *, method: str = "password") -> dict[str, Any]:
        """A new session of `user`; what the client gets."""
        session_id, moment = uuid.uuid4(), users.now()
        await execute(
            connection,
            "insert into auth.sessions (id, user_id, created_at, updated_at, aal) "
            "values (%s, %s, %s, %s, 'aal1')",
            session_id,
            user["id"],
            moment,
            moment,
        )
        user = await users.update(connection, user["id"], last_sign_in_at=moment)
        refresh_token = await self._new_refresh_token(connection, user["id"], session_id, parent=None)
        return await self._answer(connection, user, session_id, refresh_token, method)

    async def refresh(self, connection: Connection, token: str) -> dict[str, Any] | None:
        """The session of a refresh token, renewed. A token works once.

        Reuse is allowed in two cases, because a client may have lost the answer: within a few seconds, and
        as long as its successor hasn't been used. Any other reuse looks like theft: the session ends, and
        None is returned so that the caller commits that before it refuses. Raises AuthError for an unknown
        token.
        """
        query = "select * from auth.refresh_tokens where token = %s for update"
        found = await fetch_one(connection, query, token)
        if found is None:
            message = "Invalid Refresh Token: Refresh Token Not Found"
            raise AuthError(400, "refresh_token_not_found", message)
        user = await users.by_id(connection, uuid.UUID(found["user_id"]))
        if user is None:
            raise AuthError(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found")
        refuse_banned(user)
        successor = await self._successor(connection, found) if found["revoked"] else None
        if found["revoked"] and successor is None and users.now() - found["updated_at"] > self._reuse:
            await execute(connection, "delete from auth.sessions where id = %s", found["session_id"])
            return None
        if successor is None:
            await execute(
                connection,
                "update auth.refresh_tokens set revoked = true, updated_at = now() "
                "where id = %s and not revoked",
                found["id"],
            )
            session_id = found["session_id"]
            successor = await self._new_refresh_token(connection, user["id"], session_id, parent=token)
        moment = users.now()
        await execute(
            connection,
            "update auth.sessions set refreshed_at = %s, updated_at = %s where id = %s",
            moment.astimezone(UTC).replace(tzinfo=None),
            moment,
            found["session_id"],
        )
        return await self._answer(connection, user, found["session_id"], successor, "password")

    async def end(self, connection: Connection, user_id: uuid.UUID, session_id: object, scope: str) -> None:
        """Ends sessions of a user: every one (global), the one at hand (local), or the others."""
        await connection.execute(SCOPES[scope].encode(), {"user": user_id, "session": session_id})

    @staticmethod
    async def _successor(connection: Connection, revoked: Row) -> str | None:
        """The session's active token, if it was issued for the revoked one."""
        query = "select token from auth.refresh_tokens where session_id = %s and parent = %s and not revoked"
        row = await fetch_one(connection, query, revoked["session_id"], revoked["token"])
        return row["token"] if row else None

    @staticmethod
    async def _new_refresh_token(
        connection: Connection, user_id: uuid.UUID, session_id: uuid.UUID, *, parent: str | None
    ) -> str:
        token = secrets.token_urlsafe(9)
        await execute(
            connection,
            """
            insert into auth.refresh_tokens (
              token, user_id, revoked, created_at, updated_at, parent, session_id
            ) values (%s, %s, false, now(), now(), %s, %s)
            """,
            token,
            str(user_id),
            parent,
            session_id,
        )
        return token

    async def _answer(
        self, connection: Connection, user: Row, session_id: uuid.UUID, refresh_token: str, method: str
    ) -> dict[str, Any]:
        issued = int(time.time())
        claims = {
            "iss": self._keys.issuer,
            "sub": str(user["id"]),
            "aud": user["aud"],
            "exp": issued + self._seconds,
            "iat": issued,
            "email": user["email"] or "",
            "phone": user["phone"] or "",
            "app_metadata": user["raw_app_meta_data"] or {},
            "user_metadata": user["raw_user_meta_data"] or {},
            "role": user["role"],
            "aal": "aal1",
            "amr": [{"method": method, "timestamp": issued}],
            "session_id": str(session_id),
            "is_anonymous": user["is_anonymous"],
        }
        return {
            "access_token": self._keys.sign(claims),
            "token_type": "bearer",
            "expires_in": self._seconds,
            "expires_at": issued + self._seconds,
            "refresh_token": refresh_token,
            "user": await users.as_json(connection, user),
        }


def refuse_banned(user: Row) -> None:
    """Raises AuthError when the user is banned now."""
    if user["banned_until"] and user["banned_until"] > users.now():
        raise AuthError(400, "user_banned", "User is banned")
