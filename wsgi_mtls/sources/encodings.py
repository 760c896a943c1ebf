"""How terminators write certificates into a header: text to DER, strictly, without a look at the X.509 inside.

Every function takes one header value and returns DER, or a tuple of DER with the leaf first where the value is a list.
Each raises ``MalformedCertificate`` for everything else: white space, junk, missing padding, a certificate too many.
"""

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from cryptography.hazmat import asn1

from ..errors import MalformedCertificate
from ..pem import base64_to_der, pem_to_der

__all__ = [
    "armoured_base64_der",
    "base64_der",
    "base64_der_list",
    "base64_der_sequence",
    "base64_pem",
    "folded_pem",
    "latin1_der",
    "pem",
    "rfc9440",
    "rfc9440_list",
    "url_encoded_pem",
    "url_encoded_pem_list",
]

_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_FOLD = r"(?:(?:\r?\n)?[ \t])"
_FOLDED = re.compile(rf"{_BEGIN}((?:{_FOLD}[A-Za-z0-9+/=]+)+){_FOLD}{_END}{_FOLD}?")
_ESCAPED = re.compile(r"(?:[A-Za-z0-9._~+/=-]|%[0-9A-Fa-f]{2})+")
_PEM_BLOCK = re.compile(rf"{_BEGIN}\r?\n[A-Za-z0-9+/=\r\n]+{_END}\r?\n?")
# A match starts at the first of the spaces alone, so that many cost no more than other characters.
_COMMA = re.compile(r"(?<![ \t])[ \t]*+,[ \t]*+")


def pem(text: str) -> bytes:
    """Read PEM with its newlines (RFC 7468), as it stands in an environ key; no header can carry it."""
    return pem_to_der(text)


def folded_pem(text: str) -> bytes:
    """Read PEM whose newlines became a space or tab: Apache's ``%{SSL_CLIENT_CERT}s``, nginx's ``$ssl_client_cert``.

    Some servers leave the newline before the tab where they unfold a header.
    """
    match = _FOLDED.fullmatch(text)
    if match is None:
        raise MalformedCertificate("One PEM certificate with its newlines turned into spaces or tabs belongs here.")
    return base64_to_der("".join(match[1].split()))


def url_encoded_pem(text: str) -> bytes:
    """Read percent-encoded PEM: nginx's ``$ssl_client_escaped_cert``, Envoy, AWS (which leaves ``+ = /`` as they are).

    A ``+`` is a plus here, never a space (RFC 3986).
    """
    return _one_pem(_unescape(text))


def url_encoded_pem_list(text: str) -> tuple[bytes, ...]:
    """Read several PEM certificates, percent-encoded together, leaf first: AWS passthrough, Envoy's ``Chain``."""
    plain = _unescape(text)
    blocks = _PEM_BLOCK.findall(plain)
    if not blocks or "".join(blocks) != plain:
        raise MalformedCertificate("PEM certificates, percent-encoded and nothing between them, belong here.")
    return tuple(pem_to_der(block) for block in blocks)


def base64_der(text: str) -> bytes:
    """Read the base64 of DER on one line: HAProxy's ``ssl_c_der,base64``, Caddy, Azure, Cloudflare, F5."""
    return base64_to_der(text)


def armoured_base64_der(text: str) -> bytes:
    """Read the base64 of DER between PEM's BEGIN and END, all on one line without a space."""
    if not (text.startswith(_BEGIN) and text.endswith(_END)):
        raise MalformedCertificate("A certificate between BEGIN and END, on one line without a space, belongs here.")
    return base64_to_der(text[len(_BEGIN) : -len(_END)])


def base64_pem(text: str) -> bytes:
    """Read the base64 of a PEM *text*: Apache's ``expr=%{base64:…}``, Fastly."""
    try:
        plain = base64_to_der(text).decode("ascii")
    except UnicodeDecodeError:
        raise MalformedCertificate("The base64 of a PEM text belongs here; this is the base64 of octets.") from None
    return _one_pem(plain)


def base64_der_list(text: str) -> tuple[bytes, ...]:
    """Read base64 of DER, separated by commas alone, leaf first: Traefik's ``X-Forwarded-Tls-Client-Cert``."""
    return tuple(base64_to_der(part) for part in text.split(","))


def base64_der_sequence(text: str) -> tuple[bytes, ...]:
    """Read the base64 of DER certificates one after the other: HAProxy's ``ssl_c_chain_der,base64``."""
    octets = base64_to_der(text)
    try:
        values = asn1.decode_der(_Concatenated, _sequence(_sequence(octets))).values
    except ValueError:
        raise MalformedCertificate("The base64 of DER certificates, one after the other, belongs here.") from None
    if any(bytes(value.tag_bytes) != b"\x30" for value in values):
        raise MalformedCertificate("What stands here one after the other is not certificates.")
    return tuple(_sequence(bytes(value.data)) for value in values)


def rfc9440(text: str) -> bytes:
    """Read an RFC 9440 ``Client-Cert``: a Byte Sequence, ``:…:``, whose padding may be missing (RFC 8941, 4.2.7)."""
    if len(text) < 3 or not (text[0] == text[-1] == ":"):
        raise MalformedCertificate("An RFC 9440 value, :base64:, belongs here.")
    encoded = text[1:-1]
    return base64_to_der(encoded if "=" in encoded else encoded + "=" * (-len(encoded) % 4))


def rfc9440_list(text: str) -> tuple[bytes, ...]:
    """Read an RFC 9440 ``Client-Cert-Chain``: Byte Sequences, separated by commas, over one field line or several."""
    return tuple(rfc9440(part) for part in _COMMA.split(text))


def latin1_der(text: str) -> bytes:
    """Read DER whose octets stand as latin-1 text (PEP 3333) in an environ key: uWSGI's own TLS."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise MalformedCertificate("The octets of a certificate, as latin-1, belong here.") from None


def _one_pem(text: str) -> bytes:
    """Read PEM as OpenSSL writes it: unlike RFC 7468, nothing at all around it but the last newline."""
    if text != text.lstrip() or text.rstrip() != text.removesuffix("\n").removesuffix("\r"):
        raise MalformedCertificate("White space stands around the certificate.")
    return pem_to_der(text)


def _unescape(text: str) -> str:
    if not _ESCAPED.fullmatch(text):
        raise MalformedCertificate("Percent-encoded PEM belongs here: no space, comma or stray percent sign.")
    return unquote(text, "latin-1")


def _sequence(content: bytes) -> bytes:
    """Return an ASN.1 SEQUENCE of this content: an OCTET STRING under another tag."""
    return b"\x30" + asn1.encode_der(content)[1:]


if TYPE_CHECKING:

    class _Concatenated:
        values: list[asn1.TLV]
else:

    @asn1.sequence
    class _Concatenated:
        values: list[asn1.TLV]
