"""The kinds of files that are not a certificate, with advice to their owner."""

from collections.abc import Callable

from cryptography import x509

from . import structure

PKCS7 = "PKCS#7"
CERTIFICATE = "certificate"

_KEY = "a private key. Keep it secret, and give the certificate that was issued for it (-----BEGIN CERTIFICATE-----)."
_REQUEST = "a certificate request (CSR). Have a CA sign it, and give the certificate that the CA returns."
_CRL = "a certificate revocation list (CRL). Give the client's certificate."
_PUBLIC_KEY = "a public key alone. Give the certificate that has it."
_JAVA = (
    "a Java keystore. Export the certificate from it: keytool -exportcert -rfc -keystore FILE -alias ALIAS "
    "-file certificate.pem"
)
# Never opened: its maker chose how often its password is hashed.
_PKCS12 = (
    "a PKCS#12 file (.p12, .pfx), which also has the private key. Take the certificate out of it: "
    "openssl pkcs12 -in FILE -clcerts -nokeys -out certificate.pem"
)

_LABELS = {
    "CERTIFICATE REQUEST": _REQUEST,
    "NEW CERTIFICATE REQUEST": _REQUEST,
    "X509 CRL": _CRL,
    "PUBLIC KEY": _PUBLIC_KEY,
    "RSA PUBLIC KEY": _PUBLIC_KEY,
    "SSH2 PUBLIC KEY": _PUBLIC_KEY,
}

_INTEGER, _BIT_STRING, _OCTET_STRING, _OID, _SEQUENCE, _CONTENT = b"\x02", b"\x03", b"\x04", b"\x06", b"\x30", b"\xa0"
# What a SEQUENCE is, by the tags of its first two elements, and of a third one where there is any.
_SHAPES: dict[tuple[bytes, ...], str] = {
    (_OID, _CONTENT): PKCS7,  # RFC 5652 section 3
    (_INTEGER, _SEQUENCE, _OCTET_STRING): _KEY,  # PKCS#8, RFC 5958 section 2
    (_INTEGER, _INTEGER, _INTEGER): _KEY,  # PKCS#1, RFC 8017 appendix A.1.2
    (_INTEGER, _OCTET_STRING): _KEY,  # RFC 5915 section 3
    (_INTEGER, _OCTET_STRING, _CONTENT): _KEY,
    (_SEQUENCE, _OCTET_STRING): _KEY,  # encrypted, RFC 5958 section 3
    (_SEQUENCE, _BIT_STRING): _PUBLIC_KEY,  # RFC 5280 section 4.1
    (_INTEGER, _SEQUENCE): _PKCS12,  # RFC 7292 section 4
    (_INTEGER, _SEQUENCE, _SEQUENCE): _PKCS12,
}
# Of indefinite length, as Windows and Java write PKCS#12 and PKCS#7.
_BER = {b"\x30\x80\x02\x01\x03": _PKCS12, b"\x30\x80\x06\x09": PKCS7, b"\xfe\xed\xfe\xed": _JAVA}


def of_label(label: str) -> str | None:
    """Return what a PEM block of this label is, to be read after "found", or None."""
    return _KEY if label.endswith("PRIVATE KEY") else _LABELS.get(label)


def of_octets(octets: bytes) -> str | None:
    """Return what binary octets are.

    Returns:
        :data:`CERTIFICATE`, also for one that is damaged; :data:`PKCS7`; a text to be read after "found" for anything
        else that is known; None for the rest.
    """
    for start, kind in _BER.items():
        if octets.startswith(start):
            return kind
    try:
        items = structure.decode_list(structure.GeneralNames, octets).items
    except ValueError:
        return None
    shape = tuple(item.tag_bytes for item in items[:3])
    if shape == (_SEQUENCE, _SEQUENCE, _BIT_STRING):
        return _of_signed(octets)
    return _SHAPES.get(shape)


def first_value(octets: bytes) -> bytes:
    """Return the first of several DER values.

    A TRUSTED CERTIFICATE has OpenSSL's own settings after it.

    Raises:
        ValueError: If the octets are something else.
    """
    values = structure.decode_list(structure.GeneralNames, structure.under_tag(_SEQUENCE, octets)).items
    if not values:
        raise ValueError("no octets")
    return structure.octets_of(values[0])


def _of_signed(octets: bytes) -> str:
    return next((kind for read, kind in _SIGNED.items() if _is_read(read, octets)), CERTIFICATE)


def _is_read(read: Callable[[bytes], object], octets: bytes) -> bool:
    try:
        read(octets)
    except x509.InvalidVersion:
        return True  # all of it was read, and only its version is odd
    except Exception:  # cryptography reports hostile input by many kinds of exception
        return False
    return True


_SIGNED: dict[Callable[[bytes], object], str] = {x509.load_der_x509_csr: _REQUEST, x509.load_der_x509_crl: _CRL}
