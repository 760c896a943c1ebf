"""The endpoint of pushed authorization requests (RFC 9126).

OAuth Toolkit has it after 3.4.
"""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from oauth2_provider import views as toolkit

from wsgi_mtls.errors import InvalidRequest, MutualTLSError, RefusedClient

from ..mixins import ForProgramsMixin
from ..refusals import refusal
from .client_auth import authenticate_client


class PushedAuthorizationMixin(ForProgramsMixin):
    """A mixin that authenticates clients of mutual TLS when they push requests.

    It comes before OAuth Toolkit's view, and offers ``Bearer`` to no client.
    """

    def post(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        """Store a request, once its client is authenticated (RFC 9126 section 2.1)."""
        try:
            if request.META.get("QUERY_STRING"):
                raise InvalidRequest("Send the parameters in the body; this endpoint takes no query.")
            authenticate_client(request)
            response: HttpResponseBase = super().post(request, *args, **options)  # type: ignore[misc]  # a view follows
            if response.status_code == 401 or (response.status_code >= 400 and not self._is_authenticated(request)):
                raise RefusedClient(
                    "OAuth Toolkit has not authenticated the client.", reason="auth_method_not_registered"
                )
        except MutualTLSError as error:
            return refusal(request, error)
        return response

    def _is_authenticated(self, request: HttpRequest) -> bool:
        core = self.get_oauthlib_core()  # type: ignore[attr-defined]  # a view follows the mixin
        return core.authenticated_application(request) is not None


_Base: Any = getattr(toolkit, "PushedAuthorizationRequestView", None)

if _Base is not None:

    class PushedAuthorizationRequestView(PushedAuthorizationMixin, _Base):  # type: ignore[misc]  # OAuth Toolkit has no types
        """The endpoint."""
