"""From whom a certificate header is believed."""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from werkzeug.http import parse_list_header

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

UNIX_SOCKET: Final = frozenset({"", "localhost", "<local>"})
"""What servers set as ``REMOTE_ADDR`` for a Unix socket: gunicorn and cheroot ``""``, waitress ``"localhost"``,
Werkzeug ``"<local>"``."""

PROXY_FIX = "werkzeug.proxy_fix.orig"
"""The environ key at which Werkzeug's ProxyFix keeps what it overwrote."""


class TrustedProxies:
    """The peers that are believed.

    Args:
        proxies: IP addresses and networks, ``"unix"`` for peers on a Unix socket (:data:`UNIX_SOCKET`), or ``"any"``:
            everyone who can reach the server.

    Raises:
        ValueError: there is none, or one that is neither an address nor a network.
    """

    def __init__(self, proxies: str | Iterable[str]) -> None:
        if not isinstance(proxies, Iterable):
            raise ValueError(f'trusted_proxies is {proxies!r}: give a list of addresses, ["unix"], or "any".')
        entries = (proxies,) if isinstance(proxies, str) else tuple(proxies)
        if not entries:
            raise ValueError('trusted_proxies is empty: name the addresses of the terminator, "unix", or "any".')
        self.anyone: Final = "any" in entries
        self._unix = "unix" in entries
        self._networks = tuple(_network(entry) for entry in entries if entry not in ("any", "unix"))

    def __contains__(self, peer: str | None) -> bool:
        """Tell whether this ``REMOTE_ADDR`` is one of them; an unknown one (None) is not."""
        if peer is None:
            return False
        if peer in UNIX_SOCKET:
            return self._unix
        try:
            address = _unmapped(ipaddress.ip_address(peer))
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    def sent(self, environ: "WSGIEnvironment") -> bool:
        """Tell whether the request comes from one of them."""
        return self.anyone or peer_address(environ) in self


def peer_address(environ: "WSGIEnvironment") -> str | None:
    """Return the address at the other end of the connection, as the server set it, or None if that can't be known.

    Werkzeug's ProxyFix overwrites ``REMOTE_ADDR`` and keeps the original in ``werkzeug.proxy_fix.orig``. A second one
    overwrites that too, with what a header said. So an original that stands in ``X-Forwarded-For`` is not believed: sit
    outside of ProxyFix where the proxy and its client may have the same address, as on one machine.

    Whatever else rewrites ``REMOTE_ADDR`` leaves no trace, and must be off, since then a *header* says who the peer is:
    waitress's ``trusted_proxy``, uvicorn's and granian's proxy headers, hypercorn's ``ProxyFixMiddleware``, a web
    framework's middleware of that kind. With the uwsgi and FastCGI protocols, mod_wsgi with mod_remoteip, and
    gunicorn's ``--proxy-protocol`` the server itself sets the address of the *end client*; nothing tells who sent a
    header there, so pass the certificate as an environ key.
    """
    address = environ.get("REMOTE_ADDR")
    if PROXY_FIX in environ:
        original = environ[PROXY_FIX]
        address = original.get("REMOTE_ADDR") if isinstance(original, Mapping) else None
        if address in parse_list_header(environ.get("HTTP_X_FORWARDED_FOR", "")):
            return None
    return address if isinstance(address, str) else None


def environ_key(name: str) -> str:
    """Return the environ key of a header (PEP 3333)."""
    return "HTTP_" + name.upper().replace("-", "_")


def _network(text: str) -> Network:
    try:
        if not isinstance(text, str):
            raise ValueError(f"{text!r} is no text")  # ip_network(5) is 0.0.0.5
        if "%" in text:
            raise ValueError(f"{text!r} has a zone, which can't be compared")  # ip_network drops it
        network = _unmapped_network(ipaddress.ip_network(text))
    except ValueError as error:
        raise ValueError(f'trusted_proxies: {error}; write an address, a network, "unix" or "any".') from None
    if network.prefixlen == 0:
        raise ValueError(f'trusted_proxies: {text} is everyone; write "any" if that is meant.')
    return network


def _unmapped_network(network: Network) -> Network:
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.IPv4Network((mapped, network.prefixlen - 96))
    return network


def _unmapped(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return address if mapped is None else mapped
