"""The user whose very name a certificate carries."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from wsgi_mtls.checks import check_chain
from wsgi_mtls.errors import MutualTLSError, RefusedClient
from wsgi_mtls.x509 import PeerCertificate

from ..conf import mtls_settings
from .usernames import username


def find_user(name: str, using: str | None = None) -> Any:
    """Return the user of this very name, or None.

    Args:
        name: the name.
        using: the database to look in; by default the one to read from.

    Raises:
        RefusedClient: ``unknown_user``: If the database takes another name for this one, so that neither may log in
            by it.
    """
    model: Any = get_user_model()
    try:
        found = list(model._default_manager.using(using).filter(**{model.USERNAME_FIELD: name}))
    except (ValueError, TypeError, OverflowError, ValidationError):  # USERNAME_FIELD is not a text
        raise RefusedClient(
            f"{model._meta.label}.{model.USERNAME_FIELD} can't be {name!r}.", reason="unknown_user"
        ) from None
    exact = [user for user in found if user.get_username() == name]
    if len(exact) == 1:
        return exact[0]
    if found:
        others = ", ".join(repr(user.get_username()) for user in found)
        raise RefusedClient(f"Asked for user {name!r}, the database returned {others}.", reason="unknown_user")
    return None


def holder(peer: PeerCertificate) -> Any:
    """Return the existing user whose name, by ``USERNAME_FROM``, a validated certificate carries, or None.

    Nothing is reported: whether that user logs in is decided elsewhere.
    """
    username_from = mtls_settings().username_from
    if username_from is None:
        return None
    try:
        check_chain(peer)
        return find_user(username(peer.certificate, username_from))
    except MutualTLSError:
        return None
