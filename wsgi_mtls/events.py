"""The report of each decision: one log record and one call of each observer."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .errors import InvalidToken, MutualTLSError, RefusedClient, quoted, short
from .shortage import is_shortage
from .x509 import Peer, PeerCertificate

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger("wsgi_mtls")
_NAME = re.compile(r"[A-Za-z0-9_.:/-]+")

EventName = Literal[
    "client_authenticated",
    "client_rejected",
    "client_left_to_application",
    "token_accepted",
    "token_rejected",
    "untrusted_proxy",
]

DecisionKind = Literal["client", "token"]

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
        detail: the message of the error and what to change, for the operator.
        path: of the request, as the server decoded it; None where no request was at hand.
        address: the other end of the connection, as the server set it: a proxy's where there is one.
    """

    name: EventName
    client_id: str | None = None
    method: str | None = None
    thumbprint: str | None = None
    source: str | None = None
    reason: str | None = None
    detail: str | None = None
    path: str | None = None
    address: str | None = None


Observer = Callable[[Event], None]

FORGED = "wsgi_mtls.forged"
"""The environ key of what a certificate source took out of the environ and what is still to be reported: events."""

DROPPED = "wsgi_mtls.dropped"
"""The environ key that is there once an ``untrusted_proxy`` of this request was reported."""

Advise = Callable[["WSGIEnvironment", MutualTLSError], str]


@dataclass(slots=True)
class Decision:
    """A decision in progress.

    Attributes:
        kind: what is decided about.
        peer: what the client presented.
        client_id: the client that the request names.
        method: how the client authenticated.
        outcome: the event to report where the decision raises nothing; None for none.
        path: of the request.
        address: the other end of the connection.
        reported: the reasons already reported why the certificate of the request is not accepted.
    """

    kind: DecisionKind
    peer: Peer | None = None
    client_id: str | None = None
    method: str | None = None
    outcome: EventName | None = None
    path: str | None = None
    address: str | None = None
    reported: set[str] | None = None

    def event(self, name: EventName, error: MutualTLSError | None = None, advice: str = "") -> Event:
        """Return the event of this decision.

        Args:
            name: what happened.
            error: the refusal.
            advice: what the operator can do about it, where the certificate source knows better than the error.
        """
        peer, thumbprint = self.peer, None
        if peer is not None:
            thumbprint = peer.certificate.thumbprint if isinstance(peer, PeerCertificate) else peer.thumbprint
        return Event(
            name,
            self.client_id,
            self.method,
            thumbprint,
            peer.source if peer is not None else None,
            error.reason if error is not None else None,
            _detail(error, advice) if error is not None else None,
            self.path,
            self.address,
        )


class Reporter:
    """Reports what is decided about requests.

    Args:
        observers: each is called with every event.
        advise: returns what an operator can do about the refusal of a request; empty where it knows nothing.
    """

    def __init__(self, observers: Iterable[Observer] = (), advise: Advise | None = None) -> None:
        self.observers = tuple(observers)
        self._advise = advise

    @contextmanager
    def deciding(
        self,
        kind: DecisionKind,
        environ: "WSGIEnvironment | None" = None,
        peer: Peer | None = None,
        client_id: str | None = None,
        reported: set[str] | None = None,
    ) -> Iterator[Decision]:
        """Report a block's outcome, or its refusal, which is raised again.

        A refusal is reported once, however often it is raised. A decision that cannot be made for lack of memory, a
        descriptor, a thread or a connection is refused as such.

        Args:
            kind: what is decided about.
            environ: the request; None where none is at hand.
            peer: what the client presented, as far as it is known.
            client_id: the client that the request names, as far as it is known.
            reported: the reasons already reported why the certificate of the request is not accepted; the block's are
                added. Where no client is named, none of them is reported again.

        Returns:
            A context manager; the block fills in the :class:`Decision` that it gets.

        Raises:
            MutualTLSError: ``resources_unavailable`` or ``tokens_unavailable``: If a registry, or what else the block
                asks, failed for such a lack.
        """
        decision = Decision(kind, peer, client_id, reported=reported)
        if environ is not None:
            decision.path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
            decision.address = environ.get("REMOTE_ADDR")
        try:
            yield decision
        except MutualTLSError as error:
            self._report_refusal(decision, error, environ)
            raise
        except Exception as cause:  # whatever a registry of the user's own raises
            if not is_shortage(cause):
                raise
            logger.exception("the decision about a %s failed", kind)
            unavailable = _unavailable(kind, cause)
            self._report_refusal(decision, unavailable, environ)
            raise unavailable from cause
        if decision.outcome is not None:
            report(decision.event(decision.outcome), self.observers)

    def refusal(
        self,
        error: MutualTLSError,
        environ: "WSGIEnvironment | None" = None,
        *,
        kind: DecisionKind | None = None,
        peer: Peer | None = None,
        client_id: str | None = None,
    ) -> None:
        """Report a refusal of the application's own, unless it was reported.

        Args:
            error: the refusal.
            environ: the request; None where none is at hand.
            kind: the subject of the decision; None if the error names it.
            peer: what the client presented.
            client_id: the client that the request names, if that is known.
        """
        kind = kind or ("token" if isinstance(error, InvalidToken) else "client")
        with suppress(MutualTLSError), self.deciding(kind, environ, peer, client_id):
            raise error

    def _report_refusal(
        self, decision: Decision, error: MutualTLSError, environ: "WSGIEnvironment | None" = None
    ) -> None:
        again = decision.reported is not None and decision.client_id is None and error.reason in decision.reported
        if decision.reported is not None:
            decision.reported.add(error.reason)
        if not (error.reported or again):
            error.reported = True
            name: EventName = "client_rejected" if decision.kind == "client" else "token_rejected"
            advice = self._advise(environ, error) if environ is not None and self._advise is not None else ""
            report(decision.event(name, error, advice), self.observers)

    def forgeries(self, environ: "WSGIEnvironment") -> None:
        """Report what a certificate source took out of the environ."""
        for event in environ.pop(FORGED, ()):
            report(event, self.observers)
            environ[DROPPED] = True


def _detail(error: MutualTLSError, advice: str) -> str:
    return f"{error.message} {advice}" if advice else error.detail


def _unavailable(kind: DecisionKind, cause: Exception) -> MutualTLSError:
    message, advice = "The decision could not be made.", f"Its traceback is in the log: {short(repr(cause))}."
    # RFC 6750 section 3.1: neither the token nor the client is at fault, so that neither is called invalid.
    if kind == "token":
        return InvalidToken(message, reason="tokens_unavailable", advice=advice)
    return RefusedClient(message, reason="resources_unavailable", advice=advice)


def report(event: Event, observers: Iterable[Observer] = ()) -> None:
    """Log an event and hand it to each observer; a failing one changes nothing."""
    level = logging.WARNING if event.name in _WARNINGS else logging.INFO
    if logger.isEnabledFor(level):
        _log(level, event)
    for observer in observers:
        try:
            observer(event)
        except Exception:
            logger.exception("observer %r failed", observer)


def _log(level: int, event: Event) -> None:
    # %r, since a client_id, a path or a name in the detail is the caller's: it must not start a line of its own.
    logger.log(
        level,
        "%s client_id=%r method=%s thumbprint=%s source=%s reason=%s detail=%r path=%r address=%r",
        event.name,
        event.client_id and short(event.client_id),
        event.method if event.name != "client_left_to_application" else _word(event.method or ""),
        event.thumbprint,
        event.source,
        event.reason,
        event.detail,
        event.path and short(event.path),
        event.address and event.address[:200],
        extra={"mtls_event": event},
    )


def _word(text: str) -> str:
    """Return a name as it is; quote other text, which a client may register."""
    return text if len(text) <= 200 and _NAME.fullmatch(text) else quoted(text)
