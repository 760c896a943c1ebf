"""A stranger's URL leads to public addresses only, by whatever spelling (row 72)."""

import pytest

from wsgi_mtls.https.public_addresses import AllowedAddresses

PRIVATE_IPV4 = [
    *("0.0.0.0", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "169.254.169.254", "172.16.0.1"),
    *("168.63.129.16", "192.0.0.1", "192.0.0.9", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1"),
    *("198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
]
PRIVATE_IPV6 = [
    *("::", "::1", "::2", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1"),
    *("100::1", "2001::1", "2001:1::1", "2001:2::1", "2001:3::1", "2001:20::1", "2001:db8::1", "3fff::1", "5f00::1"),
    *("64:ff9b:1::808:808", "4000::1", "200::1"),
]
PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:82a::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]


def as_ipv6(address: str) -> list[str]:
    """Return the IPv6 addresses in which an IPv4 address can be embedded."""
    a, b, c, d = map(int, address.split("."))
    high, low = f"{a:02x}{b:02x}", f"{c:02x}{d:02x}"
    inverted_high, inverted_low = f"{a ^ 255:02x}{b ^ 255:02x}", f"{c ^ 255:02x}{d ^ 255:02x}"
    return [
        f"::ffff:{high}:{low}",
        f"::ffff:{address}",
        f"::{high}:{low}",
        f"64:ff9b::{address}",
        f"2002:{high}:{low}::1",
        f"2001:0:{high}:{low}:0:0:f7f7:f7f7",  # Teredo: the server
        f"2001:0:808:808:0:0:{inverted_high}:{inverted_low}",  # Teredo: the client
    ]


def test_private_addresses() -> None:
    spellings = [*PRIVATE_IPV4, *PRIVATE_IPV6, *(text for address in PRIVATE_IPV4 for text in as_ipv6(address))]
    assert [text for text in spellings if text in AllowedAddresses()] == []


def test_public_addresses() -> None:
    spellings = [*PUBLIC, *as_ipv6("8.8.8.8")]
    assert [text for text in spellings if text not in AllowedAddresses()] == []


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f000001", "8.8.8.8/32", "8.8.8.8:443", "[::1]"])
def test_what_is_not_an_address(text: str) -> None:
    assert text not in AllowedAddresses(["0.0.0.0/0", "::/0"])


def test_networks_of_the_operator() -> None:
    allowed = AllowedAddresses(["10.0.0.0/8", "fd00::/8"])
    assert all(text in allowed for text in ("10.0.0.1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "fd00::1", "8.8.8.8"))
    assert not any(text in allowed for text in ("127.0.0.1", "192.168.0.1", "fc00::1", "::1", "fe80::1"))
    # Both ends of a Teredo address count.
    assert "2001:0:a00:1:0:0:80ff:fffe" not in allowed


@pytest.mark.parametrize("networks", [["10.0.0.1/8"], ["localhost"], [""], "10.0.0.0/8"])
def test_what_is_not_a_list_of_networks(networks: list[str] | str) -> None:
    with pytest.raises(ValueError, match=r"network|10\.0\.0"):
        AllowedAddresses(networks)
