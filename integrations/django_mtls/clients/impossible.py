"""Warnings of registrations that are in order by themselves, and can never authenticate with the settings."""

from typing import TYPE_CHECKING

from wsgi_mtls.errors import InvalidClientMetadata
from wsgi_mtls.impossible import why_never

from ..verification import verifier

if TYPE_CHECKING:
    from ..models import AbstractRegisteredClient


def impossible_warning(record: "AbstractRegisteredClient") -> str:
    """Return why an enabled registration can never authenticate here, as check ``E007`` does."""
    if not record.enabled:
        return ""
    try:
        return why_never(record.to_client(), verifier()) or ""
    except InvalidClientMetadata as error:
        return str(error)
