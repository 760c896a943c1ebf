"""One request to an authorization server's endpoint: which client sent it (RFC 8705 section 2)."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from .clients import AUTH_METHODS, AuthMethod
from .errors import AuthMethodNotAllowed, AuthMethodNotRegistered, MutualTLSError
from .events import Event
from .form import TokenRequest, read_token_request
from .sources import CertificateSource, peer_certificate
from .verifier import AuthenticatedClient, Verifier

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
    request, peer = None, None
    try:
        peer = peer_certificate(environ, source)
        request = read_token_request(environ, max_body)
        if _is_left_to_application(request, verifier):
            return None
    except MutualTLSError as error:
        verifier.report_refusal(error, request.client_id if request else None, peer)
        raise
    return verifier.authenticate(request.client_id, peer, other_credentials=request.other_credentials)


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
    client = authenticate_request(environ, verifier, source, max_body=max_body)
    if client is not None and client.method in allowed_methods:
        return client
    error: MutualTLSError
    if client is None:
        error = AuthMethodNotRegistered(
            "The client is registered for another method; this endpoint has mutual TLS only."
        )
    else:
        error = AuthMethodNotAllowed(f"{client.method} is not among this endpoint's allowed_methods.")
    verifier.report_refusal(error, client.client_id if client else None, peer_certificate(environ, source))
    raise error


def _is_left_to_application(request: TokenRequest, verifier: Verifier) -> bool:
    client = verifier.client(request.client_id)
    method = client.token_endpoint_auth_method
    if client.uses_mutual_tls:
        return False
    if method != "none" and not request.other_credentials:
        raise AuthMethodNotRegistered(f"Client {client.client_id!r} is registered for {method} and did not use it.")
    verifier.report(Event("client_left_to_application", client.client_id, reason=method))
    return True
