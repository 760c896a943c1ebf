"""Certificates and how terminators write them."""

import itertools
import ssl
from collections.abc import Iterator
from functools import cache
from typing import Literal
from urllib.parse import quote

from cryptography import x509

from wsgi_mtls.testing import KeyPair, Profile, make_ca, self_sign

Kind = Literal["rsa", "ec"]
LABELS: dict[Kind, str] = {"rsa": "RSA-2048", "ec": "P-256"}
SUBJECT = "CN=alice,OU=API,O=Example,C=AU"
DISTINCT = 1500
"""More than is remembered at a time, so that taken in turn none was seen before."""
_next = itertools.count(1)


@cache
def authority(kind: Kind) -> KeyPair:
    """Return a CA."""
    return make_ca(f"CN={kind} CA,O=Example", Profile(ca=True, extended_key_usage=(), days=3650, key_type=kind))


@cache
def leaf(kind: Kind) -> KeyPair:
    """Return the certificate of the client ``alice``."""
    profile = Profile(days=3650, key_type=kind, san_dns=["client.example.com"], san_uri=["spiffe://example.com/client"])
    return authority(kind).issue(SUBJECT, profile)


@cache
def selfie(kind: Kind) -> KeyPair:
    """Return a self-signed certificate."""
    return self_sign("CN=selfie", Profile(days=3650, key_type=kind))


def distinct(kind: Kind, count: int = DISTINCT) -> list[bytes]:
    """Return DER that no other measurement of this process was given."""
    return list(itertools.islice(serials(leaf(kind).certificate.der), count))


def serials(der: bytes) -> Iterator[bytes]:
    """Make many certificates quickly.

    The serial number is overwritten, so that the signature is wrong.
    """
    number = x509.load_der_x509_certificate(der).serial_number
    raw = number.to_bytes((number.bit_length() + 8) // 8, "big")
    at = der.index(b"\x02" + bytes([len(raw)]) + raw) + 2
    for serial in _next:
        yield der[:at] + b"\x4d" + serial.to_bytes(len(raw) - 1, "big") + der[at + len(raw) :]


def nginx(der: bytes) -> str:
    """Return what nginx's configuration of this package sends."""
    return f"SUCCESS {escaped(der)}"


def escaped(der: bytes) -> str:
    """Return ``$ssl_client_escaped_cert``."""
    return quote(ssl.DER_cert_to_PEM_cert(der), safe="-_.~")
