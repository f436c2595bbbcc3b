"""What every request and answer has in common: strict JSON in, the envelope out, headers, CORS."""

import contextlib
import io
import json
from collections.abc import Iterator, Mapping
from typing import IO, Any, TypeVar

from flask import Flask, Response, jsonify, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from app import errors
from app.config import Settings

# No JSON that this service takes comes near it; endpoints that take files raise it for themselves.
MAX_BODY_BYTES = 64 * 1024
# What a form adds to the file in it.
_FORM_BYTES = 64 * 1024

PRIVATE = "private, no-store"
PUBLIC = "public, s-maxage=10, stale-while-revalidate=30"

_SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-site",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

Body = TypeVar("Body", bound=BaseModel)


def init_app(app: Flask, settings: Settings) -> None:
    """Sets the body limit and the headers of every answer, errors included."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    origins = frozenset(settings.allowed_origins)

    @app.after_request
    def finish(response: Response) -> Response:
        for name, value in _SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", PRIVATE)
        _allow_origin(response, origins)
        return response


def body(model: type[Body]) -> Body:
    """The request's JSON body as a `model`.

    Raises UnsupportedMediaType, MalformedBody, or InvalidRequest with a list of what is wrong.
    """
    if request.mimetype != "application/json":
        raise errors.UnsupportedMediaType
    content = request.get_data(cache=False)
    if request.content_length is None and len(content) >= MAX_BODY_BYTES:
        # A chunked body doesn't tell its length; werkzeug cuts it off at the limit without a word.
        raise errors.BodyTooLarge
    _require_strict_json(content)
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_context=False, include_url=False)
        if any(problem["type"] == "json_invalid" for problem in problems):
            raise errors.MalformedBody from None
        raise errors.InvalidRequest(details=[_describe(problem, model) for problem in problems]) from None


def _require_strict_json(content: bytes) -> None:
    """Refuses what other readers would read differently, or choke on. Raises MalformedBody."""
    try:
        json.loads(content.decode(), object_pairs_hook=_once_each, parse_constant=_refuse_constant)
    except RecursionError:
        raise errors.MalformedBody(hint="It is nested too deeply.") from None
    except errors.MalformedBody:
        raise
    except ValueError:
        raise errors.MalformedBody from None


def _once_each(pairs: list[tuple[str, Any]]) -> None:
    names = {name for name, _ in pairs}
    if len(names) < len(pairs):
        raise errors.MalformedBody(hint="An object has the same name twice.")


def _refuse_constant(name: str) -> None:
    raise errors.MalformedBody(hint=f"{name} is no JSON.")


def query(model: type[Body]) -> Body:
    """The request's query string as a `model`. Raises InvalidRequest with a list of what is wrong."""
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as error:
        problems = error.errors(include_input=False, include_context=False, include_url=False)
        raise errors.InvalidRequest(details=[_describe(problem, model) for problem in problems]) from None


@contextlib.contextmanager
def uploaded_file(max_bytes: int) -> Iterator[IO[bytes]]:
    """The one file of a multipart/form-data body; large ones lie on disk, not in memory, while they arrive.

    Raises NotAForm, FileTooLarge, or InvalidRequest when there is no file or several.
    """
    if request.mimetype != "multipart/form-data":
        raise errors.NotAForm
    request.max_content_length = max_bytes + _FORM_BYTES
    try:
        files = [file for files in request.files.listvalues() for file in files]
    except RequestEntityTooLarge:
        raise errors.FileTooLarge from None
    if len(files) != 1:
        problem = {"field": "file", "problem": f"One file is wanted, {len(files)} were sent"}
        raise errors.InvalidRequest(details=[problem])
    with files[0].stream as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        if size > max_bytes:
            raise errors.FileTooLarge
        yield file


def envelope(data: Any, message: str | None = None, *, cache: str = PRIVATE, status: int = 200) -> Response:
    """A success: {"data", "message"?, "timestamp"}."""
    content = {"data": data, "timestamp": errors.timestamp()}
    response = jsonify(content if message is None else {**content, "message": message})
    response.status_code = status
    response.headers["Cache-Control"] = cache
    return response


def _describe(problem: Mapping[str, Any], model: type[BaseModel]) -> dict[str, str]:
    """A problem that pydantic found, in words for whoever sent the body."""
    name = ".".join(str(part) for part in problem["loc"])
    field = model.model_fields.get(name)
    says = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        says = f"There is no such field; there are {', '.join(model.model_fields)}"
    elif problem["type"] == "string_pattern_mismatch" and field and field.examples:
        says = f"Must look like {field.examples[0]}"
    return {"field": name or "body", "problem": says}


def _allow_origin(response: Response, origins: frozenset[str]) -> None:
    """CORS for the configured origins: exact matches only, no credentials (tokens travel in a header)."""
    response.vary.add("Origin")
    if request.origin not in origins:
        return
    response.headers["Access-Control-Allow-Origin"] = request.origin
    response.headers["Access-Control-Expose-Headers"] = "Retry-After, X-Request-Id"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "")
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, X-Request-Id"
        response.headers["Access-Control-Max-Age"] = "600"
