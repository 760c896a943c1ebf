"""What stands at the other end of the current request: each falsy where it is missing, and then says what is needed."""

from collections.abc import Callable
from typing import Any

from flask import request
from werkzeug.local import LocalProxy

from wsgi_mtls import AuthenticatedClient, sources
from wsgi_mtls.access_token import BoundToken
from wsgi_mtls.x509 import Peer

from .settings import current_state

# The environ keys of what the decorators found: no header can make them, and they end with the request.
CLIENT, IDENTIFIED, TOKEN = "flask_mtls.client", "flask_mtls.identified", "flask_mtls.token"


def remember(key: str, value: object) -> None:
    """Keep what a decorator found, for this request and this app: another app's word does not count."""
    request.environ[key] = (current_state(), sources.request_identity(request.environ), value)


def recall(key: str) -> Any:
    """Return what this app kept, or None; a copy of the environ is another request."""
    state, identity, value = request.environ.get(key, (None, None, None))
    return value if state is current_state() and identity == sources.request_identity(request.environ) else None


def current_peer() -> Peer | None:
    """Return the certificate of this request, or None.

    Raises:
        MalformedCertificate: what the terminator delivered is none; a view that lets it out answers with a refusal.
    """
    return sources.peer_certificate(request.environ, current_state().settings.source)


def _proxy(get: Callable[[], object], missing: str) -> Any:
    def found() -> object:
        value = get()
        if value is None:
            raise RuntimeError(missing)  # which LocalProxy takes for "there is none"
        return value

    return LocalProxy(found)


peer_certificate: Peer = _proxy(
    current_peer, "This request has no client certificate: put @certificate_required on the view."
)
"""The client certificate of this request, whoever sent it; whether it may be believed, the decorators decide."""

current_client: AuthenticatedClient = _proxy(
    lambda: recall(CLIENT) or recall(IDENTIFIED),
    "No client is authenticated: put @client_auth_required or @certificate_required on the view.",
)
"""The client that ``client_auth_required`` authenticated, or ``certificate_required`` identified."""

bound_token: BoundToken = _proxy(
    lambda: recall(TOKEN), "No access token was accepted: put @bound_token_required on the view."
)
"""The token that ``bound_token_required`` accepted."""
