"""The certificate or key that a token in the database is bound to."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.db.models import F, Model
from oauth2_provider.models import get_access_token_model, get_refresh_token_model
from oauth2_provider.settings import oauth2_settings

from .models import AccessTokenConfirmation, Confirmation, RefreshTokenConfirmation


def claims_of(token: Any) -> Mapping[str, object]:
    """Return the claims of a token's row that the core verifies.

    They are ``cnf``, or nothing, for an access or a refresh token.
    """
    model = AccessTokenConfirmation if isinstance(token, get_access_token_model()) else RefreshTokenConfirmation
    found: Confirmation | None = model._default_manager.using(token._state.db).filter(token=token.pk).first()
    if found is None:
        return {}
    # Whatever else the value is, the token was bound to something.
    return found.claims if isinstance(found.claims, dict) else {"cnf": found.claims}


def confirm_access_token(token: str, claims: Mapping[str, object]) -> None:
    """Save what an access token is bound to, which may be nothing."""
    row = find_access_token(token)
    if row is None and not claims:
        return
    if row is None:
        raise RuntimeError("The access token was not saved where get_access_token_model() looks.")
    _confirm(AccessTokenConfirmation, row, claims)


def confirm_remote_token(row: Model, claims: Mapping[str, object]) -> None:
    """Save the confirmation that another server reported, also if there is none."""
    AccessTokenConfirmation._default_manager.using(row._state.db).update_or_create(
        token=row, defaults={"claims": dict(claims)}
    )


def is_told(row: Any) -> bool:
    """Return whether it is known what an access token is bound to.

    It is not for one that OAuth Toolkit's own validator has asked another server about: that drops ``cnf``.
    """
    if row.application_id is not None or not oauth2_settings.RESOURCE_SERVER_INTROSPECTION_URL:
        return True
    return AccessTokenConfirmation._default_manager.using(row._state.db).filter(token=row.pk).exists()


def confirm_refresh_token(token: str, claims: Mapping[str, object]) -> None:
    """Save what a refresh token is bound to, which may be nothing."""
    row = find_refresh_token(token)
    if row is None:
        raise RuntimeError("The refresh token was not saved where get_refresh_token_model() looks.")
    _confirm(RefreshTokenConfirmation, row, claims)


def find_access_token(token: str) -> Any:
    """Return the row of an access token, or None."""
    return get_access_token_model().objects.filter(token_checksum=_checksum(token)).first()


def find_refresh_token(token: str) -> Any:
    """Return the row of a refresh token, or None.

    Of equal ones, it is the one that is not revoked.
    """
    model: Any = get_refresh_token_model()
    # OAuth Toolkit before 3.4 has no checksum here.
    has_checksum = any(field.name == "token_checksum" for field in model._meta.get_fields())
    wanted = {"token_checksum": _checksum(token)} if has_checksum else {"token": token}
    return model.objects.filter(**wanted).order_by(F("revoked").desc(nulls_first=True)).first()


def _confirm(model: type[Confirmation], row: Model, claims: Mapping[str, object]) -> None:
    manager = model._default_manager.using(row._state.db)
    if claims:
        manager.update_or_create(token=row, defaults={"claims": dict(claims)})
    else:
        manager.filter(token=row).delete()


def _checksum(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
