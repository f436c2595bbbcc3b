"""Life OS's Flask service: AI suggestions and receipts. Everything else is the Data API's."""

from flask import Flask

from app import ai, auth, config, data_api, errors, health, http, metrics, openapi, storage, telemetry
from app.receipts import reader
from app.receipts import views as receipt_views
from app.suggestions import views as suggestion_views


def create_app(settings: config.Settings | None = None) -> Flask:
    """The application, from the environment's settings unless others are given.

    Raises config.SettingsError, which names what is missing or wrong.
    """
    settings = settings or config.load()
    app = Flask(__name__, static_folder=None)
    telemetry.init_app(app, settings)
    errors.init_app(app)
    http.init_app(app, settings)
    auth.init_app(app, settings)
    data_api.init_app(app, settings)
    storage.init_app(app, settings)
    ai.init_app(app, settings)
    reader.init_app(app, settings)
    app.register_blueprint(health.blueprint, url_prefix="/api")
    app.register_blueprint(openapi.blueprint, url_prefix="/api")
    app.register_blueprint(metrics.blueprint, url_prefix="/api")
    app.register_blueprint(suggestion_views.blueprint, url_prefix="/api/ai")
    app.register_blueprint(receipt_views.blueprint, url_prefix="/api/finances/receipts")
    return app
