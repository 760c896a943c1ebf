"""ATTACKS.md rows 7, 8, 9, 18, 33, 41, 43 and 73, where a trust store of the application validates the chain."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509

from tests.bare import CA, LEAF, bare
from tests.revocation import make_crl, write
from tests.support import ACCEPTED, Endpoint, Outcome, mod_ssl
from wsgi_mtls import Client, Guard, InvalidClientMetadata, MutualTLSError, PeerCertificate, Verifier, sources
from wsgi_mtls.jwks import jwk
from wsgi_mtls.request.wsgi import view_of
from wsgi_mtls.testing import SERVER_AUTH, KeyPair, Profile, make_ca, self_sign, to_pem
from wsgi_mtls.trust import TrustStore
from wsgi_mtls.x509 import PeerSubject

ROOT = make_ca("CN=Root")
INTERMEDIATE = ROOT.issue("CN=Intermediate", Profile(ca=True, extended_key_usage=()))
STORE = TrustStore.from_certificates([ROOT.certificate, INTERMEDIATE.certificate])
PKI = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=rp"}
UNKNOWN_ISSUERS = (
    "FAILED:unable to get issuer certificate",
    "FAILED:unable to get local issuer certificate",
    "FAILED:unable to verify the first certificate",
    "FAILED:self-signed certificate in certificate chain",
    "FAILED:self signed certificate in certificate chain",
    "GENEROUS",
    "",
)


def refused(reason: str) -> Outcome:
    return (401, "invalid_client", reason)


def endpoint(trust: Any = STORE, *, either: bool = False, **metadata: object) -> Endpoint:
    return Endpoint({"rp": {**PKI, **metadata}}, verifier={"trust": trust, "trust_either": either})


@pytest.mark.parametrize("verify", ["SUCCESS", *UNKNOWN_ISSUERS])
def test_the_store_decides(verify: str) -> None:
    assert endpoint().outcome("rp", INTERMEDIATE.issue("CN=rp"), verify) == ACCEPTED
    assert endpoint().outcome("rp", INTERMEDIATE.issue("CN=other"), verify) == refused("subject_mismatch")
    assert Endpoint({"rp": PKI}).outcome("rp", INTERMEDIATE.issue("CN=rp"), "GENEROUS") == refused("chain_not_verified")


@pytest.mark.parametrize("verify", ["SUCCESS", "GENEROUS"])
def test_row_7_a_self_signed_certificate(verify: str) -> None:
    own = self_sign("CN=rp")
    assert endpoint().outcome("rp", own, verify) == refused("self_signed_certificate")
    with_it = TrustStore.from_certificates([ROOT.certificate, own.certificate])
    assert endpoint(with_it).outcome("rp", own, verify) == refused("self_signed_certificate")


@pytest.mark.parametrize("verify", ["SUCCESS", "GENEROUS"])
def test_row_8_another_ca_and_one_of_the_same_name(verify: str) -> None:
    assert endpoint().outcome("rp", make_ca("CN=Other").issue("CN=rp"), verify) == refused("chain_incomplete")
    assert endpoint().outcome("rp", make_ca("CN=Root").issue("CN=rp"), verify) == refused("untrusted_ca")


def test_row_8_a_ca_of_the_same_name_with_both_in_the_store() -> None:
    namesake = make_ca("CN=Root")
    both = TrustStore.from_certificates([ROOT.certificate, namesake.certificate])
    assert endpoint(both).outcome("rp", namesake.issue("CN=rp")) == ACCEPTED
    for pin in pins(ROOT):
        pinned = endpoint(both, tls_client_auth_issuer=pin)
        assert pinned.outcome("rp", namesake.issue("CN=rp")) == refused("untrusted_ca")
        assert pinned.outcome("rp", ROOT.issue("CN=rp")) == ACCEPTED


def test_row_9_the_right_name_on_an_intermediate() -> None:
    named = ROOT.issue("CN=rp", Profile(ca=True, extended_key_usage=()))
    store = TrustStore.from_certificates([ROOT.certificate, named.certificate])
    assert endpoint(store).outcome("rp", named.issue("CN=x")) == refused("subject_mismatch")
    assert endpoint(store).outcome("rp", named) == refused("wrong_purpose")


@pytest.mark.parametrize(
    ("leaf", "reason"),
    [
        (bare("CN=rp", ROOT, [LEAF], days=(-9, -1)), "certificate_expired"),
        (bare("CN=rp", ROOT, [LEAF], days=(1, 9)), "certificate_not_yet_valid"),
        (ROOT.issue("CN=rp", Profile(extended_key_usage=SERVER_AUTH)), "wrong_purpose"),
        (
            bare("CN=rp", ROOT, [(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00"), True)]),
            "unknown_critical_extension",
        ),
    ],
)
@pytest.mark.parametrize("verify", ["SUCCESS", "GENEROUS"])
def test_row_18_a_wrong_leaf(leaf: KeyPair, reason: str, verify: str) -> None:
    assert endpoint().outcome("rp", leaf, verify) == refused(reason)


def test_row_18_issued_by_a_leaf() -> None:
    leaf = ROOT.issue("CN=leaf")
    forged = leaf.issue("CN=rp")
    chain = {"SSL_CLIENT_CERT_CHAIN_0": leaf.certificate_pem.decode()}
    assert endpoint().outcome("rp", forged, extra=chain) == refused("wrong_purpose")
    through = INTERMEDIATE.issue("CN=rp")
    chain = {"SSL_CLIENT_CERT_CHAIN_0": INTERMEDIATE.certificate_pem.decode()}
    only_root = endpoint(TrustStore.from_certificates([ROOT.certificate]))
    assert only_root.outcome("rp", through) == refused("chain_incomplete")
    assert only_root.outcome("rp", through, extra=chain) == ACCEPTED


def test_row_41_a_registered_certificate_that_issues_others() -> None:
    registered = self_sign("CN=mine", Profile(ca=True))
    keys = {
        "token_endpoint_auth_method": "self_signed_tls_client_auth",
        "jwks": {"keys": [jwk(registered.certificate)]},
    }
    both = Endpoint({"rp": PKI, "mine": keys}, verifier={"trust": STORE})
    # The terminator has it in its CA bundle, and reports success.
    assert both.outcome("rp", registered.issue("CN=rp")) == refused("chain_incomplete")
    # The store is not asked about the self-signed client itself.
    assert both.outcome("mine", registered, "GENEROUS") == ACCEPTED


@pytest.mark.parametrize(
    ("verify", "reason"),
    [
        ("FAILED:certificate revoked", "revoked"),
        ("FAILED:certificate has expired", "expired"),
        ("FAILED:unsupported certificate purpose", "chain_not_verified"),
        ("FAILED:", "chain_not_verified"),
    ],
)
@pytest.mark.parametrize("either", [False, True])
def test_row_73_what_the_terminator_found_wrong(verify: str, reason: str, either: bool) -> None:
    assert endpoint(either=either).outcome("rp", INTERMEDIATE.issue("CN=rp"), verify) == refused(reason)


def der(pair: KeyPair) -> str:
    return base64.b64encode(pair.certificate.der).decode()


LEAF_OF_RP = INTERMEDIATE.issue("CN=rp")
SOURCES = {
    "haproxy": (sources.haproxy(trusted_proxies=["::1"]), f"1 {{}} {der(LEAF_OF_RP)}", ("20", "23", "10", "26")),
    "apache": (
        sources.apache(trusted_proxies=["::1"]),
        f"FAILED:{{}} Initial {base64.b64encode(to_pem(LEAF_OF_RP.certificate)).decode()}",
        ("unable to get local issuer certificate", "certificate revoked", "certificate has expired", "x"),
    ),
    "nginx": (
        sources.nginx(trusted_proxies=["::1"]),
        "FAILED:{} " + quote(to_pem(LEAF_OF_RP.certificate).decode(), safe=""),
        ("unable to verify the first certificate", "certificate revoked", "certificate has expired", "x"),
    ),
}


@pytest.mark.parametrize("name", SOURCES)
def test_row_73_the_words_of_each_terminator(name: str) -> None:
    source, header, words = SOURCES[name]
    verifier = Verifier({"rp": PKI}, trust=STORE)
    found = []
    for word in words:
        peer = source({"REMOTE_ADDR": "::1", "HTTP_XCLIENTCERT": header.format(word)})
        assert isinstance(peer, PeerCertificate)
        try:
            found.append(verifier.authenticate("rp", peer).client_id)
        except MutualTLSError as refusal:
            found.append(refusal.reason)
    assert found == ["rp", "revoked", "expired", "chain_not_verified"]


def test_row_73_a_revoked_intermediate(tmp_path: Path) -> None:
    crls = write(tmp_path / "root.crl", make_crl(ROOT, [INTERMEDIATE]))
    for mode, reason in (("if_available", "revoked"), ("required", "revocation_unknown")):
        store = TrustStore.from_certificates(
            [ROOT.certificate, INTERMEDIATE.certificate],
            crls=crls,
            revocation=mode,  # type: ignore[arg-type]
        )
        for either in (False, True):
            judge = endpoint(store, either=either)
            assert judge.outcome("rp", INTERMEDIATE.issue("CN=rp")) == refused(reason)


def test_rows_33_and_43_bound_tokens_need_no_store() -> None:
    stranger = bare("CN=rp", make_ca("CN=Stranger"), [LEAF], days=(-9, -1))
    claims: dict[str, object] = {"cnf": {"x5t#S256": stranger.certificate.thumbprint}}

    class Tokens:
        def decode(self, token: str, /) -> dict[str, object]:
            return claims

    guard = Guard(sources.environ(), verifier=Verifier({}, trust=STORE), tokens=Tokens())
    environ = {"REQUEST_METHOD": "GET", **mod_ssl(stranger, "GENEROUS"), "HTTP_AUTHORIZATION": "Bearer x"}
    assert guard.accept_token(view_of(environ, guard)).claims == claims


def test_trust_either() -> None:
    other = make_ca("CN=Other")
    either = endpoint(either=True)
    assert either.outcome("rp", other.issue("CN=rp")) == ACCEPTED
    assert either.outcome("rp", other.issue("CN=rp"), "GENEROUS") == refused("chain_incomplete")
    for profile in (Profile(ca=True), Profile(extended_key_usage=SERVER_AUTH)):
        assert either.outcome("rp", other.issue("CN=rp", profile)) == refused("wrong_purpose")
    pinned = endpoint(either=True, tls_client_auth_issuer=pins(ROOT)[0])
    assert pinned.outcome("rp", other.issue("CN=rp")) == refused("chain_incomplete")


def test_trust_either_where_revocation_is_required(tmp_path: Path) -> None:
    crls = write(tmp_path / "root.crl", make_crl(ROOT))
    store = TrustStore.from_certificates([ROOT.certificate], crls=crls, revocation="required")
    assert endpoint(store, either=True).outcome("rp", make_ca("CN=Other").issue("CN=rp")) == refused("chain_incomplete")
    assert endpoint(store, either=True).outcome("rp", ROOT.issue("CN=rp")) == ACCEPTED


def test_a_ca_per_tenant() -> None:
    other = make_ca("CN=Other")
    stores = {"a": STORE, "b": TrustStore.from_certificates([other.certificate])}
    clients = {name: {**PKI, "tenant": name, "tls_client_auth_subject_dn": "CN=rp"} for name in ("a", "b", "without")}
    judge = Endpoint(clients, verifier={"trust": lambda client: stores.get(client.metadata["tenant"])})
    assert judge.outcome("a", ROOT.issue("CN=rp")) == ACCEPTED
    assert judge.outcome("b", ROOT.issue("CN=rp"))[2] == "chain_incomplete"
    assert judge.outcome("b", other.issue("CN=rp")) == ACCEPTED
    assert judge.outcome("without", other.issue("CN=rp")) == refused("untrusted_ca")
    # The certificate's own tenant is found among several of the name.
    assert judge.verifier.identify(PeerCertificate(other.issue("CN=rp").certificate)).client_id == "b"
    with pytest.raises(MutualTLSError) as refusal:
        judge.verifier.check_certificate(PeerCertificate(ROOT.issue("CN=rp").certificate))
    assert "give a TrustStore" in str(refusal.value.advice)


def test_plain_certificates() -> None:
    guard = Guard(sources.environ(), trust=STORE)
    assert guard.plain.check_certificate(PeerCertificate(ROOT.issue("CN=x").certificate))
    with pytest.raises(MutualTLSError):
        guard.plain.check_certificate(PeerCertificate(make_ca("CN=O").issue("CN=x").certificate, verified=True))


def test_a_verifier_with_a_clock_of_its_own() -> None:
    leaf = bare("CN=rp", ROOT, [LEAF], days=(-0.01, 9))
    later = Verifier({"rp": PKI}, trust=STORE, clock=lambda: datetime.now(UTC) + timedelta(days=20))
    peer = PeerCertificate(leaf.certificate)
    with pytest.raises(MutualTLSError) as refusal:
        later.authenticate("rp", peer)
    assert refusal.value.reason == "certificate_expired"
    # The store is shared, and has kept no time.
    assert Verifier({"rp": PKI}, trust=STORE).authenticate("rp", peer).client_id == "rp"


def test_a_name_alone() -> None:
    peer = PeerSubject("tls_client_auth_subject_dn", ("CN=rp",), verified=True, source="x")
    assert Verifier({"rp": PKI}).authenticate("rp", peer).client_id == "rp"
    for verifier in (
        Verifier({"rp": PKI}, trust=STORE, trust_either=True),
        Verifier({"rp": {**PKI, "tls_client_auth_issuer": pins(ROOT)[0]}}),
    ):
        with pytest.raises(MutualTLSError) as refusal:
            verifier.authenticate("rp", peer)
        assert refusal.value.reason == "certificate_not_delivered"


# The CA pinned per client


def pins(authority: KeyPair) -> list[str]:
    (one,) = TrustStore.from_certificates([authority.certificate]).state().authorities
    return sorted(one.pins)


@pytest.mark.parametrize("kind", [0, 1])
def test_a_pinned_intermediate(kind: int) -> None:
    second = ROOT.issue("CN=Second", Profile(ca=True, extended_key_usage=()))
    store = TrustStore.from_certificates([pair.certificate for pair in (ROOT, INTERMEDIATE, second)])
    pin = all_pins(store, INTERMEDIATE)[kind]
    pinned = endpoint(store, tls_client_auth_issuer=[pin])
    assert pinned.outcome("rp", INTERMEDIATE.issue("CN=rp")) == ACCEPTED
    assert pinned.outcome("rp", second.issue("CN=rp")) == refused("untrusted_ca")
    assert pinned.outcome("rp", ROOT.issue("CN=rp")) == refused("untrusted_ca")
    assert pinned.outcome("rp", make_ca("CN=Other").issue("CN=rp")) == refused("chain_incomplete")
    below = INTERMEDIATE.issue("CN=Below", Profile(ca=True, extended_key_usage=()))
    chain = {"SSL_CLIENT_CERT_CHAIN_0": below.certificate_pem.decode().partition("-----END")[0] + PEM_END}
    assert pinned.outcome("rp", below.issue("CN=rp"), extra=chain) == ACCEPTED


PEM_END = "-----END CERTIFICATE-----\n"


def all_pins(store: TrustStore, authority: KeyPair) -> list[str]:
    found = store.state().authorities
    return next(sorted(one.pins) for one in found if one.der == authority.certificate.der)


def test_a_pin_without_the_certificate_at_hand() -> None:
    pin = pins(make_ca("CN=Else"))[0]
    assert endpoint(tls_client_auth_issuer=pin).outcome("rp", ROOT.issue("CN=rp")) == refused("untrusted_ca")
    without = Endpoint({"rp": {**PKI, "tls_client_auth_issuer": pins(ROOT)[0]}})
    assert without.outcome("rp", ROOT.issue("CN=rp")) == refused("untrusted_ca")


def test_a_pin_while_the_ca_rotates() -> None:
    new = make_ca("CN=Root 2")
    store = TrustStore.from_certificates([ROOT.certificate, new.certificate])
    pinned = endpoint(store, tls_client_auth_issuer=[pins(ROOT)[0], pins(new)[1]])
    assert pinned.outcome("rp", ROOT.issue("CN=rp")) == ACCEPTED
    assert pinned.outcome("rp", new.issue("CN=rp")) == ACCEPTED
    assert endpoint(store, tls_client_auth_issuer=pins(new)).outcome("rp", ROOT.issue("CN=rp"))[0] == 401


@pytest.mark.parametrize("turned", [False, True])
def test_row_73_a_certificate_of_the_pinned_ca_that_shares_name_and_key_with_another_ca(turned: bool) -> None:
    # The pinned CA issued the attacker an ordinary certificate; another tenant's CA certifies the same name and key as
    # a CA. The leaf below is signed by that key.
    other = make_ca("CN=Other tenant")
    ordinary = bare("CN=Shared", ROOT, [LEAF])
    as_ca = bare("CN=Shared", other, [CA], key=ordinary.key)
    forged = bare("CN=rp", as_ca, [LEAF])
    store = TrustStore.from_certificates([ROOT.certificate, other.certificate])
    chain = [ordinary, as_ca][:: -1 if turned else 1]
    extra = {f"SSL_CLIENT_CERT_CHAIN_{n}": pair.certificate_pem.decode() for n, pair in enumerate(chain)}
    assert endpoint(store).outcome("rp", forged, extra=extra) in (ACCEPTED, refused("wrong_purpose"))
    for pin in pins(ROOT):
        pinned = endpoint(store, tls_client_auth_issuer=pin)
        assert pinned.outcome("rp", forged, extra=extra) in (refused("wrong_purpose"), refused("untrusted_ca"))


@pytest.mark.parametrize("turned", [False, True])
def test_a_pin_does_not_depend_on_the_order_of_the_chain(turned: bool) -> None:
    # One CA, certified by two roots: two valid paths.
    other = make_ca("CN=Other")
    ours = bare("CN=Cross", ROOT, [CA])
    theirs = bare("CN=Cross", other, [CA], key=ours.key)
    leaf = bare("CN=rp", ours, [LEAF])
    store = TrustStore.from_certificates([ROOT.certificate, other.certificate])
    chain = [ours, theirs][:: -1 if turned else 1]
    extra = {f"SSL_CLIENT_CERT_CHAIN_{n}": pair.certificate_pem.decode() for n, pair in enumerate(chain)}
    for authority in (ROOT, other):
        for pin in pins(authority):
            assert endpoint(store, tls_client_auth_issuer=pin).outcome("rp", leaf, extra=extra) == ACCEPTED


def test_constraints_above_the_pinned_ca_count() -> None:
    root = bare("CN=R", None, [CA, (x509.NameConstraints([x509.DNSName("example.com")], None), True)])
    middle = bare("CN=M", root, [CA])
    store = TrustStore.from_certificates([root.certificate, middle.certificate])
    pinned = endpoint(store, tls_client_auth_issuer=all_pins(store, middle))
    wrong = middle.issue("CN=rp", Profile(san_dns=["rp.example.net"]))
    right = middle.issue("CN=rp", Profile(san_dns=["rp.example.com"]))
    assert pinned.outcome("rp", wrong) == refused("name_constraint")
    assert pinned.outcome("rp", right) == ACCEPTED


def test_a_pinned_ca_that_is_revoked(tmp_path: Path) -> None:
    crls = write(tmp_path / "root.crl", make_crl(ROOT, [INTERMEDIATE]))
    store = TrustStore.from_certificates([ROOT.certificate, INTERMEDIATE.certificate], crls=crls)
    pinned = endpoint(store, tls_client_auth_issuer=all_pins(store, INTERMEDIATE))
    assert pinned.outcome("rp", INTERMEDIATE.issue("CN=rp")) == refused("revoked")
    pinned = endpoint(store, tls_client_auth_issuer=pins(ROOT))
    assert pinned.outcome("rp", INTERMEDIATE.issue("CN=rp")) == refused("revoked")
    assert pinned.outcome("rp", ROOT.issue("CN=rp")) == ACCEPTED


DIGEST = "A" * 43


@pytest.mark.parametrize(
    "value",
    [
        "CN=Root",
        "",
        [],
        DIGEST,
        f"sha256:{DIGEST}",
        f"SPKI-SHA256:{DIGEST}",
        f"spki-sha256:{DIGEST}=",
        f"spki-sha256:{DIGEST[:-1]}B",
        f"spki-sha256:{DIGEST}\n",
        f"spki-sha256:{DIGEST[:-1]}+",
        [f"spki-sha256:{DIGEST}", "CN=Root"],
        [1],
        1,
        {"spki-sha256": DIGEST},
        b"x",
    ],
)
def test_row_64_a_pin_that_is_none(value: object) -> None:
    with pytest.raises(InvalidClientMetadata, match="tls_client_auth_issuer"):
        Client.from_metadata({"client_id": "rp", **PKI, "tls_client_auth_issuer": value})


@pytest.mark.parametrize("member", ["tls_client_auth_issuers", "tls_client_auth_san_upn", "tls_client_auth_"])
def test_row_64_an_unknown_member(member: str) -> None:
    with pytest.raises(InvalidClientMetadata, match=member):
        Client.from_metadata({"client_id": "rp", **PKI, member: "x"})
    # A client of another method is not judged by its certificate.
    assert Client.from_metadata({"client_id": "rp", member: "x"}).metadata == {member: "x"}


def test_a_pin_is_for_pki() -> None:
    keys = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": [jwk(ROOT.certificate)]}}
    with pytest.raises(InvalidClientMetadata, match="is for tls_client_auth"):
        Client.from_metadata({"client_id": "rp", **keys, "tls_client_auth_issuer": f"spki-sha256:{DIGEST}"})
