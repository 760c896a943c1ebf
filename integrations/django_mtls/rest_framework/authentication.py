"""Authentication classes of REST framework, by certificate or bound token."""

from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from wsgi_mtls.errors import InvalidToken, MutualTLSError, RefusedClient
from wsgi_mtls.request.bearer import challenge
from wsgi_mtls.request.cross_site import check_site
from wsgi_mtls.rules.step_up import StepUp
from wsgi_mtls.rules.token import BoundToken

from ..conf import mtls_settings
from ..login.authentication import authenticate_certificate
from ..oauth import accept_bound_token, report_refusal, view_of
from ..request import CLIENT_CERT
from ..verification import guard
from ..wrapped_views import make_view_private
from .refusals import Refused


class ClientCertificateAuthentication(BaseAuthentication):
    """Authentication of users by certificate; ``request.auth`` is the peer.

    It decides as ``ClientCertificateBackend`` does. Mutual TLS has no HTTP scheme to name, so REST framework answers a
    refusal with 403. A request without a certificate is left to the other classes; one with a certificate of no user is
    refused. A view that also takes bound tokens names :class:`BoundTokenAuthentication` first.

    Attributes:
        csrf_token_required: whether an unsafe method needs Django's CSRF token, since REST framework exempts its views
            and a browser sends a certificate unasked. False is for an API that programs call: then what a browser sends
            for another origin's page is refused, by ``Sec-Fetch-Site`` or ``Origin``.
    """

    csrf_token_required: ClassVar[bool] = True

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return the user and the peer certificate, or None without a certificate.

        Raises:
            AuthenticationFailed: If no user has the certificate.
            Refused: If the certificate could not be looked at for want of memory, a descriptor, a connection or the
                database.
            PermissionDenied: If another site's page may have sent the request.
        """
        http_request = request._request
        make_view_private(request, [CLIENT_CERT])
        try:
            peer = guard().presented(view_of(http_request))
            user = None if peer is None else authenticate_certificate(http_request, peer)
        except MutualTLSError as error:
            report_refusal(request, error)
            # A failure of this server, which proves nothing about the certificate.
            raise (Refused(error) if error.status == 503 else AuthenticationFailed()) from error
        if peer is None:
            return None
        if user is None:
            raise AuthenticationFailed
        self.enforce_csrf(request)
        return user, peer

    def enforce_csrf(self, request: Request) -> None:
        """Refuse what another site's page may have sent.

        Raises:
            PermissionDenied: If another site's page may have sent it.
        """
        if self.csrf_token_required:
            SessionAuthentication().enforce_csrf(request)
            return
        try:
            check_site({**request._request.META, "REQUEST_METHOD": request._request.method})
        except RefusedClient as error:
            report_refusal(request, error)
            raise PermissionDenied from error


class BoundTokenAuthentication(BaseAuthentication):
    """Authentication by an access token that is bound to the certificate.

    ``request.auth`` is the ``BoundToken``. ``MTLS["TOKENS"]`` decodes the tokens. The answer to a refusal follows RFC
    6750, whichever class a view names first.

    Attributes:
        binding_required: whether a token must be bound; a bound one is checked either way.
        step_up: what the login of the token's user must have been (RFC 9470).
    """

    binding_required: ClassVar[bool] = True
    step_up: ClassVar[StepUp | None] = None

    def authenticate(self, request: Request) -> tuple[Any, BoundToken] | None:
        """Return the user and the token, or None without a token.

        Raises:
            Refused: If the token is not accepted.
        """
        make_view_private(request, ["Authorization"])
        try:
            token = accept_bound_token(request._request, required=self.binding_required, step_up=self.step_up)
        except MutualTLSError as error:
            if error.reason == "missing_token":
                return None
            raise Refused(error) from error
        return self.get_user(token), token

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge to a request without a token."""
        view = (request.parser_context or {}).get("view")
        scope = getattr(view, "required_scope", None)
        error = InvalidToken("No access token came.", reason="missing_token")
        guard().offer(error, view_of(request._request))
        return challenge(error, realm=mtls_settings().realm, scope=scope)

    def get_user(self, token: BoundToken) -> Any:
        """Return the user of a token, an anonymous one by default.

        A subclass may find another by ``token.claims``. ``IsAuthenticated`` permits requests with a user,
        :class:`~.permissions.HasBoundToken` those with a token.
        """
        return AnonymousUser()
