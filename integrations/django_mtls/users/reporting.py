"""Reports of logins by certificate.

They have the path and the address of the request, if there is one.
"""

from contextlib import AbstractContextManager, suppress
from typing import Any

from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.events import Decision
from wsgi_mtls.x509 import Peer

from ..request import fields, innermost, record
from ..verification import verifier


def deciding(request: Any, peer: Peer, client_id: str | None = None) -> AbstractContextManager[Decision]:
    """Report what the block decides about a login.

    See :meth:`wsgi_mtls.events.Reporter.deciding`.

    Args:
        request: the request, or a wrapper of it; None where a project authenticates without one.
        peer: what the client presented.
        client_id: the registration that is looked at, if one is.
    """
    reporter = verifier().reporter
    if request is None:
        return reporter.deciding("client", None, peer, client_id)
    found = innermost(request)
    return reporter.deciding("client", fields(found), peer, client_id, record(found).reported)


def report_refusal(error: MutualTLSError, request: Any, peer: Peer, client_id: str | None = None) -> None:
    """Report a refusal that was decided here, unless it was reported.

    See :func:`deciding` for the arguments.
    """
    with suppress(MutualTLSError), deciding(request, peer, client_id):
        raise error
