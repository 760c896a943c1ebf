"""The device authorization grant (RFC 8628): a device code is one client's, and serves once.

OAuth Toolkit looks at a code's state before it knows who asks, and never at whose code it is.
"""

from typing import Any

from oauth2_provider.models import get_device_grant_model
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError
from oauthlib.oauth2.rfc8628.errors import AccessDenied, AuthorizationPendingError, ExpiredTokenError

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"


def is_device_code(code: str) -> bool:
    """Tell whether there is such a device code; the caller tells an authenticated client alone."""
    return bool(get_device_grant_model().objects.filter(device_code=code).exists())


def check_device_code(code: str, application: Any, request: Any) -> Any:
    """Return the grant of a device code that its user has authorized for this application.

    Raises:
        OAuth2Error: it is another's, has expired or is not authorized (RFC 8628 section 3.5).
    """
    grant = get_device_grant_model().objects.filter(device_code=code, client_id=application.client_id).first()
    # The database may take another code or client for this one.
    if grant is None or (grant.device_code, grant.client_id) != (code, application.client_id):
        raise InvalidGrantError(request=request)
    if grant.is_expired():
        raise ExpiredTokenError(request=request)
    if grant.status == grant.DENIED:
        raise AccessDenied(request=request)
    if grant.status != grant.AUTHORIZED:
        raise AuthorizationPendingError(request=request)
    return grant


def use_up_device_code(code: str, application: Any, request: Any) -> None:
    """Delete a device code for which tokens are being saved: of two requests at once, one alone finds it.

    Raises:
        InvalidGrantError: it has served.
    """
    model: Any = get_device_grant_model()
    of_client = model.objects.filter(device_code=code, client_id=application.client_id, status=model.AUTHORIZED)
    deleted, _ = of_client.delete()  # which locks the row until the tokens are saved
    if not deleted:
        raise InvalidGrantError(request=request)
