"""Certificates in the files that people have.

This is the one reader for command lines, uploads and callbacks. What a TLS terminator writes is read strictly instead
(:mod:`.pem`).
"""

import base64
import codecs
import re
from collections.abc import Iterator

from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from ..errors import BadCertificate
from . import file_kinds
from .certificate import ClientCertificate

MAX_FILE_SIZE = 65536
"""The largest file of one certificate, in octets."""

_BOUNDARY = re.compile(r"-----(BEGIN|END) ([A-Z0-9 #]{1,40})-----")
_CERTIFICATES = frozenset({"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"})
_PKCS7 = frozenset({"PKCS7", "PKCS #7 SIGNED DATA", "CMS"})
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+[=\s]*", re.ASCII)
_START = re.compile("M[A-P]|/u3")  # 0x30, a SEQUENCE, and a Java keystore's 0xFEED
_EXPECTED = "Expected one certificate"


def read_certificate(content: bytes | str) -> ClientCertificate:
    """Return the one certificate in a file.

    PEM with any text around it, also with a private key, which is skipped; DER, base64 alone, and PKCS#7. The text
    may be UTF-16 or start with a byte order mark.

    Args:
        content: the whole file.

    Raises:
        BadCertificate: ``malformed_certificate``: If it holds none, several, or something else. The message names what
            it is and what to do.
    """
    if len(content) > MAX_FILE_SIZE:
        raise BadCertificate(
            f"{_EXPECTED}, found more than {MAX_FILE_SIZE} octets. Give the client's certificate alone."
        )
    found = read_certificates(content)
    if len(found) > 1:
        raise BadCertificate(
            f"{_EXPECTED}, found {len(found)}. Give the client's own alone: in a chain it is the first."
        )
    return found[0]


def read_certificates(content: bytes | str) -> tuple[ClientCertificate, ...]:
    """Return the certificates in a file, each once and in its order; at least one.

    Args:
        content: the whole file.

    Raises:
        BadCertificate: ``malformed_certificate``: If there is none, or one that is damaged.
    """
    if isinstance(content, bytes) and _is_binary(content):
        found = _from_binary(content)
    else:
        text = content if isinstance(content, str) else _text(content)
        found = _from_base64(text) if _BOUNDARY.search(text) is None else _from_pem(text)
    return tuple(dict.fromkeys(found))


def _is_binary(content: bytes) -> bool:
    # 0x30, a SEQUENCE, is also the digit 0; a certificate may have any text in it.
    is_text = b"-----BEGIN" in content and file_kinds.of_octets(content) is None
    return content.startswith((b"\x30", b"\xfe\xed")) and not is_text


def _text(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    if b"\0-\0-\0-" in content:
        return content.decode("utf-16-be" if content.startswith(b"\0") else "utf-16-le", "replace")
    return content.removeprefix(codecs.BOM_UTF8).decode("latin-1")


def _from_pem(text: str) -> list[ClientCertificate]:
    blocks = list(_blocks(text))
    found: list[ClientCertificate] = []
    for label, body in blocks:
        if label in _CERTIFICATES:
            octets = _decode(body)
            found.append(_certificate(_leading(octets) if label == "TRUSTED CERTIFICATE" else octets))
        elif label in _PKCS7:
            found += _from_pkcs7(_decode(body))
    if not found:
        kinds = [kind for label, _ in blocks if (kind := file_kinds.of_label(label))]
        raise BadCertificate(f"{_EXPECTED}, found {kinds[0] if kinds else _other(blocks)}")
    return found


def _other(blocks: list[tuple[str, str]]) -> str:
    return f"only {blocks[0][0]!r}. Give the certificate (-----BEGIN CERTIFICATE-----)."


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield the label and the body of each block."""
    # One pass, since a hostile text may have thousands of beginnings.
    opened: re.Match[str] | None = None
    for boundary in _BOUNDARY.finditer(text):
        if boundary[1] == "BEGIN" and opened is None:
            opened = boundary
        elif boundary[1] == "END" and opened is not None and boundary[2] == opened[2]:
            yield opened[2], text[opened.end() : boundary.start()]
            opened = None
        else:
            expected = "a line that begins a block" if opened is None else f"-----END {opened[2]}-----"
            raise BadCertificate(f"Expected {expected}, found {boundary[0]}. Copy the whole file again.")
    if opened is not None:
        raise BadCertificate(
            f"Expected -----END {opened[2]}-----, found the end of the file. Copy the whole file again."
        )


def _from_base64(text: str) -> list[ClientCertificate]:
    if not text.strip():
        raise BadCertificate(f"{_EXPECTED}, found an empty file.")
    if not _BASE64.fullmatch(text) or not _START.match("".join(text[:8].split())):
        raise BadCertificate(f"{_EXPECTED}, found something else. Give it as PEM (-----BEGIN CERTIFICATE-----) or DER.")
    return _from_binary(_decode(text))


def _decode(body: str) -> bytes:
    bare = "".join(body.split()).rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except ValueError as error:
        raise BadCertificate(f"{_EXPECTED}, found damaged base64 ({error}). Copy the whole file again.") from None


def _from_binary(octets: bytes) -> list[ClientCertificate]:
    kind = file_kinds.of_octets(octets)
    if kind == file_kinds.PKCS7:
        return _from_pkcs7(octets)
    if kind not in (None, file_kinds.CERTIFICATE):
        raise BadCertificate(f"{_EXPECTED}, found {kind}")
    return [_certificate(octets)]


def _from_pkcs7(octets: bytes) -> list[ClientCertificate]:
    try:
        held = pkcs7.load_der_pkcs7_certificates(octets)
    except Exception as error:  # cryptography reports hostile input by many kinds of exception, and by warnings
        raise BadCertificate(
            f"{_EXPECTED}, found PKCS#7 that can't be read ({error}). Take the certificate out of it: "
            "openssl pkcs7 -print_certs -in FILE -out certificate.pem (with -inform DER if it is binary)."
        ) from None
    if not held:
        raise BadCertificate(f"{_EXPECTED}, found PKCS#7 without certificates.")
    return [_certificate(one.public_bytes(Encoding.DER)) for one in held]


def _leading(octets: bytes) -> bytes:
    try:
        return file_kinds.first_value(octets)
    except ValueError:
        return octets


def _certificate(octets: bytes) -> ClientCertificate:
    # Octets that are something else have a message of their own, also under a certificate's label.
    kind = file_kinds.of_octets(octets)
    if kind not in (None, file_kinds.CERTIFICATE, file_kinds.PKCS7):
        raise BadCertificate(f"{_EXPECTED}, found {kind}")
    return ClientCertificate.from_der(octets)
