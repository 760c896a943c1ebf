"""OAuth Toolkit's URLs, with our views for some of them.

``path("o/", include("django_mtls.oauth_toolkit.urls"))``
"""

from typing import Any

from django.urls import path
from django.urls.resolvers import URLPattern
from oauth2_provider import urls as toolkit

from ..decorators import for_programs
from . import applications, dynamic_registration, metadata, pushed_authorization
from .hardening.issuer import AuthorizationView
from .metadata import ServerMetadataView
from .views import ConnectDiscoveryInfoView, IntrospectTokenView, TokenView

app_name = "oauth2_provider"

_VIEWS: dict[str, Any] = {
    "token": TokenView,
    "introspect": IntrospectTokenView,
    "oidc-connect-discovery-info": ConnectDiscoveryInfoView,
    "oauth-server-metadata": ServerMetadataView,
    "oauth-server-metadata-issuer": ServerMetadataView,
}
if hasattr(metadata, "ResourceMetadataView"):
    _VIEWS |= dict.fromkeys(("oauth-resource-metadata", "oauth-resource-metadata-path"), metadata.ResourceMetadataView)
if hasattr(pushed_authorization, "PushedAuthorizationRequestView"):
    _VIEWS["pushed-authorization-request"] = pushed_authorization.PushedAuthorizationRequestView
_OTHERS: dict[str, Any] = {"authorize": AuthorizationView, "delete": applications.ApplicationDelete}
if hasattr(dynamic_registration, "ClientConfigurationView"):
    _OTHERS["dcr-register"] = dynamic_registration.DynamicClientRegistrationView
    _OTHERS["dcr-register-management"] = dynamic_registration.ClientConfigurationView
_FOR_PROGRAMS = _VIEWS.keys() | {"revoke-token", "device-authorization", "jwks-info", "user-info"}
"""Where OAuth clients come with their certificates, and what has no user of its own."""


def _ours(pattern: URLPattern) -> URLPattern:
    name = pattern.name or ""
    if name not in _FOR_PROGRAMS | _OTHERS.keys():
        return pattern
    kind = (_VIEWS | _OTHERS).get(name) or pattern.callback.view_class  # type: ignore[attr-defined]  # as_view() sets it
    # A view of its own: OAuth Toolkit's URLs, in another place, keep theirs as they are.
    view = for_programs(kind.as_view()) if name in _FOR_PROGRAMS else kind.as_view()
    return URLPattern(pattern.pattern, view, pattern.default_args, pattern.name)


def _all_ours(name: str) -> list[URLPattern]:
    return [_ours(pattern) for pattern in getattr(toolkit, name, [])]


metadata_urlpatterns = _all_ours("metadata_urlpatterns") or [
    path(
        ".well-known/oauth-authorization-server",
        for_programs(ServerMetadataView.as_view()),
        name="oauth-server-metadata",
    )
]
"""For the root of the site, where RFC 8414 has them, if the rest is below a path."""

base_urlpatterns = _all_ours("base_urlpatterns")
management_urlpatterns = _all_ours("management_urlpatterns")
oidc_urlpatterns = _all_ours("oidc_urlpatterns")
dcr_urlpatterns = _all_ours("dcr_urlpatterns")

urlpatterns = [
    *metadata_urlpatterns,
    *base_urlpatterns,
    *management_urlpatterns,
    *oidc_urlpatterns,
    *dcr_urlpatterns,
]
