"""Warnings of registrations that the settings never allow to authenticate.

The registrations are in order by themselves.
"""

from typing import TYPE_CHECKING

from wsgi_mtls.errors import InvalidClientMetadata
from wsgi_mtls.impossible import why_never

from ..verification import verifier

if TYPE_CHECKING:
    from ..models import AbstractRegisteredClient


def impossible_warning(record: "AbstractRegisteredClient") -> str:
    """Return why an enabled registration can never authenticate, as ``E007`` does."""
    if not record.enabled:
        return ""
    try:
        return why_never(record.to_client(), verifier()) or ""
    except InvalidClientMetadata as error:
        return str(error)
