"""Certificate sources: what one is, how it is asked, and where its finding is."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..errors import BadCertificate, MutualTLSError
from ..shortage import is_shortage
from ..x509 import Peer, PeerCertificate, PeerSubject
from .proxies import GuardedHeaders

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_logger = logging.getLogger("wsgi_mtls")

CertificateSource = Callable[["WSGIEnvironment"], Peer | None]
"""From the WSGI environ to the peer certificate, or None without one. Raises ``BadCertificate``."""

PEER = "wsgi_mtls.peer"
"""The environ key of the peer certificate, or None. No header can make it: a header's key starts with ``HTTP_``."""

PEERS = (PeerCertificate, PeerSubject, NoneType)
"""What a source may return."""


@runtime_checkable
class GuardedSource(Protocol):
    """A source that believes some peers and not others."""

    @property
    def keys(self) -> frozenset[str]:
        """The environ keys that it reads."""

    def trusts(self, environ: "WSGIEnvironment") -> bool:
        """Return whether the request comes from a peer that is believed."""

    def read(self, environ: "WSGIEnvironment") -> Peer | None:
        """Return the certificate of a request from a believed peer."""

    def drop(self, environ: "WSGIEnvironment") -> None:
        """Remove an untrusted peer's headers, and note them as forged.

        They are noted at :data:`~wsgi_mtls.events.FORGED`.
        """

    def drop_untrusted(self, environ: "WSGIEnvironment") -> None:
        """Do what ``drop`` does, unless the peer is believed."""

    def __call__(self, environ: "WSGIEnvironment", /) -> Peer | None:
        """Return the certificate of a believed peer's request.

        The headers of any other peer are dropped.
        """


@dataclass(frozen=True, slots=True)
class EnvironSource:
    """A source over keys that the server itself sets, so that no peer can forge them.

    Attributes:
        read: the source.
        label: the source's name in events.
    """

    read: CertificateSource
    label: str

    def __call__(self, environ: "WSGIEnvironment") -> Peer | None:
        """Return what the server reports."""
        return self.read(environ)


def not_a_peer(found: object) -> BadCertificate:
    """Make the error for a value that a source may not return."""
    return BadCertificate(
        f"Expected a PeerCertificate or None from the certificate source, found {type(found).__name__}."
    )


def source_failed(source: CertificateSource, error: Exception) -> BadCertificate:
    """Log an exception of the user's own source, and make the error for it."""
    _logger.exception("certificate source %r failed", source)
    return BadCertificate(
        f"The certificate source failed with {type(error).__name__}; its traceback is in the log.",
        reason="resources_unavailable" if is_shortage(error) else None,
    )


def dropper(source: CertificateSource) -> Callable[["WSGIEnvironment"], None]:
    """Return a function that removes an untrusted peer's headers to this source.

    It never raises: a source that fails is logged.
    """
    if isinstance(source, EnvironSource):
        return _drop_nothing
    if type(source) is GuardedHeaders:
        return source.drop_untrusted  # raises nothing
    # A function of the user's own may call a guarded source, so it is asked.
    drop = source.drop_untrusted if isinstance(source, GuardedSource) else source

    def dropping(environ: "WSGIEnvironment") -> None:
        try:
            drop(environ)
        except MutualTLSError:
            pass
        except Exception:
            _logger.exception("certificate source %r failed", source)

    return dropping


def _drop_nothing(_: "WSGIEnvironment") -> None:
    """Leave what the server itself set."""


def first_of(first: GuardedSource, second: CertificateSource) -> GuardedSource:
    """Use one source for its trusted proxies, and another for all other peers.

    A trusted proxy's "no certificate" is final: it is never filled from the second source, where the certificate would
    be that of the proxy itself.

    Args:
        first: a header source; one that believes ``"any"`` leaves nothing to the second.
        second: any source, such as :func:`~wsgi_mtls.sources.wsgi_server`.

    Raises:
        ValueError: If the first is not a header source, or if both read the same header.
    """
    if not isinstance(first, GuardedSource):
        raise ValueError("The first source must be a header source, with its own trusted_proxies.")
    second_keys = second.keys if isinstance(second, GuardedSource) else frozenset()
    if shared := sorted(first.keys & second_keys):
        raise ValueError(f"Both sources read {', '.join(shared)}: give one of them another header name.")
    return FirstOf(first, second, first.keys | second_keys)


class FirstOf:
    """The source that :func:`first_of` makes.

    Attributes:
        halves: the two sources, for checks of what they deliver.
        keys: the environ keys that they read.
    """

    def __init__(self, first: GuardedSource, second: CertificateSource, keys: frozenset[str]) -> None:
        self.halves: tuple[CertificateSource, ...] = (first, second)
        self._first = first
        self._second = second
        self._drop_second = dropper(second)
        self._second_trusts = second.trusts if isinstance(second, GuardedSource) else None
        self.keys = keys

    def trusts(self, environ: "WSGIEnvironment") -> bool:
        """Return whether the request comes from a trusted proxy of either source."""
        return self._first.trusts(environ) or (self._second_trusts is not None and self._second_trusts(environ))

    def __call__(self, environ: "WSGIEnvironment") -> Peer | None:
        """Ask the source that is responsible for the request's peer.

        The first is asked about its trusted proxies' requests, the second about others.
        """
        if self._first.trusts(environ):
            self._drop_second(environ)
            return self._first.read(environ)
        self._first.drop(environ)
        return self._second(environ)

    read = __call__  # which of the two is believed is asked again

    def drop_untrusted(self, environ: "WSGIEnvironment") -> None:
        """Remove from the environ what neither source believes."""
        self._first.drop_untrusted(environ)
        self._drop_second(environ)

    drop = drop_untrusted
