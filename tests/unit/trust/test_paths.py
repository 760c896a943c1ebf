"""Each reason for which a path is refused, and the path beside it that is accepted."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import crypto

from tests.bare import CA, LEAF, bare, usage
from wsgi_mtls import ClientCertificate, MutualTLSError, PeerCertificate
from wsgi_mtls.testing import SERVER_AUTH, KeyPair, Profile, make_ca, make_key, self_sign
from wsgi_mtls.trust import Strength, TrustStore, cache, facts

ROOT = make_ca("CN=Root")
INTERMEDIATE = ROOT.issue("CN=Intermediate", Profile(ca=True, extended_key_usage=()))
CLIENT = INTERMEDIATE.issue("CN=rp")


def store(*authorities: KeyPair, **options: Any) -> TrustStore:
    return TrustStore.from_certificates([pair.certificate for pair in authorities or (ROOT,)], **options)


def peer(leaf: KeyPair, *chain: KeyPair) -> PeerCertificate:
    return PeerCertificate(leaf.certificate, tuple(pair.certificate for pair in chain))


def judge(leaf: KeyPair, *chain: KeyPair, by: TrustStore | None = None, at: datetime | None = None) -> str:
    by = by or store()
    try:
        path = by.validate(peer(leaf, *chain), at)
    except MutualTLSError as refusal:
        return refusal.reason
    assert path.certificates[0] == leaf.certificate.der
    # What was found once is found again, from the cache too.
    assert by.validate(peer(leaf, *chain), at) == path
    return "accepted"


def test_a_path_and_what_it_consists_of() -> None:
    path = store().validate(peer(CLIENT, INTERMEDIATE))
    assert path.certificates == tuple(pair.certificate.der for pair in (CLIENT, INTERMEDIATE, ROOT))
    assert path.until == CLIENT.certificate.not_after
    assert not path.revocation_known


def test_leaf_below_a_root_and_an_intermediate_in_the_store() -> None:
    assert judge(ROOT.issue("CN=rp")) == "accepted"
    assert judge(CLIENT, by=store(ROOT, INTERMEDIATE)) == "accepted"


def test_chain_incomplete() -> None:
    assert judge(CLIENT) == "chain_incomplete"
    assert judge(CLIENT, ROOT) == "chain_incomplete"
    # Partial chains are off: an intermediate alone ends no path.
    assert judge(CLIENT, INTERMEDIATE, by=store(INTERMEDIATE)) == "chain_incomplete"


def test_the_message_names_the_issuer_that_was_looked_for() -> None:
    with pytest.raises(
        MutualTLSError, match=r"'CN=Intermediate'.*nginx and Caddy forward the client's certificate alone"
    ):
        store().validate(peer(CLIENT))


def test_untrusted_ca() -> None:
    other = make_ca("CN=Other")
    assert judge(other.issue("CN=rp"), other) == "untrusted_ca"
    assert judge(self_sign("CN=rp")) == "untrusted_ca"
    namesake = make_ca("CN=Root")
    assert judge(namesake.issue("CN=rp"), by=store()) == "untrusted_ca"
    assert judge(namesake.issue("CN=rp"), by=store(ROOT, namesake)) == "accepted"


def test_signed_by_a_namesake_without_key_identifiers() -> None:
    root, forger = bare("CN=Plain", None, [CA]), bare("CN=Plain", None, [CA])
    assert judge(bare("CN=rp", forger, [LEAF]), by=store(root)) == "untrusted_ca"
    assert judge(bare("CN=rp", root, [LEAF]), by=store(root)) == "accepted"


@pytest.mark.parametrize(("days", "reason"), [((-9, -1), "expired"), ((1, 9), "not_yet_valid"), ((-1, 9), "accepted")])
def test_dates_of_each_certificate(days: tuple[float, float], reason: str) -> None:
    assert judge(bare("CN=rp", ROOT, [LEAF], days=days)) == reason
    intermediate = bare("CN=I", ROOT, [CA], days=days)
    assert judge(bare("CN=rp", intermediate, [LEAF]), intermediate) == reason
    root = bare("CN=R", None, [CA], days=days)
    assert judge(bare("CN=rp", root, [LEAF]), by=store(root)) == reason


@pytest.mark.parametrize(
    ("purposes", "reason"),
    [
        (SERVER_AUTH, "wrong_purpose"),
        ([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE], "wrong_purpose"),
        ([ExtendedKeyUsageOID.CLIENT_AUTH, *SERVER_AUTH], "accepted"),
        ([], "accepted"),
    ],
)
def test_extended_key_usage_of_each_certificate(purposes: list[x509.ObjectIdentifier], reason: str) -> None:
    assert judge(ROOT.issue("CN=rp", Profile(extended_key_usage=purposes))) == reason
    intermediate = ROOT.issue("CN=I", Profile(ca=True, extended_key_usage=purposes))
    assert judge(intermediate.issue("CN=rp"), intermediate) == reason
    root = make_ca("CN=R", Profile(ca=True, extended_key_usage=purposes))
    assert judge(root.issue("CN=rp"), by=store(root)) == reason


@pytest.mark.parametrize(
    ("bits", "reason"),
    [
        ({"key_encipherment": True}, "wrong_purpose"),
        ({"key_agreement": True}, "wrong_purpose"),
        ({"digital_signature": True, "key_encipherment": True}, "accepted"),
    ],
)
def test_key_usage_of_the_leaf(bits: dict[str, bool], reason: str) -> None:
    assert judge(bare("CN=rp", ROOT, [LEAF, usage(**bits)])) == reason


def test_issued_by_what_is_not_a_ca() -> None:
    leaf = ROOT.issue("CN=leaf")
    assert judge(leaf.issue("CN=rp"), leaf) == "wrong_purpose"
    no_constraints = bare("CN=I", ROOT, [usage(key_cert_sign=True)])
    assert judge(bare("CN=rp", no_constraints, [LEAF]), no_constraints) == "wrong_purpose"
    no_signing = bare("CN=I", ROOT, [CA, usage(crl_sign=True)])
    assert judge(bare("CN=rp", no_signing, [LEAF]), no_signing) == "wrong_purpose"
    plain = bare("CN=I", ROOT, [CA])
    assert judge(bare("CN=rp", plain, [LEAF]), plain) == "accepted"


def test_a_ca_certificate_authenticates_no_client() -> None:
    assert judge(INTERMEDIATE) == "wrong_purpose"
    assert judge(ROOT) == "wrong_purpose"
    assert judge(ROOT.issue("CN=rp", Profile(ca=True))) == "wrong_purpose"


def test_a_leaf_that_is_itself_in_the_store() -> None:
    own = self_sign("CN=rp")
    # OpenSSL accepts it; the store leaves it out, since it is not a CA's.
    assert judge(own, by=store(ROOT, own)) == "untrusted_ca"
    without_constraints = bare("CN=rp")
    assert judge(without_constraints, by=store(ROOT, without_constraints, allow_v1_roots=True)) == "wrong_purpose"


def test_path_too_long() -> None:
    short = ROOT.issue("CN=S", Profile(ca=True, extended_key_usage=()))
    limited = bare("CN=S", ROOT, [(x509.BasicConstraints(True, 0), True)])
    below = limited.issue("CN=B", Profile(ca=True, extended_key_usage=()))
    assert judge(below.issue("CN=rp"), below, limited) == "path_too_long"
    assert judge(limited.issue("CN=rp"), limited) == "accepted"
    below = short.issue("CN=B", Profile(ca=True, extended_key_usage=()))
    assert judge(below.issue("CN=rp"), below, short) == "accepted"


def test_name_constraint() -> None:
    only = x509.NameConstraints([x509.DNSName("example.com")], None)
    constrained = bare("CN=C", ROOT, [CA, (only, True)])
    assert judge(constrained.issue("CN=rp", Profile(san_dns=["rp.example.net"])), constrained) == "name_constraint"
    assert judge(constrained.issue("CN=rp", Profile(san_dns=["rp.example.com"])), constrained) == "accepted"


@pytest.mark.parametrize(("critical", "reason"), [(True, "unknown_critical_extension"), (False, "accepted")])
def test_unknown_extension_of_each_certificate(critical: bool, reason: str) -> None:
    unknown = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), critical)
    assert judge(bare("CN=rp", ROOT, [LEAF, unknown])) == reason
    intermediate = bare("CN=I", ROOT, [CA, unknown])
    assert judge(bare("CN=rp", intermediate, [LEAF]), intermediate) == reason


@pytest.mark.parametrize(
    ("digest", "reason"),
    [(hashes.SHA224(), "weak_signature"), (hashes.SHA256(), "accepted"), (hashes.SHA3_256(), "accepted")],
)
def test_signature_of_each_certificate(digest: hashes.HashAlgorithm, reason: str) -> None:
    key = rsa.generate_private_key(65537, 2048)
    root = bare("CN=R", None, [CA], key=key, digest=hashes.SHA224())  # a root's own signature counts for nothing
    assert judge(bare("CN=rp", root, [LEAF], digest=digest), by=store(root)) == reason
    allowed = store(root, strength=Strength(hash_bits=224))
    assert judge(bare("CN=rp", root, [LEAF], digest=digest), by=allowed) == "accepted"


def test_weak_keys_of_each_certificate() -> None:
    weak, strong = rsa.generate_private_key(65537, 1024), rsa.generate_private_key(65537, 2048)
    p192 = ec.generate_private_key(ec.SECP192R1())
    for key in (weak, p192):
        assert judge(bare("CN=rp", ROOT, [LEAF], key=key)) == "weak_key"
    intermediate, root = bare("CN=I", ROOT, [CA], key=weak), bare("CN=R", None, [CA], key=weak)
    assert judge(bare("CN=rp", intermediate, [LEAF]), intermediate) == "weak_key"
    assert judge(bare("CN=rp", root, [LEAF]), by=store(root)) == "weak_key"
    assert judge(bare("CN=rp", root, [LEAF]), by=store(root, strength=Strength(rsa_bits=1024))) == "accepted"
    for allowed in (strong, ec.generate_private_key(ec.SECP224R1()), ed448.Ed448PrivateKey.generate()):
        assert judge(bare("CN=rp", ROOT, [LEAF], key=allowed)) == "accepted"


def v1_root() -> KeyPair:
    # cryptography makes X.509 v3 only.
    content = Path(__file__).with_name("v1-root.pem").read_bytes()
    key = load_pem_private_key(content, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return KeyPair(ClientCertificate.from_pem(content.partition(b"-----BEGIN PRIVATE KEY-----")[0]), key)


@pytest.mark.parametrize("root", [v1_root(), bare("CN=Old root", None, [usage(key_cert_sign=True)])])
def test_a_root_without_basic_constraints_if_asked_for(root: KeyPair) -> None:
    leaf = bare("CN=rp", root)
    with pytest.raises(ValueError, match="no CA certificate"):
        store(root)
    assert judge(leaf, by=store(ROOT, root)) == "chain_incomplete"
    assert judge(leaf, by=store(root, allow_v1_roots=True)) == "accepted"
    # It is never a root unasked, nor an intermediate.
    assert judge(bare("CN=x", leaf), leaf, by=store(root, allow_v1_roots=True)) == "wrong_purpose"


def test_private_pkis_as_they_are() -> None:
    names = x509.SubjectAlternativeName([x509.DNSName("rp.example")])
    assert judge(bare("", ROOT, [LEAF, (names, True)])) == "accepted"
    assert judge(bare("CN=only a common name", ROOT)) == "accepted"


def test_one_store_two_validations_a_year_apart() -> None:
    then = datetime.now(UTC) - timedelta(days=365)
    root = bare("CN=R", None, [CA], days=(-999, 999))
    old, shared = bare("CN=rp", root, [LEAF], days=(-400, -300)), store(root)
    assert judge(old, by=shared, at=then) == "accepted"
    assert judge(old, by=shared) == "expired"
    assert judge(old, by=shared, at=then + timedelta(days=365)) == "expired"
    with pytest.raises(ValueError, match="aware"):
        shared.validate(peer(old), then.replace(tzinfo=None))


def test_a_time_in_another_zone() -> None:
    young = bare("CN=rp", ROOT, [LEAF], days=(-0.02, 30))
    there = datetime.now(UTC).astimezone(timezone(timedelta(hours=-11)))
    assert judge(young, at=there) == "accepted"
    assert judge(young, at=there - timedelta(hours=1)) == "not_yet_valid"


def test_a_trailing_octet() -> None:
    root = TrustStore.from_certificates([ROOT.certificate.der])
    leaf = ROOT.issue("CN=rp").certificate
    state = root.state()
    with pytest.raises(MutualTLSError) as refusal:
        state.validate(leaf.der + b"\0", ())
    assert refusal.value.reason == "chain_invalid"
    assert state.validate(leaf.der, ()).certificates[0] == leaf.der


def test_hints_that_help_no_path() -> None:
    state = store().state()
    assert state.validate(CLIENT.certificate.der, [b"", b"\x30\x00", b"x" * 99, INTERMEDIATE.certificate.der])


def test_the_cache_ends_with_the_path_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = cache.PathCache(size=1000)
    path = store().validate(peer(CLIENT, INTERMEDIATE))
    for number in range(100):
        kept.put((number,), path, 60)
    assert kept.get((0,)) is None
    assert kept.get((99,)) is path
    kept.put(("large",), path, 900)
    assert kept.get(("large",)) is None
    monkeypatch.setattr("time.time", lambda: path.until.timestamp())
    assert kept.get((99,)) is None


@pytest.mark.parametrize(
    "options",
    [
        {"revocation": "always"},
        {"revocation": "required"},
        {"strength": 2048},
        {"max_age": -1},
        {"max_age": "1"},
        {"min_rsa": 1024},
    ],
)
def test_options_that_cannot_be(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        store(**options)


def test_nothing_of_a_failure_stays_in_the_thread() -> None:
    def kept() -> object:
        with pytest.raises(crypto.Error) as empty:
            crypto.load_certificate(crypto.FILETYPE_ASN1, b"")
        return empty.value.args

    clean = kept()
    for key in (None, rsa.generate_private_key(65537, 2048)):
        root, forger = bare("CN=Plain", None, [CA], key=key), bare("CN=Plain", None, [CA], key=key and make_key("rsa"))
        assert judge(bare("CN=rp", forger, [LEAF]), by=store(root)) == "untrusted_ca"
        assert kept() == clean


def test_algorithms_without_a_hash() -> None:
    assert facts._has_no_hash("2.16.840.1.101.3.4.3.18")
    assert not facts._has_no_hash("2.16.840.1.101.3.4.3.2")
    assert not facts._has_no_hash("1.3.36.3.3.1.2")
    root = bare("CN=R", None, [CA], key=rsa.generate_private_key(65537, 2048))
    assert judge(bare("CN=rp", root, [LEAF]), by=store(root)) == "accepted"
    for key_type in ("ec", "ed25519"):
        root = make_ca("CN=R", Profile(ca=True, extended_key_usage=(), key_type=key_type))
        assert judge(root.issue("CN=rp", Profile(key_type=key_type)), by=store(root)) == "accepted"
