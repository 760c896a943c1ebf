"""The registrations that count for a certificate of several users.

The certificate is another user's by its name or by another registration.
"""

from collections.abc import Sequence
from typing import Any

from wsgi_mtls.errors import RefusedClient
from wsgi_mtls.x509 import Peer

from ..models import AbstractRegisteredClient
from .reporting import report_refusal
from .rights import saver_may_link

Records = Sequence[AbstractRegisteredClient]


def counting(records: Records, holder: Any, peer: Peer, request: Any) -> Records:
    """Return the registrations that count, and report the others.

    Args:
        records: those of users that the certificate may belong to, disabled ones also.
        holder: the user with the certificate's name, or None. A registration of another user counts only if its
            editor may link the holder; otherwise an editor could take over or lock out a user with more rights.
        peer: the certificate.
        request: the request that it came with, for the report; None without one.
    """
    count = [record for record in records if holder in (None, record.user) or saver_may_link(record, holder)]
    _report([record for record in records if record not in count], holder, peer, request)
    return count


def undisputed(accepted: Records, holder: Any, peer: Peer, request: Any) -> Records:
    """Choose among registrations of several users.

    Those of editors who may link the other users are returned. All are returned if there are none. So an editor cannot
    lock out a user whom an editor with more rights registered.
    """
    users = {record.user.pk: record.user for record in accepted}
    left = [
        record
        for record in accepted
        if record.user == holder or all(user == record.user or saver_may_link(record, user) for user in users.values())
    ]
    if len({record.user.pk for record in left}) != 1:
        return accepted
    _report([record for record in accepted if record not in left], left[0].user, peer, request)
    return left


def _report(overruled: Records, user: Any, peer: Peer, request: Any) -> None:
    for record in overruled:
        saver = "no known editor" if record.saved_by is None else f"{record.saved_by.get_username()!r}"
        error = RefusedClient(
            f"Registration {record.client_id!r} gives user {record.user.get_username()!r} a certificate of user "
            f"{user.get_username()!r}; it was saved by {saver}, and so does not count. Delete it, or have it saved "
            f"by an editor who may link {user.get_username()!r}.",
            reason="registration_overruled",
        )
        report_refusal(error, request, peer, record.client_id)
