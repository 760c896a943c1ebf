"""The peers from which a certificate header is accepted.

Also the headers that count only from them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ..events import FORGED, Event
from ..remembered import Remembered
from ..x509 import Peer
from .addresses import CLAIMS, UNIX_SOCKET, Networks, is_claimed, parsed_network, peer_address
from .keys import ABSENT, environ_keys
from .secret import Secret, checked_secret, takes_secret
from .untrusted import why_untrusted

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

PROXY_FIX: Final = "werkzeug.proxy_fix.orig"
"""The environ key at which Werkzeug's ProxyFix keeps what it overwrote."""

# waitress has its own key in the environ, since its operator may choose SERVER_SOFTWARE; mod_wsgi has Apache's there.
_OWN_KEYS = frozenset({"waitress.client_disconnected", "mod_wsgi.version"})
_SOFTWARE = ("waitress", "granian", "unit/")
_NAMES_ITSELF = frozenset({"SERVER_SOFTWARE", "uwsgi.version"})
_CLAIMS = frozenset(CLAIMS)
_NEW: Final = object()
_ADDRESSES = 256 * 1024  # octets of remembered peers: some 450, since few terminators ask, and each often


class TrustedProxies:
    """The peers that are believed.

    Args:
        proxies: IP addresses and networks, ``"unix"`` for peers on a Unix socket (:data:`UNIX_SOCKET`), or ``"any"``:
            every peer that can reach the server. Empty with a secret means ``"any"``.
        secret: a header and the value that it must have; it is taken out of the environ when it is looked at.

    Raises:
        ValueError: If no proxy is given, or one that is neither an address nor a network, or a secret that no
            header can carry.
    """

    def __init__(self, proxies: str | Iterable[str], secret: Secret | None = None) -> None:
        if not isinstance(proxies, Iterable):
            raise ValueError(f'trusted_proxies is {proxies!r}: give a list of addresses, ["unix"], or "any".')
        self.secret: Final = checked_secret(secret)
        entries = (proxies,) if isinstance(proxies, str) else tuple(proxies)
        if not entries and self.secret is None:
            raise ValueError('trusted_proxies is empty: name the addresses of the terminator, "unix", or "any".')
        self.anyone: Final = "any" in entries or not entries
        self._unix = "unix" in entries
        self._networks = Networks(parsed_network(entry) for entry in entries if entry not in ("any", "unix"))
        self._believed: Remembered[str, bool] = Remembered(_ADDRESSES)

    def sent(self, environ: "WSGIEnvironment") -> bool:
        """Return whether a trusted proxy sent the request.

        If a secret is configured, the request must have it.
        """
        if self.secret is not None and not takes_secret(environ, self.secret):
            return False
        if self.anyone:
            return True
        address = reported_address(environ) if PROXY_FIX in environ else environ.get("REMOTE_ADDR")
        if not isinstance(address, str):
            return False
        believed = self._believed.known.get(address)
        if believed is None:
            believed = self._believes(address)
        # Most requests have none of these headers: nothing can have set the address then.
        return believed and (environ.keys().isdisjoint(_CLAIMS) or not is_from_header(environ, address))

    def _believes(self, address: str) -> bool:
        if address in UNIX_SOCKET:
            believed = self._unix
        else:
            parsed = peer_address(address)
            believed = parsed is not None and parsed in self._networks
        self._believed.add(address, len(address), believed)
        return believed


def reported_address(environ: "WSGIEnvironment") -> object:
    """Return the address that the server reported, before ProxyFix overwrote it."""
    original = environ.get(PROXY_FIX, environ)
    return original.get("REMOTE_ADDR") if isinstance(original, Mapping) else None


def is_from_header(environ: "WSGIEnvironment", address: str) -> bool:
    """Return whether a header may have set the address of the request's peer.

    The address is the one that the server reports.

    - Werkzeug's ProxyFix overwrites ``REMOTE_ADDR`` and keeps the original in ``werkzeug.proxy_fix.orig``, which is
      read instead. A second ProxyFix overwrites that by a header's value. Use one, and put this package outside of it
      where the proxy and its client may have the same address, as on one machine.
    - ASGI servers (uvicorn by default, daphne and hypercorn on request), waitress, granian, mod_wsgi
      (``WSGITrustedProxyHeaders``) and NGINX Unit (``client_ip``) can replace the peer's address by the one in a
      header, and keep nothing of the original. An ASGI server has no mark of its own: Django's ASGI request lacks
      ``wsgi.version``, which PEP 3333 demands, and what adapts ASGI to WSGI (a2wsgi, asgiref, uvicorn, hypercorn) names
      no server software.

    In both cases an address that is also in ``X-Forwarded-For`` or another such header may be a header's.
    Other code that rewrites ``REMOTE_ADDR`` must be off, as a web framework's middleware of that kind. With the uwsgi
    and FastCGI protocols, mod_wsgi with mod_remoteip, and gunicorn's ``--proxy-protocol`` the server itself sets the
    address of the *end client*, and nothing shows which peer sent a header; pass the certificate as an environ key
    there.
    """
    rewritten = (
        PROXY_FIX in environ
        or "wsgi.version" not in environ
        or not environ.keys().isdisjoint(_OWN_KEYS)
        or environ.keys().isdisjoint(_NAMES_ITSELF)
        or str(environ.get("SERVER_SOFTWARE", "")).lower().startswith(_SOFTWARE)
    )
    return rewritten and is_claimed(environ, address)


def described_peer(environ: "WSGIEnvironment", *, secret: bool = False) -> str:
    """Describe the peer that is not believed, and what to change.

    The text is for an operator.
    """
    address = reported_address(environ)
    claimed = isinstance(address, str) and is_from_header(environ, address)
    return why_untrusted(address, claimed=claimed, proxy_fix=PROXY_FIX in environ, secret=secret)


class GuardedHeaders:
    """A :class:`~wsgi_mtls.sources.source.GuardedSource` over headers.

    Parsed headers are remembered by their exact values, statuses included. Their sender is checked in each request.

    Args:
        read: from the headers that came, by their names in ``names``, to the peer; the same values always give the
            same peer.
        names: the headers that ``read`` looks at.
        proxies: the peers that may send them.
        underscores_dropped: whether the terminator or the server drops headers with underscores.
        hyphens_dropped: whether one of them drops the spellings with hyphens of names with underscores.
        label: the source's name in events.
        can_verify: whether ``read`` ever returns a peer whose chain was validated.
        announced: those of ``names`` that the terminator has to send, for messages; all by default.
        statuses: those that it sends on every request, each with its values without a certificate, for messages.

    Raises:
        ValueError: If a name is not that of a header, is repeated, or has a hyphen or an underscore although its other
            form could also arrive.
    """

    def __init__(
        self,
        read: Callable[[Mapping[str, str]], Peer | None],
        names: Sequence[str],
        *,
        proxies: TrustedProxies,
        underscores_dropped: bool,
        hyphens_dropped: bool = False,
        label: str,
        can_verify: bool = True,
        announced: Sequence[str] = (),
        statuses: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self._names = tuple(names)
        self._keys = environ_keys(names, underscores_dropped=underscores_dropped, hyphens_dropped=hyphens_dropped)
        if proxies.secret:
            environ_keys((proxies.secret[0],), underscores_dropped=True)
            environ_keys((*names, proxies.secret[0]), underscores_dropped=True, hyphens_dropped=True)
        self.keys = frozenset(self._keys)
        self._only_key = self._keys[0] if len(self._keys) == 1 else None
        self._proxies = proxies
        self._read = read
        self._remembered: Remembered[str | tuple[str | None, ...] | None, Peer | None] = Remembered()
        self.label = label
        self.can_verify = can_verify
        self.announced = tuple(announced) or self._names
        self.statuses = statuses or {}

    def __call__(self, environ: "WSGIEnvironment") -> Peer | None:
        """Read the headers of a trusted proxy.

        Those of any other peer are taken out of the environ.
        """
        if self._proxies.sent(environ):
            return self.read(environ)
        self.drop(environ)
        return None

    def trusts(self, environ: "WSGIEnvironment") -> bool:
        """Return whether the request comes from a trusted proxy that knows the secret."""
        return self._proxies.sent(environ)

    def read(self, environ: "WSGIEnvironment") -> Peer | None:
        """Read the headers of a trusted proxy."""
        # Most sources have one header, whose value needs no tuple around it.
        only = self._only_key
        values = tuple(map(environ.get, self._keys)) if only is None else environ.get(only)
        found = self._remembered.known.get(values, _NEW)
        return self._read_new(environ, values) if found is _NEW else found  # type: ignore[return-value]  # not _NEW

    def _read_new(self, environ: "WSGIEnvironment", values: str | tuple[str | None, ...] | None) -> Peer | None:
        came = zip(self._names, map(environ.get, self._keys), strict=True)
        sent = {name: value for name, value in came if value is not None and value not in ABSENT}
        found = self._read(sent)
        self._remembered.add(values, sum(map(len, sent.values())), found)
        return found

    def came(self, environ: "WSGIEnvironment") -> dict[str, str]:
        """Return the headers that came and are not empty, from any peer, for messages."""
        keys = zip(self._names, self._keys, strict=True)
        return {name: environ[key] for name, key in keys if environ.get(key) not in ABSENT}

    def drop_untrusted(self, environ: "WSGIEnvironment") -> None:
        """Remove untrusted headers from the environ, and note them as forged.

        No trusted proxy sent them.
        """
        if not self._proxies.sent(environ):
            self.drop(environ)

    def drop(self, environ: "WSGIEnvironment") -> None:
        """Take the headers out of the environ, and note them as forged."""
        keys = zip(self._names, self._keys, strict=True)
        forged = [name for name, key in keys if environ.pop(key, None) is not None]
        if forged:
            event = Event(
                "untrusted_proxy",
                source=self.label,
                reason="untrusted_proxy",
                detail=f"{', '.join(forged)} came from {described_peer(environ, secret=bool(self._proxies.secret))}",
                path=environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""),
                address=environ.get("REMOTE_ADDR"),
            )
            environ.setdefault(FORGED, []).append(event)
