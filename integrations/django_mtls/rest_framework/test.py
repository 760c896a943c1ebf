"""For a project's own tests: REST framework's client and request factory, with a certificate at each request."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rest_framework.test import APIClient, APIRequestFactory

from wsgi_mtls.certificate import ClientCertificate
from wsgi_mtls.testing import KeyPair, environ_for


class _Presenting:
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


class CertificateAPIClient(_Presenting, APIClient):
    """``CertificateAPIClient(pair).get("/accounts")``; the options are ``APIClient``'s."""


class CertificateAPIRequestFactory(_Presenting, APIRequestFactory):
    """``CertificateAPIRequestFactory(pair).get("/accounts")``; the options are ``APIRequestFactory``'s."""
