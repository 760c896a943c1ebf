"""The JWK set of a self-signed client: what registers a certificate, what is skipped, what is refused."""

import base64
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, mldsa

from tests import der
from tests.support import ACCEPTED, Endpoint, refused
from wsgi_mtls import Client, ClientCertificate
from wsgi_mtls.clients import MappingRegistry
from wsgi_mtls.jwks import jwk, registered_keys
from wsgi_mtls.testing import Profile, self_sign

CASES = Path(__file__).parents[1] / "cases"
SOUND = self_sign("CN=mobile")
KEY: dict[str, Any] = jwk(SOUND.certificate)


def case(of: str) -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = json.loads((CASES / "jwks" / f"{of}.json").read_text())["keys"]
    return keys


RSA: dict[str, Any] = jwk(ClientCertificate.from_der(base64.b64decode(case("n-leading-zero")[0]["x5c"][0])))


def metadata(*keys: object) -> dict[str, object]:
    return {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": [*keys]}}


def on(curve: ec.EllipticCurve) -> ClientCertificate:
    return self_sign("CN=a", Profile(key=ec.generate_private_key(curve))).certificate


def ml_dsa(key: Any) -> ClientCertificate:
    return ClientCertificate.from_der(der.CA().cert(der.dn((der.CN, der.utf8("a"))), spki_der=der.spki(key)))


def ml_dsa_keys() -> dict[str, tuple[ClientCertificate, dict[str, str]]]:
    """Return a certificate of each size; none where the installed release of cryptography has no ML-DSA."""
    kinds: list[Any] = [mldsa.MLDSA44PrivateKey, mldsa.MLDSA65PrivateKey, mldsa.MLDSA87PrivateKey]
    names = ("ML-DSA-44", "ML-DSA-65", "ML-DSA-87")
    try:
        return {
            name: (ml_dsa(kind.generate()), {"kty": "AKP", "alg": name})
            for name, kind in zip(names, kinds, strict=True)
        }
    except UnsupportedAlgorithm:
        return {}


KNOWN = {
    "P-521": (on(ec.SECP521R1()), {"kty": "EC", "crv": "P-521"}),
    "BP-256": (on(ec.BrainpoolP256R1()), {"kty": "EC", "crv": "BP-256"}),
    "BP-384": (on(ec.BrainpoolP384R1()), {"kty": "EC", "crv": "BP-384"}),
    "BP-512": (on(ec.BrainpoolP512R1()), {"kty": "EC", "crv": "BP-512"}),
    **ml_dsa_keys(),
}


@pytest.mark.parametrize("of", KNOWN)
def test_kinds_of_keys(of: str) -> None:
    certificate, named = KNOWN[of]
    made = jwk(certificate)
    assert {name: made[name] for name in named} == named
    assert registered_keys({"keys": [made]}).certificates == (certificate,)
    number = "pub" if "pub" in made else "x"
    other = {**made, number: base64.urlsafe_b64encode(b"\x01" * 32).decode().rstrip("=")}
    with refused("invalid_client_metadata", match="another key"):
        registered_keys({"keys": [other]})


@pytest.mark.skipif("ML-DSA-44" not in KNOWN, reason="cryptography 47 has no ML-DSA")
def test_an_ml_dsa_client_authenticates_by_its_jwks() -> None:
    certificate, _ = KNOWN["ML-DSA-44"]
    assert Endpoint({"a": metadata(jwk(certificate))}).outcome("a", certificate, "FAILED:x") == ACCEPTED


def test_gematiks_curve_beside_another() -> None:
    (brainpool,) = case("brainpool")
    endpoint = Endpoint({"mobile": metadata(brainpool, KEY)})
    assert endpoint.outcome("mobile", SOUND, "FAILED:x") == ACCEPTED
    assert len(Client.from_metadata({"client_id": "a", **metadata(brainpool)}).certificates) == 1


P320 = base64.b64encode(ClientCertificate.from_pem((CASES / "certificates/brainpool-p320r1.pem").read_bytes()).der)

SKIPPED: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown kind": ({**KEY, "kty": "NEW"}, "kty is 'NEW'"),
    "no kind": ({"x5c": KEY["x5c"]}, "kty is missing"),
    "a kind that is a list": ({**KEY, "kty": []}, r"kty is \[\]"),
    "no curve": ({k: v for k, v in KEY.items() if k != "crv"}, "crv is missing. .*wsgi-mtls inspect"),
    "an unknown curve": ({**KEY, "crv": "BP-320"}, "crv is 'BP-320'"),
    "a curve that is an object": ({**KEY, "crv": {}}, "crv is {}"),
    "a curve that JOSE has no name for": ({**KEY, "x5c": [P320.decode()]}, "x5c"),
    "an unknown algorithm": ({"kty": "AKP", "alg": "SLH-DSA", "x5c": KEY["x5c"]}, "alg is 'SLH-DSA'"),
    "null": ({**KEY, "x5c": None}, "list"),
    "empty": ({**KEY, "x5c": []}, "list"),
    "a text": ({**KEY, "x5c": KEY["x5c"][0]}, "list"),
    "a number": ({**KEY, "x5c": [5]}, "list"),
    "no certificate": ({**KEY, "x5c": ["AAAA"]}, "not a certificate"),
    "base64url": ({**KEY, "x5c": ["-_-_"]}, "not a certificate"),
    "no key in it": ({**KEY, "x5c": ["MAA="]}, "not a certificate"),
    "no coordinate": ({name: KEY[name] for name in ("kty", "crv", "x", "x5c")}, "y is missing"),
}


@pytest.mark.parametrize("of", SKIPPED)
def test_a_key_that_is_not_understood_is_skipped(of: str, caplog: pytest.LogCaptureFixture) -> None:
    odd, why = SKIPPED[of]
    with caplog.at_level(logging.WARNING, "wsgi_mtls"):
        endpoint = Endpoint({"mobile": metadata(odd, KEY)})
    (logged,) = caplog.messages
    assert "'mobile': Key 1 of jwks is skipped" in logged
    assert endpoint.outcome("mobile", SOUND, "FAILED:x") == ACCEPTED
    with refused("invalid_client_metadata", match=f"needs a jwks .*Key 1 of jwks is skipped: .*{why}"):
        Client.from_metadata({"client_id": "a", **metadata(odd)})


def test_a_sound_set_has_no_warning() -> None:
    assert MappingRegistry({"a": metadata(KEY, RSA, {"kty": "oct"})}).warnings() == ()


def other_length(text: str, change: int) -> str:
    octets = base64.urlsafe_b64decode(text + "==")
    changed = b"\0" * change + octets if change > 0 else octets[-change:]
    return base64.urlsafe_b64encode(changed).decode().rstrip("=")


def short_coordinate() -> dict[str, Any]:
    key = ec.derive_private_key(379, ec.SECP256R1())  # the least whose x starts with a zero octet
    assert key.public_key().public_numbers().x < 2**248
    made: dict[str, Any] = jwk(self_sign("CN=a", Profile(key=key)).certificate)
    return {**made, "x": other_length(made["x"], -1)}


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "leading zero octet": ({**RSA, "n": other_length(RSA["n"], 1)}, "n has a leading zero octet"),
    "of the exponent": ({**RSA, "e": "AAEAAQ"}, "e has a leading zero octet"),
    "of a coordinate": ({**KEY, "y": other_length(KEY["y"], 1)}, "y has a leading zero octet"),
    "a zero octet left out": (short_coordinate(), "x has 31 octets; write all 32"),
    "padding": ({**RSA, "n": RSA["n"] + "=="}, "n has padding"),
    "line breaks": ({**RSA, "n": RSA["n"][:64] + "\r\n" + RSA["n"][64:]}, "n has line breaks"),
    "padding and a leading zero": ({**RSA, "n": other_length(RSA["n"], 1) + "="}, "n has padding"),
    "pad bits": ({**RSA, "n": RSA["n"][:-1] + chr(ord(RSA["n"][-1]) + 1)}, "n ends with bits"),
    "another number": ({**RSA, "e": "Aw"}, "another key"),
    "another number, padded": ({**RSA, "e": "Aw=="}, "another key"),
    "not a text": ({**RSA, "e": 65537}, "another key"),
    "not base64": ({**RSA, "e": "!"}, "another key"),
    "another kind": ({**KEY, "x5c": RSA["x5c"]}, "another key"),
    "another certificate": ({**KEY, "x5c": jwk(self_sign("CN=mobile").certificate)["x5c"]}, "another key"),
}


@pytest.mark.parametrize("of", FAULTS)
def test_a_key_that_contradicts_itself_is_refused(of: str) -> None:
    wrong, why = FAULTS[of]
    with refused("invalid_client_metadata", match=f"Key 2 of jwks: .*{why}"):
        registered_keys({"keys": [KEY, wrong]})


def test_standard_base64() -> None:
    wrong = {**RSA, "n": RSA["n"].replace("-", "+").replace("_", "/")}
    assert wrong != RSA
    with refused("invalid_client_metadata", match="n is base64; write base64url"):
        registered_keys({"keys": [wrong]})


def test_a_leading_zero_from_the_field() -> None:
    with refused("invalid_client_metadata", match="n has a leading zero octet"):
        Client.from_metadata({"client_id": "a", **metadata(*case("n-leading-zero"))})


@pytest.mark.parametrize("method", ["tls_client_auth", "private_key_jwt", "client_secret_basic"])
@pytest.mark.parametrize("jwks", [{"keys": [{**KEY, "x5c": RSA["x5c"]}]}, {"keys": [KEY]}, {"keys": []}])
def test_another_methods_jwks_is_not_read(method: str, jwks: object) -> None:
    name = {"tls_client_auth_san_dns": "a.example"}
    client = Client.from_metadata({"client_id": "a", "token_endpoint_auth_method": method, "jwks": jwks, **name})
    assert client.certificates == ()
    assert client.jwks == jwks
    assert Endpoint({"a": client}).outcome("a", SOUND, "FAILED:x")[0] == 401
