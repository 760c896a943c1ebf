"""What a certificate source is, and the one key at which its finding stands."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from ..certificate import Peer
from ..errors import MutualTLSError
from .guarded import GuardedSource

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CertificateSource = Callable[["WSGIEnvironment"], Peer | None]
"""From the WSGI environ to the peer certificate, or None without one. Raises ``MalformedCertificate``."""

PEER = "wsgi_mtls.peer"
"""The environ key of the peer certificate, or None. No header can make it: a header's key starts with ``HTTP_``."""


def peer_certificate(environ: "WSGIEnvironment", source: CertificateSource) -> Peer | None:
    """Return the peer certificate of this request and keep it in the environ, where an outer layer may have put it.

    Either way nothing that an untrusted peer sent to this source is left in the environ.

    Raises:
        MalformedCertificate: what the terminator delivered is no certificate.
    """
    if PEER in environ and isinstance(environ[PEER], Peer | None):
        drop_untrusted(environ, source)
        found: Peer | None = environ[PEER]
    else:
        environ[PEER] = found = source(environ)
    return found


def drop_untrusted(environ: "WSGIEnvironment", source: CertificateSource) -> None:
    """Take out of the environ what an untrusted peer sent to this source; what the source finds does not matter."""
    if isinstance(source, GuardedSource):
        source.drop_untrusted(environ)
        return
    # A function of the user's own may well call a guarded source.
    with suppress(MutualTLSError):
        source(environ)
