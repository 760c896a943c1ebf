"""Which addresses are public: those to which a stranger's URL may lead."""

import ipaddress
from collections.abc import Iterable
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052 section 2.1
_COMPATIBLE = ipaddress.IPv6Network("::/96")  # RFC 4291 section 2.5.5.1
# What is routed on the Internet at all; site-local and SRv6 addresses, for instance, are not in it.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NEVER: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "168.63.129.16/32",  # Azure's host
            "192.0.0.0/24",  # RFC 6890, and Oracle Cloud's metadata; Python versions differ about parts of it
            "192.88.99.0/24",  # RFC 7526
            "2001::/23",  # RFC 2928; Python versions differ about parts of it
            "3fff::/20",  # RFC 9637; Python 3.11 does not know it
            "2001:db8::/32",
        ),
    )
)


class AllowedAddresses:
    """The addresses to which a stranger's URL may lead.

    They are the public ones, and the operator's own.

    Args:
        networks: networks that are allowed although they are not public.

    Raises:
        ValueError: If one is not a network.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        if isinstance(networks, str):
            raise ValueError(f'allowed_networks must be a list, as ["{networks}"].')
        self._networks: tuple[Network, ...] = tuple(ipaddress.ip_network(network) for network in networks)

    def __contains__(self, text: str) -> bool:
        """Return whether an address and all addresses embedded in it are allowed."""
        try:
            # A zone belongs to link-local addresses; networks are compared without it.
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return False
        return all(is_public(part) or self._is_listed(part) for part in embedded(address))

    def _is_listed(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def is_public(address: Address) -> bool:
    """Return whether an address is one host on the Internet."""
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    if any(address in network for network in _NEVER):
        return False
    return address.is_global and not address.is_multicast


def embedded(address: Address) -> tuple[Address, ...]:
    """Return the IPv4 addresses inside an IPv6 address, or the address itself.

    Transitional IPv6 addresses have IPv4 addresses inside.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo  # server and client
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    return (address,)
