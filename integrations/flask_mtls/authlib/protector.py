"""The API's side: a bearer token validator that asks for the certificate."""

from collections.abc import Mapping
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6750 import InsufficientScopeError, InvalidTokenError
from joserfc.errors import JoseError

from wsgi_mtls.binding import verify_confirmation
from wsgi_mtls.errors import InsufficientScope, InvalidToken, MutualTLSError, TokenNotBound
from wsgi_mtls.events import Event, EventName, origin, report

from ..proxies import current_peer
from ..signals import mtls_token_accepted, mtls_token_rejected, send
from .errors import peer_or_none
from .mixin import Mixin


class BoundTokenValidatorMixin(Mixin):
    """Before the bearer token validator that ``ResourceProtector`` gets.

    A mixin, since a second validator of bearer tokens would be silently ignored. It serves tokens from the database
    (with :class:`~flask_mtls.authlib.models.BoundTokenMixin`), JWTs, and introspection responses.

    Attributes:
        binding_required: whether a token must be bound; a bound one is checked either way.
    """

    binding_required = True

    def authenticate_token(self, token_string: str) -> Any:
        """Return the token, and report one that can't be read.

        Raises:
            OAuth2Error: it can't, as a JWT that no key of the issuer verifies.
        """
        try:
            return super().authenticate_token(token_string)  # type: ignore[misc]
        except (OAuth2Error, JoseError, TypeError, ValueError, AttributeError) as error:  # {"crit": 1} is a TypeError
            _reject(
                None, InvalidToken(f"{type(self).__name__} can't read it, as a JWT that the issuer signed: {error}")
            )
            if isinstance(error, OAuth2Error):
                raise
            raise self._invalid_token() from error  # Authlib 1.7 lets out what is wrong with a JWT

    def validate_token(self, token: Any, scopes: Any, request: Any, **claims: Any) -> None:
        """Validate a token, and that it came with its certificate; report the decision.

        Raises:
            OAuth2Error: it is not valid here.
        """
        insufficient = None
        try:
            super().validate_token(token, scopes, request, **claims)  # type: ignore[misc]
        except InsufficientScopeError as error:
            insufficient = error  # to be told only to whom the token belongs
        except OAuth2Error:
            _reject(token, InvalidToken(f"{type(self).__name__} does not accept it: unknown, expired, revoked, …."))
            raise
        except (TypeError, ValueError, AttributeError) as error:  # a claim of the wrong type, as {"scope": 1}
            _reject(token, InvalidToken(f"{type(self).__name__} can't read its claims: {error}"))
            raise self._invalid_token() from error
        try:
            verify_confirmation(_claims(token), current_peer(), required=self.binding_required)
        except MutualTLSError as error:
            _reject(token, error)
            raise self._invalid_token() from error
        if insufficient is not None:
            _reject(token, InsufficientScope(f"The token does not cover {scopes!r}."))
            raise insufficient
        report(_event("token_accepted", token))
        send(mtls_token_accepted, token=token)

    def _invalid_token(self) -> InvalidTokenError:
        attributes = {"realm": self.realm, "extra_attributes": self.extra_attributes}  # type: ignore[attr-defined]
        return InvalidTokenError(**attributes)


def _claims(token: Any) -> Mapping[str, object]:
    if isinstance(token, Mapping):
        return token
    if not hasattr(token, "cnf"):
        raise TokenNotBound(f"{type(token).__name__} has no cnf: inherit from BoundTokenMixin.")
    return {} if token.cnf is None else {"cnf": token.cnf}


def _reject(token: Any, error: MutualTLSError) -> None:
    report(_event("token_rejected", token, error))
    send(mtls_token_rejected, error=error)


def _event(name: EventName, token: Any, error: MutualTLSError | None = None) -> Event:
    client_id = token.get("client_id") if isinstance(token, Mapping) else getattr(token, "client_id", None)
    return Event(
        name,
        client_id if isinstance(client_id, str) else None,
        reason=error.reason if error else None,
        detail=error.message if error else None,
        **origin(peer_or_none()),
    )
