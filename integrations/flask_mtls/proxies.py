"""Proxies for the current request's client, token and certificate.

They are falsy if it is missing, and raise a helpful error.
"""

from collections.abc import Callable
from typing import Any

from flask import request
from werkzeug.local import LocalProxy

from wsgi_mtls import AuthenticatedClient
from wsgi_mtls.record import Record
from wsgi_mtls.request.view import RequestView
from wsgi_mtls.request.wsgi import record_of, view_of
from wsgi_mtls.rules.token import BoundToken
from wsgi_mtls.x509 import Peer

from .settings import current_state


def current_view() -> RequestView:
    """Return the current request as the app's guard sees it."""
    return view_of(request.environ, current_state().guard)


def current_record() -> Record:
    """Return what is known about the current request.

    The certificate source has been asked.
    """
    guard = current_state().guard
    record = record_of(request.environ, guard)
    return record if record.asked else guard.look(view_of(request.environ, guard))


def current_peer() -> Peer | None:
    """Return the certificate of this request, or None.

    Raises:
        MutualTLSError: If what the terminator delivered is not one certificate; a view that does not catch it answers
            with a refusal.
    """
    return current_state().guard.presented(current_view())


def _current_client() -> AuthenticatedClient | None:
    record = current_record()
    return record.client or record.identified


def _proxy(get: Callable[[], object], missing: str) -> Any:
    def found() -> object:
        value = get()
        if value is None:
            raise RuntimeError(missing)  # which LocalProxy takes for "there is none"
        return value

    return LocalProxy(found)


peer_certificate: Peer = _proxy(
    current_peer, "This request has no client certificate: write @certificate_required below @app.route(…)."
)
"""The client certificate of this request, whatever it is worth; whether to believe it, the decorators decide."""

current_client: AuthenticatedClient = _proxy(
    _current_client,
    "No client is authenticated: write @client_auth_required or @certificate_required below @app.route(…), not above "
    "it. flask mtls check lists the routes that are guarded.",
)
"""The client that ``client_auth_required`` authenticated, or ``certificate_required`` identified."""

bound_token: BoundToken = _proxy(
    lambda: current_record().token, "No access token was accepted: write @bound_token_required below @app.route(…)."
)
"""The token that ``bound_token_required`` accepted."""
