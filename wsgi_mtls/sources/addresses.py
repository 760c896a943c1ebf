"""IP addresses, as operators, servers and a request's headers write them."""

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

CLAIMS: Final = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_CLIENT_IP")
"""The environ keys of headers from which a server may take ``REMOTE_ADDR``."""

UNIX_SOCKET: Final = frozenset({"", "localhost", "<local>"})
"""What servers set as ``REMOTE_ADDR`` for a Unix socket: gunicorn and cheroot ``""``, waitress ``"localhost"``,
Werkzeug ``"<local>"``."""

_ADDRESS = re.compile(r"[0-9A-Fa-f.:]+")
_LONGEST = 4096
LONGEST_ADDRESS: Final = 64
"""The longest address that is remembered, in characters: an IPv6 address with a zone."""


class Networks:
    """Some networks, looked up by the length of their prefix.

    A thousand cost no more than one.

    Args:
        networks: the networks.
    """

    def __init__(self, networks: Iterable[Network]) -> None:
        prefixes: dict[tuple[int, int], set[int]] = defaultdict(set)
        for network in networks:
            shift = network.max_prefixlen - network.prefixlen
            prefixes[network.version, shift].add(int(network.network_address) >> shift)
        self._prefixes = {key: frozenset(found) for key, found in prefixes.items()}

    def __contains__(self, address: Address) -> bool:
        """Return whether an address is in one of them."""
        number, version = int(address), address.version
        return any(number >> shift in found for (of, shift), found in self._prefixes.items() if of == version)


def is_claimed(environ: "WSGIEnvironment", address: str) -> bool:
    """Return whether a forwarding header of this request contains an address.

    ``X-Forwarded-For`` is such a header. The headers are searched, not parsed: servers differ in ports, brackets,
    quotes and spaces, and whatever a server took from a header must be found again. A header longer than 4096
    characters is not searched, and claims every address.
    """
    texts = [text for key in CLAIMS if isinstance(text := environ.get(key), str)]
    if any(len(text) > _LONGEST for text in texts):
        return True
    parsed = peer_address(address)
    if parsed is not None:
        return any(parsed in _addresses(text) for text in texts)
    # The name of a Unix socket. An empty one can come from an empty header.
    return any(address.lower() in text.lower() for text in texts)


def peer_address(text: str) -> Address | None:
    """Return the peer's address by :func:`parsed_address`, remembered."""
    # Few peers send much.
    return _remembered(text) if len(text) <= LONGEST_ADDRESS else parsed_address(text)


def parsed_address(text: str) -> Address | None:
    """Return an IP address without zone and IPv4 mapping.

    None if the text is not an address.
    """
    try:
        # A zone is another spelling of the same address: networks are compared without it.
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return address if mapped is None else mapped


_remembered = lru_cache(maxsize=512)(parsed_address)


def parsed_network(text: str) -> Network:
    """Return the address or network that an operator wrote, without IPv4 mapping.

    Raises:
        ValueError: If the text is not an address or a network, or if it means every address.
    """
    try:
        if not isinstance(text, str):
            raise ValueError(f"{text!r} is not a text")  # ip_network(5) is 0.0.0.5
        if "%" in text:
            raise ValueError(f"{text!r} has a zone, which can't be compared")  # ip_network drops it
        network = _unmapped(ipaddress.ip_network(text))
    except ValueError as error:
        raise ValueError(f'trusted_proxies: {error}; write an address, a network, "unix" or "any".') from None
    if network.prefixlen == 0:
        raise ValueError(f'trusted_proxies: {text} is every address; write "any" if you mean that.')
    return network


def _unmapped(network: Network) -> Network:
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.IPv4Network((mapped, network.prefixlen - 96))
    return network


def _addresses(text: str) -> Iterator[Address]:
    # In a quoted string a backslash before any character means that character (RFC 9110 section 5.6.4).
    for found in _ADDRESS.findall(text.replace("\\", "")):
        for spelling in (found, found.rpartition(":")[0]):
            if (address := parsed_address(spelling)) is not None:
                yield address
