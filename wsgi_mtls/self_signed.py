"""Whether a certificate's signature verifies under its own key, whatever its names say."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa


def is_self_signed(certificate: x509.Certificate) -> bool | None:
    """Verify the signature under the certificate's own key, so that a foreign issuer's name hides nothing.

    Returns:
        Whether it verifies; None where the installed release of cryptography knows no such key or signature.
    """
    try:
        _verify(certificate)
    except InvalidSignature:
        return False
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return None
    return True


def _verify(certificate: x509.Certificate) -> None:
    key, signature, signed = certificate.public_key(), certificate.signature, certificate.tbs_certificate_bytes
    if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | dsa.DSAPublicKey):
        _verify_digest(certificate, key)
    # These four can't sign, so nothing is signed by them.
    elif not hasattr(key, "verify"):
        raise InvalidSignature
    else:
        # Every other kind of key (EdDSA, ML-DSA, and what comes after them) signs in one way alone.
        key.verify(signature, signed)


def _verify_digest(
    certificate: x509.Certificate, key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | dsa.DSAPublicKey
) -> None:
    signature, signed = certificate.signature, certificate.tbs_certificate_bytes
    digest = certificate.signature_hash_algorithm
    if digest is None:
        raise InvalidSignature  # an algorithm without a digest, such as Ed25519, is another kind of key's
    # cryptography names the scheme of some signatures only, not of ECDSA with SHA-1 nor RSA with MD5. Another key's
    # signature verifies by none.
    if isinstance(key, rsa.RSAPublicKey):
        scheme = certificate.signature_algorithm_parameters
        key.verify(signature, signed, scheme if isinstance(scheme, padding.PSS) else padding.PKCS1v15(), digest)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, signed, ec.ECDSA(digest))
    else:
        key.verify(signature, signed, digest)
