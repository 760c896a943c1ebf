"""What the decorators check of the current request. Each ends in the environ or in a refusal."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from blinker import NamedSignal
from flask import current_app, request

from wsgi_mtls import certificate_auth
from wsgi_mtls.access_token import accept_token, token_error_response
from wsgi_mtls.certificate_auth import Authorize
from wsgi_mtls.client_auth import require_client
from wsgi_mtls.clients import AuthMethod
from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.verifier import AuthenticatedClient

from .proxies import CLIENT, IDENTIFIED, TOKEN, recall, remember
from .refusals import refuse
from .settings import current_state
from .signals import mtls_client_authenticated, mtls_client_rejected, mtls_token_accepted, mtls_token_rejected


def authenticate_client(allowed_methods: Collection[AuthMethod]) -> None:
    """Authenticate the client that the request names, once per request."""
    state, found = current_state(), recall(CLIENT)
    settings = state.settings
    if state.verifier is None:
        raise RuntimeError("client_auth_required needs clients: set MTLS_CLIENTS, or give MutualTLS clients=….")
    if found is not None and found.method in allowed_methods:
        return
    with _refusing_clients():
        client = require_client(
            request.environ,
            state.verifier,
            settings.source,
            allowed_methods=allowed_methods,
            max_body=settings.max_body,
        )
    remember(CLIENT, client)
    send(mtls_client_authenticated, client=client)


def accept_certificate(optional: bool, authorize: Authorize | None, allow_cross_site: bool) -> None:
    """Accept the certificate of the request, whoever its holder is."""
    state = current_state()
    with _refusing_clients():
        found = certificate_auth.accept_certificate(
            request.environ,
            state.verifier,
            state.settings.source,
            optional=optional,
            authorize=current_app.ensure_sync(authorize) if authorize else None,
            allow_cross_site=allow_cross_site,
        )
    if isinstance(found, AuthenticatedClient):
        remember(IDENTIFIED, found)
        send(mtls_client_authenticated, client=found)


def accept_bound_token(scope: str | None, required: bool, also_verified: Collection[str]) -> None:
    """Accept the access token of the request."""
    settings = current_state().settings
    if settings.tokens is None:
        raise RuntimeError("bound_token_required needs MTLS_TOKENS, or MutualTLS tokens=…: what decodes a token.")
    try:
        token = accept_token(
            request.environ,
            settings.tokens,
            settings.source,
            required=required,
            scope=scope,
            also_verified=also_verified,
        )
    except MutualTLSError as error:
        send(mtls_token_rejected, error=error)
        refuse(error, token_error_response(error, realm=settings.realm, scope=scope))
    remember(TOKEN, token)
    send(mtls_token_accepted, token=token)


@contextmanager
def _refusing_clients() -> Iterator[None]:
    try:
        yield
    except MutualTLSError as error:
        send(mtls_client_rejected, error=error)
        refuse(error)


def send(signal: NamedSignal, **about: Any) -> None:
    """Send a signal of the current app."""
    signal.send(current_app._get_current_object(), **about)  # type: ignore[attr-defined]  # as Flask itself does
