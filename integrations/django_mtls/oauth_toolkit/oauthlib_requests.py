"""Values of oauthlib's request that the validator reads or restores."""

from contextlib import AbstractContextManager, suppress
from typing import Any

from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.events import Decision, DecisionKind
from wsgi_mtls.record import Record
from wsgi_mtls.request.view import RequestView
from wsgi_mtls.verifier import AuthenticatedClient
from wsgi_mtls.x509 import Peer

from ..request import no_body
from ..verification import guard
from .backends import CLIENT, RECORD
from .errors import UNAVAILABLE


def authenticated_by_certificate(request: Any) -> AuthenticatedClient | None:
    """Return the client that our backend class has authenticated, or None."""
    client = request.headers.get(CLIENT)
    return client if isinstance(client, AuthenticatedClient) else None


def peer_of(request: Any) -> Peer | None:
    """Return the peer certificate of oauthlib's request.

    The headers of that request are the environ.

    Raises:
        MutualTLSError: If what the terminator delivered is not a certificate, or contradicts itself.
    """
    found = request.headers.get(RECORD)
    # Only our backend class makes a record beforehand.
    record = found if isinstance(found, Record) else Record()
    return guard().presented(RequestView(dict(request.headers), "", no_body, record))


def refuse_token(request: Any, error: MutualTLSError, client_id: str | None) -> None:
    """Take back what OAuth Toolkit's validator has put on the request."""
    with suppress(MutualTLSError), _deciding_about_token(request, client_id):
        raise error
    request.oauth2_error = {"error": UNAVAILABLE if error.error == UNAVAILABLE else "invalid_token"}
    request.client = request.user = request.access_token = None
    request.scopes = []


def report_accepted_token(request: Any, client_id: str | None) -> None:
    """Report an accepted access token to the project's receivers and the log."""
    with _deciding_about_token(request, client_id) as decision:
        decision.outcome = "token_accepted"


def report_refusal(kind: DecisionKind, client_id: str | None, error: MutualTLSError, peer: Peer | None = None) -> None:
    """Report a refusal to receivers and the log, unless it was reported."""
    guard().reporter.refusal(error, kind=kind, peer=peer, client_id=client_id)


def _deciding_about_token(request: Any, client_id: str | None) -> AbstractContextManager[Decision]:
    return guard().reporter.deciding("token", request.headers, _peer_or_none(request), client_id)


def _peer_or_none(request: Any) -> Peer | None:
    try:
        return peer_of(request)
    except MutualTLSError:
        return None
