"""The time and the certificate with which a registered client was last seen."""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import DatabaseError, models, router, transaction

from wsgi_mtls.x509 import ClientCertificate

from ..once import OncePerInterval
from .moments import end_of
from .search import CARD, card_digests
from .search_keys import give_keys

if TYPE_CHECKING:
    from ..models import AbstractRegisteredClient

logger = logging.getLogger("wsgi_mtls")
SEEN_EVERY = timedelta(minutes=1)
"""The shortest time between two changes of ``last_seen``, so that a busy client does not keep its row busy."""
noted = OncePerInterval(SEEN_EVERY.total_seconds(), 4096)
"""What this process has noted already, so that a busy client costs no query."""


def note_seen(record: "AbstractRegisteredClient", certificate: ClientCertificate | None, now: datetime) -> None:
    """Note that a client was authenticated, at most once a minute."""
    if record.last_seen is not None and now - record.last_seen < SEEN_EVERY:
        return
    changes: dict[str, object] = {"last_seen": now}
    renewed = None if certificate == record.certificate else certificate
    if renewed is not None:
        changes |= {"certificate_der": renewed.der, "certificate_expires": end_of(renewed)}
    # Conditional, so that of several processes only one writes.
    due = models.Q(last_seen__isnull=True) | models.Q(last_seen__lte=now - SEEN_EVERY)
    rows = type(record)._base_manager.filter(due, pk=record.pk)
    using = router.db_for_write(type(record), instance=record)
    try:
        with transaction.atomic(using=using):
            if rows.update(**changes) and renewed is not None and record.found_by_certificate:
                record.certificate = renewed
                _note_card(record, using)
    except DatabaseError:  # the client is authenticated, even if the database cannot note it
        logger.exception("Client %r was authenticated, which could not be noted", record.client_id)
    record.last_seen = now


def _note_card(record: "AbstractRegisteredClient", using: str) -> None:
    """Note the other names of the user's certificate.

    A registration that takes one of them is then noticed.
    """
    registered = {(key.digest, key.scope) for key in record.search_keys.using(using) if key.scope != CARD}
    known = {digest for digest, _ in registered}
    give_keys(record, registered | {(digest, CARD) for digest in card_digests(record) - known}, using)
