"""The validator's part for resources, where bound tokens need a certificate."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from wsgi_mtls.binding import verify_confirmation
from wsgi_mtls.errors import InvalidToken, MutualTLSError

from . import remote
from .confirmations import claims_of, find_access_token
from .hardening.bound_tokens import looking_at_confirmation, mark_verified
from .oauthlib_requests import peer_of, refuse_token, report_accepted_token
from .registrations import gets_bound_tokens


class ResourceValidatorMixin:
    """A mixin for a validator that verifies confirmations at resources.

    The attributes are :class:`~.validators.MutualTLSValidatorMixin`'s.
    """

    bind_all_tokens: ClassVar[bool] = False
    binding_required: ClassVar[bool] = False

    def validate_bearer_token(self, token: str, scopes: Any, request: Any) -> bool:
        """Return whether an access token is valid with the request's certificate."""
        with looking_at_confirmation(), remote.noting_failures() as failures:
            valid: bool = super().validate_bearer_token(token, scopes, request)  # type: ignore[misc]
        if failures and not valid:
            refuse_token(request, failures[0], None)
            return False
        row = request.access_token if valid else _without_scope(token, request)
        if row is None:
            return False
        try:
            claims = claims_of(row)
            if claims or self.binding_required:
                verify_confirmation(claims, peer_of(request), required=True)
        except MutualTLSError as error:
            refuse_token(request, error, getattr(row.application, "client_id", None))
            return False
        if valid:
            mark_verified(row)
            report_accepted_token(request, getattr(row.application, "client_id", None))
        return valid

    def validate_id_token(self, token: str, scopes: Any, request: Any) -> bool:
        """Return whether an ID token is accepted as access token.

        It never is if its client's tokens are bound.
        """
        with looking_at_confirmation():
            if not super().validate_id_token(token, scopes, request):  # type: ignore[misc]
                request.oauth2_error = {"error": "invalid_token"}
                return False
        if self.binding_required or self.bind_all_tokens or gets_bound_tokens(request.client):
            error = InvalidToken("An ID token came, which is bound to no certificate.", reason="not_an_access_token")
            refuse_token(request, error, getattr(request.client, "client_id", None))
            return False
        report_accepted_token(request, getattr(request.client, "client_id", None))
        return True

    def _get_token_from_authentication_server(
        self, token: str, introspection_url: str, introspection_token: str | None,
        introspection_credentials: Sequence[str] | None,
        introspection_client_assertion: tuple[str, str] | None = None,  # after 3.4
    ) -> Any:  # fmt: skip
        try:
            content = remote.introspect(
                token, introspection_url, introspection_token, introspection_credentials, introspection_client_assertion
            )
        except InvalidToken as error:
            remote.note_failure(error)  # OAuth Toolkit expects None, as for an unknown token
            return None
        if content is None:
            return None
        try:
            named = remote.username_in(content) is not None
        except ValueError as error:
            remote.logger.error("%s", error)
            return None
        user = self.get_or_create_user_from_content(content) if named else None  # type: ignore[attr-defined]
        return remote.save(token, content, user)


def _without_scope(token: str, request: Any) -> Any:
    """Return the row of a usable token with too little scope, or None.

    The token is usable if the caller may use it.
    """
    told = getattr(request, "oauth2_error", None)
    too_little = isinstance(told, Mapping) and told.get("error") == "insufficient_scope"
    return find_access_token(token) if too_little else None
