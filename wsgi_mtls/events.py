"""What was decided about a request: one log record and one call of each observer."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from .errors import short
from .x509 import Peer, PeerSubject

logger = logging.getLogger("wsgi_mtls")

EventName = Literal[
    "client_authenticated",
    "client_rejected",
    "client_left_to_application",
    "token_accepted",
    "token_rejected",
    "untrusted_proxy",
]

_WARNINGS = frozenset({"client_rejected", "token_rejected", "untrusted_proxy"})


@dataclass(frozen=True, slots=True)
class Event:
    """One decision.

    Attributes:
        name: what happened.
        client_id: the client that the request names, as far as it got; the log cuts a long one.
        method: the authentication method that was applied; for a client that is left to the application, the one that
            it is registered for.
        thumbprint: of the certificate presented; the certificate itself is never reported.
        source: the certificate source that it came from.
        reason: why, as in :attr:`MutualTLSError.reason`.
        detail: the message of the error, for the operator.
    """

    name: EventName
    client_id: str | None = None
    method: str | None = None
    thumbprint: str | None = None
    source: str | None = None
    reason: str | None = None
    detail: str | None = None


Observer = Callable[[Event], None]


def origin(peer: Peer | None) -> dict[Literal["thumbprint", "source"], str]:
    """Return an event's attributes that tell what was presented."""
    if isinstance(peer, PeerSubject):
        return {"source": peer.source}
    return {} if peer is None else {"thumbprint": peer.certificate.thumbprint, "source": peer.source}


def report(event: Event, observers: Iterable[Observer] = ()) -> None:
    """Log an event and hand it to each observer; one that fails is logged and changes no decision."""
    level = logging.WARNING if event.name in _WARNINGS else logging.INFO
    # %r, since a client_id or a name in the detail is the caller's: it must not start a line of its own.
    logger.log(
        level,
        "%s client_id=%r method=%s thumbprint=%s source=%s reason=%s detail=%r",
        event.name,
        event.client_id and short(event.client_id),
        event.method,
        event.thumbprint,
        event.source,
        event.reason,
        event.detail,
        extra={"mtls_event": event},
    )
    for observer in observers:
        try:
            observer(event)
        except Exception:
            logger.exception("observer %r failed", observer)
