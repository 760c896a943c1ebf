"""The record of a WSGI request, in one environ key."""

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ..record import Record
from ..sources import PEER
from .body import read_and_put_back
from .view import RequestView

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..guard import Guard

RECORD = "wsgi_mtls.record"
"""The environ key of what is known about the request. No header can make it."""


def view_of(environ: "WSGIEnvironment", guard: "Guard") -> RequestView:
    """Return the request as the guard sees it, with the record that the guard has made of it before, or a new one."""
    return RequestView(
        environ, environ["REQUEST_METHOD"], partial(read_and_put_back, environ), record_of(environ, guard)
    )


def record_of(environ: "WSGIEnvironment", guard: "Guard") -> Record:
    """Return what this guard knows about the request.

    Another guard with the same source has asked it for this one too; what it has decided counts where it decides by the
    same verifier or the same tokens.
    """
    kept = environ.get(RECORD)
    if isinstance(kept, _Kept) and kept.is_of(environ):
        if kept.guard is guard:
            return kept.record
        record = kept.known_to(guard)
    else:
        record = Record(private=is_private(environ))
    environ[RECORD] = _Kept(guard, id(environ), environ.get("HTTP_AUTHORIZATION"), record)
    return record


def is_private(environ: "WSGIEnvironment") -> bool:
    """Tell whether the answer is private by any guard's record: one that replaces another takes that over."""
    kept = environ.get(RECORD)
    return isinstance(kept, _Kept) and kept.record.private


@dataclass(frozen=True, slots=True)
class _Kept:
    """A record, the guard whose record it is, and the request that it was made of."""

    guard: "Guard"
    environ: int  # its identity: a copy is another request
    authorization: str | None
    record: Record

    def is_of(self, environ: "WSGIEnvironment") -> bool:
        """Tell whether the environ is still that of the request, with the same credentials."""
        if self.environ != id(environ) or self.authorization != environ.get("HTTP_AUTHORIZATION"):
            return False
        record = self.record
        return not record.asked or record.refusal is not None or environ.get(PEER, self) is record.peer

    def known_to(self, guard: "Guard") -> Record:
        """Return what another guard may take over."""
        if self.guard.source is not guard.source:
            return Record(private=self.record.private)
        same_clients = guard.verifier is not None and self.guard.verifier is guard.verifier
        same_tokens = guard.tokens is not None and self.guard.tokens is guard.tokens
        known = self.record
        return replace(
            known,
            client=known.client if same_clients else None,
            left=known.left and same_clients,
            identified=known.identified if same_clients else None,
            token=known.token if same_tokens else None,
        )
