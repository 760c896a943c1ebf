"""A strict reader of Envoy's ``X-Forwarded-Client-Cert`` (XFCC).

No name in a certificate can pass for another element. Envoy neither quotes nor escapes URI and DNS names, and the
client chooses its own: a self-signed certificate can carry a name that looks like the end of its element and a whole
element of another client. So the elements are counted exactly, a key that identifies occurs once, and the hash must be
that of the certificate.
"""

import hashlib
import re
from dataclasses import dataclass

from ..errors import BadCertificate
from .encodings import url_encoded_pem, url_encoded_pem_list

# Bare values have no separator and no quote, so a name that has one makes the value unreadable.
_PAIR = re.compile(r'(?P<key>Hash|Cert|Chain|Subject|URI|DNS)=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^"\\,;]*))')
_BY = "By="
# By is the proxy's own name and may hold separators. Envoy writes the hash behind it, and Istio, where it sends no
# hash, the URI. The first of both ends it: whatever the client chooses comes later.
_END_OF_BY = re.compile(r";(?=Hash=[0-9a-f]{64}(?:[;,]|\Z)|(?P<uri>URI=))")
_HASH = re.compile(r'(?<![^;,])Hash="?[0-9a-f]{64}"?(?![^;,])')
_URI = re.compile(r"(?<![^;,])URI=")
# A certificate may carry several names of these kinds, and Envoy writes each as a pair of its own.
_REPEATABLE = frozenset({"URI", "DNS"})

_Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Element:
    """One proxy's report about its client.

    Attributes:
        hash: the SHA-256 of the certificate, lower-case hex; None where the proxy sends none.
        certificate: its DER, or None where the proxy is not set to send it.
        chain: DER of what came with it, without the leaf.
        uris: its URI names, as Envoy wrote them, with their quotes if they have any.
        keys: of all its pairs behind ``By``, in order.
    """

    hash: str | None
    certificate: bytes | None
    chain: tuple[bytes, ...]
    uris: tuple[str, ...]
    keys: tuple[str, ...]


def parse(text: str, elements: int) -> tuple[Element, ...]:
    """Read a value that has exactly this many elements.

    Raises:
        BadCertificate: ``malformed_certificate``: If the count is another, a key is unknown or repeated, a quote or
            backslash is outside of quotes, ``Hash`` is not that of ``Cert``, or the value can be read in two ways.
    """
    found: list[_Pairs] = []
    position, separator = 0, ","
    while separator:
        if separator == ",":
            found.append([])
            position = _after_by(text, position)
        pair = _PAIR.match(text, position)
        if pair is None:
            raise _unreadable(position)
        found[-1].append((pair["key"], pair[0].partition("=")[2]))
        position = pair.end()
        separator = text[position : position + 1]
        if separator not in ("", ",", ";"):
            raise _unreadable(position)
        position += 1
    if len(found) != elements:
        raise BadCertificate(
            f"X-Forwarded-Client-Cert has {len(found)} elements instead of {elements}: count the proxies that add one."
        )
    parsed = tuple(map(_element, found))
    # A client that may send the header, with a quote in its own name, could hide a proxy's element in quotes.
    if len(_HASH.findall(text)) != sum(element.hash is not None for element in parsed):
        raise BadCertificate("X-Forwarded-Client-Cert can be read in two ways: a value of it holds a Hash of its own.")
    return parsed


def _after_by(text: str, position: int) -> int:
    """Return where the pair after ``By`` starts; the same position if there is none."""
    if not text.startswith(_BY, position):
        return position
    end = _END_OF_BY.search(text, position)
    if end is None:
        raise _unreadable(position)
    return end.end()


def _unreadable(position: int) -> BadCertificate:
    return BadCertificate(f"X-Forwarded-Client-Cert can't be read from character {position + 1} on.")


def _element(pairs: _Pairs) -> Element:
    keys = tuple(key for key, _ in pairs)
    once = [key for key in keys if key not in _REPEATABLE]
    values = {key: _unquoted(value) for key, value in pairs}
    digest = values.get("Hash")
    if len(once) != len(set(once)):
        raise BadCertificate("An element of X-Forwarded-Client-Cert has a key twice.")
    # Istio's waypoint sends nothing but the URI. Envoy writes the hash first, and the URI before it would be By's.
    starts_with_uri = keys[0] == "URI"
    if not (starts_with_uri if digest is None else not starts_with_uri and re.fullmatch("[0-9a-f]{64}", digest)):
        raise BadCertificate(
            "Expected elements of X-Forwarded-Client-Cert with a Hash of 64 hexadecimal digits before the URI."
        )
    certificate = url_encoded_pem(values["Cert"]) if "Cert" in values else None
    if certificate is not None and hashlib.sha256(certificate).hexdigest() != digest:
        raise BadCertificate("Hash in X-Forwarded-Client-Cert is not that of Cert.")
    chain = url_encoded_pem_list(values["Chain"]) if "Chain" in values else ()
    if chain and chain[0] != certificate:
        raise BadCertificate("Chain in X-Forwarded-Client-Cert does not start with Cert.")
    uris = tuple(value for key, value in pairs if key == "URI")
    return Element(digest, certificate, chain[1:], uris, keys)


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def first_certificate(text: str, elements: int = 1, gateway_uri: str | None = None) -> tuple[bytes, ...]:
    """Return the certificate of the first element and its chain.

    Args:
        text: the header's value.
        elements: exactly how many there must be: one a proxy that adds to the header.
        gateway_uri: the identity that the last element must name, and no other.

    Raises:
        BadCertificate: ``malformed_certificate``: If :func:`parse` refuses the value, the first element has no
            ``Cert``, or the last names another identity.
    """
    parsed = parse(text, elements)
    first, last = parsed[0], parsed[-1]
    if first.certificate is None:
        raise BadCertificate("X-Forwarded-Client-Cert has no Cert: set_current_client_cert_details needs cert.")
    if gateway_uri is not None and last.uris != (gateway_uri,):
        raise BadCertificate(f"X-Forwarded-Client-Cert was not passed on by {gateway_uri} alone.")
    return (first.certificate, *first.chain)


def uri_and_hash(text: str) -> tuple[str | None, str | None]:
    """Return the URI and the hash of the only element, where no certificate comes.

    What a client put behind its URI looks like the proxy's next key, and a DNS name before it like the URI: so the URI
    is the last pair of its element, and it has no DNS name.

    Returns:
        The certificate's URI name, None if it has none; and its SHA-256, lower-case hex, None where it is not sent.

    Raises:
        BadCertificate: ``malformed_certificate``: If :func:`parse` refuses the value, if a quote, another key or
            another URI follows the URI, or if a DNS name came.
    """
    (element,) = parse(text, 1)
    before_uri = element.keys if not element.uris else element.keys[:-1]
    quoted = any(uri.startswith('"') for uri in element.uris)
    if not {"URI", "DNS"}.isdisjoint(before_uri) or quoted or len(_URI.findall(text)) != len(element.uris):
        raise BadCertificate(
            "X-Forwarded-Client-Cert must end with the one URI of the certificate: a client can write other keys into "
            "its own names. Have the proxy send uri, and neither dns nor a second URI."
        )
    return "".join(element.uris) or None, element.hash
