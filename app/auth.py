"""Who is asking: from the Authorization header to verified claims. Nothing else reads that header.

    Authorization header → unverified token → VerifiedClaims → Caller (claims and the token to forward)

A token that is present and not valid is refused; it is never treated as if none had been sent.
"""

import functools
import hmac
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import httpx
import jwt
from flask import Flask, current_app, request

from app.config import Settings
from app.errors import AuthenticationRequired, InvalidToken, KeysUnavailable

AUDIENCE = "authenticated"
ROLE = "authenticated"
MAX_TOKEN_LENGTH = 8192

_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_EXTENSION = "life_os_auth"
_OPERATORS = "life_os_operators"
_log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class VerifiedClaims:
    """What a valid access token says. `expires_at` is in seconds since 1970."""

    user_id: str
    role: str
    expires_at: int
    session_id: str | None


@dataclass(frozen=True, slots=True)
class Caller:
    """The user behind a request, and the access token that acts for them under row level security."""

    claims: VerifiedClaims
    access_token: str = field(repr=False)


def init_app(app: Flask, settings: Settings) -> None:
    """Gives `app` its token verifier."""
    app.extensions[_EXTENSION] = TokenVerifier.from_settings(settings)
    app.extensions[_OPERATORS] = settings.metrics_token and settings.metrics_token.get_secret_value()


def required(view: Callable[Concatenate[Caller, P], R]) -> Callable[P, R]:
    """Lets only signed-in users in and passes the `Caller` to the view as its first argument.

    Raises AuthenticationRequired, InvalidToken or KeysUnavailable.
    """

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        unverified_token = _unverified_token()
        verifier: TokenVerifier = current_app.extensions[_EXTENSION]
        return view(Caller(verifier.verify(unverified_token), unverified_token), *args, **kwargs)

    setattr(guarded, _EXTENSION, True)
    return guarded


def operators_only(view: Callable[P, R]) -> Callable[P, R]:
    """Lets only those in who have METRICS_TOKEN; everybody when none is set.

    Raises AuthenticationRequired or InvalidToken.
    """

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        expected: str | None = current_app.extensions[_OPERATORS]
        if expected and not hmac.compare_digest(_unverified_token().encode(), expected.encode()):
            raise InvalidToken
        return view(*args, **kwargs)

    return guarded


def is_required(view: Callable[..., Any]) -> bool:
    """Whether `required` guards a view."""
    return hasattr(view, _EXTENSION)


def _unverified_token() -> str:
    scheme, _, unverified_token = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not unverified_token.strip():
        raise AuthenticationRequired
    return unverified_token.strip()


class TokenVerifier:
    """Checks access tokens of one Supabase project."""

    def __init__(self, keys: "SigningKeys", issuer: str, legacy_secret: str | None = None) -> None:
        self._keys = keys
        self._issuer = issuer
        self._legacy_secret = legacy_secret

    @classmethod
    def from_settings(cls, settings: Settings) -> "TokenVerifier":
        """The verifier of the project that `settings` name."""
        secret = settings.supabase_jwt_secret
        return cls(
            SigningKeys(f"{settings.supabase_url}/auth/v1/.well-known/jwks.json"),
            settings.supabase_jwt_issuer,
            secret.get_secret_value() if secret else None,
        )

    def verify(self, unverified_token: str) -> VerifiedClaims:
        """The claims of a valid token. Raises InvalidToken, or KeysUnavailable when nobody can tell."""
        if len(unverified_token) > MAX_TOKEN_LENGTH or not _JWS.fullmatch(unverified_token):
            raise InvalidToken
        try:
            header = jwt.get_unverified_header(unverified_token)
            key, algorithm = self._key_for(header)
            claims = self._decode(unverified_token, key, algorithm)
            return _verified(claims)
        except jwt.ExpiredSignatureError:
            raise InvalidToken(hint="The token has expired: refresh the session.") from None
        # What a hostile token does to a parser: odd types, huge numbers, deep nesting.
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, ArithmeticError, RecursionError):
            raise InvalidToken from None

    def _key_for(self, header: Mapping[str, Any]) -> tuple[Any, str]:
        """The key to check with and the one algorithm it is good for. The token only names the key."""
        if header.get("alg") == "HS256" and self._legacy_secret is not None:
            return self._legacy_secret, "HS256"
        kid = header.get("kid")
        key = self._keys.find(kid) if isinstance(kid, str) else None
        if key is None:
            raise InvalidToken
        return key.key, key.algorithm_name

    def _decode(self, unverified_token: str, key: Any, algorithm: str) -> dict[str, Any]:
        return jwt.decode(
            unverified_token,
            key,
            algorithms=[algorithm],
            audience=AUDIENCE,
            issuer=self._issuer,
            leeway=0,
            options={
                "require": ["exp", "sub", "aud", "iss", "role"],
                "verify_signature": True,
                "enforce_minimum_key_length": True,
                "verify_exp": True,
                "verify_nbf": True,
                # Says when, not whether; a clock a second ahead of ours must not lock users out.
                "verify_iat": False,
                "verify_aud": True,
                "strict_aud": True,
                "verify_iss": True,
                "verify_sub": True,
                "verify_jti": False,
            },
        )


def _verified(claims: Mapping[str, Any]) -> VerifiedClaims:
    """What the signature doesn't vouch for: a user's role (not anon, not service_role) and a user's id."""
    if claims["role"] != ROLE:
        raise InvalidToken
    session_id = claims.get("session_id")
    return VerifiedClaims(
        user_id=str(UUID(claims["sub"])),
        role=ROLE,
        expires_at=int(claims["exp"]),
        session_id=session_id if isinstance(session_id, str) else None,
    )


class SigningKeys:
    """The project's public keys by `kid`, fetched from its JWKS address and remembered.

    - Known keys never wait: after LIFETIME one request refreshes them while the others go on.
    - An unknown `kid` may be a rotated key, so it causes a refresh, but at most one in MISS_COOLDOWN:
      a flood of made-up ones costs the key server nothing.
    - When the key server is away, the keys at hand stay good for MAX_AGE and it is asked at most once in
      RETRY_PAUSE.

    All times are in seconds.
    """

    LIFETIME = 600.0
    MAX_AGE = 86_400.0
    MISS_COOLDOWN = 10.0
    RETRY_PAUSE = 2.0
    TIMEOUT = 3.0

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._retry_at = self._next_miss_at = float("-inf")

    def find(self, kid: str) -> jwt.PyJWK | None:
        """The key called `kid`; None if there is none. Raises KeysUnavailable when no keys could be had."""
        age = self._age()
        if age > self.MAX_AGE:
            with self._lock:
                if self._age() > self.MAX_AGE:
                    self._refresh()
            if self._age() > self.MAX_AGE:
                raise KeysUnavailable
        elif age > self.LIFETIME and self._lock.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._lock.release()
        return self._keys.get(kid) or self._find_new(kid)

    def _find_new(self, kid: str) -> jwt.PyJWK | None:
        with self._lock:
            # Another request may have fetched it while this one waited for the lock.
            if kid not in self._keys and self._clock() >= self._next_miss_at:
                self._next_miss_at = self._clock() + self.MISS_COOLDOWN
                self._refresh()
            return self._keys.get(kid)

    def _age(self) -> float:
        return float("inf") if self._fetched_at is None else self._clock() - self._fetched_at

    def _refresh(self) -> None:
        """Fetches the keys; a failure leaves what there is and is remembered for RETRY_PAUSE."""
        if self._clock() < self._retry_at:
            return
        try:
            answer = httpx.get(self._url, timeout=self.TIMEOUT, follow_redirects=False)
            answer.raise_for_status()
            self._keys = _usable(answer.json()["keys"])
            self._fetched_at = self._clock()
        except (httpx.HTTPError, ValueError, TypeError, KeyError, AttributeError) as error:
            _log.warning("the signing keys could not be fetched: %s", type(error).__name__)
            self._retry_at = self._clock() + self.RETRY_PAUSE


# The algorithm comes from the key's type, never from a token: this is what stops key confusion.
_ALGORITHMS = {("EC", "P-256"): "ES256", ("RSA", None): "RS256", ("OKP", "Ed25519"): "EdDSA"}


def _usable(jwks: list[dict[str, Any]]) -> dict[str, jwt.PyJWK]:
    """The keys of a JWKS that sign tokens, by `kid`; symmetric and unknown ones are left out."""
    keys = {}
    for jwk in jwks:
        algorithm = _ALGORITHMS.get((str(jwk.get("kty")), jwk.get("crv")))
        if algorithm and isinstance(jwk.get("kid"), str) and jwk.get("use") in ("sig", None):
            try:
                keys[jwk["kid"]] = jwt.PyJWK(jwk, algorithm)
            except jwt.PyJWTError:
                continue
    return keys
