"""Codes and refresh tokens that OAuth Toolkit gives tokens for more than once.

It saves the new tokens before it uses the old code or token up, forgets a code with its first use, and gives the tokens
of the first of several simultaneous requests to the others too (RFC 6749 section 4.1.2, RFC 9700 section 4.14.2).

Needed up to OAuth Toolkit 3.4, the newest release.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_grant_model, get_refresh_token_model
from oauth2_provider.settings import oauth2_settings
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError

from wsgi_mtls.binding import must_rotate

from ..confirmations import claims_of, find_access_token, find_refresh_token
from ..models import RedeemedCode
from ..registrations import client_of

_OF_CODE = frozenset({"authorization_code", "openid"})
_USED_UP = "mtls_code_is_used_up"


class SingleUseValidatorMixin:
    """A mixin for a validator that uses up each code and refresh token.

    It does so in the transaction that saves the tokens, and ends what a reused one gave.
    """

    def validate_code(self, client_id: str, code: str, client: Any, request: Any, *args: Any, **options: Any) -> bool:
        """Return whether a code is this client's and unused.

        What a used one gave is ended (RFC 6749 section 4.1.2).
        """
        valid: bool = super().validate_code(client_id, code, client, request, *args, **options)  # type: ignore[misc]
        if not valid:
            _end_code(code, client)
        return valid

    def get_code_challenge(self, code: str, request: Any) -> Any:
        """Return the code's challenge."""
        with _still_there(code, request.client):
            return super().get_code_challenge(code, request)  # type: ignore[misc]

    def get_code_challenge_method(self, code: str, request: Any) -> Any:
        """Return the method of the code's challenge."""
        with _still_there(code, request.client):
            return super().get_code_challenge_method(code, request)  # type: ignore[misc]

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Any, *args: Any, **options: Any
    ) -> Any:
        """Return whether the code was sent to this address."""
        with _still_there(code, client):
            return super().confirm_redirect_uri(client_id, code, redirect_uri, client, *args, **options)  # type: ignore[misc]

    def save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **options: Any) -> Any:
        """Save the tokens.

        Raises:
            InvalidGrantError: If another request has used the code or refresh token; its tokens are then revoked.
        """
        try:
            return super().save_bearer_token(token, request, *args, **options)  # type: ignore[misc]
        except InvalidGrantError:
            # After the transaction, which took back what it had saved.
            if request.grant_type in _OF_CODE:
                _end_code(request.code, request.client)
            elif request.grant_type == "refresh_token":
                end_reused(find_refresh_token(request.refresh_token), request.client)
            raise

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Any, *args: Any, **options: Any
    ) -> None:
        """Delete the code, unless it went when its tokens were saved."""
        if not getattr(request, _USED_UP, False):
            super().invalidate_authorization_code(client_id, code, request, *args, **options)  # type: ignore[misc]

    def _save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **options: Any) -> Any:
        if request.grant_type == "refresh_token":
            _lock_refresh_token(request)
        try:
            saved = super()._save_bearer_token(token, request, *args, **options)  # type: ignore[misc]
        except (get_access_token_model().DoesNotExist, get_refresh_token_model().DoesNotExist):
            raise InvalidGrantError(request=request) from None  # revoked by another request
        if request.grant_type in _OF_CODE:
            _use_up_code(token, request)
        return saved


def end_reused(refresh_token: Any, application: Any) -> None:
    """End all tokens of an authorization after a second use of a refresh token.

    Always for a public client's unbound token, since a thief looks the same as its client (RFC 9700 section 4.14.2).
    For others if the project sets ``REFRESH_TOKEN_REUSE_PROTECTION``.
    """
    if refresh_token is None or refresh_token.revoked is None or _is_within_grace(refresh_token):
        return
    if oauth2_settings.REFRESH_TOKEN_REUSE_PROTECTION or must_rotate(claims_of(refresh_token), client_of(application)):
        end_family(refresh_token)


def end_family(refresh_token: Any) -> None:
    """Revoke a refresh token with everything that came of its authorization.

    This includes the access tokens.
    """
    model: Any = get_refresh_token_model()
    family = model.objects.filter(revoked__isnull=True)
    by = {"token_family": refresh_token.token_family} if refresh_token.token_family else {"pk": refresh_token.pk}
    family, seen = family.filter(**by).order_by("pk"), None
    # revoke() waits for a refresh that is under way, which adds a token that was not seen here: look again.
    while (live := list(family.all())) and (found := [row.pk for row in live]) != seen:
        for row in live:
            row.revoke()
        seen = found


def _use_up_code(token: dict[str, Any], request: Any) -> None:
    """Delete the code, and remember what it gave.

    Of several requests at once, only one finds it.
    """
    code, application = request.code, request.client
    deleted, _ = get_grant_model().objects.filter(code=code, application=application).delete()
    if not deleted:
        raise InvalidGrantError(request=request)
    setattr(request, _USED_UP, True)
    access = find_access_token(token["access_token"])
    refresh = find_refresh_token(token["refresh_token"]) if token.get("refresh_token") else None
    given = {"access_token": access} if refresh is None else {"refresh_token": refresh}
    RedeemedCode._default_manager.using(access._state.db).create(code_checksum=_checksum(code), **given)


def _end_code(code: str, application: Any) -> None:
    for row in RedeemedCode._default_manager.filter(code_checksum=_checksum(code)):
        given = row.refresh_token or row.access_token
        if given is None or given.application_id != application.pk:
            continue
        if row.refresh_token is None:
            given.revoke()
        else:
            end_family(given)


def _lock_refresh_token(request: Any) -> None:
    """Lock the refresh token; reject it if another request used or revoked it."""
    known = getattr(request, "refresh_token_instance", None)
    if known is None:
        return
    newest = get_refresh_token_model().objects.select_for_update().filter(pk=known.pk).first()
    if newest is None or (newest.revoked is not None and not _may_come_again(newest)):
        raise InvalidGrantError(request=request)


def _may_come_again(refresh_token: Any) -> bool:
    """Return whether a client may ask again within the project's grace period."""
    used: bool = get_access_token_model().objects.filter(source_refresh_token=refresh_token).exists()
    return used and _is_within_grace(refresh_token)


def _is_within_grace(refresh_token: Any) -> bool:
    grace = timedelta(seconds=oauth2_settings.REFRESH_TOKEN_GRACE_PERIOD_SECONDS)
    return bool(refresh_token.revoked > timezone.now() - grace)


@contextmanager
def _still_there(code: str, application: Any) -> Iterator[None]:
    """Reject a code that another request has redeemed meanwhile, as any second use."""
    try:
        yield
    except get_grant_model().DoesNotExist:
        _end_code(code, application)
        raise InvalidGrantError from None


def _checksum(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
