"""ATTACKS.md: certificates of a trusted CA that carry another name than the registered one, or seem to."""

import ipaddress
from collections.abc import Mapping

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support import ACCEPTED, Endpoint, Outcome, refused
from wsgi_mtls import CallbackRegistry, Client, Verifier
from wsgi_mtls.testing import KeyPair, Profile

MISMATCH: Outcome = (401, "invalid_client", "subject_mismatch")
MISCONFIGURED: Outcome = (401, "invalid_client", "invalid_client_metadata")


def by(**subject: str) -> Endpoint:
    return Endpoint({"rp": {"token_endpoint_auth_method": "tls_client_auth", **subject}})


class Table:
    """A registry that reads a row whenever it is asked."""

    def __init__(self, row: Mapping[str, object]) -> None:
        self._row = row

    def get(self, client_id: str, /) -> Client | None:
        return Client.from_metadata({"client_id": client_id, **self._row})


HOST = "rp.example.com"
DNS, IP = {"tls_client_auth_san_dns": HOST}, {"tls_client_auth_san_ip": "192.0.2.1"}


@pytest.mark.parametrize("subject", [{}, {**DNS, **IP}])
def test_row_10_no_subject_value_or_two(ca: KeyPair, subject: dict[str, str]) -> None:
    row = {"token_endpoint_auth_method": "tls_client_auth", **subject}
    with refused("invalid_client_metadata"):
        Verifier({"rp": row})
    pair = ca.issue("CN=rp", Profile(san_dns=["rp.example.com"], san_ip=["192.0.2.1"]))
    assert Endpoint(Table(row)).outcome("rp", pair) == MISCONFIGURED
    assert Endpoint(Table({**row, "tls_client_auth_san_ip": None, **DNS})).outcome("rp", pair) == ACCEPTED


def test_row_11_empty_registered_name(ca: KeyPair) -> None:
    nameless = ca.issue("", Profile(san_dns=["rp.example.com"]))
    assert nameless.certificate.subject == ""
    with refused("invalid_client_metadata"):
        by(tls_client_auth_subject_dn="")
    assert Endpoint(CallbackRegistry(pki=lambda _: "")).outcome("rp", nameless) == MISCONFIGURED
    assert Endpoint(CallbackRegistry(pki=lambda _: "CN=rp")).outcome("rp", nameless) == MISMATCH
    assert Endpoint(CallbackRegistry(pki=lambda _: "CN=rp")).outcome("rp", ca.issue("CN=rp")) == ACCEPTED


def test_row_12_dns_name_elsewhere(ca: KeyPair) -> None:
    endpoint = by(**DNS)
    assert endpoint.outcome("rp", ca.issue("CN=rp.example.com")) == MISMATCH
    for profile in (
        Profile(san_uri=["https://rp.example.com"]),
        Profile(san_uri=["rp.example.com"]),
        Profile(san_email=["rp.example.com"]),
    ):
        assert endpoint.outcome("rp", ca.issue("CN=x", profile)) == MISMATCH
    assert endpoint.outcome("rp", ca.issue("CN=x", Profile(san_dns=["a.example", "RP.Example.com"]))) == ACCEPTED


def test_row_13_wildcards(ca: KeyPair) -> None:
    endpoint = by(**DNS)
    assert endpoint.outcome("rp", ca.issue("CN=x", Profile(san_dns=["*.example.com"]))) == MISMATCH
    exact = ca.issue("CN=x", Profile(san_dns=["rp.example.com"]))
    assert endpoint.outcome("rp", exact) == ACCEPTED
    with refused("invalid_client_metadata", match="wildcard"):
        by(tls_client_auth_san_dns="*.example.com")
    reverse = Endpoint(CallbackRegistry(pki=lambda _: ("tls_client_auth_san_dns", "*.example.com")))
    assert reverse.outcome("rp", exact) == MISCONFIGURED


def test_row_14_nul(ca: KeyPair) -> None:
    endpoint = by(**DNS)
    assert endpoint.outcome("rp", ca.issue("CN=x", Profile(san_dns=["rp.example.com\0.evil"]))) == MISMATCH
    assert endpoint.outcome("rp", ca.issue("CN=x", Profile(san_dns=["rp.example.com"]))) == ACCEPTED
    by_name = by(tls_client_auth_subject_dn="CN=rp.example.com,O=b")
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "b")
    for value in ("rp.example.com\0.evil", "rp.example.com\0", "\0rp.example.com"):
        name = x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, value)])
        assert by_name.outcome("rp", ca.issue(name)) == MISMATCH
    assert by_name.outcome("rp", ca.issue("CN=rp.example.com,O=b")) == ACCEPTED
    with refused("invalid_client_metadata"):
        by(tls_client_auth_subject_dn=r"CN=rp.example.com\00,O=b")


@pytest.mark.parametrize("subject", ["O=b,CN=a", "CN=a,O=b,C=SE", "CN=a", "CN=a+O=b", "CN=a,O=b,O=b", r"CN=a\,O=b"])
def test_row_15_other_rdns(ca: KeyPair, subject: str) -> None:
    endpoint = by(tls_client_auth_subject_dn="CN=a,O=b")
    assert endpoint.outcome("rp", ca.issue(subject)) == MISMATCH
    assert endpoint.outcome("rp", ca.issue("CN=a,O=b")) == ACCEPTED
    assert by(tls_client_auth_subject_dn="CN=a+O=b").outcome("rp", ca.issue("O=b+CN=a")) == ACCEPTED


SPELLINGS = [
    "CN=API Access,O=Agora",
    "cn=api  access,o=AGORA",
    "CN=#130A41504920416363657373,O=Agora",
    "CN=#0c0a61706920616363657373 , 2.5.4.10=agora",
    "/O=Agora/CN=API Access",
]


@pytest.mark.parametrize("registered", SPELLINGS)
@pytest.mark.parametrize("encoding", [_ASN1Type.UTF8String, _ASN1Type.PrintableString, _ASN1Type.BMPString])
def test_row_16_other_spelling_of_the_same_name_is_accepted(ca: KeyPair, registered: str, encoding: _ASN1Type) -> None:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Agora", encoding),
            x509.NameAttribute(NameOID.COMMON_NAME, "API Access", encoding),
        ]
    )
    endpoint = by(tls_client_auth_subject_dn=registered)
    assert endpoint.outcome("rp", ca.issue(name)) == ACCEPTED
    assert endpoint.outcome("rp", ca.issue("CN=API Acces,O=Agora")) == MISMATCH


def test_row_17_ip_addresses(ca: KeyPair) -> None:
    endpoint = by(tls_client_auth_san_ip="2001:0db8:0000:0000:0000:0000:0000:0007")
    assert endpoint.outcome("rp", ca.issue("CN=x", Profile(san_ip=["2001:db8::7"]))) == ACCEPTED
    assert endpoint.outcome("rp", ca.issue("CN=x", Profile(san_ip=["2001:db8::8"]))) == MISMATCH
    network = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_network("192.0.2.1/32"))])
    eight_octets = ca.issue("CN=x", Profile(extensions=[(network, False)]))
    assert bytes.fromhex("8708c0000201ffffffff") in eight_octets.certificate.der
    assert by(**IP).outcome("rp", eight_octets) == MISMATCH
    assert by(**IP).outcome("rp", ca.issue("CN=x", Profile(san_ip=["192.0.2.1"]))) == ACCEPTED
    assert by(**IP).outcome("rp", ca.issue("CN=x", Profile(san_ip=["::ffff:192.0.2.1"]))) == MISMATCH


def test_row_19_critical_alternative_name_with_an_empty_subject_is_accepted(ca: KeyPair) -> None:
    nameless = ca.issue("", Profile(san_dns=["rp.example.com"]))
    san = x509.load_der_x509_certificate(nameless.certificate.der).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert san.critical
    assert by(**DNS).outcome("rp", nameless) == ACCEPTED
    assert by(tls_client_auth_san_dns="x.example.com").outcome("rp", nameless) == MISMATCH


class FoldingRegistry:
    """A database whose collation folds case and drops trailing spaces."""

    def get(self, client_id: str, /) -> Client | None:
        if client_id.strip().lower() != "rp":
            return None
        return Client(client_id="RP", token_endpoint_auth_method="tls_client_auth", tls_client_auth_san_dns=HOST)


@pytest.mark.parametrize("client_id", ["rp", "Rp", "RP ", " RP"])
def test_row_49_the_registry_folds_the_client_id(ca: KeyPair, client_id: str) -> None:
    endpoint = Endpoint(FoldingRegistry())
    pair = ca.issue("CN=rp", Profile(san_dns=["rp.example.com"]))
    assert endpoint.outcome(client_id, pair) == (401, "invalid_client", "unknown_client")
    assert endpoint.outcome("RP", pair) == ACCEPTED


def test_row_18_purpose_is_checked_without_the_terminator(ca: KeyPair) -> None:
    endpoint = by(**DNS)
    for usage in ([ExtendedKeyUsageOID.SERVER_AUTH], [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]):
        pair = ca.issue("CN=rp", Profile(extended_key_usage=usage, san_dns=[HOST]))
        assert endpoint.outcome("rp", pair) == (401, "invalid_client", "not_for_client_auth")
    for usage in ([], [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]):
        assert endpoint.outcome("rp", ca.issue("CN=rp", Profile(extended_key_usage=usage, san_dns=[HOST]))) == ACCEPTED
