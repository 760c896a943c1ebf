"""Public keys as JOSE names them (RFC 7518 section 6, RFC 8037).

The names of ML-DSA and the Brainpool curves are also here.
"""

import base64
import binascii
from collections.abc import Mapping
from functools import singledispatch

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from .errors import InvalidClientMetadata, short

_CURVES = {
    "secp256r1": "P-256",
    "secp384r1": "P-384",
    "secp521r1": "P-521",
    "secp256k1": "secp256k1",
    # gematik's gemSpec_Krypt; jwcrypto and jose4j have the same names.
    "brainpoolP256r1": "BP-256",
    "brainpoolP384r1": "BP-384",
    "brainpoolP512r1": "BP-512",
}
_ML_DSA = {
    mldsa.MLDSA44PublicKey: "ML-DSA-44",
    mldsa.MLDSA65PublicKey: "ML-DSA-65",
    mldsa.MLDSA87PublicKey: "ML-DSA-87",
}
# Which member names the variant of a kind, and the variants that are known.
_VARIANTS = {
    "RSA": ("kty", frozenset({"RSA"})),
    "EC": ("crv", frozenset(_CURVES.values())),
    "OKP": ("crv", frozenset({"Ed25519", "Ed448"})),
    "AKP": ("alg", frozenset(_ML_DSA.values())),
}
_NUMBERS = frozenset({"n", "e", "x", "y", "pub"})
_FROM_STANDARD = str.maketrans("+/", "-_")


def members(spki: bytes) -> dict[str, str]:
    """Return the members that make a JWK this public key.

    Args:
        spki: its SubjectPublicKeyInfo.

    Raises:
        InvalidClientMetadata: If the key is unreadable, or JOSE has no name for its kind.
    """
    try:
        key: object = load_der_public_key(spki)
    except (UnsupportedAlgorithm, ValueError, TypeError) as error:
        raise InvalidClientMetadata(f"Expected an RSA, EC or Ed25519 key in the certificate, found: {error}.") from None
    return _members(key)


def unknown_kind(key: Mapping[str, object]) -> str | None:
    """Return why :func:`members` cannot return a JWK's kind, or None."""
    kind = key.get("kty")
    if kind is None:
        return "kty is missing"
    if not isinstance(kind, str) or kind not in _VARIANTS:
        return f"kty is {short(repr(kind), 40)}"
    name, known = _VARIANTS[kind]
    variant = key.get(name)
    if variant is None:
        return f"{name} is missing"
    return None if isinstance(variant, str) and variant in known else f"{name} is {short(repr(variant), 40)}"


def difference(found: Mapping[str, object], expected: Mapping[str, str]) -> str | None:
    """Return how a JWK differs from the members that it should have, or None.

    Numbers are compared as numbers, so that a wrong encoding of the right key is reported as that.
    """
    differing = [name for name, value in expected.items() if found.get(name) != value]
    for name in differing:
        text = found.get(name)
        if name not in _NUMBERS or not isinstance(text, str) or _number(text) != _number(expected[name]):
            return "x5c[0] certifies another key than the JWK describes."
    return " ".join(_encoding_fault(name, str(found[name]), expected[name]) for name in differing) or None


def _encoding_fault(name: str, found: str, expected: str) -> str:
    """Describe the encoding of a number that is the expected one."""
    if found != (without_spaces := "".join(found.split())):
        return f"{name} has line breaks or spaces; write it in one line."
    if found != (bare := without_spaces.rstrip("=")):
        return f"{name} has padding (=); write base64url without (RFC 7515 section 2)."
    if bare != bare.translate(_FROM_STANDARD):
        return f"{name} is base64; write base64url, with - for + and _ for / (RFC 7515 section 2)."
    length, wanted = len(_octets(found) or b""), len(_octets(expected) or b"")
    if length > wanted:
        return f"{name} has a leading zero octet; leave it out (RFC 7518 section 6)."
    if length < wanted:
        return f"{name} has {length} octets; write all {wanted}, with leading zeros (RFC 7518 section 6.2.1.2)."
    return f"{name} ends with bits that are not part of it; write {expected[-8:]!r} at its end."


def _number(text: str) -> int | None:
    octets = _octets(text)
    return None if octets is None else int.from_bytes(octets, "big")


def _octets(text: str) -> bytes | None:
    bare = "".join(text.split()).rstrip("=").translate(_FROM_STANDARD)
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


@singledispatch
def _members(key: object) -> dict[str, str]:
    raise InvalidClientMetadata(
        f"JOSE has no name for keys of the type {type(key).__name__}; use RSA, EC, Ed25519, Ed448 or ML-DSA."
    )


@_members.register
def _(key: rsa.RSAPublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    return {"kty": "RSA", "n": _base64url(_minimal(numbers.n)), "e": _base64url(_minimal(numbers.e))}


@_members.register
def _(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    if key.curve.name not in _CURVES:
        raise InvalidClientMetadata(f"JOSE has no name for the curve {key.curve.name}; use P-256, P-384 or P-521.")
    numbers, size = key.public_numbers(), (key.key_size + 7) // 8
    x, y = (_base64url(coordinate.to_bytes(size, "big")) for coordinate in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": _CURVES[key.curve.name], "x": x, "y": y}


@_members.register
def _(key: ed25519.Ed25519PublicKey) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": _base64url(key.public_bytes(Encoding.Raw, PublicFormat.Raw))}


@_members.register
def _(key: ed448.Ed448PublicKey) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed448", "x": _base64url(key.public_bytes(Encoding.Raw, PublicFormat.Raw))}


@_members.register(mldsa.MLDSA44PublicKey)
@_members.register(mldsa.MLDSA65PublicKey)
@_members.register(mldsa.MLDSA87PublicKey)
def _(key: mldsa.MLDSA44PublicKey | mldsa.MLDSA65PublicKey | mldsa.MLDSA87PublicKey) -> dict[str, str]:
    # draft-ietf-cose-dilithium: an "Algorithm Key Pair", whose alg is part of the key.
    (algorithm,) = (name for kind, name in _ML_DSA.items() if isinstance(key, kind))
    return {"kty": "AKP", "alg": algorithm, "pub": _base64url(key.public_bytes_raw())}


def _minimal(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
