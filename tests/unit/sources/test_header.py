"""The header source, whatever the terminator."""

from typing import Any

import pytest

from tests.support import peer_certificate, refused
from tests.unit.sources.captures import CLIENT, SELF_SIGNED, environ
from wsgi_mtls import PeerCertificate, sources
from wsgi_mtls.events import FORGED
from wsgi_mtls.sources import Chain, Status, encodings, header
from wsgi_mtls.sources.header import Decoder
from wsgi_mtls.sources.proxies import GuardedHeaders
from wsgi_mtls.testing import environ_for

CERTIFICATE = environ("azure-app-service", "ca_signed_with_chain")["HTTP_X_ARR_CLIENTCERT"]
HERE: dict[str, Any] = {"trusted_proxies": ["127.0.0.1"]}


def request(**headers: str) -> dict[str, Any]:
    return {
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_CERT": CERTIFICATE,
        **{f"HTTP_{k.upper()}": v for k, v in headers.items()},
    }


def read(source: GuardedHeaders, environ: dict[str, Any]) -> PeerCertificate | None:
    peer = source(environ)
    assert isinstance(peer, PeerCertificate | None)
    return peer


def test_untrusted_peer_loses_its_headers() -> None:
    source = header(
        "Cert",
        encodings.base64_der,
        verified=Status("Verify", "yes"),
        chain=Chain(["Chain"], encodings.base64_der),
        **HERE,
    )
    environ = {**request(verify="yes", chain=CERTIFICATE, other="x"), "REMOTE_ADDR": "192.0.2.1"}
    assert source(environ) is None
    (forgery,) = environ.pop(FORGED)
    assert environ == {"REMOTE_ADDR": "192.0.2.1", "HTTP_OTHER": "x"}
    assert forgery.source == "Cert"
    assert "192.0.2.1" in forgery.detail
    assert source(environ) is None
    assert FORGED not in environ
    peer = read(source, request(verify="yes"))
    assert peer == PeerCertificate(CLIENT, (), True, "Cert")


def test_header_of_no_value_is_taken_away_too() -> None:
    environ = {"REMOTE_ADDR": "192.0.2.1", "HTTP_CERT": ""}
    assert header("Cert", encodings.base64_der, **HERE)(environ) is None
    assert environ.pop(FORGED)
    assert environ == {"REMOTE_ADDR": "192.0.2.1"}


def test_secret_instead_of_and_with_addresses() -> None:
    secret = ("X-Proxy-Auth", "correct horse")
    alone = header("Cert", encodings.base64_der, trusted_proxies=[], secret=secret)
    both = header("Cert", encodings.base64_der, secret=secret, **HERE)
    known = {**request(), "HTTP_X_PROXY_AUTH": "correct horse"}
    for sent, answers in (
        (known, (True, True)),
        ({**known, "REMOTE_ADDR": "192.0.2.1"}, (True, False)),
        ({**known, "HTTP_X_PROXY_AUTH": "correct horse,x"}, (False, False)),
        (request(), (False, False)),
    ):
        assert tuple(source(dict(sent)) is not None for source in (alone, both)) == answers


@pytest.mark.parametrize("secret", ["X-Proxy-Auth", ("X-Proxy-Auth",), ("X-Proxy-Auth", ""), ("", "x"), ("A_B", "x")])
def test_secret_that_is_none(secret: Any) -> None:
    with pytest.raises(ValueError, match=r"secret|header name"):
        header("Cert", encodings.base64_der, trusted_proxies="any", secret=secret)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("X-Cert", {}),
        ("X_Cert", {"underscores_dropped": True}),
        ("", {}),
        ("Cert:", {}),
        ("Cert", {"trusted_proxies": []}),
        ("Cert", {"verified": Status("X-Verify", "yes")}),
        ("Cert", {"verified": "yes"}),
        ("Cert", {"verified": ()}),
        ("Cert", {"verified": None}),
        ("Cert", {"chain": Chain(["X-Chain"], encodings.base64_der)}),
        ("Cert", {"underscores_dropped": 1}),
        ("Cert", {"refused": ["cert"]}),
        ("Cert", {"chain": Chain(["Chain", "Chain"], encodings.base64_der)}),
        ("Cert", {"verified": (Status("Verify", "a"), Status("Verify", "b"))}),
    ],
)
def test_configuration_errors(name: str, options: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        header(name, encodings.base64_der, **{**HERE, **options})


def test_trusted_proxies_has_no_default() -> None:
    with pytest.raises(TypeError, match="trusted_proxies"):
        header("Cert", encodings.base64_der)  # type: ignore[call-arg]


@pytest.mark.parametrize("absent", [None, "", "(null)", "::"])
def test_absent(absent: str | None) -> None:
    source = header("Cert", encodings.base64_der, verified=Status("Verify", "yes", "none"), **HERE)
    for verify in ("none", "failed", None):
        headers = {key: value for key, value in (("HTTP_CERT", absent), ("HTTP_VERIFY", verify)) if value is not None}
        assert source({"REMOTE_ADDR": "127.0.0.1", **headers}) is None
    with refused("contradictory_status"):
        source({"REMOTE_ADDR": "127.0.0.1", "HTTP_VERIFY": "yes", **({} if absent is None else {"HTTP_CERT": absent})})


@pytest.mark.parametrize("verify", [None, "", "(null)", "none", "yes,yes", "none,yes", "failed, none"])
def test_status_that_contradicts_the_certificate(verify: str | None) -> None:
    source = header("Cert", encodings.base64_der, verified=Status("Verify", "yes", "none"), **HERE)
    with refused("contradictory_status"):
        source(request() if verify is None else request(verify=verify))
    for accepted, verified in (("yes", True), ("failed", False), ("YES", False), ("yes ", False)):
        peer = read(source, request(verify=accepted))
        assert peer is not None
        assert peer.verified is verified


PROXY_CERTIFICATE = "FAILED:proxy certificates not allowed, please set the appropriate flag"


def test_openssl_has_two_texts_with_a_comma() -> None:
    source = header("Cert", encodings.base64_der, verified=Status("Verify", "SUCCESS", "NONE"), **HERE)
    for text in (PROXY_CERTIFICATE, "FAILED:Certificate Transparency required, but no valid SCTs found"):
        peer = read(source, request(verify=text))
        assert peer is not None
        assert not peer.verified
    for joined in (
        f"{PROXY_CERTIFICATE},SUCCESS",
        f"SUCCESS, {PROXY_CERTIFICATE}",
        "FAILED:x,SUCCESS",
        "FAILED:proxy certificates not allowed, SUCCESS",
        "NONE,SUCCESS",
        "SUCCESS,NONE",
        "FAILED:x,FAILED:y",
    ):
        with refused("contradictory_status"):
            source(request(verify=joined))


def test_several_statuses_must_all_say_so() -> None:
    source = header("Cert", encodings.base64_der, verified=(Status("Used", "1", "0"), Status("Verify", "0")), **HERE)
    assert [(peer := read(source, request(used="1", verify=verify))) and peer.verified for verify in ("0", "18")] == [
        True,
        False,
    ]
    for headers in ({"used": "0", "verify": "0"}, {"verify": "0"}, {"used": "1"}):
        with refused("contradictory_status"):
            source(request(**headers))
    assert source({"REMOTE_ADDR": "127.0.0.1", "HTTP_USED": "0", "HTTP_VERIFY": "0"}) is None


def test_limits() -> None:
    source = header("Cert", encodings.base64_der, chain=Chain(["Chain"], encodings.base64_der_list), **HERE)
    peer = read(source, request(chain=",".join([CERTIFICATE] * 10)))
    assert peer is not None
    assert len(peer.chain) == 10
    with refused("malformed_certificate", match="more than 10"):
        source(request(chain=",".join([CERTIFICATE] * 11)))
    for length, message in ((65536, "base64"), (65537, "longer than 65536")):
        for long in ({"cert": "=" * length}, {"chain": "=" * length}):
            with refused("malformed_certificate", match=message):
                source(request(**long))


def test_chain_over_several_headers_has_no_gap() -> None:
    source = header("Cert", encodings.base64_der, chain=Chain(["C0", "C1"], encodings.base64_der), **HERE)
    for headers, length in (({}, 0), ({"c0": CERTIFICATE}, 1), ({"c0": CERTIFICATE, "c1": CERTIFICATE}, 2)):
        peer = read(source, request(**headers))
        assert peer is not None
        assert len(peer.chain) == length
    with refused("malformed_certificate"):
        source(request(c1=CERTIFICATE))


def test_a_list_in_which_each_is_issued_by_the_next() -> None:
    listed = environ("traefik-v3", "ca_signed_with_chain")["HTTP_X_FORWARDED_TLS_CLIENT_CERT"]
    stranger = environ("traefik-v3", "self_signed")["HTTP_X_FORWARDED_TLS_CLIENT_CERT"]
    source = sources.traefik(underscores_dropped=True, **HERE)
    leaf, issuer = listed.split(",")
    for value in (listed, leaf, stranger):
        assert source({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_TLS_CLIENT_CERT": value}) is not None
    for value in (
        f"{issuer},{leaf}",
        f"{leaf},{leaf}",
        f"{leaf},{issuer},{issuer}",
        f"{stranger},{stranger}",
        f"{stranger},{listed}",
        f"{listed},{stranger}",
        f"{leaf},",
    ):
        with refused("malformed_certificate"):
            source({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_TLS_CLIENT_CERT": value})


def test_a_peer_from_an_outer_layer_leaves_no_untrusted_header() -> None:
    source = header("Cert", encodings.base64_der, **HERE)
    environ = {**request(), **environ_for(SELF_SIGNED), "REMOTE_ADDR": "192.0.2.1"}
    peer = peer_certificate(environ, source)
    assert peer is not None
    assert peer.certificate == SELF_SIGNED
    assert "HTTP_CERT" not in environ


def test_a_malformed_header_does_not_touch_a_peer_from_an_outer_layer() -> None:
    environ = {**request(cert="junk"), **environ_for(SELF_SIGNED)}
    peer = peer_certificate(environ, header("Cert", encodings.base64_der, **HERE))
    assert peer is not None
    assert peer.certificate == SELF_SIGNED


@pytest.mark.parametrize("names", ["Chain", [], ()])
def test_chain_names(names: Any) -> None:
    with pytest.raises(ValueError, match="list"):
        Chain(names, encodings.base64_der)


def test_decoder_of_the_users_own_that_finds_nothing() -> None:
    with refused("malformed_certificate"):
        header("Cert", lambda _: (), **HERE)(request())


def counting(decode: Decoder) -> tuple[Decoder, list[str]]:
    decoded: list[str] = []

    def count(text: str) -> bytes | tuple[bytes, ...]:
        decoded.append(text)
        return decode(text)

    return count, decoded


def test_a_value_that_was_seen_is_not_decoded_again() -> None:
    decode, decoded = counting(encodings.base64_der)
    source = header("Cert", decode, verified=Status("Verify", "yes", "none"), **HERE)
    first, again = read(source, request(verify="yes")), read(source, request(verify="yes"))
    assert first == again == PeerCertificate(CLIENT, (), True, "Cert")
    assert len(decoded) == 1
    # Each part of what came counts, and what another peer sends is not looked at.
    assert read(source, request(verify="no")) == PeerCertificate(CLIENT, (), False, "Cert", "no")
    with refused("contradictory_status"):
        source(request(verify="none"))
    assert source({**request(verify="yes"), "REMOTE_ADDR": "192.0.2.1"}) is None


def test_a_refusal_is_not_remembered() -> None:
    decode, decoded = counting(encodings.base64_der)
    source = header("Cert", decode, **HERE)
    for _ in range(2):
        with refused("malformed_certificate"):
            source(request(cert="junk"))
    assert decoded == ["junk", "junk"]


def test_long_values_are_not_remembered() -> None:
    decode, decoded = counting(lambda _: CLIENT.der)
    source = header("Cert", decode, chain=Chain(["Chain"], lambda _: SELF_SIGNED.der), **HERE)
    for cert, chain, times in (("a" * 8192, "", 1), ("a" * 8193, "", 2), ("a" * 8000, "b" * 193, 2)):
        decoded.clear()
        for _ in range(2):
            assert source(request(cert=cert, chain=chain)) is not None
        assert len(decoded) == times
