"""What happens when others log in."""

from typing import Any

from django.contrib.auth import load_backend
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from .backends import ClientCertificateBackend
from .login import THUMBPRINT, remember_certificate


@receiver(user_logged_in, dispatch_uid="django_mtls.bind_session")
def bind_session(sender: object, request: HttpRequest | None, user: Any, **_: object) -> None:
    """Bind a session that was logged in to by certificate to it, whoever called ``login``."""
    backend = getattr(user, "backend", None)
    if request is None or backend is None:
        return
    if isinstance(load_backend(backend), ClientCertificateBackend):
        remember_certificate(request)
    else:
        request.session.pop(THUMBPRINT, None)
