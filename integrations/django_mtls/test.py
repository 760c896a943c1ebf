"""Test clients that come with a certificate, for a project's own tests.

They work with whatever source is configured.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import load_backend
from django.core.exceptions import ImproperlyConfigured
from django.test import AsyncClient, Client

from wsgi_mtls.sources import PEER
from wsgi_mtls.testing import KeyPair, environ_for
from wsgi_mtls.x509 import ClientCertificate


class LoggingIn:
    """A mixin whose ``force_login`` logs in without a certificate.

    It does so whichever backend comes first. A session of our backend has no user without its certificate, so a forced
    login is one of the first other backend.
    """

    def force_login(self, user: Any, backend: str | None = None) -> None:
        """Log a user in, as by password."""
        super().force_login(user, backend or _other_backend())  # type: ignore[misc]  # Django's client comes after

    async def aforce_login(self, user: Any, backend: str | None = None) -> None:
        """Log a user in, as by password."""
        await super().aforce_login(user, backend or _other_backend())  # type: ignore[misc]  # as above


def _other_backend() -> str:
    from .backends import ClientCertificateBackend  # once the apps are loaded

    for path in settings.AUTHENTICATION_BACKENDS:
        backend = load_backend(path)
        if hasattr(backend, "get_user") and not isinstance(
            backend, ClientCertificateBackend
        ):  # as Django's client asks
            return str(path)
    raise ImproperlyConfigured(
        "AUTHENTICATION_BACKENDS has no backend with users but ClientCertificateBackend, which logs in by certificate "
        "only: present() one that is this user's."
    )


class Presenting:
    """Puts a certificate into what each request's environ starts from."""

    if TYPE_CHECKING:
        defaults: dict[str, Any]

    def __init__(
        self, certificate: ClientCertificate | KeyPair | None = None, *, verified: bool = True, **options: Any
    ):
        super().__init__(**options)
        self.present(certificate, verified=verified)

    def present(
        self,
        certificate: ClientCertificate | KeyPair | None,
        *,
        chain: Sequence[ClientCertificate] = (),
        verified: bool = True,
    ) -> None:
        """Present another certificate from now on, or none.

        Args:
            certificate: the certificate, or None.
            chain: what comes with it.
            verified: whether the terminator validated the chain.
        """
        self.defaults.update(environ_for(certificate, chain=chain, verified=verified))


class CertificateClient(LoggingIn, Presenting, Client):
    """Django's test client, with a certificate at each request.

    ``CertificateClient(certificate).get("/")``

    Args:
        certificate: see :meth:`present`.
        verified: whether the terminator validated the chain.
        options: as Django's client.
    """


class AsyncCertificateClient(LoggingIn, AsyncClient):
    """Django's asynchronous test client, with a certificate at each request."""

    def __init__(
        self, certificate: ClientCertificate | KeyPair | None = None, *, verified: bool = True, **options: Any
    ):
        super().__init__(**options)
        self.present(certificate, verified=verified)

    def present(
        self,
        certificate: ClientCertificate | KeyPair | None,
        *,
        chain: Sequence[ClientCertificate] = (),
        verified: bool = True,
    ) -> None:
        """Present another certificate from now on, or none.

        It works as :meth:`CertificateClient.present`.
        """
        self._peer = environ_for(certificate, chain=chain, verified=verified)

    def _base_scope(self, **request: Any) -> Any:
        scope = super()._base_scope(**request)  # type: ignore[misc]  # as Django's own client does
        return {**scope, PEER: self._peer[PEER]}
