"""The bearer token of a request, and the challenge to one that has none (RFC 6750)."""

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from ..errors import InvalidRequest, InvalidToken, MutualTLSError
from ..tokens.tokens import MAX_TOKEN

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_SCHEME = re.compile(r"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)")
# Another Authorization field may have been joined to this one (RFC 9110 section 5.3).
_BEARER_LATER = re.compile(r",[ \t]*Bearer(?![!#$%&'*+.^_`|~0-9A-Za-z-])", re.IGNORECASE)
_CREDENTIALS = re.compile(r"[ \t]*Bearer +([A-Za-z0-9._~+/-]+=*)[ \t]*", re.IGNORECASE)
_CODES = frozenset({"", "invalid_request", "invalid_token", "insufficient_scope"})
_QUOTABLE = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]*")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")  # RFC 6749 section 3.3


def bearer_token(environ: "WSGIEnvironment") -> str:
    """Return the one bearer token, from ``Authorization`` alone; a form body is left unread.

    Raises:
        InvalidToken: ``missing_token``: If ``Authorization`` is missing or has another scheme.
        InvalidRequest: ``malformed_authorization``: it does not hold exactly one bearer token.
        InvalidRequest: ``token_in_query``: If ``access_token`` is in the query, with or without the header.
    """
    query = environ.get("QUERY_STRING", "")
    if any(name == "access_token" for name, _ in parse_qsl(query, keep_blank_values=True, errors="replace")):
        raise InvalidRequest(
            "Send the access token in Authorization: a query is logged and passed on.", reason="token_in_query"
        )
    value = environ.get("HTTP_AUTHORIZATION", "")
    scheme = _SCHEME.match(value)
    if _BEARER_LATER.search(value):
        raise InvalidRequest(
            "Authorization came twice, or holds more than one bearer token.", reason="malformed_authorization"
        )
    if scheme is None or scheme[1].lower() != "bearer":
        raise InvalidToken(
            "No bearer token came: send Authorization: Bearer, and make the server pass it on.", reason="missing_token"
        )
    if len(value) > MAX_TOKEN:
        raise InvalidRequest(f"Authorization is longer than {MAX_TOKEN} characters.", reason="malformed_authorization")
    credentials = _CREDENTIALS.fullmatch(value)
    if credentials is None:
        raise InvalidRequest(
            "Authorization must be Bearer, a space, and one token (RFC 6750 section 2.1).",
            reason="malformed_authorization",
        )
    return credentials[1]


def challenge(error: MutualTLSError, *, realm: str | None = None, scope: str | None = None) -> str:
    """Return the value of ``WWW-Authenticate`` that goes with a refusal (RFC 6750 section 3).

    Args:
        error: the refusal. A missing token gets no error code, since its sender may not know that one is needed.
        realm: what is protected, for people.
        scope: what a token needs, separated by spaces; told where no token or too little scope came.

    Raises:
        ValueError: as :func:`check_challenge`.
    """
    check_challenge(realm, scope)
    # A custom source may raise what only an authorization server answers: that is not a code for this challenge.
    code = error.error if error.error in _CODES else "invalid_token"
    members = {"realm": realm, "error": code}
    if error.reason in {"missing_token", "insufficient_scope"}:
        members["scope"] = scope
    # A challenge needs at least one parameter.
    given = {name: value for name, value in members.items() if value} or {"realm": "oauth"}
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in given.items())


def check_challenge(realm: str | None, scope: str | None) -> None:
    """Check once what will stand in every challenge.

    Raises:
        ValueError: ``realm`` or ``scope`` has characters that they can't have.
    """
    if realm is not None and not _QUOTABLE.fullmatch(realm):
        raise ValueError('realm must be printable ASCII without " and \\.')
    if scope is not None and not _SCOPE.fullmatch(scope):
        raise ValueError("scope must be scope tokens separated by one space (RFC 6749 section 3.3).")
