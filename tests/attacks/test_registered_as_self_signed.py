"""Rows 7, 41 and 55: self-signed certificates under any key, for which the terminator reports SUCCESS.

A terminator that accepts partial chains looks at no signature of a certificate in its CA file, so these tests say
SUCCESS for certificates of every shape. The last ones let a real server say so.
"""

import ssl
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, get_args

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509.oid import NameOID
from werkzeug.serving import make_server

from tests.attacks.test_self_issued import forged, name
from tests.support import ACCEPTED, Endpoint, Outcome
from tests.tls import serving, tls_post, write_bundle, write_server_pair
from wsgi_mtls import CallbackRegistry, Client, ClientCertificate, MutualTLSError, PeerCertificate, Verifier, sources
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, Profile, make_ca, make_key, self_sign

CASES = Path(__file__).parents[1] / "cases" / "certificates"
THEN = datetime(2026, 11, 28, 18, tzinfo=UTC)
SELF_SIGNED: Outcome = (401, "invalid_client", "self_signed_certificate")
REGISTERED: Outcome = (401, "invalid_client", "registered_as_self_signed")
PKI = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing,O=Agora"}
SHORT = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing"}
FOREIGN = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Some CA")])


def case(of: str) -> ClientCertificate:
    return ClientCertificate.from_pem((CASES / f"{of}.pem").read_bytes())


def generated(key: str) -> Any:
    if key.startswith("MLDSA"):
        from cryptography.hazmat.primitives.asymmetric import mldsa

        return getattr(mldsa, key.replace("Public", "Private")).generate()
    made: dict[str, Callable[[], Any]] = {
        "DSAPublicKey": lambda: dsa.generate_private_key(2048),
        "EllipticCurvePublicKey": lambda: ec.generate_private_key(ec.BrainpoolP256R1()),
        "Ed25519PublicKey": ed25519.Ed25519PrivateKey.generate,
        "Ed448PublicKey": ed448.Ed448PrivateKey.generate,
        "RSAPublicKey": lambda: rsa.generate_private_key(65537, 2048),
    }
    return made[key]()


def signed(
    subject: x509.Name, issuer: x509.Name, key: Any, signer: Any, digest: Any = None, **options: Any
) -> ClientCertificate:
    builder = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), 1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2050, 1, 1, tzinfo=UTC))
    )
    return ClientCertificate.from_der(builder.sign(signer, digest, **options).public_bytes(Encoding.DER))


def digest_for(key: Any) -> Any:
    digests = isinstance(key, rsa.RSAPrivateKey | dsa.DSAPrivateKey | ec.EllipticCurvePrivateKey)
    return hashes.SHA256() if digests else None


# Every kind that the installed cryptography can verify: a kind that it learns makes this test fail, and not pass it by.
KINDS = [kind.__name__ for kind in get_args(CertificateIssuerPublicKeyTypes)]


@pytest.mark.parametrize("kind", KINDS)
def test_row_55_self_signed_under_any_key(kind: str) -> None:
    key, signer = generated(kind), generated(kind)
    endpoint = Endpoint({"billing": PKI})
    own = signed(name("billing"), FOREIGN, key, key, digest_for(key))
    assert own.is_self_signed
    assert not own.is_self_issued
    assert endpoint.outcome("billing", own) == SELF_SIGNED
    assert endpoint.outcome("billing", signed(name("billing"), FOREIGN, key, signer, digest_for(signer))) == ACCEPTED


@pytest.mark.parametrize("digest", [hashes.SHA224, hashes.SHA384, hashes.SHA512, hashes.SHA3_256])
def test_row_55_self_signed_with_any_digest(digest: Callable[[], hashes.HashAlgorithm]) -> None:
    endpoint, pss = Endpoint({"billing": PKI}), padding.PSS(padding.MGF1(digest()), padding.PSS.DIGEST_LENGTH)
    key, other = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    for options in ({}, {"rsa_padding": pss}):
        own = signed(name("billing"), FOREIGN, key, key, digest(), **options)
        assert endpoint.outcome("billing", own) == SELF_SIGNED
        issued = signed(name("billing"), FOREIGN, key, other, digest(), **options)
        assert endpoint.outcome("billing", issued) == ACCEPTED


@pytest.mark.parametrize("of", ["ecdsa-sha1-self-signed-foreign-issuer", "rsa-md5-self-signed-foreign-issuer"])
def test_row_55_self_signed_with_a_weak_digest(of: str) -> None:
    """cryptography verifies these, but does not name their scheme."""
    own = case(of)
    assert (own.is_self_signed, own.is_self_issued) == (True, False)
    assert Endpoint({"billing": SHORT}).outcome("billing", own) == SELF_SIGNED
    assert Endpoint({"billing": SHORT}).outcome("billing", case("ecdsa-sha1-pki")) == ACCEPTED
    assert Endpoint(CallbackRegistry(self_signed=lambda _: own)).outcome("mobile", own) == ACCEPTED


def verifies_ml_dsa() -> bool:
    return (
        not case("ml-dsa-self-signed-foreign-issuer").may_be_self_signed
        or case("ml-dsa-self-signed-foreign-issuer").is_self_signed
    )


@pytest.mark.skipif(not verifies_ml_dsa(), reason="cryptography 47 can't verify ML-DSA")
def test_row_55_ml_dsa_with_the_issuer_of_another() -> None:
    own = case("ml-dsa-self-signed-foreign-issuer")
    endpoint = Endpoint({"billing": SHORT}, verifier={"clock": lambda: THEN})
    assert endpoint.outcome("billing", own) == SELF_SIGNED
    with pytest.raises(MutualTLSError) as caught:
        endpoint.verifier.check_certificate(PeerCertificate(own, verified=True))
    assert caught.value.reason == "self_signed_certificate"


def test_row_55_ml_dsa_twins() -> None:
    own = case("ml-dsa-self-signed-foreign-issuer")
    by_name = Endpoint({"billing": SHORT}, verifier={"clock": lambda: THEN})
    assert by_name.outcome("billing", case("ml-dsa-pki")) == ACCEPTED
    by_callback = Endpoint(CallbackRegistry(self_signed=lambda _: own), verifier={"clock": lambda: THEN})
    assert by_callback.outcome("mobile", own) == ACCEPTED
    by_either = Endpoint(CallbackRegistry(pki=lambda _: "CN=billing"), verifier={"clock": lambda: THEN})
    assert by_either.outcome("billing", case("ml-dsa-pki")) == ACCEPTED


def test_a_key_that_the_library_does_not_know() -> None:
    endpoint = Endpoint({"billing": SHORT}, verifier={"clock": lambda: THEN})
    unknown = case("brainpool-p320r1")
    with pytest.raises(Exception, match="not supported"):
        load_der_public_key(unknown.public_key_der)
    assert endpoint.outcome("billing", unknown) == ACCEPTED
    assert endpoint.outcome("billing", unknown, "FAILED:x") == (401, "invalid_client", "chain_not_verified")


def clients(mobile: ClientCertificate, **pki: str) -> dict[str, object]:
    return {
        "billing": pki or PKI,
        "mobile": {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": [jwk(mobile)]}},
    }


def test_row_55_registered_with_a_broken_signature() -> None:
    mobile = forged(name("billing"), FOREIGN)
    assert not mobile.certificate.is_self_signed
    assert not mobile.certificate.is_self_issued
    endpoint = Endpoint(clients(mobile.certificate))
    assert endpoint.outcome("billing", mobile) == REGISTERED
    assert endpoint.outcome("mobile", mobile) == ACCEPTED
    assert (
        endpoint.outcome("billing", forged(name("billing"), FOREIGN)) == ACCEPTED
    )  # another key, which is not registered


def test_row_55_registered_by_its_key(ca: KeyPair) -> None:
    key = make_key()
    mobile = self_sign("CN=mobile", Profile(key=key))
    endpoint = Endpoint(clients(mobile.certificate))
    assert endpoint.outcome("billing", ca.issue("CN=billing,O=Agora", Profile(key=key))) == REGISTERED
    assert endpoint.outcome("billing", ca.issue("CN=billing,O=Agora")) == ACCEPTED


def test_row_55_the_terminators_refusal_comes_first(ca: KeyPair) -> None:
    mobile = forged(name("billing"), FOREIGN)
    endpoint = Endpoint(clients(mobile.certificate))
    assert endpoint.outcome("billing", mobile, "FAILED:x") == (401, "invalid_client", "chain_not_verified")
    assert endpoint.outcome("billing", forged(name("x"), FOREIGN)) == (401, "invalid_client", "subject_mismatch")


def test_row_55_without_a_client_id(ca: KeyPair) -> None:
    mobile = forged(name("billing"), FOREIGN)
    verifier = Verifier(clients(mobile.certificate))  # type: ignore[arg-type]
    assert verifier.identify(PeerCertificate(mobile.certificate, verified=True)).client_id == "mobile"
    strict = Verifier(clients(mobile.certificate), allowed_methods=["tls_client_auth"])  # type: ignore[arg-type]
    for ask in (strict.identify, strict.check_certificate, verifier.check_certificate):
        with pytest.raises(MutualTLSError) as caught:
            ask(PeerCertificate(mobile.certificate, verified=True))
        assert caught.value.reason in ("unidentified_client", "registered_as_self_signed")
        other = PeerCertificate(ca.issue("CN=billing,O=Agora").certificate, verified=True)
        assert ask(other).certificate == other.certificate


def test_keys_of_other_methods_are_no_self_signed_clients(ca: KeyPair) -> None:
    issued = ca.issue("CN=billing,O=Agora")
    keys = {"jwks": {"keys": [jwk(issued.certificate)]}}
    own_keys = Endpoint({"billing": {**PKI, **keys}})
    assert own_keys.outcome("billing", issued) == ACCEPTED
    of_another = {"token_endpoint_auth_method": "private_key_jwt", **keys}
    assert Endpoint({"billing": PKI, "other": of_another}).outcome("billing", issued) == ACCEPTED


class ById:
    """A registry without ``find``."""

    def __init__(self, clients: dict[str, Any]) -> None:
        self._clients = {key: Client.from_metadata({"client_id": key, **value}) for key, value in clients.items()}

    def get(self, client_id: str, /) -> Client | None:
        return self._clients.get(client_id)


class Searched(ById):
    """A registry that counts its look-ups, and answers both in one."""

    def __init__(self, clients: dict[str, Any]) -> None:
        super().__init__(clients)
        self.asked: list[str] = []

    def get(self, client_id: str, /) -> Client | None:
        self.asked.append("get")
        return super().get(client_id)

    def has_self_signed(self, certificate: ClientCertificate, /) -> bool:
        self.asked.append("has")
        return certificate in self._clients["mobile"].certificates

    def get_and_has_self_signed(self, client_id: str, certificate: ClientCertificate, /) -> tuple[Client | None, bool]:
        self.asked.append("both")
        return self._clients.get(client_id), certificate in self._clients["mobile"].certificates


def test_one_look_up_where_the_registry_offers_it(ca: KeyPair) -> None:
    mobile, issued = forged(name("billing"), FOREIGN), ca.issue("CN=billing,O=Agora")
    registry = Searched(clients(mobile.certificate))
    verifier = Verifier(registry)
    assert verifier.authenticate("billing", PeerCertificate(issued.certificate, verified=True)).client_id == "billing"
    assert registry.asked == ["both"]
    for ask in (lambda peer: verifier.authenticate("billing", peer), verifier.check_certificate):
        with pytest.raises(MutualTLSError) as caught:
            ask(PeerCertificate(mobile.certificate, verified=True))
        assert caught.value.reason == "registered_as_self_signed"
    assert verifier.check_certificate(PeerCertificate(issued.certificate, verified=True)).verified


class WithHolders(Searched):
    """A registry that is searched, and answers both in one look-up."""

    def find(self, certificate: ClientCertificate, /) -> Iterable[Client]:
        raise AssertionError("find_and_has_self_signed answers it")

    def find_and_has_self_signed(self, certificate: ClientCertificate, /) -> tuple[Iterable[Client], bool]:
        self.asked.append("holders")
        return [self._clients["billing"]], certificate in self._clients["mobile"].certificates


def test_one_look_up_without_a_client_id(ca: KeyPair) -> None:
    mobile, issued = forged(name("billing"), FOREIGN), ca.issue("CN=billing,O=Agora")
    registry = WithHolders(clients(mobile.certificate))
    verifier = Verifier(registry)
    assert verifier.identify(PeerCertificate(issued.certificate, verified=True)).client_id == "billing"
    with pytest.raises(MutualTLSError) as caught:
        verifier.identify(PeerCertificate(mobile.certificate, verified=True))
    assert caught.value.reason == "registered_as_self_signed"
    assert registry.asked == ["holders"] * 2


def test_a_registry_that_can_not_be_searched(ca: KeyPair) -> None:
    mobile = self_sign("CN=mobile")
    endpoint = Endpoint(ById(clients(mobile.certificate)))
    assert endpoint.outcome("billing", ca.issue("CN=billing,O=Agora")) == ACCEPTED
    assert endpoint.outcome("mobile", mobile) == ACCEPTED


@pytest.mark.parametrize("partial", [False, True])
def test_row_07_and_55_a_server_that_accepts_partial_chains(partial: bool, ca: KeyPair) -> None:
    mobile = forged(name("billing"), FOREIGN)
    endpoint = Endpoint(clients(mobile.certificate), source=sources.werkzeug())
    own_ca = make_ca("CN=Issuing CA")
    issued = own_ca.issue("CN=billing,O=Agora")
    with TemporaryDirectory() as folder:
        certificate, key = write_server_pair(Path(folder))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(write_bundle(Path(folder), [own_ca.certificate, mobile.certificate]))
        if partial:
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        server = make_server("127.0.0.1", 0, endpoint.app, ssl_context=context)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        assert endpoint.result(tls_post(server.port, issued, {"client_id": "billing"})) == ACCEPTED
        endpoint.events.clear()
        if partial:
            assert endpoint.result(tls_post(server.port, mobile, {"client_id": "billing"})) == REGISTERED
            endpoint.events.clear()
            assert endpoint.result(tls_post(server.port, mobile, {"client_id": "mobile"})) == ACCEPTED
        else:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                tls_post(server.port, mobile, {"client_id": "billing"})
            assert endpoint.events == []
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_row_41_what_is_made_for_a_ca_bundle_issues_nothing(ca: KeyPair) -> None:
    mobile = self_sign("CN=mobile")
    endpoint = Endpoint(clients(mobile.certificate))
    with serving(endpoint.app, [ca.certificate, mobile.certificate]) as port:
        of_its_making = mobile.issue("CN=billing,O=Agora")
        outcome = endpoint.result(tls_post(port, of_its_making, {"client_id": "billing"}))
        assert outcome == (401, "invalid_client", "chain_not_verified")
        for client_id, pair in (("billing", ca.issue("CN=billing,O=Agora")), ("mobile", mobile)):
            endpoint.events.clear()
            assert endpoint.result(tls_post(port, pair, {"client_id": client_id})) == ACCEPTED
