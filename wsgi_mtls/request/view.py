"""One request as the guard sees it, whatever framework it comes from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..record import Record

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request as the guard sees it.

    Attributes:
        environ: the request's fields under the names of PEP 3333 and RFC 3875; Django's ``META`` has the same.
        method: the HTTP method.
        read_body: reads the body, up to a number of octets, and leaves it unread for the application; raises
            ``body_too_large`` for a longer one and ``malformed_body`` for one that cannot be read.
        record: what is known about the request.
    """

    environ: "WSGIEnvironment"
    method: str
    read_body: Callable[[int], bytes]
    record: Record
