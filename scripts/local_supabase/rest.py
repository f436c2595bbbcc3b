"""/rest/v1: hands requests on to PostgREST."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import aiohttp
from aiohttp import web
from yarl import URL

from local_supabase.gateway import credentials_of
from local_supabase.keys import InvalidTokenError, Keys, UnverifiedToken
from local_supabase.postgrest import SOCKET

_PREFIX = "/rest/v1"
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
    }
    | {"upgrade", "host"}
)
_OURS = frozenset({"apikey", "authorization"})
# Query parameters that aren't filters.
_MODIFIERS = frozenset({"select", "columns", "order", "limit", "offset", "on_conflict", "apikey"})
_CACHED_TOKENS = 1000


class Rest:
    """The Data API, as a part of the gateway."""

    open_paths: Sequence[str] = ()

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._tokens: dict[UnverifiedToken, tuple[float, str]] = {}
        self._client: aiohttp.ClientSession | None = None

    def routes(self) -> Iterable[web.RouteDef]:
        return [web.route("*", _PREFIX, self._forward), web.route("*", _PREFIX + "/{path:.*}", self._forward)]

    async def start(self) -> None:
        self._client = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(SOCKET, limit=200, keepalive_timeout=60),
            timeout=aiohttp.ClientTimeout(total=120),
            auto_decompress=False,
            # Nothing that the caller didn't send: PostgREST takes a missing Content-Type for JSON.
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        )

    async def stop(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        assert self._client is not None
        credentials = credentials_of(request)
        headers = [(n, v) for n, v in request.headers.items() if n.lower() not in _HOP_BY_HOP | _OURS]
        cheap = self._cheap_token(credentials.token) if credentials.token else None
        if cheap is not None and (refusal := _refuse_without_where(request)):
            return refusal
        if authorization := f"Bearer {cheap}" if cheap else credentials.authorization:
            headers.append(("Authorization", authorization))
        target = _without_api_key(request.raw_path.removeprefix(_PREFIX) or "/")
        try:
            async with self._client.request(
                request.method,
                URL(f"http://postgrest{target}", encoded=True),
                headers=headers,
                data=request.content if request.can_read_body else None,
                allow_redirects=False,
            ) as answer:
                return await _copy(request, answer)
        except aiohttp.ClientConnectionError:
            message = "An invalid response was received from the upstream server"
            return web.json_response({"message": message}, status=502)

    def _cheap_token(self, token: UnverifiedToken) -> str | None:
        """The same claims under the symmetric key: PostgREST 12 takes 1.4 ms to verify an ES256 signature.

        None for a bad token: that one is handed on as it is, and PostgREST words the refusal.
        """
        expires, cheap = self._tokens.get(token, (0.0, ""))
        if expires > time.time():
            return cheap
        try:
            claims = self._keys.verify(token)
        except InvalidTokenError:
            return None
        if len(self._tokens) >= _CACHED_TOKENS:
            self._tokens.clear()
        cheap = self._keys.sign_legacy(claims)
        self._tokens[token] = (claims["exp"], cheap)
        return cheap


def _without_api_key(target: str) -> str:
    """The path and query as sent, without the key, which PostgREST would take for a filter."""
    path, mark, query = target.partition("?")
    return path + mark + "&".join(pair for pair in query.split("&") if not pair.startswith("apikey="))


def _refuse_without_where(request: web.Request) -> web.Response | None:
    """The refusal of the `safeupdate` extension, which the Data API of a hosted project preloads."""
    if request.method not in ("PATCH", "DELETE") or request.path.startswith(f"{_PREFIX}/rpc/"):
        return None
    if any(name not in _MODIFIERS for name in request.query):
        return None
    command = "UPDATE" if request.method == "PATCH" else "DELETE"
    body = {"code": "21000", "details": None, "hint": None, "message": f"{command} requires a WHERE clause"}
    return web.json_response(body, status=400)


async def _copy(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    """Streams PostgREST's answer; its CORS headers give way to the gateway's."""
    response = web.StreamResponse(status=answer.status, reason=answer.reason)
    for name, value in answer.headers.items():
        if name.lower() not in _HOP_BY_HOP and not name.lower().startswith("access-control-"):
            response.headers.add(name, value)
    await response.prepare(request)
    async for chunk in answer.content.iter_any():
        await response.write(chunk)
    await response.write_eof()
    return response
