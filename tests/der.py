"""A little DER writer: certificates of any shape, right or wrong, signed by a P-256 CA made here."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    n = len(body)
    if n < 0x80:
        length = bytes([n])
    else:
        b = n.to_bytes((n.bit_length() + 7) // 8, "big")
        length = bytes([0x80 | len(b)]) + b
    return bytes([tag]) + length + body


def seq(*p: bytes) -> bytes:
    return tlv(0x30, *p)


def set_(*p: bytes) -> bytes:
    return tlv(0x31, *p)


def oct_(b: bytes) -> bytes:
    return tlv(0x04, b)


def bits(b: bytes, unused: int = 0) -> bytes:
    return tlv(0x03, bytes([unused]) + b)


def utf8(s: str | bytes) -> bytes:
    return tlv(0x0C, s.encode() if isinstance(s, str) else s)


def printable(s: str) -> bytes:
    return tlv(0x13, s.encode())


def ia5(s: str | bytes) -> bytes:
    return tlv(0x16, s if isinstance(s, bytes) else s.encode())


def t61(b: bytes) -> bytes:
    return tlv(0x14, b)


def bmp(s: str) -> bytes:
    return tlv(0x1E, s.encode("utf-16-be"))


def boolean(v: bool) -> bytes:
    return tlv(0x01, b"\xff" if v else b"\x00")


def integer(n: int) -> bytes:
    return tlv(0x02, n.to_bytes(max(1, (n.bit_length() // 8) + 1), "big", signed=True))


def oid(s: str) -> bytes:
    a = [int(x) for x in s.split(".")]
    out = b""
    for v in [a[0] * 40 + a[1], *a[2:]]:
        c = [v & 0x7F]
        v >>= 7
        while v:
            c.append(0x80 | (v & 0x7F))
            v >>= 7
        out += bytes(reversed(c))
    return tlv(0x06, out)


def ctx(n: int, *p: bytes, constructed: bool = True) -> bytes:
    return tlv((0xA0 if constructed else 0x80) | n, *p)


def atv(o: str, value: bytes) -> bytes:
    return seq(oid(o), value)


def rdn(*atvs: bytes) -> bytes:
    return set_(*atvs)


def name(*rdns: bytes) -> bytes:
    return seq(*rdns)


def dn(*pairs: tuple[str, bytes]) -> bytes:
    return name(*(rdn(atv(o, v)) for o, v in pairs))


def utc(t: datetime) -> bytes:
    return tlv(0x17, t.strftime("%y%m%d%H%M%SZ").encode())


def gtime(text: str) -> bytes:
    return tlv(0x18, text.encode())


CN, C, O, OU, L, ST = "2.5.4.3", "2.5.4.6", "2.5.4.10", "2.5.4.11", "2.5.4.7", "2.5.4.8"  # noqa: E741


def ext(o: str, value: bytes, critical: bool | None = None) -> bytes:
    """critical None leaves the field out (DEFAULT FALSE), True/False writes it."""
    return seq(oid(o), *([] if critical is None else [boolean(critical)]), oct_(value))


def san(*general: bytes) -> bytes:
    return seq(*general)


def dns(s: str | bytes) -> bytes:
    return ctx(2, s if isinstance(s, bytes) else s.encode(), constructed=False)


def email(s: str | bytes) -> bytes:
    return ctx(1, s if isinstance(s, bytes) else s.encode(), constructed=False)


def uri(s: str | bytes) -> bytes:
    return ctx(6, s if isinstance(s, bytes) else s.encode(), constructed=False)


def ip(b: bytes) -> bytes:
    return ctx(7, b, constructed=False)


def other(o: str, value: bytes) -> bytes:
    return ctx(0, oid(o), ctx(0, value))


def dirname(n: bytes) -> bytes:
    return ctx(4, n)


CLIENT = "1.3.6.1.5.5.7.3.2"


def eku(*oids: str) -> bytes:
    return ext("2.5.29.37", seq(*(oid(x) for x in oids)))


BC_EE = ext("2.5.29.19", seq(), True)
KU = ext("2.5.29.15", tlv(3, b"\x07\x80"), True)


def spki(key: Any) -> bytes:
    octets: bytes = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return octets


ECDSA256 = seq(oid("1.2.840.10045.4.3.2"))


class CA:
    def __init__(self, subject: bytes | None = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = subject or dn((CN, utf8("Test Issuing CA")))

    def cert(
        self,
        subject: bytes,
        extensions: Iterable[bytes] = (),
        *,
        key: Any = None,
        spki_der: bytes | None = None,
        serial: bytes | None = None,
        validity: bytes | None = None,
        sigalg: bytes = ECDSA256,
        version: int | None = 2,
        issuer: bytes | None = None,
        extra: bytes = b"",
    ) -> bytes:
        now = datetime.now(UTC)
        validity = validity or seq(utc(now - timedelta(days=1)), utc(now + timedelta(days=90)))
        tbs = seq(
            *([ctx(0, integer(version))] if version is not None else []),
            serial if serial is not None else integer(0x1234567890ABCDEF),
            sigalg,
            issuer or self.name,
            validity,
            subject,
            spki_der or spki(key or ec.generate_private_key(ec.SECP256R1())),
            extra,
            *([ctx(3, seq(*extensions))] if extensions else []),
        )
        return seq(tbs, sigalg, bits(self.key.sign(tbs, ec.ECDSA(hashes.SHA256()))))
