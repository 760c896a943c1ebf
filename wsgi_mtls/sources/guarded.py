"""Headers that count only from trusted proxies: the guard before every header source."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..x509 import Peer
from .secret import Secret, checked_secret, takes_secret
from .trusted_proxies import TrustedProxies, described_peer, environ_key

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

ABSENT = frozenset({"", "(null)", "::"})
"""How terminators spell that there is nothing, beside leaving the header out."""

FORGED = "wsgi_mtls.forged"
"""The environ key of what was taken out of the environ and is still to be reported: a list of :class:`Forgery`."""

_HEADER_NAME = re.compile("[A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Forgery:
    """Headers that a peer sent although it is not believed.

    Attributes:
        source: the certificate source that reads them.
        detail: which came from where, for the operator.
    """

    source: str
    detail: str


@runtime_checkable
class GuardedSource(Protocol):
    """A source that believes some peers and not others."""

    @property
    def keys(self) -> frozenset[str]:
        """The environ keys that it reads."""

    def trusts(self, environ: "WSGIEnvironment") -> bool:
        """Tell whether the request comes from a peer that is believed."""

    def drop_untrusted(self, environ: "WSGIEnvironment") -> None:
        """Take out of the environ what a peer sent that is not believed, and report it."""

    def __call__(self, environ: "WSGIEnvironment", /) -> Peer | None:
        """Return what the peer says, or None without a certificate."""


class GuardedHeaders:
    """A :class:`GuardedSource` over headers.

    Args:
        read: takes an environ whose headers are to be believed.
        names: the headers that ``read`` looks at.
        trusted_proxies: see :class:`~wsgi_mtls.sources.trusted_proxies.TrustedProxies`; may be empty beside a secret.
        secret: a header and the value that it must have; it is taken out of the environ when it is looked at.
        underscores_dropped: that the terminator or the server drops headers with underscores.
        label: the source's name in events.
        can_verify: whether ``read`` ever returns a peer whose chain was validated.

    Raises:
        ValueError: a name that is no header's, that stands twice, or that has a hyphen although its underscore form
            could arrive too; an option with a value that it can't have.
    """

    def __init__(
        self,
        read: "Callable[[WSGIEnvironment], Peer | None]",
        names: Sequence[str],
        *,
        trusted_proxies: str | Iterable[str],
        secret: Secret | None,
        underscores_dropped: bool,
        label: str,
        can_verify: bool = True,
    ) -> None:
        _check_names(names, underscores_dropped)
        self._read = read
        self._names = tuple(names)
        self.keys = frozenset(map(environ_key, names))
        self._secret = checked_secret(secret)
        if self._secret:
            _check_names((*names, self._secret[0]), underscores_dropped=True)
        self._proxies = _proxies(trusted_proxies, self._secret)
        self.label = label
        self.can_verify = can_verify

    def trusts(self, environ: "WSGIEnvironment") -> bool:
        """Tell whether the request comes from a trusted proxy that knows the secret."""
        knows_secret = self._secret is None or takes_secret(environ, self._secret)
        return knows_secret and self._proxies.sent(environ)

    def __call__(self, environ: "WSGIEnvironment") -> Peer | None:
        """Read the headers of a trusted proxy; take those of anyone else out of the environ."""
        if self.trusts(environ):
            return self._read(environ)
        self._drop(environ)
        return None

    def drop_untrusted(self, environ: "WSGIEnvironment") -> None:
        """Take the headers out of the environ, and report them, unless a trusted proxy sent them."""
        if not self.trusts(environ):
            self._drop(environ)

    def _drop(self, environ: "WSGIEnvironment") -> None:
        forged = [name for name in self._names if environ.pop(environ_key(name), None) is not None]
        if forged:
            detail = f"{', '.join(forged)} came from {described_peer(environ)}"
            detail += ", or does not know the secret." if self._secret else "."
            environ.setdefault(FORGED, []).append(Forgery(self.label, detail))


def header_value(environ: "WSGIEnvironment", name: str) -> str | None:
    """Return a header's value, or None if it is absent, however that is spelled."""
    value: str | None = environ.get(environ_key(name))
    return None if value in ABSENT else value


def _check_names(names: Sequence[str], underscores_dropped: bool) -> None:
    if not isinstance(underscores_dropped, bool):
        raise ValueError("underscores_dropped must be True or False, without quotes.")
    for name in names:
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no header name of letters, digits and hyphens.")
        if "-" in name and not underscores_dropped:
            raise ValueError(
                f"{name} has hyphens: with underscores instead, a client could send it past a terminator that "
                f"overwrites only {name}. Use a name without hyphens ({name.replace('-', '')}), or make the terminator "
                "or the server drop headers with underscores and say so: underscores_dropped=True."
            )
    keys = [environ_key(name) for name in names]
    if twice := [name for name, key in zip(names, keys, strict=True) if keys.count(key) > 1]:
        raise ValueError(f"{', '.join(twice)}: one header can't say two things, give each option a header of its own.")


def _proxies(trusted_proxies: str | Iterable[str], secret: Secret | None) -> TrustedProxies:
    """Read the option; empty beside a secret, it is everyone who knows that."""
    if secret and not isinstance(trusted_proxies, str) and isinstance(trusted_proxies, Iterable):
        trusted_proxies = tuple(trusted_proxies) or "any"
    return TrustedProxies(trusted_proxies)
