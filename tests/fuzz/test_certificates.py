"""Octets that were a certificate once: read whole or refused, by one exception."""

import warnings
from contextlib import suppress

from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from tests.support import Endpoint, mod_ssl
from wsgi_mtls import ClientCertificate
from wsgi_mtls.errors import BadCertificate
from wsgi_mtls.testing import KeyPair, Profile, make_ca, to_pem

CA = make_ca()
PROFILE = Profile(
    san_dns=["a.example"],
    san_uri=["spiffe://a"],
    san_ip=["192.0.2.1", "2001:db8::1"],
    san_email=["a@b.example"],
    extensions=[(x509.OCSPNoCheck(), False), (x509.TLSFeature([x509.TLSFeatureType.status_request]), False)],
)
PAIRS = [
    CA.issue("CN=a+O=b,emailAddress=a@b.example,C=SE", PROFILE),
    make_ca("CN=a", Profile(key_type="rsa")),
    make_ca("CN=a", Profile(key_type="ed25519")),
]
ENDPOINT = Endpoint(
    {"a": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "a.example"}}, verbosity="debug"
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A certificate in which some octets were changed, left out or put in."""
    der = bytearray(draw(st.sampled_from(PAIRS)).certificate.der)
    for _ in range(draw(st.integers(1, 4))):
        position = draw(st.integers(0, len(der) - 1))
        match draw(st.sampled_from(["change", "delete", "insert", "cut"])):
            case "change":
                der[position] = draw(st.integers(0, 255))
            case "delete":
                del der[position]
            case "insert":
                der[position:position] = draw(st.binary(min_size=1, max_size=3))
            case "cut":
                del der[max(position, 8) :]
    return bytes(der)


def read(der: bytes) -> ClientCertificate | None:
    try:
        certificate = ClientCertificate.from_der(der)
    except BadCertificate:
        return None
    assert certificate.der == der
    return certificate


@given(mutated())
def test_mutated_der(der: bytes) -> None:
    certificate = read(der)
    if certificate is not None:
        assert ClientCertificate.from_pem(to_pem(certificate)) == certificate


@given(mutated())
def test_mutated_der_where_warnings_are_no_errors(der: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        certificate = read(der)
        if certificate is not None:
            answer = ENDPOINT.post("a", KeyPair(certificate, PAIRS[0].key))
            assert answer.status in {200, 400, 401}


@given(st.binary())
def test_any_octets(octets: bytes) -> None:
    assert read(octets) is None


PEM = to_pem(PAIRS[0].certificate).decode()
PIECES = st.sampled_from(
    ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "\n", "\r\n", " ", "MIIB", "=", PEM]
)


@given(st.one_of(st.text(), st.binary(), st.lists(st.one_of(PIECES, st.text(max_size=3))).map("".join)))
def test_any_pem(pem: str | bytes) -> None:
    with suppress(BadCertificate):
        assert ClientCertificate.from_pem(pem) == PAIRS[0].certificate


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)), st.text())
def test_any_pem_in_a_request(pem: str, status: str) -> None:
    extra = {**mod_ssl(PAIRS[0]), "SSL_CLIENT_CERT": pem, "SSL_CLIENT_VERIFY": status}
    answer = ENDPOINT.post("a", extra=extra)
    assert answer.status in {200, 400, 401}
    assert answer.json
