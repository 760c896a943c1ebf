"""The check that a certificate's signature verifies under its own key.

Its names do not matter. A stranger chooses key, algorithm and signature, so each certificate costs one operation with
the key, or a few.
"""

from collections.abc import Iterator
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.x509 import SignatureAlgorithmOID as Signed

from . import structure
from .public_key import Algorithm, loaded

_SHA1 = hashes.SHA1()  # noqa: S303  # only to find out that the client signed for itself
_MD5 = hashes.MD5()  # noqa: S303  # for the same reason
_SHA2 = (hashes.SHA256(), hashes.SHA384(), hashes.SHA512(), hashes.SHA224())
_SHA3 = (hashes.SHA3_256(), hashes.SHA3_384(), hashes.SHA3_512(), hashes.SHA3_224())
_DIGESTS: tuple[hashes.HashAlgorithm, ...] = (*_SHA2, _SHA1, _MD5, *_SHA3)
# The digests that are tried where an algorithm of ECDSA or DSA is not known, each by an operation of its own.
_COMMON: tuple[hashes.HashAlgorithm, ...] = (*_SHA2[:3], _SHA1)
_DIGEST_OF = {
    Signed.RSA_WITH_SHA256: _SHA2[0],
    Signed.RSA_WITH_SHA384: _SHA2[1],
    Signed.RSA_WITH_SHA512: _SHA2[2],
    Signed.RSA_WITH_SHA224: _SHA2[3],
    Signed.RSA_WITH_SHA1: _SHA1,
    Signed.RSA_WITH_MD5: _MD5,
    Signed.RSA_WITH_SHA3_256: _SHA3[0],
    Signed.RSA_WITH_SHA3_384: _SHA3[1],
    Signed.RSA_WITH_SHA3_512: _SHA3[2],
    Signed.RSA_WITH_SHA3_224: _SHA3[3],
    Signed.ECDSA_WITH_SHA256: _SHA2[0],
    Signed.ECDSA_WITH_SHA384: _SHA2[1],
    Signed.ECDSA_WITH_SHA512: _SHA2[2],
    Signed.ECDSA_WITH_SHA224: _SHA2[3],
    Signed.ECDSA_WITH_SHA1: _SHA1,
    Signed.ECDSA_WITH_SHA3_256: _SHA3[0],
    Signed.ECDSA_WITH_SHA3_384: _SHA3[1],
    Signed.ECDSA_WITH_SHA3_512: _SHA3[2],
    Signed.ECDSA_WITH_SHA3_224: _SHA3[3],
    Signed.DSA_WITH_SHA256: _SHA2[0],
    Signed.DSA_WITH_SHA512: _SHA2[2],
    Signed.DSA_WITH_SHA224: _SHA2[3],
    Signed.DSA_WITH_SHA1: _SHA1,
}
_DIGEST_BY_OID: dict[str, hashes.HashAlgorithm] = {oid.dotted_string: digest for oid, digest in _DIGEST_OF.items()}
# By the OIDs of the digests themselves (RFC 4055 section 2.1, and NIST's register for SHA-3).
_DIGEST_OF_PSS: dict[str, hashes.HashAlgorithm] = {
    "1.3.14.3.2.26": _SHA1,
    "2.16.840.1.101.3.4.2.1": _SHA2[0],
    "2.16.840.1.101.3.4.2.2": _SHA2[1],
    "2.16.840.1.101.3.4.2.3": _SHA2[2],
    "2.16.840.1.101.3.4.2.4": _SHA2[3],
    "2.16.840.1.101.3.4.2.7": _SHA3[3],
    "2.16.840.1.101.3.4.2.8": _SHA3[0],
    "2.16.840.1.101.3.4.2.9": _SHA3[1],
    "2.16.840.1.101.3.4.2.10": _SHA3[2],
}
_PSS = Signed.RSASSA_PSS.dotted_string
# One exponent as long as the modulus takes a hundred times as long as the usual one, and a modulus of 16384 bits sixty
# times as long as one of 2048. OpenSSL has the same limit of the exponent for a modulus of more than 3072 bits.
_MAX_EXPONENT_BITS = 64
_MAX_MODULUS_BITS = 8192


def verifies(public_key_info: bytes, algorithm: Algorithm, signature: bytes, signed: bytes) -> bool | None:
    """Return whether a signature verifies under a key.

    Args:
        public_key_info: the key's SubjectPublicKeyInfo.
        algorithm: the signature's algorithm.
        signature: the signature.
        signed: the octets that it covers.

    Returns:
        None where the installed release of cryptography can't load the key, or where trying would take too long.

    Raises:
        ValueError: If the parameters of RSASSA-PSS can't be read.
    """
    try:
        key = loaded(public_key_info)
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return None
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size > _MAX_MODULUS_BITS or key.public_numbers().e.bit_length() > _MAX_EXPONENT_BITS:
            return None
        if algorithm.oid != _PSS and algorithm.oid not in _DIGEST_BY_OID:
            return _recovers(key, signature, signed)
    return any(_is_valid(key, signature, signed, how) for how in _ways(key, algorithm))


def _is_valid(key: Any, signature: bytes, signed: bytes, how: tuple[object, ...]) -> bool:
    try:
        key.verify(signature, signed, *how)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _recovers(key: rsa.RSAPublicKey, signature: bytes, signed: bytes) -> bool:
    """Return whether a signature holds a digest of the octets.

    Any algorithm counts, after one operation.
    """
    try:
        recovered = key.recover_data_from_signature(signature, padding.PKCS1v15(), None)
        found = structure.decode(structure.DigestInfo, recovered).digest
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return any(found == _digest(digest, signed) for digest in _DIGESTS if digest.digest_size == len(found))


def _digest(algorithm: hashes.HashAlgorithm, octets: bytes) -> bytes:
    hasher = hashes.Hash(algorithm)
    hasher.update(octets)
    return hasher.finalize()


def _ways(key: object, algorithm: Algorithm) -> Iterator[tuple[object, ...]]:
    """Yield the further arguments of ``verify``, for each way to read the algorithm.

    The first ones are the signature and the octets.
    """
    named = _DIGEST_BY_OID.get(algorithm.oid)
    digests = _COMMON if named is None else (named,)
    match key:
        case rsa.RSAPublicKey():
            yield (padding.PKCS1v15(), named) if named else _pss(algorithm.parameters)
        case ec.EllipticCurvePublicKey():
            yield from ((ec.ECDSA(digest),) for digest in digests)
        case dsa.DSAPublicKey():
            yield from ((digest,) for digest in digests)
        case _ if hasattr(key, "verify"):
            # Every other kind of key (EdDSA, ML-DSA, and what comes after them) signs in one way alone.
            yield ()


def _pss(parameters: bytes) -> tuple[padding.PSS, hashes.HashAlgorithm]:
    """Read the parameters of RSASSA-PSS (RFC 4055 section 3.1)."""
    found = structure.decode(structure.PSSParameters, parameters or b"\x30\x00")
    digest = _DIGEST_OF_PSS.get(found.digest.algorithm.dotted_string) if found.digest else _SHA1
    mask = _DIGEST_OF_PSS.get(found.mask.digest.algorithm.dotted_string) if found.mask else _SHA1
    if digest is None or mask is None:
        raise ValueError("RSASSA-PSS names a digest that is not known")
    return padding.PSS(padding.MGF1(mask), padding.PSS.AUTO), digest
