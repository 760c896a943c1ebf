"""RFC 8705 appendix A: a certificate, its thumbprint and its JWK."""

import json
from datetime import UTC, datetime
from pathlib import Path

from wsgi_mtls import ClientCertificate, PeerCertificate, Verifier
from wsgi_mtls.jwks import jwk

VECTOR = json.loads(Path(__file__).with_name("rfc8705-appendix-a.json").read_text())
CERTIFICATE = ClientCertificate.from_pem(VECTOR["certificate"])


def test_thumbprint() -> None:
    assert CERTIFICATE.thumbprint == VECTOR["x5t#S256"]
    assert CERTIFICATE.thumbprint not in VECTOR["must_not_equal"]


def test_version_1_certificate_is_read_whole() -> None:
    assert CERTIFICATE.subject == CERTIFICATE.issuer == "CN=mtls"
    assert CERTIFICATE.serial_number == 2
    assert CERTIFICATE.not_before == datetime(2018, 10, 18, 12, 37, 9, tzinfo=UTC)
    assert CERTIFICATE.not_after == datetime(2022, 5, 2, 12, 37, 9, tzinfo=UTC)
    assert CERTIFICATE.extended_key_usage is None
    assert CERTIFICATE.san_dns == CERTIFICATE.san_uri == CERTIFICATE.san_ip == CERTIFICATE.san_email == ()


def test_jwk() -> None:
    assert {name: jwk(CERTIFICATE)[name] for name in VECTOR["jwk"]} == VECTOR["jwk"]


def test_it_authenticates_by_the_self_signed_method_while_it_was_valid() -> None:
    clients = {
        "mtls": {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": [jwk(CERTIFICATE)]}}
    }
    verifier = Verifier(clients, clock=lambda: datetime(2020, 1, 1, tzinfo=UTC))
    assert verifier.authenticate("mtls", PeerCertificate(CERTIFICATE)).confirmation == {"x5t#S256": VECTOR["x5t#S256"]}
