"""The applications that gunicorn runs: configured by the ``config.json`` of its working directory."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Flask, request

from flask_mtls import (
    MutualTLS,
    bound_token,
    bound_token_required,
    certificate_required,
    client_auth_required,
    current_client,
)
from wsgi_mtls.errors import InvalidToken
from wsgi_mtls.tokens import IntrospectedTokens


class PlainTokens:
    """Tokens that are their own claims: what is tried here is the binding."""

    def decode(self, token: str, /) -> dict[str, Any]:
        try:
            return dict(json.loads(bytes.fromhex(token)))
        except ValueError as error:
            raise InvalidToken("Not hexadecimal JSON.") from error


def config() -> dict[str, Any]:
    return dict(json.loads(Path("config.json").read_text()))


def extension() -> Flask:
    """Return an app that uses the extension alone."""
    app = Flask("application")
    app.config.update(config(), MTLS_TOKENS=PlainTokens())
    MutualTLS(app)
    app.add_url_rule(
        "/token", "token", client_auth_required(lambda: {"client_id": current_client.client_id}), methods=["POST"]
    )
    app.add_url_rule(
        "/page", "page", certificate_required(lambda: {"client_id": current_client.client_id}), methods=["GET", "POST"]
    )
    app.add_url_rule("/api", "api", bound_token_required(lambda: {"client_id": bound_token.client_id}))
    app.add_url_rule("/headers", "headers", lambda: dict(request.headers))
    return app


def authserver() -> Flask:
    """Return the example's authorization server."""
    app: Flask = import_module("authserver").create_app(config())
    # What the tests wait for is an answer in JSON.
    app.register_error_handler(404, lambda error: ({"error": "not_found"}, 404))
    return app


def api() -> Flask:
    """Return an API that asks an authorization server about its tokens."""
    app, given = Flask("application"), config()
    tokens = IntrospectedTokens(**given.pop("INTROSPECTION"))
    app.config.update(given)
    MutualTLS(app, tokens=tokens)
    app.add_url_rule("/api", "api", bound_token_required(lambda: {"client_id": bound_token.client_id}))
    # What the tests wait for is an answer in JSON.
    app.register_error_handler(404, lambda error: ({"error": "not_found"}, 404))
    return app
