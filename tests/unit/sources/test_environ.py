"""mod_ssl's keys in the environ."""

from typing import Any

import pytest

from tests.support import mod_ssl
from wsgi_mtls import MutualTLSError, PeerCertificate, sources
from wsgi_mtls.testing import KeyPair, Profile, self_sign

PAIR = self_sign("CN=a")
GOOD = mod_ssl(PAIR)


def read(environ: dict[str, Any]) -> PeerCertificate | None:
    found = sources.mod_ssl()(environ)
    assert found is None or isinstance(found, PeerCertificate)
    return found


def test_verified() -> None:
    assert read(GOOD) == PeerCertificate(PAIR.certificate, verified=True, source="mod_ssl")


@pytest.mark.parametrize("status", ["", "FAILED:self-signed certificate", "GENEROUS", "success", "SUCCESS ", "0", "OK"])
def test_not_verified(status: str) -> None:
    peer = read({**GOOD, "SSL_CLIENT_VERIFY": status})
    assert peer == PeerCertificate(PAIR.certificate, verified=False, source="mod_ssl", status=status)


def test_no_status() -> None:
    peer = read({"SSL_CLIENT_CERT": GOOD["SSL_CLIENT_CERT"]})
    assert peer is not None
    assert not peer.verified


@pytest.mark.parametrize("environ", [{}, {"SSL_CLIENT_CERT": ""}, mod_ssl(None), {"SSL_CLIENT_VERIFY": "NONE"}])
def test_none(environ: dict[str, Any]) -> None:
    assert read(environ) is None


@pytest.mark.parametrize(
    "environ",
    [
        {"SSL_CLIENT_VERIFY": "SUCCESS"},
        {"SSL_CLIENT_CERT": "", "SSL_CLIENT_VERIFY": "SUCCESS"},
        {**GOOD, "SSL_CLIENT_VERIFY": "NONE"},
        {**GOOD, "SSL_CLIENT_CERT": "(null)"},
        {**GOOD, "SSL_CLIENT_CERT": " "},
        {**GOOD, "SSL_CLIENT_CERT": GOOD["SSL_CLIENT_CERT"] * 2},
        {**GOOD, "SSL_CLIENT_CERT_CHAIN_0": "x"},
    ],
)
def test_contradictory_or_malformed(environ: dict[str, Any]) -> None:
    with pytest.raises(MutualTLSError) as caught:
        read(environ)
    assert caught.value.reason in {"malformed_certificate", "contradictory_status"}


def test_chain(ca: KeyPair) -> None:
    inter = ca.issue("CN=i", Profile(ca=True))
    leaf = inter.issue("CN=a")
    peer = read(mod_ssl(leaf, chain=[inter.certificate, ca.certificate]))
    assert peer is not None
    assert peer.chain == (inter.certificate, ca.certificate)


def test_chain_with_a_gap_ends_there(ca: KeyPair) -> None:
    keys = mod_ssl(PAIR, chain=[ca.certificate, PAIR.certificate])
    del keys["SSL_CLIENT_CERT_CHAIN_0"]
    peer = read(keys)
    assert peer is not None
    assert peer.chain == ()


def test_chain_is_a_hint_of_ten_certificates(ca: KeyPair) -> None:
    peer = read(mod_ssl(PAIR, chain=[ca.certificate] * 11))
    assert peer is not None
    assert peer.chain == (ca.certificate,) * 10
