"""Addresses that a request's own headers claim, and the servers that may have believed them."""

import ipaddress
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_HEADERS: Final = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_CLIENT_IP")
_ADDRESS = re.compile(r"[0-9A-Fa-f.:]+")
_LONGEST = 4096
# waitress has its own key in the environ, since its operator may choose SERVER_SOFTWARE; mod_wsgi has Apache's there.
_OWN_KEYS = frozenset({"waitress.client_disconnected", "mod_wsgi.version"})
_SOFTWARE = ("waitress", "granian", "unit/")
_NAMES_ITSELF = ("SERVER_SOFTWARE", "uwsgi.version")


def may_be_rewritten(environ: "WSGIEnvironment") -> bool:
    """Tell whether the server is one that can replace ``REMOTE_ADDR`` by what a header says.

    These are ASGI servers (uvicorn does it unless told otherwise, daphne and hypercorn on request), waitress, granian,
    mod_wsgi (``WSGITrustedProxyHeaders``) and NGINX Unit (``client_ip``). An ASGI server has no mark of its own:
    Django's ASGI request lacks ``wsgi.version``, which PEP 3333 demands, and what adapts ASGI to WSGI (a2wsgi,
    asgiref, uvicorn, hypercorn) names no server software.
    """
    if "wsgi.version" not in environ or not _OWN_KEYS.isdisjoint(environ):
        return True
    if not any(key in environ for key in _NAMES_ITSELF):
        return True
    return str(environ.get("SERVER_SOFTWARE", "")).lower().startswith(_SOFTWARE)


def is_claimed(environ: "WSGIEnvironment", address: str) -> bool:
    """Tell whether ``X-Forwarded-For`` or another such header of this request contains an address.

    The headers are searched, not parsed: servers differ in ports, brackets, quotes and spaces, and whatever a server
    took from a header must be found again. A header longer than 4096 characters is not searched, and claims every
    address.
    """
    texts = [text for key in _HEADERS if isinstance(text := environ.get(key), str)]
    if any(len(text) > _LONGEST for text in texts):
        return True
    parsed = parsed_address(address)
    if parsed is not None:
        return any(parsed in _addresses(text) for text in texts)
    # The name of a Unix socket. An empty one can come from an empty header.
    return any(address.lower() in text.lower() for text in texts)


def parsed_address(text: str) -> Address | None:
    """Return an IP address in its one form, without zone and IPv4 mapping, or None if the text is not one."""
    try:
        # A zone is another spelling of the same address: networks are compared without it.
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return address if mapped is None else mapped


def _addresses(text: str) -> Iterator[Address]:
    # In a quoted string a backslash before any character means that character (RFC 9110 section 5.6.4).
    for found in _ADDRESS.findall(text.replace("\\", "")):
        for spelling in (found, found.rpartition(":")[0]):
            if (address := parsed_address(spelling)) is not None:
                yield address
