"""The encodings of certificates in headers, with limits.

They turn text into DER without reading the X.509. Every function takes one header value and returns DER, or a tuple of
DER with the leaf first where the value is a list. Each raises ``BadCertificate`` for everything else: white space,
junk, missing padding, a certificate too many.
"""

import base64
import re
from urllib.parse import unquote

from ..errors import BadCertificate
from ..x509.pem import base64_to_der, block_pattern, block_to_der, strict_pem_to_der

__all__ = [
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

CHAIN_LIMIT = 10
"""The most certificates of a chain."""
SIZE_LIMIT = 65536
"""The longest header value that is read, in characters."""

_FOLDED = block_pattern(r"(?:\r?\n)?[ \t]")
_BLOCK = block_pattern(r"\r?\n")
_ESCAPED = re.compile("[A-Za-z0-9._~+/=%-]++")
# A match starts at the first of the spaces alone, so that many cost no more than other characters.
_COMMA = re.compile(r"(?<![ \t])[ \t]*+,[ \t]*+")


def pem(text: str) -> bytes:
    """Read PEM with its newlines (RFC 7468), from an environ key.

    No header can carry newlines.
    """
    return strict_pem_to_der(text)


def folded_pem(text: str) -> bytes:
    """Read PEM with a space or tab for each newline.

    Apache's ``%{SSL_CLIENT_CERT}s`` has this form. nginx's ``$ssl_client_cert`` also has this form. Some servers leave
    the newline before the tab when they unfold a header.
    """
    return strict_pem_to_der(text, _FOLDED)


def url_encoded_pem(text: str) -> bytes:
    """Read percent-encoded PEM, as nginx, Envoy and AWS send it.

    nginx has it in ``$ssl_client_escaped_cert``. AWS leaves ``+ = /`` as they are. A ``+`` is a plus here, never a
    space (RFC 3986).
    """
    # What has no white space of its own and is PEM after these five escapes is escaped as it must be. Whatever is not
    # takes the way by which each fault has its message.
    is_spaced = " " in text or "\n" in text or "\r" in text
    match = None if is_spaced else _BLOCK.fullmatch(_replace_escapes(text))
    return strict_pem_to_der(_unescape(text)) if match is None else block_to_der(match)


def url_encoded_pem_list(text: str) -> tuple[bytes, ...]:
    """Read several PEM certificates, percent-encoded together, leaf first.

    AWS passthrough and Envoy's ``Chain`` have this form.
    """
    plain = _unescape(text)
    ders: list[bytes] = []
    position = 0
    while match := _BLOCK.match(plain, position):
        ders.append(block_to_der(match))
        position = match.end()
        if not match["last"]:
            break
    if not ders or position != len(plain):
        raise BadCertificate(
            "Expected percent-encoded PEM certificates with nothing between them, found something else."
        )
    return tuple(ders)


def base64_der(text: str) -> bytes:
    """Read the base64 of DER on one line.

    HAProxy's ``ssl_c_der,base64``, Caddy, Azure, Cloudflare and F5 have it.
    """
    return base64_to_der(text)


def base64_pem(text: str) -> bytes:
    """Read the base64 of a PEM *text*: Apache's ``expr=%{base64:…}``, Fastly."""
    try:
        plain = base64_to_der(text).decode("ascii")
    except UnicodeDecodeError:
        raise BadCertificate("Expected the base64 of a PEM text, found the base64 of other octets.") from None
    return strict_pem_to_der(plain)


def base64_der_list(text: str) -> tuple[bytes, ...]:
    """Read a list of base64 of DER, separated by commas alone, leaf first.

    Traefik's ``X-Forwarded-Tls-Client-Cert`` has this form.
    """
    return tuple(base64_to_der(part) for part in text.split(","))


def base64_der_sequence(text: str) -> tuple[bytes, ...]:
    """Read the base64 of DER certificates one after the other.

    HAProxy's ``ssl_c_chain_der,base64`` has this form.
    """
    octets = base64_to_der(text)
    ders: list[bytes] = []
    position = 0
    while position < len(octets):
        end = _end_of_sequence(octets, position)
        ders.append(octets[position:end])
        position = end
    return tuple(ders)


def rfc9440(text: str) -> bytes:
    """Read an RFC 9440 ``Client-Cert``: one Byte Sequence, ``:…:``.

    Its padding may be missing, and the bits that fill its last character may be other than zero (RFC 8941 section
    4.2.7).
    """
    if len(text) < 3 or not (text[0] == text[-1] == ":"):
        raise BadCertificate("Expected an RFC 9440 value, :base64:, found something else.")
    encoded = text[1:-1]
    if "=" not in encoded:
        encoded += "=" * (-len(encoded) % 4)
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise BadCertificate(f"Expected base64 in an RFC 9440 value, found something else: {error}.") from None


def rfc9440_list(text: str) -> tuple[bytes, ...]:
    """Read the Byte Sequences of an RFC 9440 ``Client-Cert-Chain``.

    Commas separate them, over one field line or several.
    """
    return tuple(rfc9440(part) for part in _COMMA.split(text))


def latin1_der(text: str) -> bytes:
    """Read DER whose octets are latin-1 text in an environ key.

    uWSGI's own TLS delivers it so (PEP 3333).
    """
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise BadCertificate("Expected the octets of a certificate as latin-1, found other characters.") from None


def _unescape(text: str) -> str:
    plain = unquote(text, "latin-1") if _ESCAPED.fullmatch(text) else None
    # A percent sign comes of %25, or is stray.
    if plain is None or plain.count("%") != text.count("%25"):
        raise BadCertificate("Expected percent-encoded PEM, found a space, a comma or a stray percent sign.")
    return plain


def _replace_escapes(text: str) -> str:
    """Replace what nginx escapes in PEM, in half the time of ``unquote``.

    Neither a percent sign nor a hex digit comes in the place of an escape, so no new escape comes of it, and whatever
    else is escaped, or stray, keeps its percent sign.
    """
    return text.replace("%0A", "\n").replace("%2B", "+").replace("%2F", "/").replace("%3D", "=").replace("%20", " ")


def _end_of_sequence(octets: bytes, start: int) -> int:
    """Return the end of the DER SEQUENCE that starts here.

    Its length alone decides (X.690, 8.1.3).
    """
    head = octets[start : start + 2]
    if len(head) == 2 and head[0] == 0x30 and head[1] not in (0x80, 0xFF):
        digits = head[1] & 0x7F if head[1] & 0x80 else 0
        content = start + 2 + digits
        end = content + (int.from_bytes(octets[start + 2 : content]) if digits else head[1])
        if end <= len(octets):
            return end
    raise BadCertificate("Expected the base64 of DER certificates, one after the other, found something else.")
