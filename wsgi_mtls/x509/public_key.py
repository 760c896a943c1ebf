"""The public key of a certificate, and the names of algorithms.

The algorithms are those of keys and signatures.
"""

from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from . import structure

_EC_PUBLIC_KEY = "1.2.840.10045.2.1"  # RFC 5480 section 2.1.1
_NULL = b"\x05\x00"


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A signature's algorithm.

    Attributes:
        oid: dotted.
        parameters: the DER of its parameters; empty where there are none.
    """

    oid: str
    parameters: bytes = b""


@lru_cache(maxsize=8)
def loaded(octets: bytes) -> PublicKeyTypes:
    """Return a key from its SubjectPublicKeyInfo.

    The last few are kept, since a decision asks several things of one.

    Raises:
        UnsupportedAlgorithm: If cryptography does not know its kind.
        ValueError: If it can't be read.
        TypeError: If it can't be read.
    """
    return load_der_public_key(octets)


def written(octets: bytes) -> bytes:
    """Return a SubjectPublicKeyInfo as cryptography writes it.

    It is unchanged if it can't be loaded.
    """
    try:
        return loaded(octets).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return octets


def size(octets: bytes) -> tuple[str, int]:
    """Return ``rsa`` or ``ec`` and the bits of a key.

    No text and 0 for a key of another kind. On a curve that cryptography does not know, the bits are those of the
    octets that a coordinate takes.
    """
    try:
        key = loaded(octets)
    except UnsupportedAlgorithm:
        found = structure.decode(structure.SubjectPublicKeyInfo, octets)
        is_ec = read_algorithm(found.algorithm).oid == _EC_PUBLIC_KEY
        return ("ec", _bits_of_point(found.public_key.as_bytes())) if is_ec else ("", 0)
    if isinstance(key, rsa.RSAPublicKey):
        return "rsa", key.key_size
    return ("ec", key.key_size) if isinstance(key, ec.EllipticCurvePublicKey) else ("", 0)


def read_algorithm(read: asn1.TLV) -> Algorithm:
    """Return an algorithm, whatever its parameters are.

    Raises:
        ValueError: If it is not an algorithm.
    """
    content = structure.under_tag(b"\x30", read.data)
    try:
        usual = structure.decode(structure.UsualAlgorithm, content)
        return Algorithm(usual.algorithm.dotted_string, b"" if usual.parameters is None else _NULL)
    except ValueError:
        found = structure.decode(structure.AlgorithmWithParameters, content)
        return Algorithm(found.algorithm.dotted_string, structure.octets_of(found.parameters))


def _bits_of_point(octets: bytes) -> int:
    """Return the bits of a point's coordinate (RFC 5480 section 2.2)."""
    # A compressed point has one coordinate, any other two.
    is_compressed = octets[:1] in (b"\x02", b"\x03")
    return max(len(octets) - 1, 0) * 8 // (1 if is_compressed else 2)
