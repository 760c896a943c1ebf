"""What a rule compared is in the error, so that a program need not read the message."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from tests.support import refused
from wsgi_mtls import Client, ClientCertificate, PeerCertificate, Verifier, jwk, verify_confirmation, verify_grant
from wsgi_mtls.checks import check_forwarded_name, check_pki, check_validity
from wsgi_mtls.record import Record
from wsgi_mtls.request.form import read_token_request
from wsgi_mtls.request.view import RequestView
from wsgi_mtls.rules.self_signed import check_self_signed
from wsgi_mtls.rules.token import check_token
from wsgi_mtls.testing import KeyPair, Profile, self_sign
from wsgi_mtls.tokens.claims import check_audience, check_times
from wsgi_mtls.x509 import PeerSubject


def client(**metadata: object) -> Client:
    return Client(client_id="billing", **metadata)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        ("tls_client_auth_subject_dn", "CN=other", "CN=billing"),
        ("tls_client_auth_san_dns", "other.example", "billing.example"),
        ("tls_client_auth_san_ip", "192.0.2.2", "192.0.2.1"),
        ("tls_client_auth_san_uri", "urn:other", "urn:billing"),
        ("tls_client_auth_san_email", "a@other.example", "a@billing.example"),
    ],
)
def test_subject(ca: KeyPair, kind: str, value: str, found: str) -> None:
    profile = Profile(
        san_dns=["billing.example"], san_ip=["192.0.2.1"], san_uri=["urn:billing"], san_email=["a@billing.example"]
    )
    registered = client(token_endpoint_auth_method="tls_client_auth", **{kind: value})
    with refused("subject_mismatch") as caught:
        check_pki(registered, PeerCertificate(ca.issue("CN=billing", profile).certificate, verified=True))
    assert (caught.value.expected, caught.value.found) == (value, (found,))


def test_the_detail_lists_the_names_that_are_there(ca: KeyPair) -> None:
    registered = client(token_endpoint_auth_method="tls_client_auth", tls_client_auth_san_dns="other.example")
    several = ca.issue("CN=billing", Profile(san_dns=[f"n{number}.example" for number in range(12)])).certificate
    other_kind = ca.issue("CN=billing", Profile(san_uri=["urn:billing"], san_ip=["192.0.2.1"])).certificate
    for certificate, found in (
        (several, "found tls_client_auth_san_dns 'n0.example', "),
        (several, "'n9.example' and 2 more (12 in all): have one issued"),
        (
            other_kind,
            "found tls_client_auth_san_dns none; tls_client_auth_subject_dn 'CN=billing'; tls_client_auth_san_uri "
            "'urn:billing'; tls_client_auth_san_ip '192.0.2.1': have one issued with this name, or register another.",
        ),
    ):
        with refused("subject_mismatch") as caught:
            check_pki(registered, PeerCertificate(certificate, verified=True))
        assert "Expected tls_client_auth_san_dns 'other.example', " in caught.value.detail
        assert found in caught.value.detail


def test_forwarded_subject() -> None:
    registered = client(token_endpoint_auth_method="tls_client_auth", tls_client_auth_subject_dn="CN=other")
    with refused("subject_mismatch") as caught:
        check_forwarded_name(registered, PeerSubject("tls_client_auth_subject_dn", ("CN=billing",), verified=True))
    assert (caught.value.expected, caught.value.found) == ("CN=other", ("CN=billing",))


def test_validity() -> None:
    certificate = self_sign("CN=billing").certificate
    for reason, moment, found in (
        ("certificate_expired", certificate.not_after + timedelta(days=1), certificate.not_after),
        ("certificate_not_yet_valid", certificate.not_before - timedelta(days=1), certificate.not_before),
    ):
        with refused(reason) as caught:
            check_validity(certificate, moment)
        assert (caught.value.expected, caught.value.found) == (moment.isoformat(), found.isoformat())


def test_registered_certificate() -> None:
    registered, came = (self_sign("CN=billing").certificate for _ in range(2))
    of_self_signed = client(token_endpoint_auth_method="self_signed_tls_client_auth", jwks={"keys": [jwk(registered)]})
    with refused("certificate_not_registered") as caught:
        check_self_signed(of_self_signed, came, "certificate", datetime.now(UTC))
    assert (caught.value.expected, caught.value.found) == ((registered.thumbprint,), came.thumbprint)


def test_method(ca: KeyPair) -> None:
    verifier = Verifier({"billing": {"token_endpoint_auth_method": "client_secret_basic"}})
    peer = PeerCertificate(ca.issue("CN=billing").certificate, verified=True)
    with refused("auth_method_not_registered") as caught:
        verifier.authenticate("billing", peer)
    assert caught.value.found == "client_secret_basic"
    assert caught.value.expected == ("tls_client_auth", "self_signed_tls_client_auth")


def test_http_method() -> None:
    with refused("http_method_not_allowed") as caught:
        read_token_request(RequestView({}, "GET", lambda _: b"", Record()), 100)
    assert (caught.value.expected, caught.value.found) == ("POST", "GET")


def test_confirmation() -> None:
    certificate, other = (self_sign("CN=billing").certificate for _ in range(2))
    with refused("confirmation_mismatch") as caught:
        verify_confirmation({"cnf": {"x5t#S256": other.thumbprint}}, peer_of(certificate))
    assert (caught.value.expected, caught.value.found) == (other.thumbprint, certificate.thumbprint)


def test_scope() -> None:
    claims: Mapping[str, object] = {"scope": "read list"}
    with refused("insufficient_scope") as caught:
        check_token(claims, None, required=False, scope="read write", also_verified=())
    assert (caught.value.expected, caught.value.found) == (("read", "write"), ("list", "read"))


def test_grant() -> None:
    public = client(token_endpoint_auth_method="none")
    with refused("grant_of_another_client") as caught:
        verify_grant({"client_id": "press"}, public)
    assert (caught.value.expected, caught.value.found) == ("billing", "press")
    with refused("grant_of_another_client") as caught:
        verify_grant({}, public)
    assert (caught.value.expected, caught.value.found) == ("billing", None)


def test_claims() -> None:
    with refused("wrong_audience") as caught:
        check_audience({"aud": ["a", "b"]}, frozenset({"api"}))
    assert (caught.value.expected, caught.value.found) == (("api",), ("a", "b"))
    with refused("token_expired") as caught:
        check_times({"exp": 5}, 10.0, 0)
    assert (caught.value.expected, caught.value.found) == ("10.0", "5")


@pytest.mark.parametrize("moment", [-(10**5000), -(10**400)], ids=["5000", "400"])
def test_a_date_of_too_many_digits_is_refused_without_them(moment: int) -> None:
    with refused("token_expired") as caught:
        check_times({"exp": moment}, 10.0, 0)
    assert caught.value.found is None


def peer_of(certificate: ClientCertificate) -> PeerCertificate:
    return PeerCertificate(certificate, verified=False)
