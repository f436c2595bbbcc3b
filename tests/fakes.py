"""Servers that stand in for the ones the Flask service talks to. Real HTTP on a free local port each.

FakeOpenAI   one of OpenAI's APIs, answering what was enqueued and remembering what it was asked
FakeAuth     a Supabase project's key server, with the private keys to sign access tokens
FakeDataApi  PostgREST, for what the real one can't be made to do: fail, hang, count calls
"""

import contextlib
import dataclasses
import http.server
import json
import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

Handle = Callable[["Request"], "Reply"]


@dataclass(frozen=True)
class Request:
    """A request that a fake received."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Reply:
    """An answer: `body` is sent as JSON unless it is bytes. `delay` (seconds) comes first.

    `trickle` (seconds) is the pause between two bytes; `drop` closes the connection without an answer.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    trickle: float = 0.0
    drop: bool = False

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class FakeServer:
    """A server on a free port, as a context manager. Subclasses answer in `handle`."""

    def __init__(self) -> None:
        self.history: list[Request] = []
        self._stopping = threading.Event()
        self._server: _Server | None = None

    def handle(self, request: Request) -> Reply:
        """The answer to `request`."""
        raise NotImplementedError

    def wait(self, seconds: float) -> None:
        """Sleeps, but not beyond the end of the test."""
        self._stopping.wait(seconds)

    @property
    def url(self) -> str:
        """Where it listens, without a trailing slash."""
        if self._server is None:
            raise RuntimeError("the fake isn't running")
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.hang_up()
            self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, fake: FakeServer) -> None:
        self.fake = fake
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Ends the connections that clients keep open; without it, they would still be answered."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fake = self.server.fake
        request = Request(
            self.command, self.path, httpx.Headers(dict(self.headers)), json.loads(sent) if sent else None
        )
        fake.history.append(request)
        reply = fake.handle(request)
        fake.wait(reply.delay)
        if reply.drop:
            self.close_connection = True
            return
        content = reply.content()
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        pieces = [content[i : i + 1] for i in range(len(content))] if reply.trickle else [content]
        for piece in pieces:
            self.wfile.write(piece)
            fake.wait(reply.trickle)

    do_GET = do_POST  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Tests look at `history` instead."""


@dataclass(frozen=True)
class Said:
    """What a model says, before one of the APIs words it."""

    text: str = ""
    refusal: str | None = None
    truncated: bool = False
    with_usage: bool = True


class FakeOpenAI(FakeServer):
    """OpenAI at `base_url`, where it speaks one API: "responses" or "chat"; its key is `api_key`.

    Answers come from `enqueue`, in order.
    """

    api_key = "sk-fake"

    def __init__(self, api: str = "responses") -> None:
        super().__init__()
        self.api = api
        self._replies: deque[Reply] = deque()
        self.always: Reply | None = None

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def enqueue(self, *replies: Reply) -> None:
        """What to answer next. `answer`, `refusal`, `truncated`, `text` and `failure` make replies."""
        self._replies.extend(replies)

    def prompts(self) -> list[Any]:
        """The JSON data of every user message received."""
        return [
            json.loads(message["content"])
            for request in self.history
            for message in request.body.get("input") or request.body["messages"]
            if message["role"] == "user"
        ]

    def handle(self, request: Request) -> Reply:
        if request.path != {"responses": "/v1/responses", "chat": "/v1/chat/completions"}[self.api]:
            return failure(404)
        if request.headers.get("Authorization") != f"Bearer {self.api_key}":
            return failure(401)
        reply = self._replies.popleft() if self._replies else self.always or failure(500)
        if isinstance(reply.body, Said):
            worded = _response(reply.body) if self.api == "responses" else _completion(reply.body)
            return dataclasses.replace(reply, body=worded)
        return reply


def answer(value: Any, *, with_usage: bool = True, **reply: Any) -> Reply:
    """The model answers with `value` as JSON text."""
    return Reply(body=Said(json.dumps(value), with_usage=with_usage), **reply)


def text(content: str) -> Reply:
    """The model answers with this text, JSON or not."""
    return Reply(body=Said(content))


def refusal(reason: str = "I can't help with that.") -> Reply:
    """The model declines."""
    return Reply(body=Said(refusal=reason))


def truncated(content: str = '{"suggestions": [{"meal": {"na') -> Reply:
    """The answer runs into the token limit."""
    return Reply(body=Said(content, truncated=True))


def failure(status: int, **headers: str) -> Reply:
    """An HTTP error in OpenAI's shape; header names are given with underscores."""
    error = {"message": "SECRET UPSTREAM BODY", "type": "error", "param": None, "code": None}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"error": error}, named)


def _response(said: Said) -> dict[str, Any]:
    """As the Responses API words it."""
    status = "incomplete" if said.truncated else "completed"
    message = {
        "type": "message",
        "id": f"msg_{uuid.uuid4().hex}",
        "role": "assistant",
        "status": status,
        "content": [
            {"type": "refusal", "refusal": said.refusal}
            if said.refusal
            else {"type": "output_text", "text": said.text, "annotations": []}
        ],
    }
    usage = {
        "input_tokens": 900,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 400,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 1300,
    }
    return {
        "id": f"resp_{uuid.uuid4().hex}",
        "object": "response",
        "created_at": 1_795_550_000,
        "status": status,
        "incomplete_details": {"reason": "max_output_tokens"} if said.truncated else None,
        "error": None,
        "instructions": None,
        "metadata": {},
        "model": "fake",
        "output": [message],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": usage if said.with_usage else None,
    }


def _completion(said: Said) -> dict[str, Any]:
    """As the chat/completions API words it."""
    message = {"role": "assistant", "content": None if said.refusal else said.text, "refusal": said.refusal}
    reason = "length" if said.truncated else "stop"
    usage = {"prompt_tokens": 900, "completion_tokens": 400, "total_tokens": 1300}
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": 1_795_550_000,
        "model": "fake",
        "choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": None}],
        "usage": usage if said.with_usage else None,
    }


@dataclass
class SigningKey:
    """A key pair that signs access tokens."""

    kid: str
    private: Any
    algorithm: str

    @classmethod
    def ec(cls, kid: str) -> Self:
        return cls(kid, ec.generate_private_key(ec.SECP256R1()), "ES256")

    @classmethod
    def rsa(cls, kid: str) -> Self:
        return cls(kid, rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256")

    @classmethod
    def ed25519(cls, kid: str) -> Self:
        return cls(kid, ed25519.Ed25519PrivateKey.generate(), "EdDSA")

    def public_jwk(self) -> dict[str, Any]:
        """The public half, as a key server publishes it."""
        algorithm = jwt.get_algorithm_by_name(self.algorithm)
        jwk = algorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**jwk, "kid": self.kid, "alg": self.algorithm, "use": "sig"}


class FakeAuth(FakeServer):
    """A project's key server: publishes `keys`, counts `fetches`, and may be `away` (its answer then)."""

    def __init__(self, *keys: SigningKey) -> None:
        super().__init__()
        self.keys = list(keys) or [SigningKey.ec("key-1")]
        self.extra_jwks: list[dict[str, Any]] = []
        self.away: Reply | None = None

    @property
    def fetches(self) -> int:
        return sum(request.path.endswith("/jwks.json") for request in self.history)

    def handle(self, request: Request) -> Reply:
        if request.path != "/auth/v1/.well-known/jwks.json":
            return Reply(404, {})
        return self.away or Reply(body={"keys": [key.public_jwk() for key in self.keys] + self.extra_jwks})

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a valid access token, with `changes`; None takes a claim out."""
        now = int(time.time())
        claims = {
            "iss": f"{self.url}/auth/v1",
            "sub": str(uuid.uuid4()),
            "aud": "authenticated",
            "exp": now + 3600,
            "iat": now,
            "email": "owner@example.com",
            "phone": "",
            "app_metadata": {"provider": "email"},
            "user_metadata": {},
            "role": "authenticated",
            "aal": "aal1",
            "session_id": str(uuid.uuid4()),
            "is_anonymous": False,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(
        self, key: SigningKey | None = None, header: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        """An access token signed by `key` (the first published one by default)."""
        key = key or self.keys[0]
        headers = {"kid": key.kid, **(header or {})}
        return jwt.encode(self.claims(**changes), key.private, key.algorithm, headers=headers)


class FakeDataApi(FakeAuth):
    """A project whose Data API answers per RPC what `replies` say (or do); `default` answers the rest."""

    def __init__(self) -> None:
        super().__init__()
        self.replies: dict[str, Reply | Handle] = {}
        self.default = Reply(404, {"code": "PGRST202", "message": "SECRET UPSTREAM BODY"})

    @property
    def calls(self) -> list[str]:
        """The names of the functions (or tables) asked for, in order."""
        paths = [request.path.partition("?")[0] for request in self.history]
        return [path.rsplit("/", 1)[1] for path in paths if path.startswith("/rest/v1/")]

    def arguments(self, function: str) -> Any:
        """The arguments of the last call of `function`."""
        return next(r.body for r in reversed(self.history) if r.path.endswith(f"/rpc/{function}"))

    def handle(self, request: Request) -> Reply:
        if not request.path.startswith("/rest/v1/"):
            return super().handle(request)
        reply = self.replies.get(request.path.partition("?")[0].rsplit("/", 1)[1], self.default)
        return reply if isinstance(reply, Reply) else reply(request)
