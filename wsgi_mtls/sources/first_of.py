"""Two certificate sources for one application."""

from typing import TYPE_CHECKING

from ..x509 import Peer
from .guarded import GuardedSource
from .source import CertificateSource, drop_untrusted

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def first_of(first: GuardedSource, second: CertificateSource) -> GuardedSource:
    """Take what ``first`` says of a request from its trusted proxies, and what ``second`` says of any other.

    A trusted proxy's "no certificate" is final: it is never filled from ``second``, where the certificate would be
    that of the proxy itself.

    Args:
        first: a header source; one that believes ``"any"`` leaves nothing to ``second``.
        second: any source, as :func:`~wsgi_mtls.sources.wsgi_server`.

    Raises:
        ValueError: ``first`` does not tell whom it trusts, or both read the same header.
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
        halves: the two, for checks of what they deliver.
        keys: the environ keys that they read.
    """

    def __init__(self, first: GuardedSource, second: CertificateSource, keys: frozenset[str]) -> None:
        self.halves: tuple[CertificateSource, ...] = (first, second)
        self._first = first
        self._second = second
        self.keys = keys

    def trusts(self, environ: "WSGIEnvironment") -> bool:
        """Tell whether the request comes from a trusted proxy of either."""
        return self._first.trusts(environ) or (isinstance(self._second, GuardedSource) and self._second.trusts(environ))

    def __call__(self, environ: "WSGIEnvironment") -> Peer | None:
        """Return what the first says of its trusted proxies' requests, and the second of others."""
        if self._first.trusts(environ):
            drop_untrusted(environ, self._second)
            return self._first(environ)
        self._first.drop_untrusted(environ)
        return self._second(environ)

    def drop_untrusted(self, environ: "WSGIEnvironment") -> None:
        """Take out of the environ what neither believes."""
        self._first.drop_untrusted(environ)
        drop_untrusted(environ, self._second)
