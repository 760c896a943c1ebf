"""Tokens of another authorization server, by introspection (RFC 7662).

They keep their ``cnf``.
"""

import hashlib
import logging
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import router, transaction
from django.utils import timezone
from oauth2_provider.models import get_access_token_model
from oauth2_provider.settings import oauth2_settings

from wsgi_mtls.errors import InvalidToken

from .confirmations import confirm_remote_token
from .moved import get_timezone

logger = logging.getLogger("oauth2_provider")

TIMEOUT = 10
"""How long the answer may take, in seconds."""
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FAILURES: ContextVar[list[InvalidToken]] = ContextVar("django_mtls.introspection_failures")


def introspect(
    token: str,
    url: str,
    bearer: str | None,
    credentials: Sequence[str] | None,
    assertion: tuple[str, str] | None = None,
) -> Mapping[str, Any] | None:
    """Ask about a token as OAuth Toolkit does.

    Args:
        token: the token.
        url: the introspection endpoint.
        bearer: the access token that authenticates this API there.
        credentials: or its ``client_id`` and secret.
        assertion: or its ``client_id`` and a JWT of its own (RFC 7523 section 2.2).

    Returns:
        The answer; None where the token is not active.

    Raises:
        InvalidToken: ``tokens_unavailable``: If the endpoint cannot be reached, or answers with anything but an object.
    """
    headers, form = {}, {"token": token}
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    elif credentials:
        headers["Authorization"] = f"Basic {b64encode(':'.join(credentials).encode()).decode()}"
    elif assertion:
        form |= {"client_id": assertion[0], "client_assertion_type": _JWT_BEARER, "client_assertion": assertion[1]}
    try:
        # Where a redirect leads, the token is not for.
        response = requests.post(url, data=form, headers=headers, timeout=TIMEOUT, allow_redirects=False)
    except requests.exceptions.RequestException as error:
        logger.exception("Introspection: Failed POST to %r in token lookup", url)
        raise _unavailable(f"could not be reached: {error}") from error
    content = _content(response)
    if not isinstance(content, dict):
        raise _unavailable("did not answer with an object")
    return content if content.get("active") is True else None


@contextmanager
def noting_failures() -> Iterator[list[InvalidToken]]:
    """Collect why an endpoint failed in this block.

    OAuth Toolkit's code only returns None.
    """
    failures: list[InvalidToken] = []
    token = _FAILURES.set(failures)
    try:
        yield failures
    finally:
        _FAILURES.reset(token)


def note_failure(error: InvalidToken) -> None:
    """Note a failure where it is collected."""
    _FAILURES.get([]).append(error)


def _content(response: requests.Response) -> object:
    if response.status_code != requests.codes.ok:
        # As OAuth Toolkit logs it; its own tests also expect the empty traceback.
        logger.error(
            "Introspection: Failed to get a valid response from authentication server. Status code: %s, Reason: %s.",
            response.status_code,
            response.reason,
            exc_info=True,
        )
        raise _unavailable(f"answered with the status {response.status_code}")
    try:
        content: object = response.json()
    except ValueError as error:
        logger.exception("Introspection: Failed to parse response as json")
        raise _unavailable("did not answer with JSON") from error
    return content


def _unavailable(why: str) -> InvalidToken:
    return InvalidToken(f"The introspection endpoint {why}.", reason="tokens_unavailable")


def username_in(content: Mapping[str, Any]) -> str | None:
    """Return the token's owner, or None: RFC 7662 does not require one.

    Raises:
        ValueError: If it contains a value that cannot be a user's name.
    """
    name = content.get("username")
    if name is None:
        return None
    model: Any = get_user_model()
    longest = getattr(model._meta.get_field(model.USERNAME_FIELD), "max_length", None)
    if not isinstance(name, str) or not name or "\0" in name or (longest and len(name) > longest):
        raise ValueError("introspection reported an invalid username")
    return name


def save(token: str, content: Mapping[str, Any], user: Any) -> Any:
    """Save an active token, and return its row or None.

    The row is kept until the token expires or is asked about again. OAuth Toolkit's own drops ``cnf``: what was bound
    would be a bearer token from then on.
    """
    expires, audience = _expires(content.get("exp")), content.get("aud", [])
    audience = [audience] if isinstance(audience, str) else audience
    scope = content.get("scope", "")
    if expires is None or not isinstance(scope, str) or not _are_texts(audience):
        logger.error("introspection reported an invalid exp, aud or scope")
        return None
    model: Any = get_access_token_model()
    stored = "" if getattr(oauth2_settings, "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE", False) else token
    values = {"token": stored, "user": user, "application": None, "scope": scope, "expires": expires}
    if any(field.name == "resource" for field in model._meta.get_fields()):
        values["resource"] = audience
    with transaction.atomic(using=router.db_for_write(model)):
        checksum = hashlib.sha256(token.encode()).hexdigest()
        row, _ = model.objects.update_or_create(token_checksum=checksum, defaults=values)
        confirm_remote_token(row, {"cnf": content["cnf"]} if "cnf" in content else {})
    return row


def _expires(exp: object) -> datetime | None:
    latest = datetime.now(UTC) + timedelta(seconds=oauth2_settings.RESOURCE_SERVER_TOKEN_CACHING_SECONDS)
    if exp is None:
        moment = latest
    elif isinstance(exp, int | float) and not isinstance(exp, bool):
        try:
            clock = datetime.fromtimestamp(exp, tz=UTC).replace(tzinfo=None)
        except (OverflowError, OSError, ValueError):
            return None
        zone = get_timezone(oauth2_settings.AUTHENTICATION_SERVER_EXP_TIME_ZONE)
        moment = min(timezone.make_aware(clock, zone), latest)
    else:
        return None
    return moment if settings.USE_TZ else timezone.make_naive(moment, UTC)


def _are_texts(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)
