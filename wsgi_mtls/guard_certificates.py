"""The guard's decision about a certificate alone: mutual TLS without OAuth."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from .clients import AuthenticatedClient
from .errors import RefusedClient
from .events import Reporter
from .request.cross_site import check_site
from .request.view import RequestView
from .verifier import Verifier
from .x509 import Peer, PeerCertificate

Authorize = Callable[[PeerCertificate], bool]
"""Returns True to accept the certificate; any other value, truthy or not, rejects it."""


class CertificateDecision:
    """The part of a guard that decides about certificates.

    Only :class:`~wsgi_mtls.guard.Guard` makes one.

    Attributes:
        verifier: knows the clients; None where there are none.
        plain: decides about a certificate where no client is sought.
        reporter: reports the decisions.
    """

    verifier: Verifier | None
    plain: Verifier
    reporter: Reporter

    if TYPE_CHECKING:

        def presented(self, view: RequestView) -> Peer | None:
            """Return what the client presented."""

    def accept_certificate(
        self,
        view: RequestView,
        *,
        optional: bool = False,
        authorize: Authorize | None = None,
        allow_cross_site: bool = False,
    ) -> AuthenticatedClient | PeerCertificate | None:
        """Accept the certificate of a request, without OAuth.

        Args:
            view: the request.
            optional: whether a request without a certificate is accepted; one with a bad certificate never is.
            authorize: decides instead of the registered clients; it is asked only about a validated chain.
            allow_cross_site: whether other sites' pages may send unsafe methods; see
                :mod:`wsgi_mtls.request.cross_site`.

        Returns:
            The registered client; the certificate where no client was sought; None without a certificate.

        Raises:
            MutualTLSError: If the request is refused.
        """
        record = view.record
        known, record.identified = record.identified, None
        with self.reporter.deciding("client", view.environ, reported=record.reported) as decision:
            peer = decision.peer = self.presented(view)
            if peer is not None and not allow_cross_site:
                check_site(view.environ)
            if peer is None and optional:
                return None
            if self.verifier is None or authorize is not None:
                accepted = _authorized(self.plain.rules.check_certificate(peer), authorize)
                record.identified = known
                return accepted
            if known is None:
                known = self.verifier.rules.identify(peer)
                decision.client_id, decision.method = known.client_id, known.method
                decision.outcome = "client_authenticated"
                self.verifier.rules.clients.note_seen(known)
        record.identified = known
        return known


def _authorized(peer: PeerCertificate, authorize: Authorize | None) -> PeerCertificate:
    if authorize is not None and authorize(peer) is not True:
        raise RefusedClient(f"authorize did not return True for {peer.certificate.subject!r}.", reason="not_authorized")
    return peer
