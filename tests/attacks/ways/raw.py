"""The WSGI middlewares, around an application without a framework."""

from collections.abc import Mapping
from typing import Any

from tests.support import Answer, request, token_endpoint
from wsgi_mtls import AccessTokenMiddleware, Client, ClientAuthMiddleware, Verifier
from wsgi_mtls.sources import from_config

from ..certificates import Metadata
from ..row import Sent, Source
from .way import GOOD, Tokens


class Registry:
    """A registry that reads a registration whenever it is asked, so that an impossible one can be in it."""

    def __init__(self, clients: Mapping[str, Metadata]) -> None:
        self._clients = clients

    def get(self, client_id: str, /) -> Client | None:
        """Return the client."""
        found = self._clients.get(client_id)
        return None if found is None else Client.from_metadata({"client_id": client_id, **found})


def client_request(app: Any, sent: Sent, environ: Mapping[str, str], path: str = "/token") -> Answer:
    """Send a client's request to a WSGI application."""
    extra = {**environ, **({"HTTP_AUTHORIZATION": sent.authorization} if sent.authorization else {})}
    body, content_type = sent.body.encode(), sent.content_type
    return request(app, body, path=path, query=sent.query, content_type=content_type, extra=extra)


def get(app: Any, path: str, environ: Mapping[str, str]) -> Answer:
    """Send a request without a body to a WSGI application."""
    return request(app, method="GET", path=path, content_type=None, extra=environ)


def _empty(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return []


class Raw:
    """``ClientAuthMiddleware`` and ``AccessTokenMiddleware``."""

    def authenticate(
        self, source: Source, clients: Mapping[str, Metadata], sent: Sent, environ: Mapping[str, str]
    ) -> Answer:
        """Send a client's request."""
        verifier = Verifier(Registry(clients))
        app = ClientAuthMiddleware(token_endpoint, verifier, source=from_config(source), paths=["/token"])
        return client_request(app, sent, environ)

    def use_token(
        self, source: Source, claims: Mapping[str, Any], environ: Mapping[str, str], *, required: bool
    ) -> Answer:
        """Send a token."""
        app = AccessTokenMiddleware(
            _empty, Tokens(claims), source=from_config(source), paths=["/api"], required=required
        )
        return get(app, "/api", {**environ, **GOOD})


def make() -> Raw:
    """Make the way in."""
    return Raw()
