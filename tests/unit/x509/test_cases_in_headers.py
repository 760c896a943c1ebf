"""Odd certificates in headers: two of each kind, one of a client and one of a bound token."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec

from tests import der
from tests.support import ACCEPTED, Endpoint, Outcome, request
from tests.unit.sources.captures import HERE, HYPHENS
from tests.unit.x509.test_cases import BILLING, CASES, CLIENT, THEN, case, inspected, made
from wsgi_mtls import AccessTokenMiddleware, ClientCertificate, sources
from wsgi_mtls.jwks import jwk
from wsgi_mtls.sources import CertificateSource
from wsgi_mtls.testing import to_pem

NOW = THEN + timedelta(hours=1)  # when all certificates of the cases are valid
NGINX = sources.nginx(**HERE)
ENVOY = sources.envoy(terminator_verifies=True, **HYPHENS)
XFCC = "HTTP_X_FORWARDED_CLIENT_CERT"
SELF_SIGNED: Outcome = (401, "invalid_client", "self_signed_certificate")
MISMATCH: Outcome = (401, "invalid_client", "subject_mismatch")
Environ = dict[str, Any]


def nginx(certificate: ClientCertificate, status: str = "SUCCESS") -> Environ:
    return {"REMOTE_ADDR": "127.0.0.1", "HTTP_XCLIENTCERT": f"{status} {quote(to_pem(certificate), safe='')}"}


def envoy(certificate: ClientCertificate, by: str) -> Environ:
    sha256 = hashlib.sha256(certificate.der).hexdigest()
    element = f'By={by};Hash={sha256};Cert="{quote(to_pem(certificate), safe="")}"'
    return {"REMOTE_ADDR": "127.0.0.1", XFCC: element}


def client(came: Environ, kind: str, value: str, source: CertificateSource = NGINX) -> Outcome:
    metadata = {"token_endpoint_auth_method": "tls_client_auth", f"tls_client_auth_{kind}": value}
    endpoint = Endpoint({"billing": metadata}, verifier={"clock": lambda: NOW}, source=source)
    return endpoint.outcome("billing", extra={"SSL_CLIENT_CERT": None, "SSL_CLIENT_VERIFY": None, **came})


def bound_token(came: Environ, thumbprint: str, source: CertificateSource = NGINX) -> int:
    class Tokens:
        def decode(self, token: str, /) -> dict[str, object]:
            return {"sub": "a", "cnf": {"x5t#S256": thumbprint}}

    def api(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"ok"]

    app = AccessTokenMiddleware(api, Tokens(), source=source, paths=["/"])
    return request(app, b"", path="/", extra={**came, "HTTP_AUTHORIZATION": "Bearer x"}).status


def key_of(algorithm: str, *parameters: bytes) -> bytes:
    return der.seq(der.seq(der.oid(algorithm), *parameters), der.bits(b"\x04" + secrets.token_bytes(80)))


def self_signed(algorithm: str) -> ClientCertificate:
    """Make a certificate that its own key signed, and that names another issuer."""
    own = der.CA()
    return made(CLIENT, issuer=own.name, key=own.key, sigalg=der.seq(der.oid(algorithm)), ca=own)


def san(*entries: bytes) -> bytes:
    return der.ext("2.5.29.17", der.san(*entries))


DNS = der.dns("billing.example.com")
X400 = der.ctx(3, der.seq())
EDI_PARTY = der.ctx(5, der.ctx(1, der.utf8("x")))
UPN = der.other("1.3.6.1.4.1.311.20.2.3", der.utf8("jdoe@example.com"))
SLH_DSA, GOST, EC = "2.16.840.1.101.3.4.3.20", "1.2.643.7.1.1.1.1", "1.2.840.10045.2.1"
BY_CN = ("subject_dn", "CN=billing")
BY_DNS = ("san_dns", "billing.example.com")


def named(*attributes: tuple[str, bytes]) -> ClientCertificate:
    return made(CLIENT, subject=der.dn(*attributes, (der.CN, der.utf8("billing"))))


@dataclass(frozen=True)
class Kind:
    """Two certificates of a kind: what a client is registered by, and what comes of the first."""

    of_client: Callable[[], ClientCertificate]
    registered: tuple[str, str]
    of_token: Callable[[], ClientCertificate]
    outcome: Outcome = ACCEPTED


KINDS = {
    "self-signed under another name": Kind(
        lambda: self_signed("1.2.840.10045.4.3.12"), BY_CN, lambda: self_signed("1.2.3.4"), SELF_SIGNED
    ),
    "a key that is not known": Kind(
        lambda: made(CLIENT, spki_der=key_of(SLH_DSA)), BY_CN, lambda: made(CLIENT, spki_der=key_of(GOST))
    ),
    "a curve that is not known": Kind(
        lambda: made(CLIENT, spki_der=key_of(EC, der.oid("1.3.36.3.3.2.8.1.1.10"))),
        BY_CN,
        lambda: made(CLIENT, spki_der=key_of(EC, der.oid("1.3.36.3.3.2.8.1.1.1"))),
    ),
    "an extension that nothing reads": Kind(
        lambda: made(CLIENT, der.ext("2.5.29.32", der.seq(der.seq(der.oid("2.5.29.32.0"), der.utf8("\u00e9"))))),
        BY_CN,
        lambda: made(CLIENT, der.ext("1.3.6.1.5.5.7.1.24", der.seq(der.integer(-1), der.utf8("x")))),
    ),
    "another kind of name": Kind(lambda: made(CLIENT, san(X400, DNS)), BY_DNS, lambda: made(CLIENT, san(EDI_PARTY))),
    "a PrintableString as people issue it": Kind(
        lambda: named((der.O, der.printable("A&B_C"))),
        ("subject_dn", "CN=billing,O=A&B_C"),
        lambda: named((der.O, der.printable("a@b"))),
    ),
    "critical FALSE": Kind(
        lambda: made(CLIENT, der.ext("2.5.29.17", der.san(DNS), False)),
        BY_DNS,
        lambda: made(der.ext("2.5.29.37", der.seq(der.oid(der.CLIENT)), False)),
    ),
    "empty values": Kind(
        lambda: named((der.OU, der.utf8("")), (der.L, der.utf8(""))),
        ("subject_dn", "CN=billing,L=,OU="),
        lambda: made(CLIENT, subject=der.dn((der.CN, der.utf8("")))),
    ),
    "names of persons": Kind(
        lambda: named(("2.5.4.5", der.printable("PNOEE-1"))),
        ("subject_dn", "CN=billing,2.5.4.5=PNOEE-1"),
        lambda: made(CLIENT, san(UPN)),
    ),
}


@pytest.mark.parametrize("of", KINDS)
def test_two_of_each_kind(of: str) -> None:
    kind = KINDS[of]
    certificate, other = kind.of_client(), kind.of_token()
    assert client(nginx(certificate), *kind.registered) == kind.outcome
    assert client(nginx(certificate), *kind.registered) == kind.outcome  # as it is remembered
    assert client(nginx(made(CLIENT, subject=der.dn((der.CN, der.utf8("x"))))), *kind.registered) == MISMATCH
    for status in ("SUCCESS", "FAILED:x"):
        assert bound_token(nginx(other, status), other.thumbprint) == 200
        assert bound_token(nginx(certificate, status), other.thumbprint) == 401


def is_loaded(certificate: ClientCertificate) -> bool:
    try:
        x509.load_der_x509_certificate(certificate.der).public_key()
    except UnsupportedAlgorithm:
        return False
    return True


@pytest.mark.parametrize("of", sorted(path.stem for path in (CASES / "certificates").glob("*.pem")))
def test_each_certificate_of_the_cases(of: str) -> None:
    certificate = case(of)
    assert bound_token(nginx(certificate, "FAILED:x"), certificate.thumbprint) == 200
    expected = SELF_SIGNED if "self-signed" in of else ACCEPTED
    offered = [one.get("tls_client_auth_subject_dn") for one in inspected(certificate)]
    by_name = next((str(name) for name in offered if name), certificate.subject)
    # A release of cryptography that can't load ML-DSA keys can't verify with one either.
    if of != "intermediate-unreadable" and (expected == ACCEPTED or is_loaded(certificate)):
        assert client(nginx(certificate), "subject_dn", by_name) == expected


def test_envoys_own_name_with_separators() -> None:
    text = (CASES / "headers" / "xfcc-by-semicolon.txt").read_text().strip()
    assert client({"REMOTE_ADDR": "127.0.0.1", XFCC: text}, *BY_CN, ENVOY) == ACCEPTED
    certificate = made(CLIENT)
    assert client(envoy(certificate, "spiffe://a,b;c"), *BY_CN, ENVOY) == ACCEPTED
    assert bound_token(envoy(certificate, 'urn:"a;b"'), certificate.thumbprint, ENVOY) == 200
    assert bound_token(envoy(certificate, 'urn:"a;b"'), CA_THUMBPRINT, ENVOY) == 401


CA_THUMBPRINT = made(subject=BILLING).thumbprint


def test_a_bound_token_beside_an_intermediate_that_is_none() -> None:
    source = sources.rfc9440(**HYPHENS)
    certificate = made(CLIENT)
    for chain in (case("intermediate-unreadable"), ClientCertificate.from_der(b"0\x00")):
        fields = {"HTTP_CLIENT_CERT": certificate, "HTTP_CLIENT_CERT_CHAIN": chain}
        came = {key: f":{''.join(to_pem(one).decode().split(chr(10))[1:-2])}:" for key, one in fields.items()}
        assert bound_token({"REMOTE_ADDR": "127.0.0.1", **came}, certificate.thumbprint, source) == 200


def test_a_self_signed_client_beside_a_key_of_an_unknown_kind() -> None:
    own = der.CA()
    certificate = made(issuer=own.name, key=own.key, ca=own)
    unknown = {"kty": "EC", "crv": "brainpoolP320r1", "x": "AA", "y": "AA"}
    jwks = {"keys": [unknown, jwk(certificate)]}
    metadata = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": jwks}
    endpoint = Endpoint({"mobile": metadata}, verifier={"clock": lambda: NOW}, source=NGINX)

    def outcome(of: ClientCertificate) -> Outcome:
        return endpoint.outcome("mobile", extra=nginx(of, "FAILED:x"))

    assert outcome(certificate) == ACCEPTED
    other = made(key=ec.generate_private_key(ec.SECP256R1()))
    assert outcome(other) == (401, "invalid_client", "certificate_not_registered")
    assert bound_token(nginx(certificate, "FAILED:x"), certificate.thumbprint) == 200
