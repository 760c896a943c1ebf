"""OAuth Toolkit's views where they have no hook: token, introspection, metadata."""

import json
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View
from oauth2_provider import views as toolkit
from oauth2_provider.models import get_access_token_model
from oauthlib.common import Request

from wsgi_mtls.errors import InvalidRequest, MutualTLSError, RefusedClient

from ..mixins import ForProgramsMixin
from ..refusals import refusal
from .client_auth import NOT_A_TOKEN_REQUEST, authenticate_client
from .confirmations import claims_of, find_access_token
from .hardening.bound_tokens import looking_at_confirmation
from .hardening.device import GRANT_TYPE
from .hardening.queries import check_query
from .introspection import may_introspect
from .metadata import MetadataMixin
from .protection import challenge_response, token_error


class TokenView(ForProgramsMixin, toolkit.TokenView):  # type: ignore[misc]  # OAuth Toolkit has no types
    """The token endpoint."""

    def post(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        """Issue a token, also for a device code, but only to a known client.

        OAuth Toolkit would report the state of a device code before it knows the client.
        """
        try:
            response: HttpResponseBase = self.authorization_flow_token_response(request)
        except get_access_token_model().DoesNotExist:
            # Another request has used the same code or refresh token, which ended all tokens of this authorization
            # (RFC 9700 section 4.14.2), before OAuth Toolkit read this request's token back.
            return JsonResponse({"error": "invalid_grant"}, status=400, headers=_NOT_STORED)
        return response


# dispatch is another one here, so that the parents' decorators must be repeated.
@method_decorator(csrf_exempt, name="dispatch")
@method_decorator(login_not_required, name="dispatch")
class IntrospectTokenView(ForProgramsMixin, toolkit.IntrospectTokenView):  # type: ignore[misc]  # OAuth Toolkit has no types
    """The introspection endpoint (RFC 7662), with the binding of a token.

    RFC 8705 section 3.2 has the member for the binding.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        """Serve a client that authenticates, or a bearer with scope ``introspection``."""
        bears = request.META.get("HTTP_AUTHORIZATION", "")[:7].lower() == "bearer "
        self._asking: Any = None
        if request.method != "OPTIONS":
            try:
                if not (self._is_client(request) or (bears and self._bears_token(request))):
                    raise RefusedClient(
                        "Neither a client nor a token with the scope introspection came.",
                        reason="auth_method_not_registered",
                    )
            except MutualTLSError as error:
                if bears and error.error in _OF_BEARERS:
                    return challenge_response(error, self.required_scopes)
                return refusal(request, error)
        response: HttpResponseBase = View.dispatch(self, request, *args, **options)
        return response

    def get_token_response(self, token_value: str | None = None) -> JsonResponse:
        """Return what is known of a token; inactive if this client may not ask about it."""
        if token_value is not None and "\0" in token_value:
            return JsonResponse({"active": False}, headers=_NOT_STORED)
        with looking_at_confirmation():
            told = toolkit.IntrospectTokenView.get_token_response(token_value)
        answer = json.loads(told.content)
        if answer.get("active") is True and token_value is not None:
            row = find_access_token(token_value)
            # RFC 7662 section 2.2: the answer to a client that may not ask is the one about an unknown token.
            answer = answer | claims_of(row) if may_introspect(self._asking, row) else {"active": False}
        return JsonResponse(answer, status=told.status_code, headers=_NOT_STORED)

    def _is_client(self, request: HttpRequest) -> bool:
        try:
            by_certificate = authenticate_client(request) is not None
            # With the device grant's name here OAuth Toolkit would accept a public client by its bare client_id.
            named = {*request.POST.getlist("grant_type"), *request.GET.getlist("grant_type")}
            if not by_certificate and GRANT_TYPE in named:
                return False
            core = self.get_oauthlib_core()
            uri, *rest = core._extract_params(request)
            check_query(uri)
            asked = Request(uri, *rest)
            authenticated = bool(core.server.request_validator.authenticate_client(asked))
            self._asking = asked.client if authenticated else None
            return authenticated
        except InvalidRequest as error:
            if error.reason in NOT_A_TOKEN_REQUEST and "HTTP_AUTHORIZATION" in request.META:
                return False
            raise

    def _bears_token(self, request: HttpRequest) -> bool:
        valid, found = self.verify_request(request)
        if not valid:
            raise token_error(request, found)
        request.resource_owner = found.user  # type: ignore[attr-defined]  # as OAuth Toolkit does
        self._asking = found.client
        return True


_OF_BEARERS = frozenset({"invalid_token", "insufficient_scope"})
_NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class ConnectDiscoveryInfoView(MetadataMixin, toolkit.ConnectDiscoveryInfoView):  # type: ignore[misc]  # as above
    """OpenID Connect's metadata."""
