"""The certificates in a JWK set, and the JWK of a certificate.

The set is a self-signed client's (RFC 8705 section 2.2.2).
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from . import jose_keys
from .errors import BadCertificate, InvalidClientMetadata
from .remembered import Remembered
from .x509 import ClientCertificate, file_kinds
from .x509.pem import base64_to_der


@dataclass(frozen=True, slots=True)
class RegisteredKeys:
    """The keys and certificates that a JWK set registers.

    Attributes:
        certificates: the first certificate of each key that carries one.
        skipped: why each other key with an ``x5c`` registers nothing, in a sentence.
    """

    certificates: tuple[ClientCertificate, ...]
    skipped: tuple[str, ...] = ()


_PEM = "Expected the base64 of the DER in x5c[0], found PEM. Leave its first and last line out."
# RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1, RFC 8037 section 2, and ML-DSA's.
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})


class _Skipped(Exception):
    """A key that is not understood."""


def registered_keys(jwks: object) -> RegisteredKeys:
    """Return the first certificate of every key in a JWK set that carries ``x5c``.

    Only the first is the key's own (RFC 7517 section 4.7); keys without ``x5c`` serve other purposes. A key that is not
    understood, or whose certificate can't be read, is skipped (section 5); one that contradicts itself is not.

    Raises:
        InvalidClientMetadata: If it is not a JWK set, or if a key with ``x5c`` is private, or not the certified one.
    """
    keys = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(keys, list) or not all(isinstance(key, Mapping) for key in keys):
        raise InvalidClientMetadata('jwks must be a JWK set: {"keys": [{…}, …]} (RFC 7517 section 5).')
    certificates: list[ClientCertificate] = []
    skipped: list[str] = []
    for number, key in enumerate(keys, 1):
        try:
            if "x5c" in key:
                certificates.append(_certificate(key))
        except _Skipped as reason:
            skipped.append(f"Key {number} of jwks is skipped: {reason}")
        except InvalidClientMetadata as error:
            raise InvalidClientMetadata(f"Key {number} of jwks: {error}") from None
    return RegisteredKeys(tuple(certificates), tuple(skipped))


def jwk(certificate: ClientCertificate) -> dict[str, object]:
    """Return the JWK of a certificate's public key.

    The certificate is its ``x5c`` (RFC 7517 section 4.7).

    Raises:
        InvalidClientMetadata: If JOSE has no name for this kind of key.
    """
    public: dict[str, object] = {**jose_keys.members(certificate.public_key_der)}
    return public | {"x5c": [base64.b64encode(certificate.der).decode("ascii")]}


def _certificate(key: Mapping[str, object]) -> ClientCertificate:
    if private := sorted(_PRIVATE & key.keys()):
        raise InvalidClientMetadata(
            f"Expected a public key, found the private member {private[0]}. Make a new key, since this one was sent, "
            "and register its public members alone."
        )
    if (unknown := jose_keys.unknown_kind(key)) is not None:
        if unknown.endswith(" is missing"):
            raise _Skipped(f"{unknown}. wsgi-mtls inspect prints the whole key of a certificate.")
        raise _Skipped(f"{unknown}, which is not known here.")
    x5c = key["x5c"]
    if not isinstance(x5c, list) or not x5c or not isinstance(x5c[0], str):
        raise _Skipped("x5c must be a list of base64 DER certificates.")
    try:
        certificate, expected = _read(x5c[0])
    except (BadCertificate, InvalidClientMetadata) as error:
        raise _Skipped(
            _found_instead(x5c[0]) or f"x5c[0] is not a certificate of a key that is known here. {error}"
        ) from None
    missing = [name for name in expected if name not in key]
    if missing and key["kty"] == expected["kty"]:
        raise _Skipped(f"{missing[0]} is missing. wsgi-mtls inspect prints the whole key of a certificate.")
    difference = jose_keys.difference(key, expected)
    if difference is not None:
        raise InvalidClientMetadata(difference)
    return certificate


def _found_instead(x5c: str) -> str | None:
    """Return why an ``x5c`` value is not a certificate, and what to do, or None."""
    try:
        kind = file_kinds.of_octets(base64_to_der(x5c))
    except BadCertificate:
        is_pem = "-----BEGIN" in x5c
        return (
            "Expected the base64 of the DER in x5c[0], found PEM. Leave its first and last line out."
            if is_pem
            else None
        )
    return None if kind in (None, file_kinds.CERTIFICATE) else f"Expected a certificate in x5c[0], found {kind}"


def _read(x5c: str) -> tuple[ClientCertificate, Mapping[str, str]]:
    """Return the certificate in an ``x5c`` value, and its key's members.

    The members are those of the key's JWK.
    """
    known = _registered.known.get(x5c)
    if known is None:
        certificate = ClientCertificate.from_der(base64_to_der(x5c))
        known = certificate, jose_keys.members(certificate.public_key_der)
        _registered.add(x5c, len(x5c), known)
    return known


# Only registered certificates are in it, so those that strangers present cannot push them out. A registry of a database
# makes its clients anew in every request: some 3,400 RSA certificates fit.
_registered: Remembered[str, tuple[ClientCertificate, Mapping[str, str]]] = Remembered(6 * 1024 * 1024)
