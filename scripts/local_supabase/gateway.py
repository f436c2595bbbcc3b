"""One address for every service, like the gateway of a hosted project: API keys, CORS, routing.

A service is a Part: it brings its routes, and is started and stopped with the gateway. The gateway looks
at the API key only; whether a token is good is for the part to say.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from local_supabase.keys import Keys, Role, UnverifiedToken

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS,CONNECT,TRACE",
    "Access-Control-Expose-Headers": (
        "Content-Range,Range-Unit,Content-Profile,Preference-Applied,Location,Content-Location,Content-Encoding,"
        "Content-Length,X-Total-Count,X-Supabase-Api-Version"
    ),
    "Access-Control-Max-Age": "3600",
}


class Part(Protocol):
    """A service behind the gateway."""

    open_paths: Sequence[str]
    """Prefixes of paths that need no API key."""

    def routes(self) -> Iterable[web.RouteDef]:
        """Its routes, with full paths."""

    async def start(self) -> None:
        """Called before the first request."""

    async def stop(self) -> None:
        """Called after the last request, also when `start` of a later part failed."""


@dataclass(frozen=True)
class Credentials:
    """What a request brings: the role of its API key (None on an open path) and the token to act with."""

    role: Role | None
    token: UnverifiedToken | None
    authorization: str | None
    """The header for the service: the caller's own, or the one that stands for the API key."""


_CREDENTIALS = web.RequestKey("credentials", Credentials)


def credentials_of(request: web.Request) -> Credentials:
    """The credentials of a request that came through the gateway."""
    return request[_CREDENTIALS]


def make_gateway(keys: Keys, parts: Sequence[Part]) -> web.Application:
    """The application that serves `parts`."""
    open_paths = tuple(path for part in parts for path in part.open_paths)

    @web.middleware
    async def check_api_key(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "OPTIONS":
            allowed = request.headers.get("Access-Control-Request-Headers", "*")
            return web.Response(status=204, headers={"Access-Control-Allow-Headers": allowed})
        key = request.headers.get("apikey") or request.query.get("apikey")
        role = keys.api_key_role(key)
        if role is None and not request.path.startswith(open_paths):
            return _refusal(key)
        request[_CREDENTIALS] = _credentials(keys, request.headers.get("Authorization"), key, role)
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return web.json_response({"message": "no Route matched with those values"}, status=404)

    # Bodies are limited where they are read: an upload may be much larger than the default.
    application = web.Application(middlewares=[check_api_key])
    application.on_response_prepare.append(_add_cors)
    for part in parts:
        application.router.add_routes(part.routes())
        application.cleanup_ctx.append(_lifetime(part))
    return application


def _lifetime(part: Part) -> Callable[[web.Application], Any]:
    async def context(_application: web.Application) -> AsyncIterator[None]:
        await part.start()
        yield
        await part.stop()

    return context


def _credentials(keys: Keys, header: str | None, key: str | None, role: Role | None) -> Credentials:
    scheme, _, value = (header or "").partition(" ")
    token = value.strip() if scheme.lower() == "bearer" else None
    # The opaque keys aren't tokens: a service gets a token of the same role instead.
    if role is not None and (not header or (token or "").startswith("sb_")):
        is_token = key in (keys.anon_key, keys.service_role_key)
        token = key if is_token else keys.role_token(role)
        header = f"Bearer {token}"
    return Credentials(role, UnverifiedToken(token) if token else None, header)


def _refusal(key: str | None) -> web.Response:
    if key is None:
        message, hint = "No API key found in request", "No `apikey` request header or url param was found."
    else:
        message, hint = "Invalid API key", "Double check your Supabase `anon` or `service_role` API key."
    return web.json_response({"message": message, "hint": hint}, status=401)


async def _add_cors(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_CORS)
