"""Which requests register clients dynamically, and what they send (RFC 7591)."""

import json
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from oauth2_provider.settings import oauth2_settings

from wsgi_mtls.errors import InvalidClientMetadata, InvalidRequest, MutualTLSError
from wsgi_mtls.x509 import PeerCertificate

from ..conf import mtls_settings
from ..oauth import report_refusal, view_of
from ..verification import guard, verifier
from .metadata import mtls_base

NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class CertificateDCRPermission:
    """A permission to register by a validated certificate.

    The client can register only what that certificate satisfies.
    ``OAUTH2_PROVIDER["DCR_REGISTRATION_PERMISSION_CLASSES"]``
    """

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the request may register a client."""
        try:
            verified_certificate(request)
        except MutualTLSError as error:
            report_refusal(request, error)
            return False
        return True


def verified_certificate(request: HttpRequest) -> PeerCertificate:
    """Return the certificate of a request if its chain was validated.

    Raises:
        MutualTLSError: If none came, or its chain was not validated.
    """
    return verifier().rules.check_certificate(guard().presented(view_of(request)))


def needs_certificate() -> bool:
    """Return whether clients register by certificate here."""
    return any(issubclass(permission, CertificateDCRPermission) for permission in _permissions())


def may_register(request: HttpRequest) -> bool:
    """Return whether all permission classes of the project allow a registration.

    The result is False if there are none.
    """
    return bool(_permissions()) and all(permission().has_permission(request) for permission in _permissions())


def read_object(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object in a request.

    Raises:
        InvalidClientMetadata: If there is none, or it is too long or nested too deep.
    """
    try:
        data = json.loads(view_of(request).read_body(mtls_settings().max_body))
    except InvalidRequest as error:
        raise InvalidClientMetadata(error.message) from None
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise InvalidClientMetadata("Send a JSON object, not nested too deep.")
    return data


def registration_client_uri(request: HttpRequest, client_id: str, *, by_certificate: bool) -> str:
    """Return where a client finds its registration (RFC 7592 section 3).

    Args:
        request: the request.
        client_id: the client.
        by_certificate: whether it needs its certificate there.
    """
    path = reverse("oauth2_provider:dcr-register-management", kwargs={"client_id": client_id})
    base, issuer = mtls_base(), oauth2_settings.OIDC_ISS_ENDPOINT
    if by_certificate and base is not None:
        return base + path
    return "{0.scheme}://{0.netloc}".format(urlsplit(issuer)) + path if issuer else request.build_absolute_uri(path)


def registration_error(error: str, description: str, status: int = 400) -> JsonResponse:
    """Return an error of RFC 7591 section 3.2.2."""
    return JsonResponse({"error": error, "error_description": description}, status=status, headers=NOT_STORED)


def _permissions() -> Any:
    return oauth2_settings.DCR_REGISTRATION_PERMISSION_CLASSES or ()
