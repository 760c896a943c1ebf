"""One request to an authorization server's endpoint: which client sent it (RFC 8705 section 2)."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from .checks import require_certificate
from .clients import AUTH_METHODS, AuthMethod, Client
from .errors import AuthMethodNotRegistered, MutualTLSError
from .events import Event, origin
from .form import TokenRequest, read_token_request
from .sources import CertificateSource, peer_certificate
from .verifier import AuthenticatedClient, Verifier
from .x509 import Peer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_BODY = 65536
"""The longest body of a token request that is read by default, in octets."""


def authenticate_request(
    environ: "WSGIEnvironment", verifier: Verifier, source: CertificateSource, *, max_body: int = MAX_BODY
) -> AuthenticatedClient | None:
    """Authenticate the client that a request names, and report the decision.

    Args:
        environ: the request; afterwards its body is still to be read, and ``wsgi_mtls.peer`` is there.
        verifier: decides.
        source: where the certificate stands in the environ.
        max_body: the longest body that is read, in octets.

    Returns:
        The client, or None for one that is registered for another method, which it used, or for none: the application
        must deal with it.

    Raises:
        MutualTLSError: the request is refused.
    """
    request, peer = _read(environ, verifier, source, max_body)
    try:
        client = _registration(request, peer, verifier)
    except MutualTLSError as error:
        verifier.report_refusal(error, request.client_id, peer)
        raise
    if not client.uses_mutual_tls:
        method = client.token_endpoint_auth_method
        verifier.report(Event("client_left_to_application", client.client_id, method, **origin(peer)))
        return None
    return verifier.authenticate(
        request.client_id, peer, other_credentials=request.other_credentials, registration=client
    )


def require_client(
    environ: "WSGIEnvironment",
    verifier: Verifier,
    source: CertificateSource,
    *,
    allowed_methods: Collection[AuthMethod] = AUTH_METHODS,
    max_body: int = MAX_BODY,
) -> AuthenticatedClient:
    """Authenticate the client that a request names, at an endpoint that serves clients of mutual TLS alone.

    Args:
        environ: as :func:`authenticate_request`, and likewise the others.
        verifier: decides.
        source: where the certificate stands in the environ.
        allowed_methods: those of the verifier's methods that this endpoint offers.
        max_body: the longest body that is read, in octets.

    Raises:
        MutualTLSError: the request is refused.
    """
    request, peer = _read(environ, verifier, source, max_body)
    return verifier.authenticate(
        request.client_id, peer, other_credentials=request.other_credentials, allowed_methods=allowed_methods
    )


def _read(
    environ: "WSGIEnvironment", verifier: Verifier, source: CertificateSource, max_body: int
) -> tuple[TokenRequest, Peer | None]:
    peer: Peer | None = None
    try:
        peer = peer_certificate(environ, source)
        return read_token_request(environ, max_body), peer
    except MutualTLSError as error:
        verifier.report_refusal(error, None, peer)
        raise


def _registration(request: TokenRequest, peer: Peer | None, verifier: Verifier) -> Client:
    try:
        client = verifier.client(request.client_id)
    except MutualTLSError:
        require_certificate(peer)  # whoever is unknown: that none came is the first of the refusals
        raise
    method = client.token_endpoint_auth_method
    if not client.uses_mutual_tls and method != "none" and not request.other_credentials:
        raise AuthMethodNotRegistered(f"Client {client.client_id!r} is registered for {method} and did not use it.")
    return client
