"""Whether a certificate's signature verifies under its own key, whatever its names say."""

from collections.abc import Iterator
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509 import SignatureAlgorithmOID as Algorithm

_DIGESTS: tuple[hashes.HashAlgorithm, ...] = (
    hashes.SHA256(),
    hashes.SHA384(),
    hashes.SHA512(),
    hashes.SHA224(),
    hashes.SHA1(),  # noqa: S303  # only to find out that the client signed for itself
    hashes.MD5(),  # noqa: S303  # for the same reason
    hashes.SHA3_256(),
    hashes.SHA3_384(),
    hashes.SHA3_512(),
    hashes.SHA3_224(),
)
# The digest that an algorithm names. For any other, as RSASSA-PSS with its parameters, all digests are tried: the
# answer must be the same for an odd spelling of the same algorithm.
_DIGEST_OF = {
    Algorithm.RSA_WITH_SHA224: hashes.SHA224(),
    Algorithm.RSA_WITH_SHA256: hashes.SHA256(),
    Algorithm.RSA_WITH_SHA384: hashes.SHA384(),
    Algorithm.RSA_WITH_SHA512: hashes.SHA512(),
    Algorithm.DSA_WITH_SHA224: hashes.SHA224(),
    Algorithm.DSA_WITH_SHA256: hashes.SHA256(),
    Algorithm.DSA_WITH_SHA384: hashes.SHA384(),
    Algorithm.DSA_WITH_SHA512: hashes.SHA512(),
    Algorithm.ECDSA_WITH_SHA224: hashes.SHA224(),
    Algorithm.ECDSA_WITH_SHA256: hashes.SHA256(),
    Algorithm.ECDSA_WITH_SHA384: hashes.SHA384(),
    Algorithm.ECDSA_WITH_SHA512: hashes.SHA512(),
}
# A stranger chooses the exponent, and one as long as the modulus takes a hundred times as long. OpenSSL has the same
# limit for a modulus of more than 3072 bits.
_MAX_EXPONENT_BITS = 64
_DIGEST_BY_OID = {oid.dotted_string: digest for oid, digest in _DIGEST_OF.items()}


def verifies(public_key_info: bytes, algorithm: str, signature: bytes, signed: bytes) -> bool | None:
    """Return whether a signature verifies under a key.

    Args:
        public_key_info: the key's SubjectPublicKeyInfo.
        algorithm: the dotted OID of the signature's algorithm.
        signature: the signature.
        signed: the octets that it covers.

    Returns:
        None where the installed release of cryptography can't load the key, or where trying would take too long.
    """
    try:
        key: object = load_der_public_key(public_key_info)
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return None
    if isinstance(key, rsa.RSAPublicKey) and key.public_numbers().e.bit_length() > _MAX_EXPONENT_BITS:
        return None
    return any(_is_valid(key, signature, signed, how) for how in _ways(key, algorithm))


def _is_valid(key: Any, signature: bytes, signed: bytes, how: tuple[object, ...]) -> bool:
    try:
        key.verify(signature, signed, *how)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _ways(key: object, algorithm: str) -> Iterator[tuple[object, ...]]:
    """Yield what ``verify`` takes besides the signature and the octets, for each way to read the algorithm."""
    named = _DIGEST_BY_OID.get(algorithm)
    digests = _DIGESTS if named is None else (named,)
    match key:
        case rsa.RSAPublicKey():
            for digest in digests:
                yield padding.PKCS1v15(), digest
                # RFC 4055 section 3.1: the mask's digest is SHA-1 by default, and commonly the signature's own.
                for mask in () if named else (digest, hashes.SHA1()):  # noqa: S303
                    yield padding.PSS(padding.MGF1(mask), padding.PSS.AUTO), digest
        case ec.EllipticCurvePublicKey():
            yield from ((ec.ECDSA(digest),) for digest in digests)
        case dsa.DSAPublicKey():
            yield from ((digest,) for digest in digests)
        case _ if hasattr(key, "verify"):
            # Every other kind of key (EdDSA, ML-DSA, and what comes after them) signs in one way alone.
            yield ()
