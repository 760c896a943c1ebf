"""From whom a certificate header is believed."""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from .forwarded import is_claimed, may_be_rewritten, parsed_address

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

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
        address = parsed_address(peer)
        return address is not None and any(address in network for network in self._networks)

    def sent(self, environ: "WSGIEnvironment") -> bool:
        """Tell whether the request comes from one of them."""
        return self.anyone or peer_address(environ) in self


def peer_address(environ: "WSGIEnvironment") -> str | None:
    """Return the address at the other end of the connection, as the server set it, or None if it cannot be known.

    It cannot be known if a header may have set it:

    - Werkzeug's ProxyFix overwrites ``REMOTE_ADDR`` and keeps the original in ``werkzeug.proxy_fix.orig``, which is
      returned. A second ProxyFix overwrites that by what a header said. Use one, and put this package outside of it
      where the proxy and its client may have the same address, as on one machine.
    - ASGI servers, waitress, granian, mod_wsgi and NGINX Unit can replace the peer's address by the one in a header,
      and keep nothing of the original (:func:`~wsgi_mtls.sources.forwarded.may_be_rewritten`).

    In both cases an address that is also in ``X-Forwarded-For`` or another such header is not returned. Other code that
    rewrites ``REMOTE_ADDR`` must be off, as a web framework's middleware of that kind. With the uwsgi and FastCGI
    protocols, mod_wsgi with mod_remoteip, and gunicorn's ``--proxy-protocol`` the server itself sets the address of the
    *end client*, and nothing shows which peer sent a header; pass the certificate as an environ key there.
    """
    address = _server_address(environ)
    return None if address is None or _is_from_header(environ, address) else address


def described_peer(environ: "WSGIEnvironment") -> str:
    """Describe for an operator the peer that is not believed, and what to change if it should be."""
    address = _server_address(environ)
    if address is None or not _is_from_header(environ, address):
        return f"{address!r}, which is not a trusted proxy"
    return (
        f"{address!r}, which is not believed: the request's own X-Forwarded-For, Forwarded, X-Real-IP or "
        "X-Client-IP contains that address, so a header may have set it. Run the server without proxy headers (uvicorn "
        "--no-proxy-headers, daphne without --proxy-headers, waitress without trusted_proxy, mod_wsgi without "
        "WSGITrustedProxies, one ProxyFix), and have the terminator clear "
        "these headers"
    )


def _server_address(environ: "WSGIEnvironment") -> str | None:
    original = environ.get(PROXY_FIX, environ)
    address = original.get("REMOTE_ADDR") if isinstance(original, Mapping) else None
    return address if isinstance(address, str) else None


def _is_from_header(environ: "WSGIEnvironment", address: str) -> bool:
    return (PROXY_FIX in environ or may_be_rewritten(environ)) and is_claimed(environ, address)


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
