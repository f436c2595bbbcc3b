"""The contract: OpenAPI 3.1, made from what each view declares beside itself, and a page that shows it.

A view under `/api` is declared by `@operation(…)`, between the blueprint's decorator and `auth.required`:
its request, its answer and the errors it raises on purpose. What every view shares is added here.
"""

import base64
import hashlib
import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Blueprint, Flask, Response, current_app, jsonify, make_response, render_template
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from app import auth, http
from app.errors import (
    AuthenticationError,
    BodyTooLarge,
    ErrorBody,
    InvalidRequest,
    LifeOSError,
    MalformedBody,
    UnsupportedMediaType,
    kinds_of,
)

VERSION = "0.1.0"

blueprint = Blueprint("openapi", __name__)

_EXTENSION = "life_os_openapi"
_REF = "#/components/schemas/{model}"
_TIMESTAMP = {"type": "string", "format": "date-time", "description": "When the answer was made (UTC)."}
_CONVERTERS = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
    "default": {"type": "string"},
}

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Operation:
    """What a view takes and answers. See `operation`."""

    answers: Mapping[int, type[BaseModel]]
    request: type[BaseModel] | None
    content: Mapping[str, Any] = field(default_factory=dict)
    query: type[BaseModel] | None = None
    errors: tuple[type[LifeOSError], ...] = ()
    refusals: tuple[int, ...] = ()

    def models(self) -> Iterator[tuple[type[BaseModel], Any]]:
        """Every model whose schema the document needs, with pydantic's mode."""
        yield from ((model, "serialization") for model in self.answers.values())
        if self.request:
            yield self.request, "validation"


def operation(
    *,
    answer: type[BaseModel] | Mapping[int, type[BaseModel]],
    request: type[BaseModel] | None = None,
    content: Mapping[str, Any] | None = None,
    query: type[BaseModel] | None = None,
    errors: tuple[type[LifeOSError], ...] = (),
    refusals: tuple[int, ...] = (),
) -> Callable[[View], View]:
    """Declares a view's part of the contract.

    `answer` is the model of the envelope's data (per status, if there is more than 200), `request` that of a
    JSON body, `query` that of the query string. `content` is for other bodies: media type → JSON schema. An
    error stands for its subclasses, too. `refusals` are statuses by which the database may refuse, with codes
    of its own.
    """
    answers = answer if isinstance(answer, Mapping) else {200: answer}
    declared = Operation(answers, request, content or {}, query, errors, refusals)

    def declare(view: View) -> View:
        setattr(view, _EXTENSION, declared)
        return view

    return declare


@blueprint.get("/openapi.json")
def document() -> Response:
    """The OpenAPI document of this service."""
    response = jsonify(_document_of(current_app))
    response.headers["Cache-Control"] = http.PUBLIC
    return response


@blueprint.get("/docs")
def page() -> Response:
    """The same for people: one page without scripts, so that it works offline and under a strict CSP."""
    response = make_response(render_template("docs.html", document=_document_of(current_app)))
    style = re.search(r"<style>(.*?)</style>", response.get_data(as_text=True), re.DOTALL)
    digest = hashlib.sha256(style.group(1).encode() if style else b"").digest()
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; frame-ancestors 'none'; style-src 'sha256-{base64.b64encode(digest).decode()}'"
    )
    response.headers["Cache-Control"] = http.PUBLIC
    return response


def declared_by(view: Callable[..., Any]) -> Operation | None:
    """What `operation` says of a view."""
    return getattr(view, _EXTENSION, None)


def _document_of(app: Flask) -> dict[str, Any]:
    """Made once: the views of an application don't change."""
    if _EXTENSION not in app.extensions:
        app.extensions[_EXTENSION] = _make(app)
    made: dict[str, Any] = app.extensions[_EXTENSION]
    return made


def _make(app: Flask) -> dict[str, Any]:
    views = [(rule, app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()]
    operations = [(rule, view, declared) for rule, view in views if (declared := declared_by(view))]
    models = {model for _, _, declared in operations for model in declared.models()}
    models.add((ErrorBody, "serialization"))
    in_order = sorted(models, key=lambda model: model[0].__name__)
    references, schemas = models_json_schema(in_order, ref_template=_REF)
    paths: dict[str, Any] = defaultdict(dict)
    for rule, view, declared in operations:
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            paths[path][method.lower()] = _describe(rule, view, declared, references)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Life OS",
            "version": VERSION,
            "description": "The Flask service: what a database can't do. Everything else is the Data API's.",
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "access_token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The access token of a user's session with Supabase Auth.",
                }
            },
        },
    }


def _describe(
    rule: Rule, view: Callable[..., Any], declared: Operation, references: Mapping[Any, Any]
) -> dict[str, Any]:
    """An operation object."""
    summary, _, description = inspect.cleandoc(view.__doc__ or "").partition("\n\n")
    described: dict[str, Any] = {
        "operationId": view.__name__,
        "summary": summary,
        "tags": [rule.endpoint.partition(".")[0]],
        "responses": {
            str(status): _answer(references[model, "serialization"])
            for status, model in declared.answers.items()
        }
        | _failures(declared, auth.is_required(view)),
    }
    if description:
        described["description"] = description
    parameters = [*_path_parameters(rule), *_query_parameters(declared.query)]
    if parameters:
        described["parameters"] = parameters
    if auth.is_required(view):
        described["security"] = [{"access_token": []}]
    content = {name: {"schema": schema} for name, schema in declared.content.items()}
    if declared.request:
        content["application/json"] = {"schema": references[declared.request, "validation"]}
    if content:
        described["requestBody"] = {"required": True, "content": content}
    return described


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _CONVERTERS[converter or "default"]}
        for converter, name in re.findall(r"<(?:(\w+):)?(\w+)>", rule.rule)
    ]


def _query_parameters(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    schema = model.model_json_schema() if model else {}
    return [
        {"name": name, "in": "query", "required": name in schema.get("required", []), "schema": parameter}
        for name, parameter in schema.get("properties", {}).items()
    ]


def _answer(data: Any) -> dict[str, Any]:
    """A success: the envelope around `data`."""
    schema = {
        "type": "object",
        "properties": {
            "data": data,
            "message": {"type": "string", "description": "Something to tell the user."},
            "timestamp": _TIMESTAMP,
        },
        "required": ["data", "timestamp"],
        "additionalProperties": False,
    }
    return {"description": "Success.", "content": {"application/json": {"schema": schema}}}


def _failures(declared: Operation, with_token: bool) -> dict[str, Any]:
    """The responses of everything that can go wrong, by status."""
    kinds: list[type[LifeOSError]] = [
        LifeOSError,
        *(kind for root in declared.errors for kind in kinds_of(root)),
    ]
    if with_token:
        kinds += kinds_of(AuthenticationError)
    if declared.query or declared.content:
        kinds.append(InvalidRequest)
    if declared.request:
        kinds += [InvalidRequest, MalformedBody, BodyTooLarge, UnsupportedMediaType]
    by_status: dict[int, dict[str, type[LifeOSError]]] = defaultdict(dict)
    for kind in kinds:
        by_status[kind.status][kind.code] = kind
    for status in declared.refusals:
        by_status.setdefault(status, {})
    return {
        str(status): _failure(by_status[status], status in declared.refusals) for status in sorted(by_status)
    }


def _failure(kinds: Mapping[str, type[LifeOSError]], refusal: bool) -> dict[str, Any]:
    says = [f"{code}: {kind.message}." for code, kind in kinds.items()]
    code: dict[str, Any] = {"type": "string"}
    if refusal:
        says.append("Any other code is the database's: its rules don't allow the request.")
    else:
        code["enum"] = list(kinds)
    schema = {"allOf": [{"$ref": _REF.format(model=ErrorBody.__name__)}, {"properties": {"code": code}}]}
    headers = sorted({name for kind in kinds.values() for name in kind.headers})
    described: dict[str, Any] = {
        "description": "\n".join(says),
        "content": {"application/json": {"schema": schema}},
    }
    if headers:
        described["headers"] = {name: {"schema": {"type": "string"}} for name in headers}
    return described
