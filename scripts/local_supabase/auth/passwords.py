"""Passwords: bcrypt hashes that `extensions.crypt()` understands, and the other way round."""

from __future__ import annotations

import asyncio

import bcrypt

from local_supabase.auth.errors import AuthError, invalid

# The real Auth uses 10; fewer rounds keep sign-in quick on a small machine. Hashes of any cost are accepted.
_COST = 6
_MAX_BYTES = 72


def check_strength(password: str, minimum: int) -> None:
    """Raises AuthError when `password` is too short, or longer than bcrypt can hash."""
    if len(password) < minimum:
        message = f"Password should be at least {minimum} characters."
        raise AuthError(422, "weak_password", message, weak_password={"reasons": ["length"]})
    if len(password.encode()) > _MAX_BYTES:
        raise invalid(f"Password cannot be longer than {_MAX_BYTES} characters")


async def hash_password(password: str) -> str:
    """A bcrypt hash of `password`, made outside the event loop."""
    salt = bcrypt.gensalt(_COST, prefix=b"2a")
    return (await asyncio.to_thread(bcrypt.hashpw, password.encode(), salt)).decode()


async def matches(password: str, encrypted: str | None) -> bool:
    """Whether `encrypted` is a hash of `password`; a user without a password matches none."""
    if not encrypted or len(password.encode()) > _MAX_BYTES:
        return False
    try:
        return await asyncio.to_thread(bcrypt.checkpw, password.encode(), encrypted.encode())
    except ValueError:
        # Seeded text that isn't a bcrypt hash.
        return False
