"""NIST's PKITS (Public Key Interoperability Test Suite), sections 4.1 to 4.7 and 4.13 to 4.16, with all its CRLs."""

import json
import warnings
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import cryptography_vectors
import pytest
from OpenSSL.SSL import OPENSSL_VERSION_NUMBER

from wsgi_mtls import MutualTLSError
from wsgi_mtls.trust import Strength, TrustStore
from wsgi_mtls.trust.snapshot import Snapshot

EXPECTATIONS = json.loads(Path(__file__).with_name("pkits.json").read_text())
DATA = Path(cryptography_vectors.__file__).parent / "x509" / "PKITS_data"
NOW = datetime(2020, 1, 1, tzinfo=UTC)
ROOT = "TrustAnchorRootCertificate"

# Valid by PKITS, and refused.
REFUSED = {
    # A key that inherits its DSA parameters from the issuer, which cryptography cannot read.
    "ValidDSAParameterInheritanceTest5EE": "chain_incomplete",
    # Indirect CRLs, which OpenSSL does not apply to a certificate without a CRL of its own issuer.
    "ValidIDPwithindirectCRLTest24EE": "revocation_unknown",
    "ValidIDPwithindirectCRLTest25EE": "revocation_unknown",
    "ValidcRLIssuerTest28EE": "revocation_unknown",
    "ValidcRLIssuerTest29EE": "revocation_unknown",
    "ValidcRLIssuerTest30EE": "revocation_unknown",
    "ValidcRLIssuerTest33EE": "revocation_unknown",
    # The client's certificate has CA:TRUE, which RFC 5280 allows and we do not.
    "ValidonlyContainsCACertsTest13EE": "wrong_purpose",
    "ValidpathLenConstraintTest8EE": "wrong_purpose",
    "ValidpathLenConstraintTest14EE": "wrong_purpose",
}

# Paths with a certificate that a CA issued to its own name, for another key. OpenSSL 4.0.0 and 4.0.1, in cryptography
# 47 to 49, take each of them for self-signed.
SELF_ISSUED = {
    "ValidBasicSelfIssuedCRLSigningKeyTest6EE",
    "ValidBasicSelfIssuedNewWithOldTest3EE",
    "ValidBasicSelfIssuedNewWithOldTest4EE",
    "ValidBasicSelfIssuedOldWithNewTest1EE",
    "ValidDNnameConstraintsTest19EE",
    "ValidSelfIssuedpathLenConstraintTest15EE",
    "ValidSelfIssuedpathLenConstraintTest17EE",
}
OPENSSL_READS_SELF_ISSUED = OPENSSL_VERSION_NUMBER >= 0x40000030 or OPENSSL_VERSION_NUMBER < 0x40000000


@lru_cache(maxsize=1)
def pkits() -> tuple[Snapshot, tuple[bytes, ...]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cryptography finds some of it odd
        store = TrustStore.from_certificates(
            [(DATA / "certs" / f"{ROOT}.crt").read_bytes()],
            crls=DATA / "crls",
            revocation="required",
            strength=Strength(rsa_bits=1024, hash_bits=160),
        )
    hints = [path.read_bytes() for path in sorted((DATA / "certs").glob("*.crt")) if not path.stem.endswith("EE")]
    # One state for all: a store that is asked for a time is made anew, with its 173 CRLs.
    return store.state().at(NOW), tuple(hints)


def judge(name: str) -> str:
    snapshot, hints = pkits()
    try:
        snapshot.validate((DATA / "certs" / f"{name}.crt").read_bytes(), hints)
    except MutualTLSError as refusal:
        return refusal.reason
    return "accept"


@pytest.mark.parametrize("name", [name for name, case in EXPECTATIONS.items() if case["expected"] == "accept"])
def test_valid(name: str) -> None:
    if name in SELF_ISSUED and not OPENSSL_READS_SELF_ISSUED:
        assert judge(name) in ("untrusted_ca", "revocation_unknown")
    else:
        assert judge(name) == REFUSED.get(name, "accept")


@pytest.mark.parametrize("name", [name for name, case in EXPECTATIONS.items() if case["expected"] == "refuse"])
def test_invalid(name: str) -> None:
    judged = judge(name)
    assert judged != "accept"
    # Not for want of a certificate, except where the issuer's name is what is wrong.
    assert judged != "chain_incomplete" or EXPECTATIONS[name]["section"] == "4.3"


def test_what_is_covered() -> None:
    assert len(EXPECTATIONS) == 161
    assert {case["section"] for case in EXPECTATIONS.values()} == {
        *(f"4.{number}" for number in range(1, 8)),
        *(f"4.{number}" for number in range(13, 17)),
    }
