"""How long the key of a certificate must be that authenticates a client."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests import der
from tests.support import ACCEPTED, Endpoint, Outcome, refused
from tests.unit.x509.test_cases import bound_token, made
from wsgi_mtls import Client, ClientCertificate, PeerCertificate, Verifier
from wsgi_mtls.jwks import jwk
from wsgi_mtls.options import InvalidOption
from wsgi_mtls.suggest import in_one_line
from wsgi_mtls.testing import Profile, self_sign

WEAK: Outcome = (401, "invalid_client", "weak_key")
UNREADABLE: Outcome = (401, "invalid_client", "certificate_unreadable")
RSA_1024 = rsa.generate_private_key(65537, 1024)
RSA_2048 = rsa.generate_private_key(65537, 2048)
P_192, P_224 = ec.generate_private_key(ec.SECP192R1()), ec.generate_private_key(ec.SECP224R1())
PKI = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing"}
CASES = Path(__file__).parents[2] / "cases" / "certificates"
DAMAGED_RSA = der.seq(der.seq(der.oid("1.2.840.113549.1.1.1"), b"\x05\x00"), der.bits(b"\x04\x01x"))
DAMAGED_EC = der.seq(der.seq(der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7")), der.bits(b"\x04\x01x"))
GOST = der.seq(der.seq(der.oid("1.2.643.7.1.1.1.1")), der.bits(b"\x04\x01x"))


def pki(certificate: ClientCertificate, **verifier: Any) -> Outcome:
    return Endpoint({"billing": PKI}, verifier=verifier).outcome("billing", certificate)


@pytest.mark.parametrize(("key", "expected"), [
    (RSA_1024, WEAK), (RSA_2048, ACCEPTED), (P_192, WEAK), (P_224, ACCEPTED),
])  # fmt: skip
def test_by_default(key: Any, expected: Outcome) -> None:
    issued = made(key=key)
    assert pki(issued) == expected
    assert pki(issued, min_key_bits="off") == ACCEPTED
    assert bound_token(issued) == 200
    verifier = Verifier({})
    if expected == WEAK:
        with refused("weak_key"):
            verifier.check_certificate(PeerCertificate(issued, verified=True))
    else:
        assert verifier.check_certificate(PeerCertificate(issued, verified=True)).certificate == issued


def test_self_signed() -> None:
    for key, expected in ((P_224, ACCEPTED), (P_192, WEAK)):
        own = self_sign("CN=mobile", Profile(key=key))
        method = "self_signed_tls_client_auth"
        client = Client(client_id="m", token_endpoint_auth_method=method, registered_certificates=(own.certificate,))
        assert Endpoint({"m": client}).outcome("m", own, "FAILED:x") == expected
    weak = self_sign("CN=mobile", Profile(key=RSA_1024))
    by_key = {"token_endpoint_auth_method": method, "jwks": {"keys": [jwk(weak.certificate)]}}
    assert Endpoint({"m": by_key}).outcome("m", weak, "FAILED:x") == WEAK
    assert Endpoint({"m": by_key}, verifier={"min_key_bits": "off"}).outcome("m", weak, "FAILED:x") == ACCEPTED


def test_a_minimum_of_ones_own() -> None:
    assert pki(made(key=RSA_2048), min_key_bits={"rsa": 3072}) == WEAK
    assert pki(made(key=P_192), min_key_bits={"rsa": 3072}) == WEAK
    assert pki(made(key=P_192), min_key_bits={"ec": 192}) == ACCEPTED
    assert pki(made(key=RSA_1024), min_key_bits={"ec": 192}) == WEAK


def test_kinds_that_are_not_known_pass() -> None:
    for certificate in (
        made(spki_der=GOST),
        made(spki_der=_spki("brainpool-p320r1")),
        made(spki_der=_spki("ml-dsa-pki")),
    ):
        assert pki(certificate) == ACCEPTED


def _spki(of: str) -> bytes:
    return ClientCertificate.from_pem((CASES / f"{of}.pem").read_bytes()).public_key_der


@pytest.mark.parametrize("spki", [DAMAGED_RSA, DAMAGED_EC])
def test_a_key_that_can_not_be_read_does_not_pass(spki: bytes) -> None:
    assert pki(made(spki_der=spki)) == UNREADABLE
    assert pki(made(spki_der=spki), min_key_bits="off") == ACCEPTED
    assert bound_token(made(spki_der=spki)) == 200


def on_curve(curve: str, octets: bytes) -> bytes:
    return der.seq(der.seq(der.oid("1.2.840.10045.2.1"), der.oid(curve)), der.bits(octets))


# Releases of cryptography differ in the curves that they know; the length of a point says how long a key is.
@pytest.mark.parametrize(
    ("curve", "size", "expected"),
    [
        ("1.3.132.0.6", 14, WEAK),  # secp112r1
        ("1.3.132.0.8", 20, WEAK),  # secp160r1
        ("1.3.132.0.1", 21, WEAK),  # sect163k1
        ("1.3.36.3.3.2.8.1.1.1", 20, WEAK),  # brainpoolP160r1
        ("1.3.36.3.3.2.8.1.1.5", 28, ACCEPTED),  # brainpoolP224r1
        ("1.2.156.10197.1.301", 32, ACCEPTED),  # SM2
    ],
)
def test_a_curve_that_is_not_known(curve: str, size: int, expected: Outcome) -> None:
    points = (b"\x04" + b"x" * 2 * size, b"\x02" + b"x" * size)
    for certificate in (made(spki_der=on_curve(curve, point)) for point in points):
        assert pki(certificate) == expected
        assert pki(certificate, min_key_bits="off") == ACCEPTED
        assert bound_token(certificate) == 200
    assert pki(made(spki_der=on_curve(curve, b""))) != ACCEPTED


def test_the_message_has_both_lengths() -> None:
    with refused("weak_key", match="at least 2048 bits .* RSA of 1024") as caught:
        Verifier({"billing": PKI}).authenticate("billing", PeerCertificate(made(key=RSA_1024), verified=True))
    assert (caught.value.expected, caught.value.found) == ("2048", "1024")


@pytest.mark.parametrize("wrong", [None, "on", 2048, {}, {"dsa": 2048}, {"rsa": "2048"}, {"rsa": 0}, {"rsa": True}, []])
def test_an_option_that_is_wrong(wrong: Any) -> None:
    with pytest.raises(InvalidOption, match="min_key_bits"):
        Verifier({}, min_key_bits=wrong)


def test_inspect_names_a_weak_key() -> None:
    assert "RSA of 1024" in in_one_line(made(key=RSA_1024))
    assert in_one_line(made(key=RSA_2048)).startswith("registered by")
