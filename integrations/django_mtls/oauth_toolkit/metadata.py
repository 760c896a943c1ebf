"""Metadata with the members of RFC 8705 sections 3.3 and 5."""

import json
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.urls import NoReverseMatch, reverse
from django.utils.decorators import method_decorator
from django.views.generic import View
from oauth2_provider import views as toolkit
from oauth2_provider.settings import oauth2_settings

from wsgi_mtls.errors import InvalidServerMetadata
from wsgi_mtls.metadata import authorization_server_metadata

from ..conf import mtls_settings
from ..mixins import ForProgramsMixin
from .hardening.device import GRANT_TYPE
from .moved import get_scopes_backend

_BOUND = "tls_client_certificate_bound_access_tokens"
# The browser goes there, and has no client certificate (RFC 8705 section 5).
_FOR_BROWSERS = frozenset({"authorization_endpoint", "end_session_endpoint"})
_GRANTS = "grant_types_supported"
_METHODS = "_endpoint_auth_methods_supported"


def mtls_base() -> str | None:
    """Return where the endpoints with mutual TLS are, if elsewhere.

    The setting is ``OAUTH2_PROVIDER["MTLS_BASE"]``.

    Raises:
        InvalidServerMetadata: If it is not an https URL.
    """
    base: object = getattr(settings, "OAUTH2_PROVIDER", {}).get("MTLS_BASE")
    if base is None:
        return None
    if not isinstance(base, str):
        raise InvalidServerMetadata("MTLS_BASE must be an https URL.")
    authorization_server_metadata("https://as.example", endpoints={"token_endpoint": "/token"}, mtls_base=base)
    return base.rstrip("/")


class MetadataMixin(ForProgramsMixin):
    """A mixin that adds mutual TLS and devices to a view of metadata.

    It comes before the view. It adds the methods, the binding, the aliases, and where devices begin.
    """

    def get(self, request: HttpRequest, *args: Any, **options: Any) -> JsonResponse:
        """Return the document."""
        told = super().get(request, *args, **options)  # type: ignore[misc]  # a view follows the mixin
        if told.status_code != 200:
            return told  # type: ignore[no-any-return]  # OpenID Connect is off
        document = with_mutual_tls(_with_device_endpoint(json.loads(told.content)))
        return JsonResponse(document, headers={"Access-Control-Allow-Origin": "*"})


def with_mutual_tls(document: dict[str, Any]) -> dict[str, Any]:
    """Return an authorization server's metadata with the members of RFC 8705."""
    methods = sorted(mtls_settings().allowed_methods)
    changed: dict[str, Any] = {name: [*value, *methods] for name, value in document.items() if name.endswith(_METHODS)}
    changed[_BOUND] = True
    base = mtls_base()
    if base is not None:
        changed["mtls_endpoint_aliases"] = {
            name: base + urlsplit(url).path
            for name, url in document.items()
            if name.endswith("_endpoint") and name not in _FOR_BROWSERS
        }
    return document | changed


def _with_device_endpoint(document: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata with the device endpoint, or without the grant.

    The member is that of RFC 8628 section 4.
    """
    offered = document.get(_GRANTS, [GRANT_TYPE])
    path = device_path()
    if GRANT_TYPE in offered and path is not None:
        token = urlsplit(document["token_endpoint"])
        return {"device_authorization_endpoint": f"{token.scheme}://{token.netloc}{path}", **document}
    if _GRANTS not in document:
        return document
    return {**document, _GRANTS: [grant for grant in offered if grant != GRANT_TYPE]}


def device_path() -> str | None:
    """Return the path of device authorization; None without a verification page."""
    try:
        path = reverse("oauth2_provider:device-authorization")
    except NoReverseMatch:
        return None
    return path if oauth2_settings.OAUTH_DEVICE_VERIFICATION_URI else None


@method_decorator(login_not_required, name="dispatch")
class _OlderServerMetadataView(View):
    """RFC 8414 for OAuth Toolkit before 3.4, which has none."""

    def get(self, request: HttpRequest, *args: Any, **options: Any) -> JsonResponse:
        """Return the document."""
        issuer = oauth2_settings.OIDC_ISS_ENDPOINT or request.build_absolute_uri("/").rstrip("/")
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(issuer))
        methods = ["client_secret_post", "client_secret_basic"]
        names = {"authorization": "authorize", "token": "token", "revocation": "revoke-token",
                 "introspection": "introspect"}  # fmt: skip
        document = {
            "issuer": issuer,
            "response_types_supported": ["code"],
            "scopes_supported": sorted(get_scopes_backend().get_available_scopes()),
            "code_challenge_methods_supported": ["S256"],
            **{f"{name}_endpoint": origin + reverse(f"oauth2_provider:{view}") for name, view in names.items()},
            **{f"{name}{_METHODS}": methods for name in names if name != "authorization"},
        }
        return JsonResponse(document)


_Base: Any = getattr(toolkit, "OAuthServerMetadataView", _OlderServerMetadataView)


class ServerMetadataView(MetadataMixin, _Base):  # type: ignore[misc]  # either of the two
    """The authorization server's metadata (RFC 8414)."""


_ResourceBase: Any = getattr(toolkit, "OAuthProtectedResourceMetadataView", None)

if _ResourceBase is not None:

    class ResourceMetadataView(ForProgramsMixin, _ResourceBase):  # type: ignore[misc]  # OAuth Toolkit has no types
        """The API's metadata (RFC 9728): whether it accepts bound tokens alone."""

        def get(self, request: HttpRequest, *args: Any, **options: Any) -> JsonResponse:
            """Return the document."""
            told = super().get(request, *args, **options)
            required = bool(getattr(oauth2_settings.OAUTH2_VALIDATOR_CLASS, "binding_required", False))
            document = {**json.loads(told.content), _BOUND: required}
            return JsonResponse(document, headers={"Access-Control-Allow-Origin": "*"})
