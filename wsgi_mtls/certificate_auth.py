"""One request of plain mutual TLS, without OAuth: whose certificate is this, and is its holder let in?"""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from .cross_site import check_site
from .errors import InvalidToken, MutualTLSError, NotAuthorized
from .events import Event, EventName, origin
from .sources import CertificateSource, peer_certificate
from .verifier import AuthenticatedClient, Verifier
from .x509 import Peer, PeerCertificate

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Authorize = Callable[[PeerCertificate], bool]
"""Returns True for the certificates whose holder is let in; anything else, truthy or not, is a refusal."""

_NO_CLIENTS = Verifier({})


def accept_certificate(
    environ: "WSGIEnvironment",
    verifier: Verifier | None,
    source: CertificateSource,
    *,
    optional: bool = False,
    authorize: Authorize | None = None,
    allow_cross_site: bool = False,
    identified: AuthenticatedClient | None = None,
) -> AuthenticatedClient | PeerCertificate | None:
    """Accept the certificate of a request, whoever its holder is, and report whom it identifies, or the refusal.

    Args:
        environ: the request; ``wsgi_mtls.peer`` is there afterwards.
        verifier: knows the registered clients; None where there are none, so that a validated chain is enough.
        source: where the certificate stands in the environ.
        optional: whether a request without a certificate is let in; one with a bad certificate never is.
        authorize: decides instead of the registered clients, and is asked only about a validated chain.
        allow_cross_site: whether other sites' pages may send unsafe methods; see :mod:`wsgi_mtls.cross_site`.
        identified: whom this returned before for the same request, who is not sought nor reported again.

    Returns:
        The registered client, the certificate where nobody was sought, or None without a certificate.

    Raises:
        MutualTLSError: the request is refused.
    """
    reporter = verifier or _NO_CLIENTS
    peer: Peer | None = None
    try:
        peer = peer_certificate(environ, source)
        if peer is not None and not allow_cross_site:
            check_site(environ)
    except MutualTLSError as error:
        reporter.report_refusal(error, None, peer)
        raise
    if peer is None and optional:
        return None
    if verifier is not None and authorize is None:
        return identified or verifier.identify(peer)
    return _authorized(reporter, reporter.check_certificate(peer), authorize)


def report_refusal(
    environ: "WSGIEnvironment", verifier: Verifier | None, source: CertificateSource, error: MutualTLSError
) -> None:
    """Report a refusal of the application's own, as of :func:`wsgi_mtls.binding.bind`, which reports nothing itself.

    Args:
        environ: the request.
        verifier: whose observers are told; None where there are no clients.
        source: where the certificate stands in the environ.
        error: the refusal.
    """
    peer: Peer | None = None
    with suppress(MutualTLSError):  # it may be what is being reported
        peer = peer_certificate(environ, source)
    name: EventName = "token_rejected" if isinstance(error, InvalidToken) else "client_rejected"
    event = Event(name, None, reason=error.reason, detail=error.message, **origin(peer))
    (verifier or _NO_CLIENTS).report(event)


def _authorized(reporter: Verifier, peer: PeerCertificate, authorize: Authorize | None) -> PeerCertificate:
    try:
        if authorize is not None and authorize(peer) is not True:
            raise NotAuthorized(f"authorize did not return True for {peer.certificate.subject!r}.")
    except MutualTLSError as error:
        reporter.report_refusal(error, None, peer)
        raise
    return peer
