"""The keys of one instance: the signing key, the legacy secret and the API keys; signs and verifies."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NewType

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

Role = Literal["anon", "service_role"]
UnverifiedToken = NewType("UnverifiedToken", str)
VerifiedClaims = NewType("VerifiedClaims", dict[str, Any])

_TEN_YEARS = 10 * 365 * 86400
_ROLE_TOKEN_SECONDS = 3600


class InvalidTokenError(Exception):
    """A token isn't one of this instance, or not any more."""


class ExpiredTokenError(InvalidTokenError):
    """A token of this instance whose time is over."""


@dataclass(frozen=True)
class Keys:
    """The keys of one instance. `issuer` is the `iss` claim of the access tokens that Auth signs."""

    issuer: str
    jwk: Mapping[str, str]
    jwt_secret: str
    publishable_key: str
    secret_key: str
    anon_key: str
    service_role_key: str
    _role_tokens: dict[Role, tuple[float, str]] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, path: Path, issuer: str) -> Keys:
        """The keys in `path`; new ones are written there when it doesn't exist."""
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(json.dumps(_new_keys(), indent=2) + "\n", encoding="utf-8")
        stored = json.loads(path.read_text(encoding="utf-8"))
        return cls(issuer=issuer, **stored)

    @property
    def kid(self) -> str:
        return self.jwk["kid"]

    def public_jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The key set that anyone may read; a symmetric key is never in it."""
        public = {name: value for name, value in self.jwk.items() if name != "d"}
        return {"keys": [public | {"key_ops": ["verify"], "ext": True}]}

    def verification_jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The key set that PostgREST verifies with: the public one and the legacy secret."""
        secret = base64.urlsafe_b64encode(self.jwt_secret.encode()).rstrip(b"=").decode()
        return {"keys": [*self.public_jwks()["keys"], {"kty": "oct", "alg": "HS256", "k": secret}]}

    def sign(self, claims: Mapping[str, Any]) -> str:
        """An access token with `claims`, as Auth issues it."""
        return jwt.encode(dict(claims), self._private_key, algorithm="ES256", headers={"kid": self.kid})

    def sign_legacy(self, claims: Mapping[str, Any]) -> str:
        """A token signed with the symmetric secret: for signed URLs, and for PostgREST (cheap there)."""
        return jwt.encode(dict(claims), self.jwt_secret, algorithm="HS256")

    def verify(self, token: UnverifiedToken) -> VerifiedClaims:
        """The claims of `token`, if this instance signed it and it hasn't expired.

        The key decides the algorithm, never the token: our `kid` means ES256 with the public key, no `kid`
        means HS256 with the secret (the legacy keys). Raises InvalidTokenError, ExpiredTokenError.
        """
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            if kid is None:
                claims = self._decode(token, self.jwt_secret, "HS256")
            elif kid == self.kid:
                claims = self._decode(token, self._private_key.public_key(), "ES256")
            else:
                raise InvalidTokenError(f"unrecognized JWT kid {kid}")
        except jwt.ExpiredSignatureError as error:
            raise ExpiredTokenError("token is expired") from error
        except jwt.PyJWTError as error:
            raise InvalidTokenError(str(error)) from error
        return VerifiedClaims(claims)

    def api_key_role(self, key: str | None) -> Role | None:
        """The role that an API key stands for, or None when it isn't one of ours."""
        roles: dict[str | None, Role] = {
            self.publishable_key: "anon",
            self.anon_key: "anon",
            self.secret_key: "service_role",
            self.service_role_key: "service_role",
        }
        return roles.get(key)

    def role_token(self, role: Role) -> str:
        """A short-lived token for a role: what the gateway puts in the place of an opaque API key."""
        now = time.time()
        expires, token = self._role_tokens.get(role, (0.0, ""))
        if expires - now < _ROLE_TOKEN_SECONDS / 6:
            expires = now + _ROLE_TOKEN_SECONDS
            token = self.sign({"iss": self.issuer, "role": role, "iat": int(now), "exp": int(expires)})
            self._role_tokens[role] = (expires, token)
        return token

    @cached_property
    def _private_key(self) -> ec.EllipticCurvePrivateKey:
        key = ECAlgorithm.from_jwk(dict(self.jwk))
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key

    @staticmethod
    def _decode(token: str, key: ec.EllipticCurvePublicKey | str, algorithm: str) -> dict[str, Any]:
        # Like the real services, aud isn't asked for: the legacy keys carry none.
        options: Any = {"require": ["exp", "role"], "verify_aud": False, "verify_iat": False}
        return jwt.decode(token, key, algorithms=[algorithm], options=options)


def _new_keys() -> dict[str, Any]:
    private = ec.generate_private_key(ec.SECP256R1())
    jwk = json.loads(ECAlgorithm.to_jwk(private))
    jwt_secret = secrets.token_urlsafe(40)
    now = int(time.time())

    def legacy(role: Role) -> str:
        claims = {"iss": "supabase", "role": role, "iat": now, "exp": now + _TEN_YEARS}
        return jwt.encode(claims, jwt_secret, algorithm="HS256")

    return {
        "jwk": jwk | {"kid": secrets.token_hex(16), "alg": "ES256", "use": "sig"},
        "jwt_secret": jwt_secret,
        "publishable_key": f"sb_publishable_{secrets.token_urlsafe(16)}_{secrets.token_hex(4)}",
        "secret_key": f"sb_secret_{secrets.token_urlsafe(16)}_{secrets.token_hex(4)}",
        "anon_key": legacy("anon"),
        "service_role_key": legacy("service_role"),
    }
