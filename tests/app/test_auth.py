"""Access tokens, attacked. The key server is real HTTP; every refusal has a twin that is let in."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient

from app import auth, create_app
from app.auth import SigningKeys, TokenVerifier
from app.errors import InvalidToken, KeysUnavailable
from tests import fakes
from tests.app.conftest import assert_error, bearer, settings_for

SECRET = "a-legacy-secret-of-at-least-32-characters-and-long-enough-for-512-bits"
SHA_2 = ["HS256", "HS384", "HS512"]


@pytest.fixture
def server() -> Iterator[fakes.FakeAuth]:
    keys = [fakes.SigningKey.ec("ec"), fakes.SigningKey.rsa("rsa"), fakes.SigningKey.ed25519("ed")]
    with fakes.FakeAuth(*keys) as fake:
        yield fake


class Clock:
    """A clock that tests move."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def verifier_of(server: fakes.FakeAuth, clock: Any = time.monotonic, **kwargs: Any) -> TokenVerifier:
    keys = SigningKeys(f"{server.url}/auth/v1/.well-known/jwks.json", clock)
    return TokenVerifier(keys, f"{server.url}/auth/v1", **kwargs)


@pytest.fixture
def verifier(server: fakes.FakeAuth) -> TokenVerifier:
    return verifier_of(server)


def b64(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def hmac_token(secret: bytes, claims: dict[str, Any], **header: Any) -> str:
    """An HS256 token made by hand: PyJWT refuses to sign with a public key."""
    signed = f"{b64({'alg': 'HS256', 'typ': 'JWT', **header})}.{b64(claims)}"
    return f"{signed}.{b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


# Who is let in


@pytest.mark.parametrize("kid", ["ec", "rsa", "ed"])
def test_a_valid_token_of_each_key_type_is_verified(
    verifier: TokenVerifier, server: fakes.FakeAuth, kid: str
) -> None:
    key = next(key for key in server.keys if key.kid == kid)
    sub = "3b241101-e2bb-4255-8caf-4136c566a962"
    claims = verifier.verify(server.token(key, sub=sub))
    assert claims.user_id == sub
    assert claims.role == "authenticated"


def test_a_legacy_token_is_verified_where_a_secret_is_set(server: fakes.FakeAuth) -> None:
    token = hmac_token(SECRET.encode(), server.claims())
    assert verifier_of(server, legacy_secret=SECRET).verify(token).role == "authenticated"


def test_a_legacy_token_is_refused_where_no_secret_is_set(
    verifier: TokenVerifier, server: fakes.FakeAuth
) -> None:
    with pytest.raises(InvalidToken):
        verifier.verify(hmac_token(SECRET.encode(), server.claims()))


def test_public_keys_still_work_where_a_secret_is_set(server: fakes.FakeAuth) -> None:
    assert verifier_of(server, legacy_secret=SECRET).verify(server.token()).role == "authenticated"


def test_a_clock_behind_the_issuers_doesnt_lock_users_out(
    verifier: TokenVerifier, server: fakes.FakeAuth
) -> None:
    assert verifier.verify(server.token(iat=int(time.time()) + 20))


def test_a_token_that_became_valid_is_let_in(verifier: TokenVerifier, server: fakes.FakeAuth) -> None:
    assert verifier.verify(server.token(nbf=int(time.time()) - 1))


# Who isn't: claims


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": 1e300 * 1e10},
        {"nbf": 4_102_444_800},
        {"aud": "anon"},
        {"aud": None},
        {"aud": ["authenticated", "other"]},
        {"iss": "https://elsewhere.example.com/auth/v1"},
        {"iss": None},
        {"iss": ""},
        {"role": "anon"},
        {"role": "service_role"},
        {"role": "Authenticated"},
        {"role": ["authenticated"]},
        {"role": None},
        {"sub": None},
        {"sub": "me"},
        {"sub": 7},
        {"sub": ""},
    ],
    ids=str,
)
def test_a_signed_token_with_a_wrong_claim_is_refused(
    verifier: TokenVerifier, server: fakes.FakeAuth, changes: dict[str, Any]
) -> None:
    assert verifier.verify(server.token())
    claims = {**server.claims(), **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    key = server.keys[0]
    raw = json.dumps(claims).encode()
    token = jwt.api_jws.encode(raw, key.private, key.algorithm, headers={"kid": key.kid})
    with pytest.raises(InvalidToken):
        verifier.verify(token)


def test_an_expired_token_says_so(verifier: TokenVerifier, server: fakes.FakeAuth) -> None:
    with pytest.raises(InvalidToken) as refused:
        verifier.verify(server.token(exp=int(time.time()) - 1))
    assert "expired" in str(refused.value.hint)


# Who isn't: signatures and headers


def test_a_token_without_a_signature_is_refused(verifier: TokenVerifier, server: fakes.FakeAuth) -> None:
    for alg in ("none", "None", "NONE", "nOnE"):
        unsigned = f"{b64({'alg': alg, 'typ': 'JWT', 'kid': 'ec'})}.{b64(server.claims())}."
        for token in (unsigned, unsigned + "AA"):
            with pytest.raises(InvalidToken):
                verifier.verify(token)


def test_a_token_signed_by_another_key_is_refused(verifier: TokenVerifier, server: fakes.FakeAuth) -> None:
    for forger in (fakes.SigningKey.ec("ec"), fakes.SigningKey.rsa("rsa"), fakes.SigningKey.ed25519("ed")):
        with pytest.raises(InvalidToken):
            verifier.verify(server.token(forger))


def test_changed_claims_are_refused(verifier: TokenVerifier, server: fakes.FakeAuth) -> None:
    header, _, signature = server.token().split(".")
    with pytest.raises(InvalidToken):
        verifier.verify(f"{header}.{b64(server.claims())}.{signature}")


@pytest.mark.parametrize("legacy_secret", [None, SECRET])
@pytest.mark.parametrize("kid", ["ec", "rsa", "ed"])
def test_a_public_key_used_as_a_shared_secret_is_refused(
    server: fakes.FakeAuth, kid: str, legacy_secret: str | None
) -> None:
    key = next(key for key in server.keys if key.kid == kid)
    public = key.private.public_key()
    verifier = verifier_of(server, legacy_secret=legacy_secret)
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(key.public_jwk()).encode(),
    ]
    for secret in secrets:
        with pytest.raises(InvalidToken):
            verifier.verify(hmac_token(secret, server.claims(), kid=kid))


@pytest.mark.parametrize(
    ("named", "alg"), [("rsa", "ES256"), ("ec", "RS256"), ("ed", "ES256"), ("ec", "EdDSA")]
)
def test_a_token_cannot_choose_another_algorithm_for_a_key(
    verifier: TokenVerifier, server: fakes.FakeAuth, named: str, alg: str
) -> None:
    signer = next(key for key in server.keys if key.algorithm == alg)
    with pytest.raises(InvalidToken):
        verifier.verify(server.token(signer, header={"kid": named}))


def test_a_legacy_secret_verifies_nothing_but_hs256(server: fakes.FakeAuth) -> None:
    verifier = verifier_of(server, legacy_secret=SECRET)
    signed = [jwt.encode(server.claims(), SECRET, algorithm, headers={"kid": "ec"}) for algorithm in SHA_2]
    assert verifier.verify(signed[0])
    for token in signed[1:]:
        with pytest.raises(InvalidToken):
            verifier.verify(token)


def test_rsa_keys_verify_nothing_but_rs256(verifier: TokenVerifier, server: fakes.FakeAuth) -> None:
    key = next(key for key in server.keys if key.kid == "rsa")
    for algorithm in ("RS384", "RS512", "PS256"):
        with pytest.raises(InvalidToken):
            verifier.verify(server.token(fakes.SigningKey("rsa", key.private, algorithm)))


@pytest.mark.parametrize(
    "kid",
    [
        None,
        "",
        "nobody",
        "../../etc/passwd",
        "ec\x00",
        "' or '1'='1",
        "https://evil.example/jwks.json",
        "k" * 4000,
    ],
)
def test_a_token_with_a_kid_that_is_no_key_is_refused(
    verifier: TokenVerifier, server: fakes.FakeAuth, kid: str | None
) -> None:
    key = server.keys[0]
    header = {} if kid is None else {"kid": kid}
    token = jwt.encode(server.claims(), key.private, key.algorithm, headers=header)
    with pytest.raises(InvalidToken):
        verifier.verify(token)


@pytest.mark.parametrize("kid", [["ec"], {"ec": 1}, 7, True])
def test_a_kid_that_is_not_text_is_refused(
    verifier: TokenVerifier, server: fakes.FakeAuth, kid: object
) -> None:
    _, payload, signature = server.token().split(".")
    with pytest.raises(InvalidToken):
        verifier.verify(f"{b64({'alg': 'ES256', 'kid': kid})}.{payload}.{signature}")


def test_keys_that_a_token_brings_along_are_ignored(verifier: TokenVerifier, server: fakes.FakeAuth) -> None:
    forger = fakes.SigningKey.ec("forged")
    with fakes.FakeAuth(forger) as elsewhere:
        address = f"{elsewhere.url}/auth/v1/.well-known/jwks.json"
        brought: list[dict[str, Any]] = [{"jwk": forger.public_jwk()}, {"jku": address}, {"x5u": address}]
        for header in brought:
            for kid in ("forged", "ec"):
                with pytest.raises(InvalidToken):
                    verifier.verify(server.token(forger, header={**header, "kid": kid}))
        assert elsewhere.fetches == 0


def test_a_header_that_demands_an_extension_is_refused(
    verifier: TokenVerifier, server: fakes.FakeAuth
) -> None:
    demands: list[dict[str, Any]] = [
        {"crit": ["exp"], "exp": 1},
        {"crit": ["b64"], "b64": False},
        {"crit": []},
    ]
    for header in demands:
        key = server.keys[0]
        signed = f"{b64({'alg': 'ES256', 'kid': key.kid, **header})}.{b64(server.claims())}"
        signature = jwt.get_algorithm_by_name("ES256").sign(signed.encode(), key.private)
        with pytest.raises(InvalidToken):
            verifier.verify(f"{signed}.{b64(signature)}")


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "a.b",
        "a.b.c.d",
        "..",
        "ä.ö.ü",
        "e30.e30.e30",
        "W10.e30.AA",
        b64(b"[" * 3000) + ".e30.AA",
        "a" * 20_000,
    ],
    ids=lambda token: token[:12],
)
def test_what_is_no_token_is_refused(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(InvalidToken):
        verifier.verify(token)


def test_an_oversized_token_is_refused_unread(verifier: TokenVerifier, server: fakes.FakeAuth) -> None:
    with pytest.raises(InvalidToken):
        verifier.verify(server.token(user_metadata={"bio": "x" * auth.MAX_TOKEN_LENGTH}))
    assert server.fetches == 0
    assert verifier.verify(server.token(user_metadata={"bio": "x" * 4000}))


def test_symmetric_and_encryption_keys_in_the_key_set_are_not_used(server: fakes.FakeAuth) -> None:
    other = fakes.SigningKey.ec("for-encryption")
    server.extra_jwks = [
        {"kty": "oct", "kid": "shared", "k": b64(SECRET.encode()), "alg": "HS256"},
        {**other.public_jwk(), "use": "enc"},
        {"kty": "EC", "crv": "P-256", "kid": "broken", "x": "AA", "y": "AA"},
        {"kty": "unheard-of", "kid": "odd"},
    ]
    verifier = verifier_of(server)
    with pytest.raises(InvalidToken):
        verifier.verify(hmac_token(SECRET.encode(), server.claims(), kid="shared"))
    with pytest.raises(InvalidToken):
        verifier.verify(server.token(other))
    assert verifier.verify(server.token())


# Rotation, outage, floods


def test_a_rotated_key_is_picked_up_at_once(server: fakes.FakeAuth, clock: Clock) -> None:
    verifier = verifier_of(server, clock)
    verifier.verify(server.token())
    server.keys.append(fakes.SigningKey.ec("new"))
    assert verifier.verify(server.token(server.keys[-1]))
    assert server.fetches == 2


def test_a_removed_key_is_refused_after_its_lifetime(server: fakes.FakeAuth, clock: Clock) -> None:
    verifier = verifier_of(server, clock)
    old = server.keys.pop(0)
    server.keys.append(old)
    verifier.verify(server.token(old))
    server.keys.remove(old)
    clock.now += SigningKeys.LIFETIME + 1
    with pytest.raises(InvalidToken):
        verifier.verify(server.token(old))


def test_a_flood_of_unknown_kids_doesnt_reach_the_key_server(server: fakes.FakeAuth, clock: Clock) -> None:
    verifier = verifier_of(server, clock)
    forger = fakes.SigningKey.ec("x")
    for attempt in range(200):
        with pytest.raises(InvalidToken):
            verifier.verify(server.token(forger, header={"kid": f"made-up-{attempt}"}))
    assert server.fetches <= 2
    clock.now += SigningKeys.MISS_COOLDOWN
    with pytest.raises(InvalidToken):
        verifier.verify(server.token(forger))
    assert server.fetches <= 3
    assert verifier.verify(server.token())


def test_known_keys_outlast_an_outage_of_the_key_server(server: fakes.FakeAuth, clock: Clock) -> None:
    verifier = verifier_of(server, clock)
    verifier.verify(server.token())
    for away in (fakes.Reply(500), fakes.Reply(200, b"<html>"), fakes.Reply(200, []), fakes.Reply(drop=True)):
        server.away = away
        clock.now += SigningKeys.LIFETIME + 1
        assert verifier.verify(server.token())
    server.away = None
    clock.now += SigningKeys.RETRY_PAUSE
    assert verifier.verify(server.token())
    assert server.fetches == 6


def test_an_outage_costs_one_attempt_per_pause(server: fakes.FakeAuth, clock: Clock) -> None:
    verifier = verifier_of(server, clock)
    verifier.verify(server.token())
    server.away = fakes.Reply(503)
    clock.now += SigningKeys.LIFETIME + 1
    for _ in range(20):
        verifier.verify(server.token())
    assert server.fetches == 2


def test_a_key_server_that_hangs_keeps_nobody_with_a_known_key_waiting(
    server: fakes.FakeAuth, clock: Clock
) -> None:
    verifier = verifier_of(server, clock)
    verifier.verify(server.token())
    server.away = fakes.Reply(delay=30)
    clock.now += SigningKeys.LIFETIME + 1
    forger = fakes.SigningKey.ec("unheard-of")

    def forge() -> None:
        with pytest.raises(InvalidToken):
            verifier.verify(server.token(forger))

    waiting = [threading.Thread(target=forge) for _ in range(10)]
    for thread in waiting:
        thread.start()
    while server.fetches < 2:
        time.sleep(0.01)
    for _ in range(20):
        assert verifier.verify(server.token())
    # All of that while the others still wait for the key server.
    assert any(thread.is_alive() for thread in waiting)
    for thread in waiting:
        thread.join()
    assert server.fetches == 2


def test_keys_are_forgotten_when_the_key_server_stays_away_for_a_day(
    server: fakes.FakeAuth, clock: Clock
) -> None:
    verifier = verifier_of(server, clock)
    verifier.verify(server.token())
    server.away = fakes.Reply(503)
    clock.now += SigningKeys.MAX_AGE + 1
    with pytest.raises(KeysUnavailable):
        verifier.verify(server.token())


def test_without_any_keys_nobody_is_called_a_liar(server: fakes.FakeAuth, clock: Clock) -> None:
    verifier = verifier_of(server, clock)
    server.away = fakes.Reply(503)
    for _ in range(20):
        with pytest.raises(KeysUnavailable):
            verifier.verify(server.token())
    assert server.fetches == 1
    server.away = None
    clock.now += SigningKeys.RETRY_PAUSE
    assert verifier.verify(server.token())


def test_many_requests_at_start_fetch_the_keys_once(server: fakes.FakeAuth) -> None:
    verifier = verifier_of(server)
    verified = []
    tokens = [server.token() for _ in range(20)]
    threads = [
        threading.Thread(target=lambda token=token: verified.append(verifier.verify(token)))
        for token in tokens
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(verified) == 20
    assert server.fetches == 1


# The header, through the application

URL = "/api/ai/meal-suggestions"


def test_no_token_is_told_apart_from_a_bad_one(client: FlaskClient, project: fakes.FakeDataApi) -> None:
    missing: list[dict[str, str]] = [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer   "},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"apikey": project.token()},
    ]
    for headers in missing:
        response = client.post(URL, json={}, headers=headers)
        body = assert_error(response, 401, "authentication_required")
        assert body["error"] == "Authentication required"
        assert response.headers["WWW-Authenticate"] == "Bearer"
    for token in ("x", "a b", f"{project.token()} {project.token()}", f"{project.token()}, x"):
        response = client.post(URL, json={}, headers=bearer(token))
        body = assert_error(response, 401, "invalid_token")
        assert body["error"] == "Invalid token"
        assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    for scheme in ("Bearer", "bearer", "BEARER"):
        headers = {"Authorization": f"{scheme} {project.token()}"}
        assert client.post(URL, json={}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "key", ["sb_secret_abcdefghijklmnop_12345678", "sb_publishable_abcdefghijklmnop_12345678"]
)
def test_api_keys_are_no_access_tokens(client: FlaskClient, project: fakes.FakeDataApi, key: str) -> None:
    assert_error(client.post(URL, json={}, headers=bearer(key)), 401, "invalid_token")
    assert project.calls == []


@pytest.mark.parametrize("role", ["anon", "service_role", "postgres", "supabase_admin", ""])
def test_tokens_of_other_roles_are_refused_though_rightly_signed(
    client: FlaskClient, project: fakes.FakeDataApi, role: str
) -> None:
    assert_error(client.post(URL, json={}, headers=bearer(project.token(role=role))), 401, "invalid_token")
    assert project.calls == []
    assert client.post(URL, json={}, headers=bearer(project.token())).status_code == 200


@pytest.mark.parametrize("role", ["anon", "service_role"])
def test_legacy_api_keys_are_no_access_tokens(project: fakes.FakeDataApi, role: str) -> None:
    client = create_app(settings_for(project, supabase_jwt_secret=SECRET)).test_client()
    legacy_key = hmac_token(
        SECRET.encode(), {"iss": "supabase", "role": role, "iat": 1, "exp": 4_102_444_800}
    )
    assert_error(client.post(URL, json={}, headers=bearer(legacy_key)), 401, "invalid_token")
    dressed_up = hmac_token(SECRET.encode(), project.claims(role=role))
    assert_error(client.post(URL, json={}, headers=bearer(dressed_up)), 401, "invalid_token")
    users_own = hmac_token(SECRET.encode(), project.claims())
    assert client.post(URL, json={}, headers=bearer(users_own)).status_code == 200


def test_an_outage_of_the_key_server_is_answered_with_503(
    client: FlaskClient, project: fakes.FakeDataApi
) -> None:
    project.away = fakes.Reply(500, b"SECRET UPSTREAM BODY")
    response = client.post(URL, json={}, headers=bearer(project.token()))
    assert_error(response, 503, "authentication_unavailable")
    assert response.headers["Retry-After"]


def test_a_caller_doesnt_show_the_token() -> None:
    claims = auth.VerifiedClaims("id", "authenticated", 1, None)
    assert "token-text" not in repr(auth.Caller(claims, "token-text"))
