"""The Authlib example's endpoints, and a resource protector with the mixin."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from authlib.integrations.flask_oauth2 import ResourceProtector
from authlib.oauth2.rfc7662 import IntrospectTokenValidator
from flask import Flask

from flask_mtls import MutualTLS
from flask_mtls.authlib import BoundTokenValidatorMixin
from tests.flask.authlib.authserver import build_authserver, close_database, example
from tests.support import FORM, Answer

from ..certificates import Metadata
from ..row import Sent, Source
from .raw import client_request, get
from .way import GOOD

WANTED = {"token": "grant_type=client_credentials", "introspect": "token=x", "revoke": "token=x"}
"""What each endpoint needs in addition to the client."""
SHARED = {"grant_types": ["client_credentials"], "scope": "accounts introspection"}


_servers: dict[str, Flask] = {}


def _server(source: Source) -> Flask:
    """Make the example once for each source: its database is what takes time."""
    preset = str(source["preset"])
    if preset not in _servers:
        _servers[preset] = build_authserver({}, {"MTLS_SOURCE": dict(source)})
    return _servers[preset]


def close_servers() -> None:
    """Close the databases."""
    while _servers:
        close_database(_servers.popitem()[1])


def _register(app: Flask, clients: Mapping[str, Metadata]) -> None:
    """Register these clients and no others; each has a secret in the database, as Authlib makes one for all."""
    models = example("authserver.models")
    with app.app_context():
        models.db.session.query(models.OAuth2Client).delete()
        for client_id, values in clients.items():
            client = models.OAuth2Client(client_id=client_id, client_secret="s3cret")
            client.set_client_metadata({**SHARED, **values})
            models.db.session.add(client)
        models.db.session.commit()
        models.db.session.remove()


class Endpoint:
    """One endpoint of the example."""

    def __init__(self, name: str) -> None:
        self._name, self._path = name, f"/oauth/{name}"
        self._clients: Mapping[str, Metadata] | None = None

    def authenticate(
        self, source: Source, clients: Mapping[str, Metadata], sent: Sent, environ: Mapping[str, str]
    ) -> Answer:
        """Send a client's request."""
        app = _server(source)
        if clients != self._clients:
            self._clients = clients
            _register(app, clients)
        return client_request(
            app, _wanted(sent, WANTED[self._name]), {**environ, "wsgi.url_scheme": "https"}, self._path
        )


def _wanted(sent: Sent, fields: str) -> Sent:
    """Add what the endpoint wants to the body, or to the query where the library would read it there."""
    body, query = sent.body, sent.query
    if not sent.content_type.startswith("multipart"):
        body = f"{fields}&{body}" if body else fields
    if query or not sent.content_type.startswith(FORM):
        query = f"{query}&{fields}".lstrip("&")
    return replace(sent, body=body, query=query)


class Introspected(BoundTokenValidatorMixin, IntrospectTokenValidator):  # type: ignore[misc]
    """Knows the token ``good``."""

    def __init__(self, claims: Mapping[str, Any], required: bool) -> None:
        super().__init__()
        self.claims, self.binding_required = claims, required

    def introspect_token(self, token: str) -> Mapping[str, Any]:
        """Return the introspection response."""
        return {"active": True, **self.claims} if token == "good" else {"active": False}


class Resource:
    """A view behind a resource protector."""

    def use_token(
        self, source: Source, claims: Mapping[str, Any], environ: Mapping[str, str], *, required: bool
    ) -> Answer:
        """Send a token."""
        app, protector = Flask("application"), ResourceProtector()
        app.testing = True
        MutualTLS(app, source=source)
        protector.register_token_validator(Introspected(claims, required))
        app.add_url_rule("/api", view_func=protector()(lambda: ""))
        return get(app, "/api", {**environ, **GOOD})


def make(name: str) -> Endpoint | Resource:
    """Make the way in."""
    return Resource() if name == "api" else Endpoint(name)
