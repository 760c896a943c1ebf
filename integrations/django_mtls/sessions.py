"""Whose a session is: what is stored while a certificate is there belongs to that certificate."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, load_backend
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from wsgi_mtls.x509 import PeerCertificate

from .backends import ClientCertificateBackend
from .peer import request_peer

THUMBPRINT = "_mtls_thumbprint"
"""The session's key of the certificate that it belongs to. Any other, or none, flushes it."""


def belongs_to_a_certificate(session: SessionBase) -> bool:
    """Tell whether a session was made with a certificate: it has one's thumbprint, or our backend logged in to it."""
    return THUMBPRINT in session or logged_in_by_certificate(session)


def logged_in_by_certificate(session: "SessionBase | Mapping[str, Any]") -> bool:
    """Tell whether our backend logged in to a session, whoever called ``login``."""
    path: Any = session.get(BACKEND_SESSION_KEY)
    return path in settings.AUTHENTICATION_BACKENDS and isinstance(load_backend(path), ClientCertificateBackend)


def remember_certificate(request: HttpRequest) -> None:
    """Bind a session that was just logged in to by certificate to that certificate."""
    request.session[THUMBPRINT] = thumbprint(request_peer(request))


def own_session(request: HttpRequest, owner: str | None) -> None:
    """Have the session belong to a certificate as soon as it is saved.

    Middleware outside of ours (messages, CSRF tokens) writes to the session after the view, and a view may flush it
    first: so it is the saving that adds the thumbprint. Without anything else to be saved, nothing is.
    """
    session: Any = request.session
    session.__class__ = _owned(type(session))
    session.mtls_owner = owner


def thumbprint(peer: object) -> str | None:
    """Return the thumbprint of a peer certificate; a mere name has none."""
    return peer.certificate.thumbprint if isinstance(peer, PeerCertificate) else None


class _Owned(SessionBase):
    """A session that says when it is saved whose it is."""

    mtls_owner: str | None

    def save(self, must_create: bool = False) -> None:
        self._own(self._get_session(no_load=must_create))  # type: ignore[attr-defined]  # not in the stubs
        super().save(must_create=must_create)

    async def asave(self, must_create: bool = False) -> None:
        self._own(await self._aget_session(no_load=must_create))  # type: ignore[attr-defined]  # as above
        await super().asave(must_create=must_create)

    def _own(self, data: dict[str, Any]) -> None:
        if data:
            data[THUMBPRINT] = self.mtls_owner


def _owned(base: type[SessionBase]) -> type[SessionBase]:
    return base if issubclass(base, _Owned) else with_mixin(_Owned, base)


@cache
def with_mixin(mixin: type[SessionBase], base: type[SessionBase]) -> type[SessionBase]:
    """Return the class of a session with a mixin before it."""
    return type(base.__name__, (mixin, base), {"__module__": base.__module__})
