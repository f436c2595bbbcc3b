"""Is the service alive, and can it do its work? The only answers that are the same for everyone."""

from typing import Literal

from flask import Blueprint, Response
from pydantic import BaseModel

from app import data_api, http, openapi
from app.errors import DataApiError

blueprint = Blueprint("health", __name__)


class Alive(BaseModel):
    status: Literal["ok"]


class Ready(BaseModel):
    status: Literal["ready"]


@blueprint.get("/health")
@openapi.operation(answer=Alive)
def alive() -> Response:
    """The process answers."""
    return http.envelope({"status": "ok"}, cache=http.PUBLIC)


@blueprint.get("/health/ready")
@openapi.operation(answer=Ready, errors=(DataApiError,))
def ready() -> Response:
    """Database and schema answer too; 502, 503 or 504 when they don't."""
    data_api.of_app().check()
    return http.envelope({"status": "ready"}, cache=http.PUBLIC)
