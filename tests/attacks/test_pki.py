"""Rows 10 to 14 and 49 of ATTACKS.md, where it is the registry that is wrong."""

from collections.abc import Mapping

import pytest

from tests.support import ACCEPTED, Endpoint, Outcome
from wsgi_mtls import CallbackRegistry, Client, Verifier
from wsgi_mtls.errors import InvalidClientMetadata
from wsgi_mtls.testing import KeyPair, Profile

from .certificates import HOST, PKI

MISCONFIGURED: Outcome = (401, "invalid_client", "invalid_client_metadata")
MISMATCH: Outcome = (401, "invalid_client", "subject_mismatch")
DNS, IP = {"tls_client_auth_san_dns": HOST}, {"tls_client_auth_san_ip": "192.0.2.1"}


@pytest.fixture(scope="module")
def host(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=rp", Profile(san_dns=[HOST]))


@pytest.mark.parametrize("subject", [
    {}, {**DNS, **IP}, {"tls_client_auth_subject_dn": ""}, {"tls_client_auth_san_dns": "*.example.com"},
    {"tls_client_auth_subject_dn": r"CN=rp.example.com\00,O=b"},
])  # fmt: skip
def test_rows_10_11_13_14_mapping_with_a_registration_that_cannot_be(
    host: KeyPair, subject: Mapping[str, object]
) -> None:
    """A configuration error at once, where the registrations are at hand."""
    with pytest.raises(InvalidClientMetadata):
        Verifier({"rp": {**PKI, **subject}})
    assert Endpoint({"rp": {**PKI, **DNS}}).outcome("rp", host) == ACCEPTED


def test_rows_11_13_callback_that_returns_what_cannot_be(ca: KeyPair, host: KeyPair) -> None:
    nameless = ca.issue("", Profile(san_dns=[HOST]))
    assert Endpoint(CallbackRegistry(pki=lambda _: "")).outcome("rp", nameless) == MISCONFIGURED
    assert Endpoint(CallbackRegistry(pki=lambda _: "CN=rp")).outcome("rp", nameless) == MISMATCH
    assert Endpoint(CallbackRegistry(pki=lambda _: "CN=rp")).outcome("rp", ca.issue("CN=rp")) == ACCEPTED
    wildcard = Endpoint(CallbackRegistry(pki=lambda _: ("tls_client_auth_san_dns", "*.example.com")))
    assert wildcard.outcome("rp", host) == MISCONFIGURED


class FoldingRegistry:
    """A database with a collation that folds case and drops trailing spaces."""

    def get(self, client_id: str, /) -> Client | None:
        if client_id.strip().lower() != "rp":
            return None
        return Client(client_id="RP", token_endpoint_auth_method="tls_client_auth", tls_client_auth_san_dns=HOST)


@pytest.mark.parametrize("client_id", ["rp", "Rp", "RP ", " RP"])
def test_row_49_the_registry_folds_the_client_id(host: KeyPair, client_id: str) -> None:
    endpoint = Endpoint(FoldingRegistry())
    assert endpoint.outcome(client_id, host) == (401, "invalid_client", "unknown_client")
    assert endpoint.outcome("RP", host) == ACCEPTED
