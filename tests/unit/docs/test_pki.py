"""Certificates of the shapes that docs/pki.md describes, and what each is accepted for."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wsgi_mtls import ClientCertificate, MutualTLSError, PeerCertificate, Verifier
from wsgi_mtls.clients import SUBJECT_KINDS
from wsgi_mtls.suggest import registrations
from wsgi_mtls.testing import KeyPair

from .pages import ROOT

CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
DNS = x509.DNSName("billing.clients.example.com")
SPIFFE_ID = "spiffe://example.org/ns/default/sa/billing"
UPN = x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), b"\x0c\x12alice@corp.example")
SID = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.311.25.2"), b"\x30\x00")
KEY = ec.generate_private_key(ec.SECP256R1())

Extensions = list[tuple[x509.ExtensionType, bool]]


def usage(*purposes: x509.ObjectIdentifier) -> tuple[x509.ExtensionType, bool]:
    return x509.ExtendedKeyUsage(purposes), False


def names(*entries: x509.GeneralName) -> tuple[x509.ExtensionType, bool]:
    return x509.SubjectAlternativeName(entries), False


DIGITAL_SIGNATURE = (x509.KeyUsage(True, *[False] * 8), True)
NOT_A_CA = (x509.BasicConstraints(ca=False, path_length=None), True)
CN = [(NameOID.COMMON_NAME, "billing.clients.example.com")]
VAULT: Extensions = [DIGITAL_SIGNATURE, usage(CLIENT), names(DNS)]  # no basic constraints, by default
STEP_CA: Extensions = [DIGITAL_SIGNATURE, usage(SERVER, CLIENT), names(DNS)]
CERT_MANAGER: Extensions = [NOT_A_CA, DIGITAL_SIGNATURE, usage(CLIENT), names(DNS)]
WITHOUT_USAGES: Extensions = [NOT_A_CA, DIGITAL_SIGNATURE, names(DNS)]
SERVER_ALONE: Extensions = [NOT_A_CA, DIGITAL_SIGNATURE, usage(SERVER), names(DNS)]
SVID: Extensions = [NOT_A_CA, DIGITAL_SIGNATURE, usage(SERVER, CLIENT)]
SVID += [names(x509.UniformResourceIdentifier(SPIFFE_ID))]
SPIRE = [(NameOID.COUNTRY_NAME, "US"), (NameOID.ORGANIZATION_NAME, "SPIRE")]
AD_CS: Extensions = [DIGITAL_SIGNATURE, usage(CLIENT, ExtendedKeyUsageOID.SMARTCARD_LOGON), names(UPN), (SID, False)]
ALICE = [(NameOID.DOMAIN_COMPONENT, "example"), (NameOID.DOMAIN_COMPONENT, "corp"), (NameOID.COMMON_NAME, "Alice")]


def issue(ca: KeyPair, subject: list[tuple[x509.ObjectIdentifier, str]], extensions: Extensions) -> ClientCertificate:
    issuer, now = x509.load_der_x509_certificate(ca.certificate.der), datetime.now(UTC)
    builder = x509.CertificateBuilder().issuer_name(issuer.subject).public_key(KEY.public_key()).serial_number(1)
    builder = builder.subject_name(x509.Name([x509.NameAttribute(oid, text) for oid, text in subject]))
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return ClientCertificate.from_der(builder.sign(ca.key, SHA256()).public_bytes(Encoding.DER))


def outcome(certificate: ClientCertificate, kind: str, value: str) -> str:
    verifier = Verifier({"billing": {"token_endpoint_auth_method": "tls_client_auth", kind: value}})
    try:
        return verifier.authenticate("billing", PeerCertificate(certificate, verified=True)).client_id
    except MutualTLSError as error:
        return error.reason


@pytest.mark.parametrize(
    ("subject", "extensions", "kind", "value", "expected"),
    [
        pytest.param(CN, VAULT, "tls_client_auth_san_dns", DNS.value, "billing", id="Vault"),
        pytest.param(CN, STEP_CA, "tls_client_auth_san_dns", DNS.value, "billing", id="step-ca"),
        pytest.param(CN, CERT_MANAGER, "tls_client_auth_san_dns", DNS.value, "billing", id="cert-manager"),
        pytest.param(CN, WITHOUT_USAGES, "tls_client_auth_san_dns", DNS.value, "billing", id="no extended key usage"),
        pytest.param(CN, SERVER_ALONE, "tls_client_auth_san_dns", DNS.value, "not_for_client_auth", id="serverAuth"),
        pytest.param(SPIRE, SVID, "tls_client_auth_san_uri", SPIFFE_ID, "billing", id="SPIFFE"),
        pytest.param(
            SPIRE, SVID, "tls_client_auth_san_uri", SPIFFE_ID.replace("example", "EXAMPLE"), "billing", id="host",
        ),
        pytest.param(SPIRE, SVID, "tls_client_auth_san_uri", SPIFFE_ID + "/x", "subject_mismatch", id="path"),
        pytest.param(ALICE, AD_CS, "tls_client_auth_subject_dn", "CN=Alice,DC=corp,DC=example", "billing", id="AD CS"),
        pytest.param(
            ALICE, [*AD_CS[:-1], (SID, True)], "tls_client_auth_subject_dn", "CN=Alice,DC=corp,DC=example",
            "critical_extension", id="critical extension",
        ),
    ],
)  # fmt: skip
def test_shape(
    ca: KeyPair,
    subject: list[tuple[x509.ObjectIdentifier, str]],
    extensions: Extensions,
    kind: str,
    value: str,
    expected: str,
) -> None:
    assert outcome(issue(ca, subject, extensions), kind, value) == expected


def test_what_inspect_offers(ca: KeyPair) -> None:
    found = registrations(issue(ca, SPIRE, SVID))
    offered = {kind: metadata[kind] for metadata in found for kind in SUBJECT_KINDS if kind in metadata}
    assert offered == {"tls_client_auth_subject_dn": "O=SPIRE,C=US", "tls_client_auth_san_uri": SPIFFE_ID}
    page = (ROOT / "docs/pki.md").read_text()
    assert "registered by tls_client_auth_subject_dn O=SPIRE,C=US or tls_client_auth_san_uri " + SPIFFE_ID in page
    assert registrations(issue(ca, CN, SERVER_ALONE)) == []
    # An otherName is nothing that RFC 8705 registers.
    kinds = [kind for metadata in registrations(issue(ca, ALICE, AD_CS)) for kind in metadata]
    assert [kind for kind in kinds if kind in SUBJECT_KINDS] == ["tls_client_auth_subject_dn"]
    assert issue(ca, ALICE, AD_CS).user_principal_names == ("alice@corp.example",)
