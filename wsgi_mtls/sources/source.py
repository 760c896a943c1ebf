"""What a certificate source is, how it is asked, and the one key at which its finding is."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import MalformedCertificate, MutualTLSError
from ..x509 import Peer
from .guarded import GuardedSource

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_logger = logging.getLogger("wsgi_mtls")

CertificateSource = Callable[["WSGIEnvironment"], Peer | None]
"""From the WSGI environ to the peer certificate, or None without one. Raises ``MalformedCertificate``."""

PEER = "wsgi_mtls.peer"
"""The environ key of the peer certificate, or None. No header can make it: a header's key starts with ``HTTP_``."""


@dataclass(frozen=True, slots=True)
class EnvironSource:
    """A source over keys that the server itself sets: there is nothing in it that an untrusted peer could have sent.

    Attributes:
        read: the source.
    """

    read: CertificateSource

    def __call__(self, environ: "WSGIEnvironment") -> Peer | None:
        """Return what the server says."""
        return self.read(environ)


def peer_certificate(environ: "WSGIEnvironment", source: CertificateSource) -> Peer | None:
    """Return what an outer layer found in this request, or else what the source finds.

    Either way nothing that an untrusted peer sent to this source is left in the environ.

    Raises:
        MutualTLSError: If what the terminator delivered is not one certificate, or if a source of the user's own
            failed.
    """
    if PEER in environ and isinstance(environ[PEER], Peer | None):
        drop_untrusted(environ, source)
        present: Peer | None = environ[PEER]
        return present
    found = environ[PEER] = _ask(environ, source)
    return found


def drop_untrusted(environ: "WSGIEnvironment", source: CertificateSource) -> None:
    """Take out of the environ what an untrusted peer sent to this source; what the source finds does not matter.

    Never raises: a source that fails is logged.
    """
    if isinstance(source, EnvironSource):
        return
    if not isinstance(source, GuardedSource):
        # A function of the user's own may call a guarded source, so it is asked.
        with suppress(MutualTLSError):
            _ask(environ, source)
        return
    try:
        source.drop_untrusted(environ)
    except Exception:
        _logger.exception("certificate source %r failed", source)


def _ask(environ: "WSGIEnvironment", source: CertificateSource) -> Peer | None:
    try:
        found = source(environ)
    except MutualTLSError:
        raise
    except Exception as error:
        _logger.exception("certificate source %r failed", source)
        raise MalformedCertificate(
            f"The certificate source failed with {type(error).__name__}; its traceback is in the log."
        ) from error
    if isinstance(found, Peer | None):
        return found
    raise MalformedCertificate(
        f"Expected a PeerCertificate or None from the certificate source, found {type(found).__name__}."
    )
