"""A trust store of the application behind terminators that accept any certificate. Rows are ATTACKS.md's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from tests.bare import CA, LEAF, bare
from wsgi_mtls.testing import SERVER_AUTH, KeyPair, Profile, make_ca, self_sign, to_pem

from .cases import CASES
from .conftest import Behind, start
from .pki import BILLING, MOBILE, PKI

NAMES = ("nginx", "haproxy", "apache", "caddy-any", "envoy-any", "envoy-xfcc-any", "traefik-any")
BEHIND = [case for case in CASES if case.name in NAMES and case.upstream == "gunicorn"]
VALIDATES = ("nginx", "apache", "haproxy")
"""Those that validate by themselves, and refuse or report what is wrong."""


@pytest.fixture(scope="module")
def trust(pki: PKI) -> Path:
    """The root and the issuing CA: nginx and Caddy forward the client's certificate alone."""
    path = pki.folder / "trust.pem"
    path.write_bytes(pki.files.client_ca.read_bytes() + to_pem(pki.issuing.certificate))
    return path


@pytest.fixture(scope="module", autouse=True)
def attackers(pki: PKI) -> None:
    issuing = pki.issuing
    unknown = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)
    registered = self_sign("CN=mine", Profile(ca=True))
    for name, pair in {
        "row 7": self_sign("CN=billing"),
        "row 8 another": make_ca("CN=Another").issue("CN=billing"),
        "row 8 namesake": make_ca("CN=Test Issuing CA").issue("CN=billing"),
        "row 9": issuing.issue("CN=billing", Profile(ca=True, extended_key_usage=())).issue("CN=x"),
        "row 18 not yet": bare("CN=billing", issuing, [LEAF], days=(1, 9)),
        "row 18 serverAuth": issuing.issue("CN=billing", Profile(extended_key_usage=SERVER_AUTH)),
        "row 18 by a leaf": pki.pairs["other"].issue("CN=billing"),
        "row 18 unknown extension": bare("CN=billing", issuing, [LEAF, unknown]),
        "row 41": registered.issue("CN=billing"),
        "CA:TRUE": bare("CN=billing", issuing, [CA]),
    }.items():
        pki.add(name, KeyPair(pair.certificate, pair.key, pair.chain))


@pytest.fixture(scope="module", params=BEHIND, ids=str)
def behind(
    request: pytest.FixtureRequest, pki: PKI, readable_folder: Path, trust: Path, attackers: None
) -> Iterator[Behind]:
    with start(request.param, pki, readable_folder, trust) as started:
        yield started


def test_clients_of_both_methods(behind: Behind) -> None:
    assert behind.request(BILLING, BILLING).outcome == BILLING
    assert behind.request(MOBILE, MOBILE).outcome == MOBILE


@pytest.mark.parametrize(
    ("certificate", "reasons"),
    [
        ("row 7", {"self_signed_certificate"}),
        ("row 8 another", {"chain_incomplete"}),
        ("row 8 namesake", {"untrusted_ca"}),
        ("row 9", {"chain_incomplete", "subject_mismatch"}),
        ("row 41", {"chain_incomplete"}),
    ],
)
def test_a_chain_that_leads_elsewhere(behind: Behind, certificate: str, reasons: set[str]) -> None:
    assert behind.request(certificate, BILLING).outcome in {f"refused:{reason}" for reason in reasons}


@pytest.mark.parametrize(
    ("certificate", "reasons"),
    [
        ("expired", {"certificate_expired"}),
        ("row 18 not yet", {"certificate_not_yet_valid"}),
        ("row 18 serverAuth", {"wrong_purpose"}),
        ("row 18 by a leaf", {"wrong_purpose", "chain_incomplete"}),
        ("row 18 unknown extension", {"unknown_critical_extension"}),
        ("CA:TRUE", {"wrong_purpose"}),
    ],
)
def test_row_18_a_wrong_certificate(behind: Behind, certificate: str, reasons: set[str]) -> None:
    refused = {f"refused:{reason}" for reason in reasons}
    if behind.case.name in VALIDATES:
        # The terminator's own refusal, or what it reports. HAProxy cannot ignore every error.
        refused |= {"terminator", "refused:chain_not_verified"}
    assert behind.request(certificate, BILLING).outcome in refused
