"""An impossible registration is refused at once, and the message has what was found and what to do."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.support import refused
from wsgi_mtls import Client, ClientCertificate, Verifier, jwk
from wsgi_mtls.registration import check_satisfiable
from wsgi_mtls.suggest import in_one_line
from wsgi_mtls.testing import KeyPair, Profile, self_sign

KEY = ec.generate_private_key(ec.SECP256R1())
REQUEST = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(KEY, SHA256())
NOW = datetime.now(UTC)
PAST = Profile(not_before=NOW - timedelta(days=9), not_after=NOW - timedelta(days=2))


def metadata(*keys: dict[str, object]) -> dict[str, object]:
    return {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": list(keys)}}


def own() -> ClientCertificate:
    return self_sign("CN=own").certificate


@pytest.mark.parametrize(
    ("octets", "found"),
    [
        (REQUEST.public_bytes(Encoding.DER), r"found a certificate request \(CSR\). Have a CA sign it"),
        (KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), "found a private key. Keep it secret"),
        (KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), "found a public key alone"),
    ],
    ids=["request", "private key", "public key"],
)
def test_something_else_in_x5c(octets: bytes, found: str) -> None:
    key = {**jwk(own()), "x5c": [base64.b64encode(octets).decode()]}
    with refused("invalid_client_metadata", match=f"Expected a certificate in x5c\\[0\\], {found}"):
        check_satisfiable(metadata(key), Verifier({}))


def test_pem_in_x5c() -> None:
    key = {**jwk(own()), "x5c": [self_sign("CN=own").certificate_pem.decode()]}
    with refused("invalid_client_metadata", match="found PEM. Leave its first and last line out"):
        check_satisfiable(metadata(key), Verifier({}))


def test_a_private_jwk() -> None:
    public = jwk(own())
    check_satisfiable(metadata(public), Verifier({}))
    with refused("invalid_client_metadata", match="found the private member d. Make a new key") as caught:
        check_satisfiable(metadata({**public, "d": "the-secret"}), Verifier({}))
    assert "the-secret" not in caught.value.detail


def test_an_expired_certificate() -> None:
    expired = jwk(self_sign("CN=own", PAST).certificate)
    with refused("invalid_client_metadata", match="found only expired ones"):
        check_satisfiable(metadata(expired), Verifier({}))
    check_satisfiable(metadata(expired, jwk(own())), Verifier({}))


def test_inspect_says_that_a_certificate_has_expired(ca: KeyPair) -> None:
    date = f"{PAST.not_after:%F}"
    for certificate in (self_sign("CN=own", PAST).certificate, ca.issue("CN=own", PAST).certificate):
        assert in_one_line(certificate).endswith(f", but it expired on {date}: renew it")
    assert "expired" not in in_one_line(own())


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("tls_client_auth_dns", "tls_client_auth_san_dns"),
        ("tls_client_auth_subject", "tls_client_auth_subject_dn"),
        ("tls_client_auth_san_mail", "tls_client_auth_san_email"),
        ("tls_client_certificate_bound_access_token", "tls_client_certificate_bound_access_tokens"),
    ],
)
def test_a_misspelt_member(name: str, meant: str) -> None:
    with refused("invalid_client_metadata", match=f"{name} is not a member .*; did you mean {meant}\\?$"):
        Client.from_metadata({"client_id": "a", "token_endpoint_auth_method": "tls_client_auth", name: "a.example"})


@pytest.mark.parametrize("method", ["client_secret_basic", "none"])
def test_tokens_that_would_not_be_bound(method: str) -> None:
    given = {"client_id": "a", "token_endpoint_auth_method": method}
    with refused("invalid_client_metadata", match="did you mean tls_client_certificate_bound_access_tokens"):
        Client.from_metadata({**given, "tls_client_certificate_bound_tokens": True})
    assert Client.from_metadata({**given, "tls_client_certificate_bound_access_tokens": True})
    assert Client.from_metadata({**given, "tls_client_auth_dns": "of another method"})
