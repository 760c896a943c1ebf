"""The alternatives: packages of PyPI that read a certificate of a header."""

import hashlib
from typing import Any
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from OpenSSL import crypto


def fastapi_client_cert_auth(header: bytes) -> Any:
    """Read the header as this package does, and ask for the fingerprint."""
    from fastapi_client_cert_auth import parse_certificate_header

    certificate = parse_certificate_header(header.decode("latin-1"))
    certificate.fingerprint(hashes.SHA256()).hex()
    return certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value


def x509middleware(header: bytes) -> Any:
    """Read the header as this package's ASGI middleware does."""
    from x509middleware.asgi import ClientCertificateMiddleware

    finding = ClientCertificateMiddleware(None, proxy_header="x-client-cert").find_certificate(
        {"headers": [(b"host", b"a"), (b"x-client-cert", header)]}
    )
    try:
        finding.send(None)
    except StopIteration as stop:
        return stop.value.subject.native["common_name"]


def pki_core(header: bytes) -> Any:
    """Read the certificate and its identity."""
    from pki.core.certificate import load_certificate
    from pki.core.identity import parse_identity

    return parse_identity(load_certificate(unquote_to_bytes(header))).cn


def pyopenssl(header: bytes) -> Any:
    """Read the common name, the end of validity and the digest."""
    certificate = crypto.load_certificate(crypto.FILETYPE_PEM, unquote_to_bytes(header))
    certificate.digest("sha256")
    certificate.get_notAfter()
    return certificate.get_subject().CN


def bare_cryptography(header: bytes) -> Any:
    """Read with cryptography alone what RFC 8705 asks for."""
    certificate = x509.load_pem_x509_certificate(unquote_to_bytes(header))
    certificate.subject.public_bytes()
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    for kind in (x509.DNSName, x509.UniformResourceIdentifier, x509.RFC822Name, x509.IPAddress):
        alternatives.get_values_for_type(kind)
    _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    return certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value


PEERS = {
    "fastapi-client-cert-auth": (fastapi_client_cert_auth, "CN, validity, fingerprint"),
    "x509middleware": (x509middleware, "CN"),
    "pki-core": (pki_core, "CN, names"),
    "pyOpenSSL": (pyopenssl, "CN, end of validity, digest"),
    "bare cryptography": (bare_cryptography, "names, dates, key, digest; no decision"),
}
