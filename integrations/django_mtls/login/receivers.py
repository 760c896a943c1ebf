"""Receivers of login signals that bind a session to its certificate."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from .sessions import THUMBPRINT, logged_in_by_certificate, remember_certificate


@receiver(user_logged_in, dispatch_uid="django_mtls.bind_session")
def bind_session(sender: object, request: HttpRequest | None, user: Any, **_: object) -> None:
    """Bind a session to its certificate, whatever code called ``login``."""
    session = getattr(request, "session", None)
    if request is None or session is None:
        return
    if logged_in_by_certificate(session):
        remember_certificate(request)
    else:
        session.pop(THUMBPRINT, None)
