"""Queries that oauthlib cannot decode, which end in a 500.

It raises a ``ValueError`` in OAuth Toolkit's views. Needed up to oauthlib 4.0, the newest release.
"""

from django.core.exceptions import SuspiciousOperation
from oauthlib.common import Request


def check_query(uri: str) -> None:
    """Reject an address with a query that oauthlib cannot decode.

    Raises:
        SuspiciousOperation: If it cannot, so that Django answers 400.
    """
    try:
        Request(uri)
    except ValueError as error:
        raise SuspiciousOperation(str(error)) from error
