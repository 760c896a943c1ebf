"""Envoy's ``X-Forwarded-Client-Cert`` (XFCC), read so that no name in a certificate can pass for another element.

Envoy neither quotes nor escapes URI and DNS names, and the client chooses its own: a self-signed certificate can carry
a name that looks like the end of its element and a whole element of another client. So the elements are counted
exactly, a key that identifies occurs once, and the hash must be that of the certificate.
"""

import hashlib
import re
from dataclasses import dataclass

from ..errors import BadCertificate
from .encodings import url_encoded_pem, url_encoded_pem_list

_PAIR = re.compile(r'(?P<key>By|Hash|Cert|Chain|Subject|URI|DNS)=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^"\\,;]*))')
# A certificate may carry several names of these kinds, and Envoy writes each as a pair of its own.
_REPEATABLE = frozenset({"By", "URI", "DNS"})


@dataclass(frozen=True, slots=True)
class Element:
    """What one proxy reports of its client.

    Attributes:
        hash: the SHA-256 of the certificate, lower-case hex.
        certificate: its DER, or None where the proxy is not set to send it.
        chain: DER of what came with it, without the leaf.
        uris: its URI names, as Envoy wrote them.
    """

    hash: str
    certificate: bytes | None
    chain: tuple[bytes, ...]
    uris: tuple[str, ...]


def parse(text: str, elements: int) -> tuple[Element, ...]:
    """Read a value that has exactly this many elements.

    Raises:
        BadCertificate: ``malformed_certificate``: If the count is another, a key is unknown or repeated, a quote or
            backslash is outside of quotes, or ``Hash`` is missing or not that of ``Cert``.
    """
    found: list[list[tuple[str, str]]] = [[]]
    position = 0
    while True:
        pair = _PAIR.match(text, position)
        if pair is None:
            raise BadCertificate(f"X-Forwarded-Client-Cert can't be read from character {position + 1} on.")
        bare = pair["bare"]
        found[-1].append((pair["key"], re.sub(r"\\(.)", r"\1", pair["quoted"]) if bare is None else bare))
        position = pair.end()
        separator = text[position : position + 1]
        if not separator:
            break
        if separator not in ",;":
            raise BadCertificate(f"X-Forwarded-Client-Cert can't be read from character {position + 1} on.")
        if separator == ",":
            found.append([])
        position += 1
    if len(found) != elements:
        raise BadCertificate(
            f"X-Forwarded-Client-Cert has {len(found)} elements instead of {elements}: count the proxies that add one."
        )
    return tuple(_element(pairs) for pairs in found)


def _element(pairs: list[tuple[str, str]]) -> Element:
    once = [key for key, _ in pairs if key not in _REPEATABLE]
    values = dict(pairs)
    if len(once) != len(set(once)) or not re.fullmatch("[0-9a-f]{64}", values.get("Hash", "")):
        raise BadCertificate("An element of X-Forwarded-Client-Cert has no Hash, or one of its keys twice.")
    certificate = url_encoded_pem(values["Cert"]) if "Cert" in values else None
    if certificate is not None and hashlib.sha256(certificate).hexdigest() != values["Hash"]:
        raise BadCertificate("Hash in X-Forwarded-Client-Cert is not that of Cert.")
    chain = url_encoded_pem_list(values["Chain"]) if "Chain" in values else ()
    if chain and chain[0] != certificate:
        raise BadCertificate("Chain in X-Forwarded-Client-Cert does not start with Cert.")
    return Element(values["Hash"], certificate, chain[1:], tuple(value for key, value in pairs if key == "URI"))


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
