"""What a certificate source is, and the one key at which its finding stands."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..certificate import PeerCertificate

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CertificateSource = Callable[["WSGIEnvironment"], PeerCertificate | None]
"""From the WSGI environ to the peer certificate, or None without one. Raises ``MalformedCertificate``."""

PEER = "wsgi_mtls.peer"
"""The environ key of the peer certificate, or None. No header can make it: a header's key starts with ``HTTP_``."""


def peer_certificate(environ: "WSGIEnvironment", source: CertificateSource) -> PeerCertificate | None:
    """Return the peer certificate of this request and keep it in the environ, where an outer layer may have put it.

    Raises:
        MalformedCertificate: what the terminator delivered is no certificate.
    """
    if PEER in environ and isinstance(environ[PEER], PeerCertificate | None):
        found: PeerCertificate | None = environ[PEER]
    else:
        environ[PEER] = found = source(environ)
    return found
