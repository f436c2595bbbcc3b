"""Is the service alive, and can it do its work? The only answers that are the same for everyone."""

from flask import Blueprint, Response

from app import data_api, http

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
def alive() -> Response:
    """The process answers."""
    return http.envelope({"status": "ok"}, cache=http.PUBLIC)


@blueprint.get("/health/ready")
def ready() -> Response:
    """Database and schema answer too; 502, 503 or 504 when they don't."""
    data_api.of_app().check()
    return http.envelope({"status": "ready"}, cache=http.PUBLIC)
