"""``wsgi-mtls explain``, and the findings that it prints."""

import json
from pathlib import Path

from tests.bare import LEAF, bare
from tests.commands import fails, run
from tests.revocation import make_crl, write
from wsgi_mtls import PeerCertificate, Verifier
from wsgi_mtls.explain import Explanation, explain
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import SERVER_AUTH, KeyPair, Profile, make_ca, self_sign, to_pem
from wsgi_mtls.trust import TrustStore
from wsgi_mtls.x509.differences import differences

ROOT = make_ca("CN=Root")
INTERMEDIATE = ROOT.issue("CN=Intermediate", Profile(ca=True, extended_key_usage=()))
STORE = TrustStore.from_certificates([ROOT.certificate])
PKI = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=rp,O=Example,C=DE"}


def explained(leaf: KeyPair, *chain: KeyPair, client: str | None = "rp", **metadata: object) -> Explanation:
    verifier = Verifier({"rp": {**PKI, **metadata}}, trust=STORE)
    return explain(verifier, PeerCertificate(leaf.certificate, tuple(pair.certificate for pair in chain)), client)


def failed(explanation: Explanation) -> dict[str, str]:
    return {finding.check: finding.reason for finding in explanation.findings if finding.outcome == "failed"}


def test_accepted() -> None:
    found = explained(INTERMEDIATE.issue("CN=rp,O=Example,C=DE"), INTERMEDIATE)
    assert found.accepted
    assert failed(found) == {}
    assert [finding.check for finding in found.findings] == [
        "validity",
        "method",
        "not_self_signed",
        "chain",
        "purpose",
        "not_registered_as_self_signed",
        "subject",
    ]
    assert [step.subject for step in found.path] == ["CN=rp,O=Example,C=DE", "CN=Intermediate", "CN=Root"]
    assert [len(step.pins) for step in found.path] == [0, 2, 2]


def test_the_pins_are_those_that_a_client_can_be_registered_with() -> None:
    leaf = INTERMEDIATE.issue("CN=rp,O=Example,C=DE")
    for pin in explained(leaf, INTERMEDIATE).path[-1].pins:
        assert explained(leaf, INTERMEDIATE, tls_client_auth_issuer=pin).accepted


def test_every_check_is_made_also_after_one_that_fails() -> None:
    leaf = make_ca("CN=Other").issue("CN=x", Profile(extended_key_usage=SERVER_AUTH))
    found = explained(leaf)
    assert not found.accepted
    assert found.reason == "chain_incomplete"
    assert failed(found) == {"chain": "chain_incomplete", "purpose": "wrong_purpose", "subject": "subject_mismatch"}
    assert [step.subject for step in found.path] == ["CN=x"]


def test_which_ca_would_have_to_issue_it() -> None:
    (chain,) = (finding for finding in explained(self_sign("CN=rp")).findings if finding.check == "chain")
    assert chain.expected == "a path to 'CN=Root'"
    pin = "spki-sha256:" + "A" * 43
    found = explained(ROOT.issue("CN=rp"), tls_client_auth_issuer=pin)
    (chain,) = (finding for finding in found.findings if finding.check == "chain")
    assert chain.expected == f"a CA that is not in the trust store: {pin}"


def test_expired_and_unknown() -> None:
    assert failed(explained(bare("CN=rp,O=Example,C=DE", ROOT, [LEAF], days=(-9, -1)))) == {
        "validity": "certificate_expired",
        "chain": "expired",
    }
    unknown = explained(ROOT.issue("CN=rp"), client="nobody")
    assert unknown.reason == "unknown_client"
    assert failed(unknown) == {"client": "unknown_client"}


def test_without_a_client() -> None:
    assert explained(ROOT.issue("CN=x"), client=None).accepted
    assert explained(self_sign("CN=x"), client=None).reason == "self_signed_certificate"


def test_a_self_signed_client() -> None:
    own = self_sign("CN=rp")
    keys = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": [jwk(own.certificate)]}}
    verifier = Verifier({"rp": keys}, trust=STORE)
    assert explain(verifier, PeerCertificate(own.certificate), "rp").accepted
    other = explain(verifier, PeerCertificate(self_sign("CN=rp").certificate), "rp")
    assert failed(other) == {"registered": "certificate_not_registered"}


def test_where_names_differ() -> None:
    certificate = ROOT.issue("CN=rp,O=Example,C=DE").certificate
    assert differences("cn=RP,O=Example,C=DE", certificate) == []
    assert differences("CN=rp,O=Sample,C=DE", certificate) == ["RDN 2: registered O=Sample, certificate O=Example"]
    assert differences("CN=rp,C=DE", certificate) == [
        "RDN 2: registered C=DE, certificate O=Example",
        "RDN 3: registered nothing, certificate C=DE",
    ]


def test_the_command(tmp_path: Path) -> None:
    leaf = INTERMEDIATE.issue("CN=rp,O=Example,C=DE")
    ca = write(tmp_path / "ca.pem", to_pem(ROOT.certificate))
    cert = write(tmp_path / "rp.pem", to_pem(leaf.certificate))
    chain = write(tmp_path / "chain.pem", to_pem(INTERMEDIATE.certificate))
    clients = write(tmp_path / "clients.json", json.dumps({"rp": PKI}).encode())
    given = ("explain", cert, "--trust", ca, "--client", "rp", "--clients", clients)
    accepted = run(*given, "--chain", chain)
    assert accepted.exit_code == 0, accepted.output
    assert accepted.stdout.splitlines()[-1] == "Accepted"
    whole = write(tmp_path / "whole.pem", to_pem(leaf.certificate), to_pem(INTERMEDIATE.certificate))
    assert run("explain", whole, *given[2:]).exit_code == 0
    refused = run(*given)
    assert refused.exit_code == 1
    assert refused.stdout.splitlines()[-1] == "Refused: chain_incomplete"
    crls = write(tmp_path / "list.pem", make_crl(INTERMEDIATE, [leaf]))
    found = json.loads(run(*given, "--chain", chain, "--crls", crls, "--json").stdout)
    assert found["reason"] == "revoked"
    assert run("explain", cert, "--verified").exit_code == 0
    alone = run("explain", cert).stdout
    assert "No terminator was asked: add --verified" in alone
    assert alone.splitlines()[-1] == "Refused: chain_not_verified"


def test_the_command_with_wrong_files(tmp_path: Path) -> None:
    cert = write(tmp_path / "x.pem", b"x")
    assert "certificate" in fails("explain", cert)
    assert "--clients" in fails("explain", cert, "--client", "rp")
    assert "ca.pem" in fails("explain", cert, "--trust", tmp_path / "ca.pem")
    good = write(tmp_path / "good.pem", to_pem(self_sign("CN=x").certificate))
    assert "required" in fails("explain", good, "--trust", good, "--revocation", "required")


def test_names_that_move_a_cursor(tmp_path: Path) -> None:
    odd = write(tmp_path / "odd.pem", to_pem(self_sign("CN=\x1b[2J\u202ex\ny").certificate))
    for options in ((), ("--json",)):
        output = run("explain", odd, *options).stdout
        assert all(c.isprintable() or c == "\n" for c in output)
        assert "\nFAKE" not in output
