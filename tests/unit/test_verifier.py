"""Each check of the verifier, its order, and its accepted twin (RFC 8705 section 2)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from wsgi_mtls import (
    AuthenticatedClient,
    Client,
    InvalidClientMetadata,
    MutualTLSError,
    PeerCertificate,
    Verifier,
)
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, Profile, self_sign

MOBILE = self_sign("CN=mobile")
JWKS = {"keys": [jwk(MOBILE.certificate)]}
CLIENTS: dict[str, Mapping[str, object]] = {
    "billing": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing"},
    "mobile": {
        "token_endpoint_auth_method": "self_signed_tls_client_auth",
        "jwks": {"keys": [jwk(MOBILE.certificate)]},
    },
    "fetched": {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": "https://a.example/jwks"},
    "secret": {"tls_client_auth_subject_dn": "CN=billing"},
}
NOON = datetime(2030, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
VALID: dict[str, Any] = {"not_before": NOON - DAY, "not_after": NOON + DAY}


@pytest.fixture(scope="module")
def billing(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=billing", Profile(**VALID))


def peer(pair: KeyPair, verified: bool = True) -> PeerCertificate:
    return PeerCertificate(pair.certificate, verified=verified, source="test")


def verifier(**options: Any) -> Verifier:
    return Verifier(CLIENTS, **{"clock": lambda: NOON, **options})


def reason(client_id: str, presented: PeerCertificate | None, **options: Any) -> str | None:
    """Return why the verifier refuses; None if it accepts."""
    try:
        verifier(**options).authenticate(client_id, presented)
    except MutualTLSError as error:
        return error.reason
    return None


def test_accepted(billing: KeyPair) -> None:
    client = verifier().authenticate("billing", peer(billing))
    assert isinstance(client, AuthenticatedClient)
    assert client.client_id == "billing"
    assert client.method == "tls_client_auth"
    assert client.certificate == billing.certificate
    assert client.registration.tls_client_auth_subject_dn == "CN=billing"
    assert client.confirmation == {"x5t#S256": billing.certificate.thumbprint}


def test_no_certificate_comes_first() -> None:
    assert reason("nobody", None) == "no_certificate"
    assert reason("secret", None) == "no_certificate"


def test_then_the_client(ca: KeyPair) -> None:
    expired = ca.issue("CN=billing", Profile(not_before=NOON - 2 * DAY, not_after=NOON - DAY))
    assert reason("nobody", peer(expired)) == "unknown_client"
    assert reason("", peer(expired)) == "unknown_client"
    assert reason("Billing", peer(expired)) == "unknown_client"


def test_then_its_method(ca: KeyPair, billing: KeyPair) -> None:
    expired = ca.issue("CN=billing", Profile(not_before=NOON - 2 * DAY, not_after=NOON - DAY))
    assert reason("secret", peer(expired)) == "auth_method_not_registered"
    only_pki, only_self_signed = (
        {"allowed_methods": [method]} for method in ("tls_client_auth", "self_signed_tls_client_auth")
    )
    assert reason("billing", peer(expired), **only_self_signed) == "auth_method_not_allowed"
    assert reason("billing", peer(billing), **only_pki) is None
    assert reason("mobile", peer(MOBILE), **only_pki) == "auth_method_not_allowed"
    now = {"clock": lambda: datetime.now(UTC)}
    assert reason("mobile", peer(MOBILE), **only_self_signed, **now) is None


def test_then_its_validity_period(ca: KeyPair) -> None:
    expired = self_sign("CN=billing", Profile(not_before=NOON - 2 * DAY, not_after=NOON - DAY))
    early = self_sign("CN=billing", Profile(not_before=NOON + DAY, not_after=NOON + 2 * DAY))
    assert reason("billing", peer(expired, verified=False)) == "certificate_expired"
    assert reason("billing", peer(early, verified=False)) == "certificate_not_yet_valid"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (NOON - DAY - timedelta(seconds=1), "certificate_not_yet_valid"),
        (NOON - DAY, None),
        (NOON + DAY, None),
        (NOON + DAY + timedelta(seconds=1), "certificate_expired"),
    ],
)
def test_validity_includes_both_ends(billing: KeyPair, now: datetime, expected: str | None) -> None:
    assert reason("billing", peer(billing), clock=lambda: now) == expected


def test_pki_in_order(ca: KeyPair, billing: KeyPair) -> None:
    server = [ExtendedKeyUsageOID.SERVER_AUTH]
    own = self_sign("CN=x", Profile(extended_key_usage=server, **VALID))
    assert reason("billing", peer(own, verified=False)) == "self_signed_certificate"
    assert reason("billing", peer(own, verified=True)) == "self_signed_certificate"
    wrong = ca.issue("CN=x", Profile(extended_key_usage=server, **VALID))
    assert reason("billing", peer(wrong, verified=False)) == "chain_not_verified"
    assert reason("billing", peer(wrong)) == "not_for_client_auth"
    assert reason("billing", peer(ca.issue("CN=x", Profile(**VALID)))) == "subject_mismatch"
    assert reason("billing", peer(billing)) is None


def test_a_chain_that_came_along_is_no_evidence(ca: KeyPair, billing: KeyPair) -> None:
    delivered = PeerCertificate(billing.certificate, chain=(ca.certificate,))
    assert reason("billing", delivered) == "chain_not_verified"


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ([], None),
        ([ExtendedKeyUsageOID.CLIENT_AUTH], None),
        ([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH], None),
        ([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE], "not_for_client_auth"),
        ([ExtendedKeyUsageOID.EMAIL_PROTECTION], "not_for_client_auth"),
    ],
)
def test_extended_key_usage(ca: KeyPair, usage: list[Any], expected: str | None) -> None:
    pair = ca.issue("CN=billing", Profile(extended_key_usage=usage, **VALID))
    assert reason("billing", peer(pair)) == expected


@pytest.mark.parametrize("verified", [True, False])
def test_self_signed_match(verified: bool) -> None:
    now = {"clock": lambda: datetime.now(UTC)}
    renewed = self_sign("CN=renamed", Profile(key=MOBILE.key))
    strict = {"self_signed_match": "certificate", **now}
    assert reason("mobile", peer(MOBILE, verified), **now) is None
    assert reason("mobile", peer(renewed, verified), **now) is None
    assert reason("mobile", peer(MOBILE, verified), **strict) is None
    assert reason("mobile", peer(renewed, verified), **strict) == "certificate_not_registered"
    assert reason("mobile", peer(self_sign("CN=mobile"), verified), **now) == "certificate_not_registered"


def test_self_signed_method_with_a_certificate_of_a_ca(ca: KeyPair) -> None:
    now = {"clock": lambda: datetime.now(UTC)}
    assert reason("mobile", peer(ca.issue("CN=mobile", Profile(key=MOBILE.key)), False), **now) is None
    assert reason("mobile", peer(ca.issue("CN=mobile")), **now) == "certificate_not_registered"


def test_jwks_uri_is_not_had() -> None:
    now = {"clock": lambda: datetime.now(UTC)}
    assert reason("fetched", peer(MOBILE), **now) == "jwks_unavailable"


def test_another_credential_is_looked_at_last(ca: KeyPair, billing: KeyPair) -> None:
    def refusal(client_id: str, presented: PeerCertificate | None) -> str:
        with pytest.raises(MutualTLSError) as caught:
            verifier().authenticate(client_id, presented, other_credentials={"client_secret"})
        return caught.value.reason

    assert refusal("billing", None) == "no_certificate"
    assert refusal("billing", peer(ca.issue("CN=x", Profile(**VALID)))) == "subject_mismatch"
    assert refusal("billing", peer(billing)) == "multiple_credentials"
    assert verifier().authenticate("billing", peer(billing), other_credentials=()).client_id == "billing"


class Folding:
    """A registry that knows one client, whatever the case of the id."""

    def get(self, client_id: str, /) -> Client | None:
        if client_id.casefold() != "billing":
            return None
        return Client.from_metadata({"client_id": "billing", **CLIENTS["billing"]})


@pytest.mark.parametrize("client_id", ["BILLING", "Billing", "b\u0131lling"])
def test_registry_that_folds_case(billing: KeyPair, client_id: str) -> None:
    folding = Verifier(Folding(), clock=lambda: NOON)
    with pytest.raises(MutualTLSError) as caught:
        folding.authenticate(client_id, peer(billing))
    assert caught.value.reason == "unknown_client"
    assert folding.authenticate("billing", peer(billing)).client_id == "billing"


def test_options() -> None:
    wrong: list[dict[str, Any]] = [
        {"allowed_methods": []},
        {"allowed_methods": ["private_key_jwt"]},
        {"allowed_methods": "tls_client_auth"},
        {"self_signed_match": "subject"},
    ]
    for options in wrong:
        with pytest.raises(ValueError, match="must be"):
            verifier(**options)
    with pytest.raises(InvalidClientMetadata):
        Verifier({"a": {"token_endpoint_auth_method": "tls_client_auth"}})
