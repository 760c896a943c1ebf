"""The comparison of a DPoP proof's URL with that of its request.

See RFC 9449 section 4.3.
"""

import re
from urllib.parse import unquote_to_bytes

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

_URI = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")  # RFC 3986 section 2
_ESCAPED_UNRESERVED = re.compile(r"%(?:2[DdEe]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])")


def is_at(htu: str, base_url: str, path_info: str) -> bool:
    """Return whether a proof's ``htu`` is the URL of a request.

    Both are compared after the normalisation of RFC 3986 sections 6.2.2 and 6.2.3, without query and fragment. A
    server has decoded the path already, so an escaped slash in ``htu`` is a slash here.

    Args:
        htu: as the proof has it.
        base_url: an https URL, where the application's ``/`` is, without a slash at its end.
        path_info: the path of the request as PEP 3333 has it: decoded, its octets as latin-1.
    """
    named, base = _normalised(htu), _normalised(base_url)
    if named is None or base is None or named.auth is not None:
        return False
    if (named.scheme, named.host, named.port or 443) != (base.scheme, base.host, base.port or 443):
        return False
    # A path with dot segments equals none: what has had them removed has none left.
    expected = _octets(base_url, base) + path_info.encode("latin-1", "replace")
    return (unquote_to_bytes(named.path or "/") or b"/") == (expected or b"/")


def _octets(base_url: str, base: Url) -> bytes:
    return unquote_to_bytes((base.path or "").rstrip("/"))


def _normalised(url: str) -> Url | None:
    if not _URI.fullmatch(url):
        return None
    try:
        # urllib3 writes scheme and host in lower case and removes dot segments; an escaped dot is one of them.
        return parse_url(_ESCAPED_UNRESERVED.sub(lambda found: chr(int(found[0][1:], 16)), url))
    except LocationParseError:
        return None
