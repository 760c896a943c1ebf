"""Signatures and encodings that a verifier may get wrong, in the manner of Wycheproof's tests; each has its twin."""

import hashlib
import hmac
import json
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384
from joserfc.jwk import ECKey, OKPKey, RSAKey

from tests.dpop import base64url
from tests.tokens import Issuer
from wsgi_mtls.errors import InvalidToken

ISSUING = Issuer()
EC = ISSUING.key
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
RSA_PSS = RSAKey.generate_key(2048, {"kid": "pss", "alg": "PS256"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
P384 = ECKey.generate_key("P-384", {"kid": "p384"})
OTHER = ECKey.generate_key("P-256", {"kid": "other"})
JWKS = {"keys": [key.as_dict(private=False) for key in (EC, RSA, RSA_PSS, ED, P384)]}
TOKENS = ISSUING.tokens(jwks=JWKS, algorithms=["ES256", "RS256", "PS256", "ES384", "Ed25519"])
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
CLAIMS = json.dumps(ISSUING.claims()).encode()
RSA_KEY: Any = RSA.private_key
EC_KEY: Any = EC.private_key
ED_KEY: Any = ED.private_key
PSS_KEY: Any = RSA_PSS.private_key


def token(sign: Callable[[bytes], bytes], payload: bytes = CLAIMS, raw: bytes | None = None, **header: object) -> str:
    whole = {"alg": "ES256", "typ": "at+jwt", "kid": "one", **header}
    given = {name: value for name, value in whole.items() if value is not None}
    octets = json.dumps(given).encode() if raw is None else raw
    signing_input = f"{base64url(octets)}.{base64url(payload)}"
    return f"{signing_input}.{base64url(sign(signing_input.encode()))}"


def numbers(octets: bytes) -> tuple[int, int]:
    return utils.decode_dss_signature(EC_KEY.sign(octets, ec.ECDSA(SHA256())))


def fixed(r: int, s: int, size: int = 32) -> bytes:
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def other_s(r: int, s: int) -> bytes:
    """Return the second signature of ECDSA, which everybody can make of the first."""
    return fixed(r, ORDER - s)


def es256(octets: bytes) -> bytes:
    return fixed(*numbers(octets))


def pkcs1(octets: bytes, algorithm: Any = None) -> bytes:
    return bytes(RSA_KEY.sign(octets, padding.PKCS1v15(), algorithm or SHA256()))


def pss(octets: bytes, salt: int = 32, digest: Any = None) -> bytes:
    chosen = digest or SHA256()
    return bytes(RSA_KEY.sign(octets, padding.PSS(padding.MGF1(chosen), salt), chosen))


def with_key(key: Any, size: int = 32) -> Callable[[bytes], bytes]:
    return lambda octets: fixed(*utils.decode_dss_signature(key.private_key.sign(octets, ec.ECDSA(SHA256()))), size)


def hs256(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda octets: hmac.new(secret, octets, hashlib.sha256).digest()


RS: dict[str, Any] = {"alg": "RS256", "kid": "rsa"}
PS: dict[str, Any] = {"alg": "PS256", "kid": "rsa"}
GOOD = token(es256)
HEADER, PAYLOAD, SIGNATURE = GOOD.split(".")
TWINS = {
    "ES256": GOOD,
    "the other s": token(lambda octets: other_s(*numbers(octets))),
    "RS256": token(pkcs1, **RS),
    "PS256": token(pss, **PS),
    "Ed25519": token(lambda octets: ED_KEY.sign(octets), alg="Ed25519", kid="ed"),
    "no kid": token(es256, kid=None),
    "embedded key, which nobody reads": token(es256, jwk=OTHER.as_dict(private=False), jku="https://evil.example/"),
}


@pytest.mark.parametrize("name", TWINS)
def test_accepted(name: str) -> None:
    assert TOKENS.decode(TWINS[name]) == ISSUING.claims()


SIGNATURES: dict[str, str] = {
    "r and s are 0": token(lambda _: fixed(0, 0)),
    "r is 0": token(lambda octets: fixed(0, numbers(octets)[1])),
    "s is 0": token(lambda octets: fixed(numbers(octets)[0], 0)),
    "r and s are 1": token(lambda _: fixed(1, 1)),
    "r and s are the order": token(lambda _: fixed(ORDER, ORDER)),
    "s is the order": token(lambda octets: fixed(numbers(octets)[0], ORDER)),
    "r is all ones": token(lambda octets: b"\xff" * 32 + es256(octets)[32:]),
    "s and r exchanged": token(lambda octets: es256(octets)[32:] + es256(octets)[:32]),
    "DER": token(lambda octets: EC_KEY.sign(octets, ec.ECDSA(SHA256()))),
    "one octet less": token(lambda octets: es256(octets)[:-1]),
    "one octet more": token(lambda octets: es256(octets) + b"\0"),
    "one octet before": token(lambda octets: b"\0" + es256(octets)),
    "48 octets each": token(lambda octets: fixed(*numbers(octets), size=48)),
    "SHA-384": token(lambda octets: fixed(*utils.decode_dss_signature(EC_KEY.sign(octets, ec.ECDSA(SHA384()))))),
    "empty": token(lambda _: b""),
    "another key": token(with_key(OTHER)),
    "a key of another curve": token(with_key(P384, 48), kid="p384"),
    "another alg of the key": token(es256, alg="ES384"),
    "an RSA signature": token(pkcs1),
    "an EC signature as RS256": token(es256, **RS),
    "PKCS #1 as PS256": token(pkcs1, **PS),
    "PSS as RS256": token(pss, **RS),
    "SHA-1 in PKCS #1": token(lambda octets: pkcs1(octets, SHA1()), **RS),
    "SHA-384 in PKCS #1": token(lambda octets: pkcs1(octets, SHA384()), **RS),
    "SHA-384 in PSS": token(lambda octets: pss(octets, digest=SHA384()), **PS),
    "PSS without salt": token(lambda octets: pss(octets, salt=0), **PS),
    "PSS with a longer salt": token(lambda octets: pss(octets, salt=64), **PS),
    "RSA of 0": token(lambda _: b"\0" * 256, **RS),
    "RSA of 1": token(lambda _: b"\0" * 255 + b"\1", **RS),
    "RSA, a zero before": token(lambda octets: b"\0" + pkcs1(octets), **RS),
    "RSA, a zero after": token(lambda octets: pkcs1(octets) + b"\0", **RS),
    "RSA plus the modulus": token(
        lambda octets: (int.from_bytes(pkcs1(octets)) + RSA_KEY.public_key().public_numbers().n).to_bytes(257), **RS
    ),
    "RSA key with another alg of its own": token(
        lambda octets: PSS_KEY.sign(octets, padding.PKCS1v15(), SHA256()),
        alg="RS256", kid="pss",
    ),
    "Ed25519 of 0": token(lambda _: b"\0" * 64, alg="Ed25519", kid="ed"),
    "Ed25519 of the neutral element": token(lambda _: b"\1" + b"\0" * 63, alg="Ed25519", kid="ed"),
    "Ed25519, one octet less": token(
        lambda octets: ED_KEY.sign(octets)[:-1], alg="Ed25519", kid="ed"
    ),
    "HMAC by the public key": token(hs256(EC.as_pem(private=False)), alg="HS256"),
    "HMAC by nothing": token(hs256(b""), alg="HS256"),
    "ES256K": token(es256, alg="ES256K"),
    "none": token(lambda _: b"", alg="none"),
    "none with a signature": token(es256, alg="none"),
    "embedded jwk": token(with_key(OTHER), jwk=OTHER.as_dict(private=False)),
    "embedded jwk under its own kid": token(with_key(OTHER), jwk=OTHER.as_dict(private=False), kid="other"),
    "kid that is a path": token(with_key(OTHER), kid="../../dev/null"),
    "kid that is a number": token(es256, kid=1),
    "kid that is null": token(es256, raw=b'{"alg":"ES256","typ":"at+jwt","kid":null}'),
    "crit that is empty": token(es256, crit=[]),
    "crit that is unknown": token(es256, crit=["exp"], exp=1),
    "b64": token(es256, b64=False, crit=["b64"]),
}  # fmt: skip


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures(name: str) -> None:
    with pytest.raises(InvalidToken) as caught:
        TOKENS.decode(SIGNATURES[name])
    expected = {"token_signature_invalid", "malformed_token", "unknown_signing_key"}
    assert caught.value.reason in expected


def _raw(header: bytes) -> str:
    return token(es256, raw=header)


ENCODINGS: dict[str, str] = {
    "padded": f"{HEADER}.{PAYLOAD}.{SIGNATURE}==",
    "space": f"{HEADER}.{PAYLOAD}. {SIGNATURE}",
    "newline": f"{GOOD}\n",
    "newline in the payload": f"{HEADER}.{PAYLOAD[:8]}\n{PAYLOAD[8:]}.{SIGNATURE}",
    "NUL": f"{GOOD}\0",
    "five parts": f"{GOOD}..",
    "two parts": f"{HEADER}.{PAYLOAD}",
    "one part": HEADER,
    "empty": "",
    "dots": "..",
    "no payload": f"{HEADER}..{SIGNATURE}",
    "no header": f".{PAYLOAD}.{SIGNATURE}",
    "standard alphabet": token(lambda _: b"\xfb\xff" * 32).replace("-", "+").replace("_", "/"),
    "hexadecimal": f"{HEADER}.{PAYLOAD}.{urlsafe_b64decode(SIGNATURE + '==').hex()}",
    "base64 with padding throughout": ".".join(
        b64encode(urlsafe_b64decode(part + "===")).decode() for part in GOOD.split(".")
    ),
    "JSON serialization": json.dumps({"protected": HEADER, "payload": PAYLOAD, "signature": SIGNATURE}),
    "another payload": f"{HEADER}.{base64url(json.dumps(ISSUING.claims(scope='admin')).encode())}.{SIGNATURE}",
    "another header": f"{base64url(b'{}')}.{PAYLOAD}.{SIGNATURE}",
    "header without alg": _raw(b'{"typ":"at+jwt","kid":"one"}'),
    "alg that is null": _raw(b'{"alg":null,"typ":"at+jwt","kid":"one"}'),
    "alg that is a list": _raw(b'{"alg":["ES256"],"typ":"at+jwt","kid":"one"}'),
    "alg with NUL": _raw(b'{"alg":"ES256\\u0000","typ":"at+jwt","kid":"one"}'),
    "alg in lower case": _raw(b'{"alg":"es256","typ":"at+jwt","kid":"one"}'),
    "alg twice, the last none": _raw(b'{"alg":"ES256","alg":"none","typ":"at+jwt","kid":"one"}'),
    "typ twice, the last JWT": _raw(b'{"alg":"ES256","typ":"at+jwt","typ":"JWT","kid":"one"}'),
    "header with more after it": _raw(b'{"alg":"ES256","typ":"at+jwt","kid":"one"}{}'),
    "header that is null": _raw(b"null"),
    "header that is deep": _raw(b'{"alg":"ES256","x":' + b"[" * 3000),
    "header that is Latin-1": _raw(b'{"alg":"ES256","typ":"at+jwt","kid":"\xe9"}'),
    "payload that is null": token(es256, payload=b"null"),
    "payload that is a text": token(es256, payload=b'"x"'),
    "payload that is compressed": token(es256, payload=b"\x78\x9c\x03\x00\x00\x00\x00\x01"),
    "payload with more after it": token(es256, payload=CLAIMS + b"{}"),
    "payload that is deep": token(es256, payload=b'{"a":' * 3000),
    "payload in UTF-16": token(es256, payload=json.dumps(ISSUING.claims()).encode("utf-16")),
    "payload with a mark of order": token(es256, payload=b"\xef\xbb\xbf" + CLAIMS),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_encodings(name: str) -> None:
    with pytest.raises(InvalidToken) as caught:
        TOKENS.decode(ENCODINGS[name])
    assert caught.value.reason in {"malformed_token", "token_signature_invalid", "not_an_access_token"}


@pytest.mark.parametrize("position", range(0, len(GOOD), 7))
def test_any_character_changed(position: int) -> None:
    if GOOD[position] == ".":
        changed = GOOD[:position] + GOOD[position + 1 :]
    else:
        changed = GOOD[:position] + ("A" if GOOD[position] != "A" else "B") + GOOD[position + 1 :]
    # The last character of the signature has four spare bits, which are no part of it.
    if position == len(GOOD) - 1:
        return
    with pytest.raises(InvalidToken):
        TOKENS.decode(changed)
