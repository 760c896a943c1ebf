"""A client's published JWK set as fetched, and its lifetime (RFC 9111)."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from werkzeug.datastructures import ResponseCacheControl
from werkzeug.http import parse_age, parse_cache_control_header, parse_date

from ..errors import InvalidClientMetadata
from ..jwks import registered_keys
from ..shortage import is_shortage
from ..x509 import ClientCertificate

MAX_KEYS = 100
"""The most keys that a set may hold."""
_MAX_ETAG = 256


@dataclass(frozen=True, slots=True)
class KeySet:
    """The certificates that a client published.

    Attributes:
        certificates: the first certificate of each key that carries one.
        etag: what revalidates the set, or None.
        fetched: when, in seconds of the epoch.
    """

    certificates: tuple[ClientCertificate, ...]
    etag: str | None
    fetched: float = 0

    def to_octets(self) -> bytes:
        """Return the set as octets, which :func:`from_octets` reads."""
        ders = [base64.b64encode(certificate.der).decode() for certificate in self.certificates]
        return json.dumps({"certificates": ders, "etag": self.etag, "fetched": self.fetched}).encode()


@lru_cache(maxsize=64)
def from_octets(octets: bytes) -> KeySet:
    """Return the set that :meth:`KeySet.to_octets` wrote."""
    kept = json.loads(octets)
    ders = [base64.b64decode(text) for text in kept["certificates"]]
    return KeySet(tuple(map(ClientCertificate.from_der, ders)), kept["etag"], kept["fetched"])


def read_key_set(document: object, headers: Mapping[str, str]) -> KeySet:
    """Read a fetched JWK set; skip keys without a fitting certificate.

    A certificate that cannot be read does not fit.

    Raises:
        InvalidClientMetadata: If it is not a JWK set, or holds more than ``MAX_KEYS`` keys.
    """
    keys = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(keys, list):
        raise InvalidClientMetadata('Expected a JWK set: {"keys": [{…}, …]} (RFC 7517 section 5).')
    if len(keys) > MAX_KEYS:
        raise InvalidClientMetadata(f"Expected at most {MAX_KEYS} keys, found {len(keys)}.")
    found: list[ClientCertificate] = []
    for key in keys:
        try:
            found += registered_keys({"keys": [key]}).certificates
        except Exception as error:
            # RFC 7517 section 5: keys of kinds that are not understood are ignored. What a stranger publishes may make
            # any error of the libraries that read it.
            if is_shortage(error):
                raise
    etag = headers.get("etag")
    is_usable = etag is not None and len(etag) <= _MAX_ETAG and etag.isascii() and etag.isprintable()
    return KeySet(tuple(found), etag if is_usable else None)


def lifetime(headers: Mapping[str, str]) -> float | None:
    """Return the seconds for which an answer is fresh by its headers, or None."""
    control = _cache_control(headers.get("cache-control"))
    if control.no_store or control.no_cache is not None:
        return 0
    age = parse_age(headers.get("age"))
    passed = age.total_seconds() if age is not None else 0
    # RFC 9111 section 4.2.1: max-age before Expires.
    stated: object = control.max_age
    if isinstance(stated, int):  # Werkzeug 3.0 returns None or text for what is not a number
        return max(0, stated - passed)
    if "expires" in headers:
        expires, date = _date(headers["expires"]), _date(headers.get("date"))
        # An Expires that cannot be read is in the past (RFC 9111 section 5.3).
        return max(0, (expires - date).total_seconds() - passed) if expires and date else 0
    return None


def _date(text: str | None) -> datetime | None:
    try:
        return parse_date(text)
    except OverflowError:  # a year beyond all calendars
        return None


def _cache_control(text: str | None) -> ResponseCacheControl:
    try:
        return parse_cache_control_header(text, cls=ResponseCacheControl)
    except IndexError:  # Werkzeug 3.0 for a directive without a name
        return ResponseCacheControl()
