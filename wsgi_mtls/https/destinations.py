"""The destination of a URL: its addresses, and a pool of connections.

The pool leads to one of the addresses of the URL's host.
"""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult

from ..urls import https_url
from .exchange import TimedPool

Resolve = Callable[[str, int], list[str]]
"""From a host and port to its addresses. Raises ``OSError``."""

MAX_KEPT = 8
"""The most connections to one server that are kept."""


@dataclass(frozen=True, slots=True)
class Target:
    """The host, port and path of a URL.

    Attributes:
        host: the name or address, without brackets.
        port: the port.
        authority: the value of the ``Host`` header.
        path: path and query.
    """

    host: str
    port: int
    authority: str
    path: str


def read_target(url: str) -> Target:
    """Read an https URL.

    Raises:
        ValueError: If :func:`~wsgi_mtls.urls.https_url` refuses it.
    """
    parts: SplitResult = https_url(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.hostname or "", parts.port or 443, parts.netloc, path)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, each once, in the system's order.

    The system's resolver alone bounds how long this takes: see ``timeout`` and ``attempts`` in resolv.conf(5).

    Raises:
        OSError: If there is none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def make_pool(target: Target, address: str, context: ssl.SSLContext) -> TimedPool:
    """Make a pool of connections to exactly this address.

    The certificate must be for the target's host.
    """
    return TimedPool(
        address,
        target.port,
        maxsize=MAX_KEPT,
        ssl_context=context,
        server_hostname=target.host,
        headers={"Host": target.authority},
    )
