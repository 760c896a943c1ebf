"""From whom a header is believed."""

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import create_environ, run_wsgi_app

from wsgi_mtls.sources.trusted_proxies import TrustedProxies, peer_address


@pytest.mark.parametrize(
    ("proxies", "trusted", "untrusted"),
    [
        (["127.0.0.1"], ["127.0.0.1", "::ffff:127.0.0.1"], ["127.0.0.2", "::1", "::127.0.0.1", ""]),
        (["10.0.0.0/8"], ["10.255.0.1", "::ffff:10.0.0.1"], ["11.0.0.1", "::ffff:11.0.0.1"]),
        (["::1"], ["::1", "0:0:0:0:0:0:0:1"], ["127.0.0.1", "::2"]),
        (["2001:db8::/32"], ["2001:db8::5"], ["2001:db9::5"]),
        (["::ffff:10.0.0.1"], ["10.0.0.1", "::ffff:10.0.0.1"], ["10.0.0.2"]),
        (["::ffff:10.0.0.0/104"], ["10.9.9.9"], ["11.0.0.1"]),
        (["unix"], ["", "localhost", "<local>"], ["127.0.0.1", "::1", "unix"]),
        ("unix", [""], ["127.0.0.1"]),
        (["unix", "10.0.0.1"], ["", "10.0.0.1"], ["10.0.0.2"]),
        ("any", ["127.0.0.1", "", "192.0.2.1", "nonsense"], []),
        (["127.0.0.1"], ["127.0.0.1"], ["127.0.0.1:80", "127.0.0.1,127.0.0.1", " 127.0.0.1", "localhost", "127.1"]),
    ],
)
def test_addresses(proxies: str | list[str], trusted: list[str], untrusted: list[str]) -> None:
    peers = TrustedProxies(proxies)
    assert [address for address in trusted if not peers.sent({"REMOTE_ADDR": address})] == []
    assert [address for address in untrusted if peers.sent({"REMOTE_ADDR": address})] == []


@pytest.mark.parametrize(
    "proxies",
    [
        *([], "", [""], ["localhost"], ["10.0.0.1/8"], ["0.0.0.0/0"], ["::/0"], ["10.0.0.1", "*"], ["10.0.0.1:80"]),
        *(["::ffff:0:0/96"], ["fe80::1%eth0"]),
    ],
)
def test_neither_address_nor_network(proxies: list[str]) -> None:
    with pytest.raises(ValueError, match="trusted_proxies"):
        TrustedProxies(proxies)


def test_no_address_is_no_trusted_one() -> None:
    for proxies in (["127.0.0.1"], ["unix"]):
        assert not TrustedProxies(proxies).sent({})
        assert not TrustedProxies(proxies).sent({"REMOTE_ADDR": None})
    assert TrustedProxies("any").sent({})


def behind(layers: int, peer: str, forwarded_for: str | None) -> str | None:
    """Return the peer that is seen behind so many ProxyFix."""
    seen: list[str | None] = []

    def application(environ, start_response):
        seen.append(peer_address(environ))
        start_response("200 OK", [])
        return []

    for _ in range(layers):
        application = ProxyFix(application)
    headers = {"X-Forwarded-For": forwarded_for} if forwarded_for else {}
    environ = create_environ("/", headers=headers, environ_overrides={"REMOTE_ADDR": peer})
    run_wsgi_app(application, environ)
    return seen[0]


@pytest.mark.parametrize("forwarded_for", [None, "192.0.2.9", "127.0.0.1, 192.0.2.9"])
def test_behind_proxy_fix_the_original_counts(forwarded_for: str | None) -> None:
    assert behind(0, "10.0.0.1", forwarded_for) == "10.0.0.1"
    assert behind(1, "10.0.0.1", forwarded_for) == "10.0.0.1"


@pytest.mark.parametrize("forwarded_for", ["10.0.0.1", '"10.0.0.1"', "198.51.100.1,10.0.0.1"])
def test_two_proxy_fix_let_a_client_choose_its_address(forwarded_for: str) -> None:
    assert behind(2, "192.0.2.1", forwarded_for) is None


@pytest.mark.parametrize("original", [None, {}, {"REMOTE_ADDR": None}, "10.0.0.1", [("REMOTE_ADDR", "10.0.0.1")]])
def test_an_original_that_says_nothing(original: object) -> None:
    environ = {"REMOTE_ADDR": "10.0.0.1", "werkzeug.proxy_fix.orig": original}
    assert peer_address(environ) is None
    assert peer_address({**environ, "werkzeug.proxy_fix.orig": {"REMOTE_ADDR": "10.0.0.1"}}) == "10.0.0.1"


def test_proxy_fix_on_either_side() -> None:
    """One may sit on either side, unless proxy and client share an address; a second one is not believed."""
    assert behind(1, "10.0.0.1", "192.0.2.9") == "10.0.0.1"
    assert behind(1, "127.0.0.1", "127.0.0.1") is None
    assert behind(0, "127.0.0.1", "127.0.0.1") == "127.0.0.1"
    assert behind(2, "10.0.0.1", "192.0.2.9") is None
