"""What a certificate source is, and the one key at which its finding stands."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..certificate import Peer
from ..errors import MalformedCertificate, MutualTLSError
from .guarded import GuardedSource
from .trusted_proxies import peer_address

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_logger = logging.getLogger("wsgi_mtls")

CertificateSource = Callable[["WSGIEnvironment"], Peer | None]
"""From the WSGI environ to the peer certificate, or None without one. Raises ``MalformedCertificate``."""

PEER = "wsgi_mtls.peer"
"""The environ key of the peer certificate, or None. No header can make it: a header's key starts with ``HTTP_``."""
_ASKED = "wsgi_mtls.asked"


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
    """Return the peer certificate of this request and keep it in the environ, where an outer layer may have put it.

    Either way nothing that an untrusted peer sent to this source is left in the environ.

    Raises:
        MalformedCertificate: what the terminator delivered is no certificate, or a source of the user's own failed.
    """
    if PEER in environ and isinstance(environ[PEER], Peer | None):
        drop_untrusted(environ, source)
        found: Peer | None = environ[PEER]
    else:
        environ[PEER] = found = _ask(environ, source)
    return found


def drop_untrusted(environ: "WSGIEnvironment", source: CertificateSource) -> None:
    """Take out of the environ what an untrusted peer sent to this source; what the source finds does not matter.

    Never raises: a source that fails is logged. A function of the user's own may well call a guarded source, so it is
    asked, once in a request; a source over the server's own keys is not.
    """
    if isinstance(source, EnvironSource):
        return
    try:
        if isinstance(source, GuardedSource):
            source.drop_untrusted(environ)
        elif not _was_asked(environ, source):
            _ask(environ, source)
    except MutualTLSError:
        pass  # a refusal for whoever needs the certificate, nobody else's concern
    except Exception:
        _logger.exception("certificate source %r failed", source)


def _ask(environ: "WSGIEnvironment", source: CertificateSource) -> Peer | None:
    environ[_ASKED] = _question(environ, source)
    try:
        found = source(environ)
    except MutualTLSError:
        raise
    except Exception as error:
        _logger.exception("certificate source %r failed", source)
        raise MalformedCertificate(
            f"The certificate source failed with {type(error).__name__}; its traceback is in the log."
        ) from error
    if not isinstance(found, Peer | None):
        raise MalformedCertificate(
            f"The certificate source returned {type(found).__name__}: let it return a PeerCertificate or None."
        )
    return found


def _was_asked(environ: "WSGIEnvironment", source: CertificateSource) -> bool:
    asked = environ.get(_ASKED)
    return isinstance(asked, tuple) and asked[0] is source and asked[1:] == _question(environ, source)[1:]


def _question(environ: "WSGIEnvironment", source: CertificateSource) -> tuple[CertificateSource, int, str | None]:
    """Say who is asked about which environ and peer: a copy, or an address that ProxyFix rewrote, is a new question."""
    return source, id(environ), peer_address(environ)
