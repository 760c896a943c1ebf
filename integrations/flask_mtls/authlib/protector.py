"""The API's side: a bearer token validator that asks for the certificate."""

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6750 import InsufficientScopeError, InvalidTokenError

from wsgi_mtls.binding import verify_confirmation
from wsgi_mtls.errors import MutualTLSError, TokenNotBound

from ..checks import send
from ..proxies import current_peer
from ..signals import mtls_token_accepted, mtls_token_rejected
from .mixin import Mixin


class BoundTokenValidatorMixin(Mixin):
    """Before the bearer token validator that ``ResourceProtector`` gets.

    A mixin, since a second validator of bearer tokens would be silently ignored. It serves tokens from the database
    (with :class:`~flask_mtls.authlib.models.BoundTokenMixin`), JWTs, and introspection responses.

    Attributes:
        binding_required: whether a token must be bound; a bound one is checked either way.
    """

    binding_required = True

    def validate_token(self, token: Any, scopes: Any, request: Any, **claims: Any) -> None:
        """Validate a token, and that it came with its certificate.

        Raises:
            OAuth2Error: it is not valid here.
        """
        insufficient = None
        try:
            super().validate_token(token, scopes, request, **claims)  # type: ignore[misc]
        except InsufficientScopeError as error:
            insufficient = error  # to be told only to whom the token belongs
        try:
            verify_confirmation(_claims(token), current_peer(), required=self.binding_required)
        except MutualTLSError as error:
            send(mtls_token_rejected, error=error)
            attributes = {"realm": self.realm, "extra_attributes": self.extra_attributes}  # type: ignore[attr-defined]
            raise InvalidTokenError(**attributes) from error
        if insufficient is not None:
            raise insufficient
        send(mtls_token_accepted, token=token)


def _claims(token: Any) -> Mapping[str, object]:
    if isinstance(token, Mapping):
        return token
    if not hasattr(token, "cnf"):
        raise TokenNotBound(f"{type(token).__name__} has no cnf: inherit from BoundTokenMixin.")
    return {} if token.cnf is None else {"cnf": token.cnf}
