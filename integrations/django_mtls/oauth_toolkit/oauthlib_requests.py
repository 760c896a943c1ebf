"""What the validator reads from oauthlib's request, and what it takes back."""

from base64 import b64decode
from typing import Any

from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.events import Event, EventName, report
from wsgi_mtls.sources import peer_certificate
from wsgi_mtls.verifier import AuthenticatedClient
from wsgi_mtls.x509 import Peer, PeerCertificate

from ..conf import mtls_settings
from ..signals import send
from .backends import CLIENT


def authenticated_by_certificate(request: Any) -> AuthenticatedClient | None:
    """Return the client that our backend class has authenticated, or None."""
    client = request.headers.get(CLIENT)
    return client if isinstance(client, AuthenticatedClient) else None


def peer_of(request: Any) -> Peer | None:
    """Return the peer certificate of oauthlib's request, whose headers are the environ.

    Raises:
        MutualTLSError: what the terminator delivered is no certificate, or contradicts itself.
    """
    return peer_certificate(dict(request.headers), mtls_settings().source)


def secret_of(basic: str) -> bytes:
    """Return the secret in the credentials of ``Authorization: Basic``, or none where they can't be read."""
    try:
        return b64decode(basic).partition(b":")[2]
    except ValueError:
        return b""


def refuse_token(request: Any, error: MutualTLSError, client_id: str | None) -> None:
    """Take back what OAuth Toolkit's validator has put on the request."""
    report_refusal("token_rejected", client_id, error, _peer_or_none(request))
    request.oauth2_error = {"error": "invalid_token"}
    request.client = request.user = request.access_token = None
    request.scopes = []


def report_refusal(name: EventName, client_id: str | None, error: MutualTLSError, peer: Peer | None = None) -> None:
    """Tell the project's receivers and log of a refusal."""
    thumbprint = peer.certificate.thumbprint if isinstance(peer, PeerCertificate) else None
    report(Event(name, client_id, thumbprint=thumbprint, reason=error.reason, detail=error.message), [send])


def _peer_or_none(request: Any) -> Peer | None:
    try:
        return peer_of(request)
    except MutualTLSError:
        return None
