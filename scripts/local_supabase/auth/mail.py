"""One-time tokens, and the mails that would carry them: kept in memory, for people and tests to read."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from local_supabase.auth import users
from local_supabase.database import Connection, Row, execute, fetch_one

_SENT_COLUMNS = {
    "confirmation_token": ("confirmation_token", "confirmation_sent_at"),
    "recovery_token": ("recovery_token", "recovery_sent_at"),
    "email_change_token_new": ("email_change_token_new", "email_change_sent_at"),
}
_KEPT_MAILS = 200


@dataclass(frozen=True)
class Mail:
    """A mail that wasn't sent. `token` is the code to type, `token_hash` the one in the link."""

    to: str
    type: str
    token: str
    token_hash: str
    link: str


class Mailbox:
    """Makes one-time tokens and keeps their mails."""

    def __init__(self, issuer: str, site_url: str) -> None:
        self._issuer = issuer
        self._site_url = site_url
        self.mails: list[Mail] = []

    async def send(
        self, connection: Connection, user: Row, kind: str, redirect_to: str | None, *, to: str | None = None
    ) -> Mail:
        """Makes a token of `kind` (signup, invite, magiclink, recovery, email_change) for `user`."""
        address = to or user["email"]
        code = f"{secrets.randbelow(10**6):06d}"
        token_hash = hash_code(address, code)
        token_type = _token_type(kind)
        await execute(
            connection,
            """
            insert into auth.one_time_tokens (user_id, token_type, token_hash, relates_to)
            values (%s, %s, %s, %s)
            on conflict (user_id, token_type) do update
            set token_hash = excluded.token_hash, relates_to = excluded.relates_to, created_at = now()
            """,
            user["id"],
            token_type,
            token_hash,
            address,
        )
        token_column, time_column = _SENT_COLUMNS[token_type]
        await users.update(connection, user["id"], **{token_column: token_hash, time_column: users.now()})
        query = urlencode({"token": token_hash, "type": kind, "redirect_to": redirect_to or self._site_url})
        mail = Mail(address, kind, code, token_hash, f"{self._issuer}/verify?{query}")
        self.mails = [*self.mails[1 - _KEPT_MAILS :], mail]
        return mail


async def redeem(connection: Connection, token_hash: str) -> Row | None:
    """Takes a token that is at most an hour old out of the table; None when there is none."""
    return await fetch_one(
        connection,
        "delete from auth.one_time_tokens "
        "where token_hash = %s and created_at > now() - interval '1 hour' returning *",
        token_hash,
    )


def hash_code(address: str, code: str) -> str:
    """What is stored of a code."""
    return hashlib.sha224((address + code).encode()).hexdigest()


def _token_type(kind: str) -> str:
    if kind in ("signup", "invite"):
        return "confirmation_token"
    return "email_change_token_new" if kind == "email_change" else "recovery_token"
