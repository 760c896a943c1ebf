"""For a project's own tests: clients that come with a certificate, whatever source is configured."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.test import AsyncClient, Client

from wsgi_mtls.certificate import ClientCertificate
from wsgi_mtls.sources import PEER
from wsgi_mtls.testing import KeyPair, environ_for


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


class CertificateClient(Presenting, Client):
    """Django's test client, with a certificate at each request: ``CertificateClient(certificate).get("/")``.

    Args:
        certificate: see :meth:`present`.
        verified: as there.
        options: as Django's client.
    """


class AsyncCertificateClient(AsyncClient):
    """Django's asynchronous test client, likewise."""

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
        """Present another certificate from now on, or none; as :meth:`CertificateClient.present`."""
        self._peer = environ_for(certificate, chain=chain, verified=verified)

    def _base_scope(self, **request: Any) -> Any:
        scope = super()._base_scope(**request)  # type: ignore[misc]  # as Django's own client does
        return {**scope, PEER: self._peer[PEER]}
