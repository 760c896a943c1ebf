"""What a certificate source is, and the one key at which its finding stands."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import MalformedCertificate, MutualTLSError
from ..x509 import Peer
from .guarded import GuardedSource
from .trusted_proxies import PROXY_FIX

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_logger = logging.getLogger("wsgi_mtls")

CertificateSource = Callable[["WSGIEnvironment"], Peer | None]
"""From the WSGI environ to the peer certificate, or None without one. Raises ``MalformedCertificate``."""

PEER = "wsgi_mtls.peer"
"""The environ key of the peer certificate, or None. No header can make it: a header's key starts with ``HTTP_``."""
_ANSWER = "wsgi_mtls.answer"


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


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a source said in this request: ProxyFix, further in, may take from it whom it believes."""

    source: CertificateSource
    environ: int  # its identity: a copy is another request
    address: object
    headers: tuple[object, ...]
    found: Peer | MutualTLSError | None


def request_identity(environ: "WSGIEnvironment") -> tuple[object, ...]:
    """Tell one request from another that was made of a copy of its environ: for whoever keeps what was decided.

    Returns:
        The environ's identity, its ``Authorization`` and its peer.
    """
    return id(environ), environ.get("HTTP_AUTHORIZATION"), environ.get(PEER)


def peer_certificate(environ: "WSGIEnvironment", source: CertificateSource) -> Peer | None:
    """Return the peer certificate of this request and keep it in the environ, where an outer layer may have put it.

    Either way nothing that an untrusted peer sent to this source is left in the environ. A source is asked once in a
    request, by its outermost layer.

    Raises:
        MalformedCertificate: what the terminator delivered is no certificate, or a source of the user's own failed.
    """
    if PEER in environ and isinstance(environ[PEER], Peer | None):
        drop_untrusted(environ, source)
        present: Peer | None = environ[PEER]
        return present
    answer = _given(environ, source) or _ask(environ, source)
    if isinstance(answer.found, MutualTLSError):
        raise answer.found.with_traceback(None)
    environ[PEER] = answer.found
    return answer.found


def drop_untrusted(environ: "WSGIEnvironment", source: CertificateSource) -> None:
    """Take out of the environ what an untrusted peer sent to this source; what the source finds does not matter.

    Never raises: a source that fails is logged. A function of the user's own may well call a guarded source, so it is
    asked; a source over the server's own keys is not.
    """
    if isinstance(source, EnvironSource) or _given(environ, source) is not None:
        return
    if not isinstance(source, GuardedSource):
        _ask(environ, source)
        return
    try:
        source.drop_untrusted(environ)
    except Exception:
        _logger.exception("certificate source %r failed", source)


def _ask(environ: "WSGIEnvironment", source: CertificateSource) -> _Answer:
    address, found = environ.get("REMOTE_ADDR"), _found(environ, source)
    answer = environ[_ANSWER] = _Answer(source, id(environ), address, _headers(environ, source), found)
    return answer


def _found(environ: "WSGIEnvironment", source: CertificateSource) -> Peer | MutualTLSError | None:
    try:
        found = source(environ)
    except MutualTLSError as error:
        return error
    except Exception as error:
        _logger.exception("certificate source %r failed", source)
        return MalformedCertificate(
            f"The certificate source failed with {type(error).__name__}; its traceback is in the log."
        )
    if isinstance(found, Peer | None):
        return found
    return MalformedCertificate(
        f"The certificate source returned {type(found).__name__}: let it return a PeerCertificate or None."
    )


def _given(environ: "WSGIEnvironment", source: CertificateSource) -> _Answer | None:
    """Return this source's answer to this very request, if it has given one already."""
    answer = environ.get(_ANSWER)
    if not isinstance(answer, _Answer) or answer.source is not source or answer.environ != id(environ):
        return None
    original = environ.get(PROXY_FIX)
    addresses = (environ.get("REMOTE_ADDR"), original.get("REMOTE_ADDR") if isinstance(original, dict) else None)
    same = answer.address in addresses and answer.headers == _headers(environ, source)
    return answer if same else None


def _headers(environ: "WSGIEnvironment", source: CertificateSource) -> tuple[object, ...]:
    """Return what the source reads: of a function of the user's own nobody knows, so any header may be it."""
    if isinstance(source, EnvironSource):
        return ()
    keys = source.keys if isinstance(source, GuardedSource) else [key for key in environ if key.startswith("HTTP_")]
    return tuple((key, environ.get(key)) for key in sorted(keys))
