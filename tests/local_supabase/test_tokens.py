"""Which tokens the services take. Every attack is tried on each of them."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local_supabase import Instance
from local_supabase.keys import Keys

from .conftest import Person

Claims = dict[str, Any]


@pytest.fixture
def claims(owner: Person) -> Claims:
    now = int(time.time())
    return {"sub": owner.id, "role": "authenticated", "aud": "authenticated", "iat": now, "exp": now + 60}


def rest(http: httpx.Client, token: str) -> httpx.Response:
    return http.get("/rest/v1/notes", headers={"Authorization": f"Bearer {token}"})


def auth(http: httpx.Client, token: str) -> httpx.Response:
    return http.get("/auth/v1/user", headers={"Authorization": f"Bearer {token}"})


def storage(http: httpx.Client, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return http.post("/storage/v1/object/list/files", json={"prefix": ""}, headers=headers)


def segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def hs256(claims: Claims, secret: bytes, kid: str | None = None) -> str:
    """Signed by hand: PyJWT refuses a public key as a secret, an attacker doesn't."""
    header = {"alg": "HS256", "typ": "JWT"} | ({"kid": kid} if kid else {})
    content = f"{segment(json.dumps(header).encode())}.{segment(json.dumps(claims).encode())}"
    return f"{content}.{segment(hmac.new(secret, content.encode(), hashlib.sha256).digest())}"


def expired(claims: Claims, keys: Keys) -> str:
    return keys.sign(claims | {"exp": int(time.time()) - 60})


def expired_legacy(claims: Claims, keys: Keys) -> str:
    return keys.sign_legacy(claims | {"exp": int(time.time()) - 60})


def signed_by_another_key(claims: Claims, keys: Keys) -> str:
    other = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode(claims, other, algorithm="ES256", headers={"kid": keys.kid})


def signed_by_another_secret(claims: Claims, _keys: Keys) -> str:
    return hs256(claims, b"x" * 40)


def unsigned(claims: Claims, _keys: Keys) -> str:
    return jwt.encode(claims, "", algorithm="none")


def unsigned_with_kid(claims: Claims, keys: Keys) -> str:
    return jwt.encode(claims, "", algorithm="none", headers={"kid": keys.kid})


def without_signature(claims: Claims, keys: Keys) -> str:
    return keys.sign(claims).rsplit(".", 1)[0] + "."


def changed_claims(claims: Claims, keys: Keys) -> str:
    header, _, signature = keys.sign(claims).split(".")
    return f"{header}.{segment(json.dumps(claims | {'role': 'service_role'}).encode())}.{signature}"


def public_key_as_secret(claims: Claims, keys: Keys) -> str:
    public = keys._private_key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return hs256(claims, pem, keys.kid)


def public_jwk_as_secret(claims: Claims, keys: Keys) -> str:
    return hs256(claims, json.dumps(keys.public_jwks()["keys"][0]).encode())


def garbage(_claims: Claims, _keys: Keys) -> str:
    return "not-a-token"


ATTACKS = [
    expired,
    expired_legacy,
    signed_by_another_key,
    signed_by_another_secret,
    unsigned,
    unsigned_with_kid,
    without_signature,
    changed_claims,
    public_key_as_secret,
    public_jwk_as_secret,
    garbage,
]
Attack = Callable[[Claims, Keys], str]
attacks = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)


@attacks
def test_bad_token_is_refused_by_the_data_api(
    attack: Attack, claims: Claims, keys: Keys, http: httpx.Client
) -> None:
    answer = rest(http, attack(claims, keys))
    assert answer.status_code == 401
    assert answer.json()["code"] in {"PGRST301", "PGRST302"}


@attacks
def test_bad_token_is_refused_by_auth(attack: Attack, claims: Claims, keys: Keys, http: httpx.Client) -> None:
    answer = auth(http, attack(claims, keys))
    assert (answer.status_code, answer.json()["error_code"]) == (403, "bad_jwt")


@attacks
def test_bad_token_is_refused_by_storage(
    attack: Attack, claims: Claims, keys: Keys, http: httpx.Client
) -> None:
    answer = storage(http, attack(claims, keys))
    assert (answer.status_code, answer.json()["statusCode"]) == (400, "403")


@pytest.mark.parametrize("service", [rest, auth, storage], ids=lambda service: service.__name__)
def test_own_token_is_accepted(
    service: Callable[[httpx.Client, str], httpx.Response], claims: Claims, keys: Keys, http: httpx.Client
) -> None:
    assert service(http, keys.sign(claims)).status_code == 200


@pytest.mark.parametrize("service", [rest, auth, storage], ids=lambda service: service.__name__)
def test_legacy_token_is_accepted(
    service: Callable[[httpx.Client, str], httpx.Response], claims: Claims, keys: Keys, http: httpx.Client
) -> None:
    assert service(http, keys.sign_legacy(claims)).status_code == 200


def test_expiry_holds_for_a_token_that_worked_before(claims: Claims, keys: Keys, http: httpx.Client) -> None:
    # Not the Data API: PostgREST forgives half a minute, here as on a hosted project.
    token = keys.sign(claims | {"exp": int(time.time()) + 1})
    assert auth(http, token).status_code == 200
    time.sleep(2.1)
    assert auth(http, token).status_code == 403
    assert storage(http, token).json()["statusCode"] == "403"


def test_signed_url_token_is_no_access_token(keys: Keys, http: httpx.Client) -> None:
    token = keys.sign_legacy({"url": "files/x", "exp": int(time.time()) + 60})
    assert auth(http, token).status_code == 403
    assert storage(http, token).json()["statusCode"] == "403"


def test_access_token_carries_the_claims_of_auth(platform: Instance, owner: Person, keys: Keys) -> None:
    claims = jwt.decode(owner.token, options={"verify_signature": False})
    session = claims.pop("session_id")
    assert len(session) == 36
    issued = claims.pop("iat")
    assert claims == {
        "iss": f"{platform.url}/auth/v1",
        "sub": owner.id,
        "aud": "authenticated",
        "exp": issued + 3600,
        "email": owner.email,
        "phone": "",
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": {},
        "role": "authenticated",
        "aal": "aal1",
        "amr": [{"method": "password", "timestamp": issued}],
        "is_anonymous": False,
    }
    assert jwt.get_unverified_header(owner.token) == {"alg": "ES256", "typ": "JWT", "kid": keys.kid}


def test_access_token_verifies_against_the_published_keys(platform: Instance, owner: Person) -> None:
    jwks = httpx.get(f"{platform.url}/auth/v1/.well-known/jwks.json").json()
    assert [key["kty"] for key in jwks["keys"]] == ["EC"]
    assert "d" not in jwks["keys"][0]
    key = jwt.PyJWK(jwks["keys"][0])
    claims = jwt.decode(owner.token, key, algorithms=["ES256"], audience="authenticated")
    assert claims["sub"] == owner.id
