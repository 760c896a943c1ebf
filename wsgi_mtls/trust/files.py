"""CA certificates and revocation lists in files and directories."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from cryptography import x509

Kind = Literal["certificate", "crl"]

_SUFFIXES: dict[Kind, tuple[str, ...]] = {
    "certificate": (".pem", ".crt", ".cer", ".der"),
    "crl": (".pem", ".crl", ".der"),
}
_LABELS: dict[Kind, tuple[bytes, ...]] = {"certificate": (b"CERTIFICATE", b"X509 CERTIFICATE"), "crl": (b"X509 CRL",)}
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)

Stamp = tuple[object, ...]
"""What differs as soon as one of the files differs."""


def stamp(places: Iterable[Path], kind: Kind) -> Stamp:
    """Return a value that differs once a file was changed, added or removed.

    Never raises.
    """
    return tuple(_stamp(file) for place in places for file in (place, *_members_now(place, kind)))


def read_certificates(places: Iterable[Path]) -> Iterator[x509.Certificate]:
    """Read every certificate of files and directories, PEM or DER.

    Raises:
        OSError: If a file cannot be read.
        ValueError: If a file has something else where a certificate is expected.
    """
    for file, content, is_pem in _contents(places, "certificate"):
        try:
            yield x509.load_pem_x509_certificate(content) if is_pem else x509.load_der_x509_certificate(content)
        except Exception as error:  # cryptography reports hostile input by many kinds of exception
            raise ValueError(f"{file}: expected certificates in PEM or DER, but one cannot be read: {error}.") from None


def read_crls(places: Iterable[Path]) -> Iterator[x509.CertificateRevocationList]:
    """Read every certificate revocation list of files and directories, PEM or DER.

    Raises:
        OSError: If a file cannot be read.
        ValueError: If a file has something else where a revocation list is expected.
    """
    for file, content, is_pem in _contents(places, "crl"):
        try:
            yield x509.load_pem_x509_crl(content) if is_pem else x509.load_der_x509_crl(content)
        except Exception as error:
            raise ValueError(f"{file}: expected CRLs in PEM or DER, but one cannot be read: {error}.") from None


def _contents(places: Iterable[Path], kind: Kind) -> Iterator[tuple[Path, bytes, bool]]:
    """Yield each object that the files hold, and whether it is PEM."""
    for place in places:
        is_directory = place.is_dir()
        for file in _members(place, kind) if is_directory else (place,):
            content = file.read_bytes()
            if b"-----BEGIN " not in content:
                yield file, content, False
                continue
            blocks = list(_BLOCK.finditer(content))
            # A file that is still being written ends in the middle of a block.
            if len(blocks) != content.count(b"-----BEGIN "):
                raise ValueError(f"{file}: a PEM block is cut off or damaged; write the file whole, then rename it.")
            wanted = [block[0] for block in blocks if block[1] in _LABELS[kind]]
            # One directory may hold certificates and CRLs.
            if not wanted and not is_directory:
                raise ValueError(f"{file}: expected a PEM block {_LABELS[kind][0].decode()}, found none.")
            yield from ((file, block, True) for block in wanted)


def _members(place: Path, kind: Kind) -> list[Path]:
    names = sorted(os.listdir(place))
    files = (place / name for name in names if name.endswith(_SUFFIXES[kind]) and not name.startswith("."))
    return [file for file in files if file.is_file()]


def _members_now(place: Path, kind: Kind) -> list[Path]:
    try:
        return _members(place, kind)
    except OSError:
        return []  # a file, or what reading it will report


def _stamp(file: Path) -> Stamp:
    try:
        status = file.stat()
    except OSError:
        return (file, None)
    return (file, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size)
