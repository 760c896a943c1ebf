"""From whom a header is believed."""

from collections.abc import Mapping
from typing import Any

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import create_environ, run_wsgi_app

from wsgi_mtls.sources import addresses, proxies
from wsgi_mtls.sources.addresses import UNIX_SOCKET
from wsgi_mtls.sources.proxies import TrustedProxies, described_peer


def peer_address(environ: Mapping[str, Any], address: str = "10.0.0.1") -> str | None:
    """Return an address, if the request comes from there as far as can be known."""
    proxy = "unix" if address in UNIX_SOCKET else address.partition("%")[0]
    return address if TrustedProxies([proxy]).sent(dict(environ)) else None


@pytest.mark.parametrize(
    ("names", "trusted", "untrusted"),
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
def test_addresses(names: str | list[str], trusted: list[str], untrusted: list[str]) -> None:
    peers = TrustedProxies(names)
    assert [address for address in trusted if not peers.sent({"REMOTE_ADDR": address})] == []
    assert [address for address in untrusted if peers.sent({"REMOTE_ADDR": address})] == []


@pytest.mark.parametrize(
    "names",
    [
        *([], "", [""], ["localhost"], ["10.0.0.1/8"], ["0.0.0.0/0"], ["::/0"], ["10.0.0.1", "*"], ["10.0.0.1:80"]),
        *(["::ffff:0:0/96"], ["fe80::1%eth0"]),
    ],
)
def test_neither_address_nor_network(names: list[str]) -> None:
    with pytest.raises(ValueError, match="trusted_proxies"):
        TrustedProxies(names)


def test_no_address_is_no_trusted_one() -> None:
    for names in (["127.0.0.1"], ["unix"]):
        assert not TrustedProxies(names).sent({})
        assert not TrustedProxies(names).sent({"REMOTE_ADDR": None})
    assert TrustedProxies("any").sent({})


GUNICORN = {"SERVER_SOFTWARE": "gunicorn/25"}


def behind(layers: int, peer: str, forwarded_for: str | None) -> str | None:
    """Return the peer that is seen behind so many ProxyFix."""
    seen: list[str | None] = []

    def application(environ, start_response):
        seen.append(peer_address(environ, peer))
        start_response("200 OK", [])
        return []

    for _ in range(layers):
        application = ProxyFix(application)
    headers = {"X-Forwarded-For": forwarded_for} if forwarded_for else {}
    environ = create_environ("/", headers=headers, environ_overrides={"REMOTE_ADDR": peer, **GUNICORN})
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


ASGI: dict[str, Any] = {"wsgi.multithread": True}
WSGI: dict[str, Any] = {"wsgi.version": (1, 0)}
REWRITING = {
    "Django under ASGI": ASGI,
    "an adapter from ASGI to WSGI": WSGI,
    "waitress": {**WSGI, "SERVER_SOFTWARE": "waitress"},
    "waitress under another name": {**WSGI, "SERVER_SOFTWARE": "shop", "waitress.client_disconnected": bool},
    "granian": {**WSGI, "SERVER_SOFTWARE": "Granian"},
    "NGINX Unit": {**WSGI, "SERVER_SOFTWARE": "Unit/1.34.0"},
    "mod_wsgi": {**WSGI, "SERVER_SOFTWARE": "Apache/2.4.71 (Debian) mod_wsgi/4.9.4", "mod_wsgi.version": (4, 9, 4)},
}
HONEST = {
    "gunicorn": {**WSGI, "SERVER_SOFTWARE": "gunicorn/25"},
    "uWSGI": {**WSGI, "uwsgi.version": b"2.0"},
}


@pytest.mark.parametrize("server", REWRITING.values(), ids=REWRITING)
@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_CLIENT_IP"])
def test_address_that_a_header_may_have_set(server: dict[str, Any], header: str) -> None:
    environ = {**server, "REMOTE_ADDR": "10.0.0.1"}
    assert peer_address(environ | {header: "10.0.0.1"}) is None
    assert "--no-proxy-headers" in described_peer(environ | {header: "10.0.0.1"})
    assert peer_address(environ | {header: "192.0.2.1"}) == "10.0.0.1"
    assert "--no-proxy-headers" not in described_peer(environ | {header: "192.0.2.1"})
    assert peer_address(environ) == "10.0.0.1"


@pytest.mark.parametrize("server", HONEST.values(), ids=HONEST)
def test_server_that_takes_the_address_from_the_connection(server: dict[str, Any]) -> None:
    """A client may then be on the same machine as the terminator, which adds its address."""
    assert peer_address({**server, "REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, "127.0.0.1")


@pytest.mark.parametrize(
    ("address", "claim"),
    [
        *(("10.0.0.1", claim) for claim in ("10.0.0.1:4711", " 10.0.0.1\t", "1.2.3.4,10.0.0.1", "10.0.0.1 , 1.2.3.4")),
        *(
            ("10.0.0.1", claim)
            for claim in ('"10.0.0.1"', 'for="10.0.0.1:80";proto=https', "For=10.0.0.1", "x10.0.0.1")
        ),
        *(
            ("10.0.0.1", claim)
            for claim in (r'"10\.0.0\.1"', "\xc2\xa010.0.0.1", "::ffff:10.0.0.1", "[::ffff:a00:1]:1")
        ),
        *(("10.0.0.1", claim) for claim in ("10.0.0.1:http", "10.0.0.1%eth0", "for=_a, for=10.0.0.1")),
        *(("::ffff:10.0.0.1", claim) for claim in ("10.0.0.1", "::ffff:10.0.0.1", "::FFFF:0a00:1", "10.0.0.1:80")),
        *(("::1", claim) for claim in ("::1", "[::1]", "[::1]:80", 'for="[::1]:80"', "0:0:0:0:0:0:0:1", "0::0001")),
        *(("::1%lo", claim) for claim in ("::1%lo", "::1%other", "::1")),
        *(("2001:db8::a", claim) for claim in ("2001:DB8::A", 'for="[2001:db8::a]"', "2001:db8:0::a")),
        *(("localhost", claim) for claim in ("localhost", "LOCALHOST:80", "1.2.3.4, localhost")),
        *(("<local>", claim) for claim in ("<local>", 'for="<local>"')),
        *(("", claim) for claim in ("", ", 1.2.3.4", " ")),
    ],
)
def test_each_spelling_of_a_claim(address: str, claim: str) -> None:
    assert peer_address({**ASGI, "REMOTE_ADDR": address, "HTTP_X_FORWARDED_FOR": claim}, address) is None


@pytest.mark.parametrize(
    ("address", "header"),
    [
        *(("10.0.0.1", header) for header in ("10.0.0.10", "110.0.0.1", "10.0.0.1.1", "10.0.0.", "1.2.3.4:10", "")),
        *(("10.0.0.1", header) for header in ("::10.0.0.1", "unknown", "for=_hidden", 'for="[2001:db8::1]:4711"')),
        *(("::1", header) for header in ("1", "::2", "[::11]:1", "127.0.0.1", "2001:db8::1")),
        ("localhost", "192.0.2.1"),
    ],
)
def test_other_addresses_are_no_claim(address: str, header: str) -> None:
    assert peer_address({**ASGI, "REMOTE_ADDR": address, "HTTP_X_FORWARDED_FOR": header}, address) == address


def test_long_header_claims_every_address() -> None:
    environ = {**ASGI, "REMOTE_ADDR": "10.0.0.1"}
    assert peer_address(environ | {"HTTP_X_FORWARDED_FOR": "192.0.2.1,".ljust(4096)}) == "10.0.0.1"
    assert peer_address(environ | {"HTTP_X_FORWARDED_FOR": "192.0.2.1,".ljust(4097)}) is None


def test_an_address_that_was_seen_is_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def parse(text: str) -> addresses.Address | None:
        parsed.append(text)
        return addresses.parsed_address(text)

    monkeypatch.setattr(proxies, "peer_address", parse)
    trusted = TrustedProxies(["10.0.0.0/8"])
    for address, answer, times in (("10.0.0.1", True, 1), ("192.0.2.1", False, 1), ("10.0.0.1" + " " * 8192, False, 2)):
        parsed.clear()
        assert [trusted.sent({"REMOTE_ADDR": address}) for _ in range(2)] == [answer, answer]
        assert len(parsed) == times


def test_an_address_that_was_seen_may_be_claimed_later() -> None:
    trusted, came = TrustedProxies(["10.0.0.1"]), {**ASGI, "REMOTE_ADDR": "10.0.0.1"}
    assert trusted.sent(came)
    assert not trusted.sent({**came, "HTTP_X_FORWARDED_FOR": "10.0.0.1"})
    assert trusted.sent(came)
