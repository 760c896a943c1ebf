"""The Flask extension's decorators."""

from collections.abc import Mapping
from typing import Any

from flask import Flask

from flask_mtls import MutualTLS, bound_token_required, certificate_required, client_auth_required, current_client
from tests.support import Answer

from ..certificates import Metadata
from ..row import Sent, Source
from .raw import Registry, client_request, get
from .way import GOOD, Tokens


def _app(source: Source, **settings: Any) -> Flask:
    app = Flask("application")
    app.testing = True
    MutualTLS(app, source=source, **settings)
    return app


class ByFlask:
    """Views below the decorators."""

    def authenticate(
        self, source: Source, clients: Mapping[str, Metadata], sent: Sent, environ: Mapping[str, str]
    ) -> Answer:
        """Send a client's request."""
        app = _app(source, clients=Registry(clients))
        app.add_url_rule("/token", view_func=client_auth_required(lambda: current_client.client_id), methods=["POST"])
        return client_request(app, sent, environ)

    def use_token(
        self, source: Source, claims: Mapping[str, Any], environ: Mapping[str, str], *, required: bool
    ) -> Answer:
        """Send a token."""
        app = _app(source, tokens=Tokens(claims))
        app.add_url_rule("/api", view_func=bound_token_required(required=required)(lambda: ""))
        return get(app, "/api", {**environ, **GOOD})

    def present(self, source: Source, environ: Mapping[str, str]) -> Answer:
        """Send a certificate."""
        app = _app(source)
        app.add_url_rule("/machine", view_func=certificate_required(lambda: ""))
        return get(app, "/machine", environ)


def make() -> ByFlask:
    """Make the way in."""
    return ByFlask()
