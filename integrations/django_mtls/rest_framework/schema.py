"""The parts of an OpenAPI document for our authentication classes.

drf-spectacular writes the document.
"""

from typing import TYPE_CHECKING, Any

from drf_spectacular.drainage import warn
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.settings import spectacular_settings

from .permissions import required_scope, scope_decides

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema


class ClientCertificateScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # spectacular's
    """The security scheme ``mutualTLS``, which OpenAPI has since 3.1."""

    target_class = "django_mtls.rest_framework.authentication.ClientCertificateAuthentication"
    name = "mutualTLS"
    match_subclasses = True

    def get_security_definition(self, auto_schema: "AutoSchema") -> dict[str, Any]:
        """Return the scheme."""
        if spectacular_settings.OAS_VERSION.startswith("3.0"):
            warn('The scheme mutualTLS needs OpenAPI 3.1: set SPECTACULAR_SETTINGS["OAS_VERSION"] = "3.1.0".')
        return {"type": "mutualTLS", "description": "A client certificate, at the TLS layer."}


class BoundTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # spectacular's
    """A bearer token that is bound to the certificate (RFC 8705 section 3)."""

    target_class = "django_mtls.rest_framework.authentication.BoundTokenAuthentication"
    name = "boundToken"
    match_subclasses = True

    def get_security_definition(self, auto_schema: "AutoSchema") -> dict[str, Any]:
        """Return the scheme."""
        description = "An access token that is bound to the client certificate (RFC 8705 section 3)."
        return {"type": "http", "scheme": "bearer", "description": description}

    def get_security_requirement(self, auto_schema: "AutoSchema") -> dict[str, list[str]]:
        """Return the scheme with the scopes that the view needs (OpenAPI 3.1)."""
        view: Any = auto_schema.view
        scopes: list[str] = []
        if not spectacular_settings.OAS_VERSION.startswith("3.0") and scope_decides(view):
            scopes = required_scope(view).split(" ")
        return {self.name: scopes}
