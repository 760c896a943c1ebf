"""CRLs from files: what each mode does where data is missing, stale or broken."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.bare import CA, LEAF, bare, usage
from tests.revocation import DAY, make_crl, write
from wsgi_mtls import MutualTLSError, PeerCertificate
from wsgi_mtls.testing import KeyPair, Profile, make_ca
from wsgi_mtls.trust import TrustStore
from wsgi_mtls.trust.authority import pins_of

SIGNS = Profile(ca=True, extended_key_usage=())
ROOT = make_ca("CN=Root")
INTERMEDIATE = ROOT.issue("CN=Intermediate", SIGNS)
CLIENT = INTERMEDIATE.issue("CN=rp")
DELTA = (x509.DeltaCRLIndicator(1), True)
MODES = ("if_available", "required")


@pytest.fixture
def crls(tmp_path: Path) -> Path:
    folder = tmp_path / "crls"
    folder.mkdir()
    return folder


def store(crls: Path, **options: Any) -> TrustStore:
    return TrustStore.from_certificates([ROOT.certificate], crls=crls, **options)


def judge(by: TrustStore, leaf: KeyPair = CLIENT, *chain: KeyPair, at: datetime | None = None) -> str:
    hints = tuple(pair.certificate for pair in chain or (INTERMEDIATE,))
    try:
        path = by.validate(PeerCertificate(leaf.certificate, hints), at)
    except MutualTLSError as refusal:
        return refusal.reason
    return "known" if path.revocation_known else "accepted"


def outcomes(crls: Path, *args: KeyPair) -> list[str]:
    return [judge(store(crls, revocation=mode), *args) for mode in MODES]


def test_all_known(crls: Path) -> None:
    write(crls / "all.pem", make_crl(ROOT), make_crl(INTERMEDIATE))
    assert outcomes(crls) == ["known", "known"]


@pytest.mark.parametrize("kept", ["root", "intermediate", "none"])
def test_missing(crls: Path, kept: str) -> None:
    write(crls / "unrelated.pem", make_crl(make_ca("CN=Unrelated")))
    if kept != "none":
        write(crls / "kept.pem", make_crl({"root": ROOT, "intermediate": INTERMEDIATE}[kept]))
    assert outcomes(crls) == ["accepted", "revocation_unknown"]


def test_stale(crls: Path) -> None:
    write(crls / "all.pem", make_crl(ROOT), make_crl(INTERMEDIATE, age=9 * DAY))
    assert outcomes(crls) == ["accepted", "revocation_unknown"]


def test_signed_by_another_key(crls: Path) -> None:
    forger = make_ca("CN=Forger")
    write(crls / "all.pem", make_crl(ROOT), make_crl(INTERMEDIATE, [CLIENT], signer=forger))
    assert outcomes(crls) == ["accepted", "revocation_unknown"]


def test_revoked_leaf(crls: Path) -> None:
    write(crls / "all.pem", make_crl(ROOT), make_crl(INTERMEDIATE, [CLIENT]))
    assert outcomes(crls) == ["revoked", "revoked"]
    assert outcomes(crls, INTERMEDIATE.issue("CN=rp")) == ["known", "known"]


def test_revoked_intermediate_with_the_crl_of_the_leaf_missing_or_stale(crls: Path) -> None:
    # Row 73: OpenSSL stops at the leaf's missing or stale CRL, and never looks at the intermediate.
    write(crls / "root.pem", make_crl(ROOT, [INTERMEDIATE]))
    assert outcomes(crls) == ["revoked", "revocation_unknown"]
    write(crls / "stale.pem", make_crl(INTERMEDIATE, age=9 * DAY))
    assert outcomes(crls) == ["revoked", "revocation_unknown"]


def test_revoked_by_a_stale_crl(crls: Path) -> None:
    write(crls / "all.pem", make_crl(ROOT), make_crl(INTERMEDIATE, [CLIENT], age=9 * DAY))
    assert outcomes(crls) == ["revoked", "revoked"]


def test_a_stale_crl_that_takes_a_hold_back(crls: Path) -> None:
    removed = make_crl(INTERMEDIATE, [CLIENT], age=9 * DAY, reason=x509.ReasonFlags.remove_from_crl)
    write(crls / "all.pem", make_crl(ROOT), removed)
    assert outcomes(crls) == ["accepted", "revocation_unknown"]


def test_a_root_needs_no_crl_of_its_own_for_itself(crls: Path) -> None:
    scope = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)  # of users' certificates
    write(crls / "users.pem", make_crl(ROOT, extensions=[(scope, True)]))
    assert outcomes(crls, ROOT.issue("CN=rp")) == ["known", "known"]


def test_the_skew_of_this_update(crls: Path) -> None:
    write(crls / "root.pem", make_crl(ROOT))
    write(crls / "i.pem", make_crl(INTERMEDIATE, age=timedelta(seconds=-200)))
    assert outcomes(crls) == ["known", "known"]
    write(crls / "i.pem", make_crl(INTERMEDIATE, [CLIENT], age=timedelta(seconds=-200)))
    assert outcomes(crls) == ["revoked", "revoked"]
    write(crls / "i.pem", make_crl(INTERMEDIATE, age=timedelta(seconds=-900)))
    assert outcomes(crls) == ["accepted", "revocation_unknown"]


@pytest.mark.parametrize("names", [("1.pem", "2.pem"), ("2.pem", "1.pem")])
def test_the_newer_of_two_crls_counts_wherever_it_is(crls: Path, names: tuple[str, str]) -> None:
    write(crls / "root.pem", make_crl(ROOT))
    # A higher number at the same time, then a later time, then a newer one that has expired.
    same = timedelta(hours=1)
    for old, new in (
        (make_crl(INTERMEDIATE, age=same), make_crl(INTERMEDIATE, [CLIENT], age=same, number=2)),
        (make_crl(INTERMEDIATE, age=2 * same), make_crl(INTERMEDIATE, [CLIENT], age=same)),
        (make_crl(INTERMEDIATE, age=2 * DAY, life=9 * DAY), make_crl(INTERMEDIATE, [CLIENT], age=DAY, life=same)),
        (make_crl(INTERMEDIATE, number=None, age=same), make_crl(INTERMEDIATE, [CLIENT], number=None, age=same)),
    ):
        write(crls / names[0], old)
        write(crls / names[1], new)
        assert outcomes(crls) == ["revoked", "revoked"]


def test_a_delta_crl(crls: Path) -> None:
    write(crls / "all.pem", make_crl(ROOT), make_crl(INTERMEDIATE, age=2 * timedelta(hours=1)))
    assert outcomes(crls) == ["known", "known"]
    freshest = x509.FreshestCRL(
        [x509.DistributionPoint([x509.UniformResourceIdentifier("http://ca.example/delta.crl")], None, None, None)]
    )
    base = make_crl(INTERMEDIATE, age=2 * timedelta(hours=1), extensions=[(freshest, False)])
    delta = make_crl(INTERMEDIATE, [CLIENT], number=2, extensions=[DELTA])
    write(crls / "all.pem", make_crl(ROOT), base, delta)
    assert outcomes(crls) == ["revoked", "revoked"]


def test_a_crl_of_a_ca_that_may_not_sign_one(crls: Path) -> None:
    no_crls = bare("CN=I", ROOT, [CA, usage(key_cert_sign=True)])
    leaf = bare("CN=rp", no_crls, [LEAF])
    write(crls / "all.pem", make_crl(ROOT), make_crl(no_crls))
    assert outcomes(crls, leaf, no_crls) == ["accepted", "revocation_unknown"]


def test_at_another_time(crls: Path) -> None:
    write(crls / "all.pem", make_crl(ROOT), make_crl(INTERMEDIATE))
    strict = store(crls, revocation="required")
    now = datetime.now(UTC)
    assert judge(strict, at=now) == "known"
    assert judge(strict, at=now + 5 * DAY) == "revocation_unknown"
    assert judge(strict) == "known"


def test_a_cached_path_ends_with_its_crl(crls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(crls / "all.pem", make_crl(ROOT, life=9 * DAY), make_crl(INTERMEDIATE, life=2 * timedelta(hours=1)))
    by = store(crls, revocation="required")
    path = by.validate(PeerCertificate(CLIENT.certificate, (INTERMEDIATE.certificate,)))
    assert path.until - datetime.now(UTC) < timedelta(hours=1)


def test_which_options_go_together(crls: Path) -> None:
    with pytest.raises(ValueError, match="off"):
        store(crls, revocation="off")
    with pytest.raises(ValueError, match="required"):
        TrustStore.from_certificates([ROOT.certificate], revocation="required")


def test_a_crl_that_never_ends(crls: Path) -> None:
    # An empty CRL of ROOT without nextUpdate would be in force for ever.
    with pytest.raises(ValueError, match="CRL"):
        store(write(crls / "all.pem", b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"))


def test_crls_signed_with_a_key_of_their_own(crls: Path) -> None:
    """Also for a client with a pinned CA, whose path is built otherwise."""
    signer = bare("CN=Intermediate", ROOT, [usage(crl_sign=True)])
    pins = sorted(pins_of(INTERMEDIATE.certificate.der))
    unrelated = make_ca("CN=Intermediate")
    for listed, by, expected in (
        ([], signer, "known"),
        ([CLIENT], signer, "revoked"),
        ([], unrelated, "revocation_unknown"),
        ([CLIENT], unrelated, "revocation_unknown"),
    ):
        write(crls / "all.pem", make_crl(ROOT), make_crl(INTERMEDIATE, listed, signer=by, names_signer=True))
        for issuers in ((), pins[:1], pins[1:]):
            trust = TrustStore.from_certificates(
                [ROOT.certificate, INTERMEDIATE.certificate], crls=crls, revocation="required"
            )
            peer = PeerCertificate(CLIENT.certificate, (INTERMEDIATE.certificate, by.certificate))
            try:
                found = "known" if trust.validate(peer, issuers=issuers).revocation_known else "accepted"
            except MutualTLSError as refusal:
                found = refusal.reason
            assert found == expected, (listed, issuers)
