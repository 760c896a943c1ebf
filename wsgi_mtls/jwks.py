"""A self-signed client's certificates, from its JWK set (RFC 8705 section 2.2.2), and the JWK of a certificate."""

import base64
from collections.abc import Mapping
from functools import singledispatch

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from .errors import BadCertificate, InvalidClientMetadata
from .x509 import ClientCertificate
from .x509.pem import base64_to_der

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp256k1": "secp256k1"}


def registered_certificates(jwks: object) -> tuple[ClientCertificate, ...]:
    """Return the first certificate of every key in a JWK set that carries ``x5c``.

    Only the first is the key's own (RFC 7517 section 4.7); keys without ``x5c`` serve other purposes.

    Raises:
        InvalidClientMetadata: If it is not a JWK set, or an ``x5c`` is not a certificate or certifies another key.
    """
    keys = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(keys, list) or not all(isinstance(key, Mapping) for key in keys):
        raise InvalidClientMetadata('jwks must be a JWK set: {"keys": [{…}, …]} (RFC 7517 section 5).')
    return tuple(_certificate(key, number) for number, key in enumerate(keys, 1) if "x5c" in key)


def jwk(certificate: ClientCertificate) -> dict[str, object]:
    """Return the JWK of a certificate's public key, with the certificate as its ``x5c`` (RFC 7517 section 4.7).

    Raises:
        InvalidClientMetadata: JOSE has no name for this kind of key.
    """
    public: dict[str, object] = {**_members(_public_key(certificate))}
    return public | {"x5c": [base64.b64encode(certificate.der).decode("ascii")]}


def _certificate(key: Mapping[str, object], number: int) -> ClientCertificate:
    x5c = key["x5c"]
    if not isinstance(x5c, list) or not x5c or not isinstance(x5c[0], str):
        raise InvalidClientMetadata(f"Key {number} of jwks: x5c must be a list of base64 DER certificates.")
    try:
        certificate = ClientCertificate.from_der(base64_to_der(x5c[0]))
    except BadCertificate as error:
        raise InvalidClientMetadata(f"Key {number} of jwks: x5c[0] is not a certificate. {error}") from None
    try:
        expected = _members(_public_key(certificate))
    except InvalidClientMetadata as error:
        raise InvalidClientMetadata(f"Key {number} of jwks: {error}") from None
    for name, value in expected.items():
        if key.get(name) != value:
            raise InvalidClientMetadata(f"Key {number} of jwks: {_difference(name, key.get(name), value)}")
    return certificate


def _difference(name: str, found: object, expected: str) -> str:
    """Say how a JWK's member differs from the certificate's key."""
    if isinstance(found, str):
        if found.rstrip("=") == expected:
            return f"{name} has padding (=); write base64url without (RFC 7515 section 2)."
        if "".join(found.split()) == expected:
            return f"{name} has line breaks or spaces; write it in one line."
        if _has_leading_zero(found, expected):
            return f"{name} has a leading zero octet; leave it out (RFC 7518 section 6.3.1)."
    return "x5c[0] certifies another key than the JWK describes."


def _has_leading_zero(found: str, expected: str) -> bool:
    try:
        octets = base64.b64decode(found + "=" * (-len(found) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return False
    return octets.startswith(b"\0") and _base64url(octets.lstrip(b"\0")) == expected


def _public_key(certificate: ClientCertificate) -> object:
    try:
        return load_der_public_key(certificate.public_key_der)
    except (UnsupportedAlgorithm, ValueError) as error:
        raise InvalidClientMetadata(f"Expected an RSA, EC or Ed25519 key in the certificate, found: {error}.") from None


@singledispatch
def _members(key: object) -> dict[str, str]:
    """Return what makes a JWK this public key: RFC 7518 section 6, RFC 8037 section 2."""
    raise InvalidClientMetadata(f"JOSE names no key of the type {type(key).__name__}; use RSA, EC or Ed25519.")


@_members.register
def _(key: rsa.RSAPublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    return {"kty": "RSA", "n": _base64url(_minimal(numbers.n)), "e": _base64url(_minimal(numbers.e))}


@_members.register
def _(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    if key.curve.name not in _CURVES:
        raise InvalidClientMetadata(f"JOSE names no curve {key.curve.name}; use P-256, P-384 or P-521.")
    numbers, size = key.public_numbers(), (key.key_size + 7) // 8
    x, y = (_base64url(coordinate.to_bytes(size, "big")) for coordinate in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": _CURVES[key.curve.name], "x": x, "y": y}


@_members.register
def _(key: ed25519.Ed25519PublicKey) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": _base64url(key.public_bytes(Encoding.Raw, PublicFormat.Raw))}


@_members.register
def _(key: ed448.Ed448PublicKey) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed448", "x": _base64url(key.public_bytes(Encoding.Raw, PublicFormat.Raw))}


def _minimal(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
