"""The requirements for a verified path beyond those of OpenSSL.

Each certificate of the path must meet them. pyOpenSSL offers no purpose for its store, so OpenSSL's purpose
``sslclient`` is applied here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.x509.oid import ExtendedKeyUsageOID

from ..errors import UntrustedPath, short
from .facts import Facts

_CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """The weakest keys and signatures that are accepted.

    Attributes:
        rsa_bits: the shortest RSA or DSA key.
        ec_bits: the shortest key of an elliptic curve.
        hash_bits: the shortest hash under a signature; 160 allows SHA-1.

    Raises:
        ValueError: If one of them is not a whole number.
    """

    rsa_bits: int = 2048
    ec_bits: int = 224
    hash_bits: int = 256

    def __post_init__(self) -> None:
        for name in ("rsa_bits", "ec_bits", "hash_bits"):
            if type(value := getattr(self, name)) is not int or value < 0:
                raise ValueError(f"{name} is {value!r}: give a whole number of bits.")


def check_path(path: Sequence[Facts], strength: Strength, now: datetime, *, allow_v1_roots: bool) -> None:
    """Check each certificate of a verified path, the leaf first.

    Raises:
        MutualTLSError: If a requirement is not met, for the first of them.
    """
    leaf, *authorities = path
    check_dates(path, now)
    check_client(leaf)
    if not authorities:
        # OpenSSL accepts a self-signed certificate that is itself in the store.
        raise UntrustedPath(
            f"{_name(leaf)} is itself in the trust store: a client's certificate is issued by a CA there. Remove it.",
            reason="wrong_purpose",
        )
    for position, facts in enumerate(authorities, 1):
        _check_authority(facts, is_root=position == len(authorities), allow_v1_roots=allow_v1_roots)
    for facts in path:
        _check_key(facts, strength)
    # Nothing depends on the signature that the root makes on itself.
    for facts in path[:-1]:
        _check_signature(facts, strength)


def check_client(leaf: Facts) -> None:
    """Check that a certificate may identify a TLS client.

    Raises:
        UntrustedPath: ``wrong_purpose``: If it is a CA's, or for another purpose.
    """
    if leaf.is_ca:
        raise UntrustedPath(
            f"{_name(leaf)} is a CA's certificate (CA:TRUE); have one issued for the client.", reason="wrong_purpose"
        )
    _check_purposes(leaf)
    if leaf.key_usage is not None and not leaf.key_usage.digital_signature:
        raise UntrustedPath(
            f"The key usage of {_name(leaf)} lacks digitalSignature; have it issued for TLS clients.",
            reason="wrong_purpose",
        )


def check_dates(path: Sequence[Facts], now: datetime) -> None:
    """Check that each certificate is in its validity period.

    Both ends are included (RFC 5280 section 4.1.2.5).

    Raises:
        UntrustedPath: ``not_yet_valid``: If ``now`` is before one of them.
        UntrustedPath: ``expired``: If ``now`` is after one of them.
    """
    for facts in path:
        if now < facts.not_before:
            raise UntrustedPath(
                f"{_name(facts)} is valid from {facts.not_before} on; check the clocks.", reason="not_yet_valid"
            )
        if now > facts.not_after:
            raise UntrustedPath(f"{_name(facts)} expired on {facts.not_after}; have it renewed.", reason="expired")


def _check_authority(facts: Facts, *, is_root: bool, allow_v1_roots: bool) -> None:
    if facts.is_ca is None and not (is_root and allow_v1_roots):
        remedy = "; set allow_v1_roots=True if it is a root that you know" if is_root else ""
        raise UntrustedPath(
            f"{_name(facts)} has no basic constraints, so that it may be a client's{remedy}.", reason="wrong_purpose"
        )
    if facts.is_ca is False:
        raise UntrustedPath(
            f"{_name(facts)} issued a certificate, and is not a CA's (CA:FALSE).", reason="wrong_purpose"
        )
    if facts.key_usage is not None and not facts.key_usage.key_cert_sign:
        raise UntrustedPath(
            f"The key usage of {_name(facts)} lacks keyCertSign, so that it may issue no certificate.",
            reason="wrong_purpose",
        )
    _check_purposes(facts)


def _check_purposes(facts: Facts) -> None:
    # anyExtendedKeyUsage alone does not allow clientAuth, as OpenSSL sees it.
    if facts.purposes is not None and _CLIENT_AUTH not in facts.purposes:
        raise UntrustedPath(
            f"The extended key usage of {_name(facts)} lacks clientAuth; have it issued for clients.",
            reason="wrong_purpose",
        )


def _check_key(facts: Facts, strength: Strength) -> None:
    least = {"RSA": strength.rsa_bits, "DSA": strength.rsa_bits, "EC": strength.ec_bits}.get(facts.key_kind, 0)
    if facts.key_bits < least:
        raise UntrustedPath(
            f"The {facts.key_kind} key of {_name(facts)} has {facts.key_bits} bits; the trust store's strength demands "
            f"{least}.",
            reason="weak_key",
        )


def _check_signature(facts: Facts, strength: Strength) -> None:
    if facts.hash_bits is not None and facts.hash_bits < strength.hash_bits:
        found = f"a hash of {facts.hash_bits} bits" if facts.hash_bits else "an unknown algorithm"
        raise UntrustedPath(
            f"{_name(facts)} is signed with {found}; the trust store's strength demands {strength.hash_bits} bits.",
            reason="weak_signature",
        )


def _name(facts: Facts) -> str:
    return f"The certificate of {short(facts.subject.rfc4514_string())!r}"
