"""The API's side: a bearer token validator that asks for the certificate."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6750 import InsufficientScopeError, InvalidTokenError

from wsgi_mtls.binding import verify_confirmation
from wsgi_mtls.errors import InvalidToken, MutualTLSError
from wsgi_mtls.events import Decision
from wsgi_mtls.shortage import is_shortage

from ..proxies import current_peer, current_record, current_view
from ..settings import current_state
from .errors import MutualTLSOAuth2Error
from .hardening.tokens import UNREADABLE
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
        """Return the token, and report one that cannot be read.

        Raises:
            OAuth2Error: If it cannot be read, such as a JWT that no key of the issuer verifies, or not now.
        """
        with self._refusing(), _deciding():
            try:
                with _telling_shortages():
                    return super().authenticate_token(token_string)  # type: ignore[misc]
            except (OAuth2Error, *UNREADABLE) as error:
                message = f"{type(self).__name__} can't read it, as a JWT that the issuer signed: {error}"
                raise InvalidToken(message) from error

    def validate_token(self, token: Any, scopes: Any, request: Any, **claims: Any) -> None:
        """Validate a token, and that it came with its certificate; report the decision.

        Raises:
            OAuth2Error: If it is not valid here.
        """
        with self._refusing(), _deciding(token) as decision:
            insufficient = None
            try:
                with _telling_shortages():
                    super().validate_token(token, scopes, request, **claims)  # type: ignore[misc]
            except InsufficientScopeError as error:
                insufficient = error  # only the holder of the certificate may learn it
            except OAuth2Error as error:
                message = f"{type(self).__name__} does not accept it: unknown, expired, revoked, …."
                raise InvalidToken(message) from error
            except UNREADABLE as error:
                raise InvalidToken(f"{type(self).__name__} can't read its claims: {error}") from error
            verify_confirmation(_claims(token), current_peer(), required=self.binding_required)
            if insufficient is not None:
                raise InvalidToken(
                    f"The token does not cover {scopes!r}.", reason="insufficient_scope"
                ) from insufficient
            decision.outcome = "token_accepted"

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Raise Authlib's error for ours."""
        try:
            yield
        except MutualTLSError as error:
            if error.status == 503:
                raise MutualTLSOAuth2Error(error) from error  # a 503 without challenge: the token may be good
            if isinstance(error.__cause__, OAuth2Error):
                raise error.__cause__ from error
            raise self._invalid_token() from error  # Authlib 1.7 raises errors of JWTs unchanged

    def _invalid_token(self) -> InvalidTokenError:
        attributes = {"realm": self.realm, "extra_attributes": self.extra_attributes}  # type: ignore[attr-defined]
        return InvalidTokenError(**attributes)


def _claims(token: Any) -> Mapping[str, object]:
    if isinstance(token, Mapping):
        return token
    if not hasattr(token, "cnf"):
        raise InvalidToken(
            f"{type(token).__name__} has no cnf: inherit from BoundTokenMixin.", reason="token_not_bound"
        )
    return {} if token.cnf is None else {"cnf": token.cnf}


@contextmanager
def _deciding(token: Any = None) -> Iterator[Decision]:
    with current_state().guard.reporter.deciding("token", current_view().environ) as decision:
        decision.peer = current_record().peer
        client_id = token.get("client_id") if isinstance(token, Mapping) else getattr(token, "client_id", None)
        decision.client_id = client_id if isinstance(client_id, str) else None
        yield decision


@contextmanager
def _telling_shortages() -> Iterator[None]:
    """Answer 503 if the machine failed.

    A validator that calls a token invalid is believed.
    """
    try:
        yield
    except (OAuth2Error, MutualTLSError):
        raise
    except Exception as error:
        if is_shortage(error):
            raise InvalidToken(f"The token could not be checked: {error!r}.", reason="tokens_unavailable") from error
        raise
