"""Device codes (RFC 8628) that OAuth Toolkit accepts from any client.

It also accepts them more than once. It looks at a code's state before it knows the client, and never checks to which
client the code belongs; two requests at once both get tokens. oauthlib 4 asks the validator for the code's state, which
OAuth Toolkit 3.4 does not answer, and puts ``scope`` into the answer of the device authorization endpoint, which the
view does not take. A client of another grant also gets a device code, and where no page is configured, one with
``"verification_uri": null``.

Needed up to OAuth Toolkit 3.4, the newest release.
"""

from collections.abc import Mapping
from typing import Any

from oauth2_provider.models import get_device_grant_model
from oauth2_provider.settings import oauth2_settings
from oauthlib.oauth2.rfc6749.errors import (
    InvalidGrantError,
    OAuth2Error,
    UnauthorizedClientError,
    UnsupportedGrantTypeError,
)
from oauthlib.oauth2.rfc8628.errors import AccessDenied, AuthorizationPendingError, ExpiredTokenError

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"


class DeviceValidatorMixin:
    """The validator's part about device codes."""

    def validate_device_code(self, client_id: str, device_code: str, request: Any) -> str:
        """Return the state for oauthlib 4; ``validate_grant_type`` has checked the code."""
        return "authorized"


def may_begin(application: Any) -> OAuth2Error | None:
    """Return why a client gets no device code, or None (RFC 6749 section 5.2)."""
    if application is None or not application.allows_grant_type(GRANT_TYPE):
        return UnauthorizedClientError()
    return None if oauth2_settings.OAUTH_DEVICE_VERIFICATION_URI else UnsupportedGrantTypeError()


def is_device_code(code: str) -> bool:
    """Return whether a device code exists; report it only to an authenticated client."""
    return bool(get_device_grant_model().objects.filter(device_code=code).exists())


def check_device_code(code: str, application: Any, request: Any) -> Any:
    """Return the grant of a device code that is authorized for this application.

    Raises:
        OAuth2Error: If it belongs to another client, has expired or is not authorized (RFC 8628 section 3.5).
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
    """Delete a device code while its tokens are saved.

    Of two requests at once, only one finds it.

    Raises:
        InvalidGrantError: If it has been used.
    """
    model: Any = get_device_grant_model()
    of_client = model.objects.filter(device_code=code, client_id=application.client_id, status=model.AUTHORIZED)
    deleted, _ = of_client.delete()  # which locks the row until the tokens are saved
    if not deleted:
        raise InvalidGrantError(request=request)


def device_answer(headers: Mapping[str, str], body: Any) -> tuple[dict[str, str], Any]:
    """Return the device authorization endpoint's answer for OAuth Toolkit's view."""
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name != "scope"}  # the view finds it by itself
    # The view gives the headers to a JsonResponse, which has this one.
    return {name: value for name, value in headers.items() if name != "Content-Type"}, body
