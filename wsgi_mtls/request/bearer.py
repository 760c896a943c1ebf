"""The access token of a request, and the challenge if it is missing.

See RFC 6750 and RFC 9449 section 7.
"""

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl

from ..errors import InvalidRequest, InvalidToken, MutualTLSError
from ..options import InvalidOption
from ..tokens.tokens import MAX_TOKEN

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

RESOURCE_METADATA = "wsgi_mtls.resource_metadata"
"""The environ key of the URL of the API's own metadata, where a middleware serves them (RFC 9728 section 5.1)."""

_SCHEME = re.compile(r"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)")
# Another Authorization field may have been joined to this one (RFC 9110 section 5.3).
_BEARER_LATER = re.compile(r",[ \t]*Bearer(?![!#$%&'*+.^_`|~0-9A-Za-z-])", re.IGNORECASE)
_DPOP_LATER = re.compile(r",[ \t]*DPoP(?![!#$%&'*+.^_`|~0-9A-Za-z-])", re.IGNORECASE)
# Without regard to case in the scheme alone: a long token takes five times as long otherwise.
_CREDENTIALS = re.compile(r"[ \t]*(?i:Bearer|DPoP) +([A-Za-z0-9._~+/-]+=*)[ \t]*", re.ASCII)
_CODES = frozenset({
    *("", "invalid_request", "invalid_token", "insufficient_scope"),
    *("invalid_dpop_proof", "insufficient_user_authentication"),
})  # fmt: skip
_QUOTABLE = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]*")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")  # RFC 6749 section 3.3


def bearer_token(environ: "WSGIEnvironment") -> str:
    """Return the one bearer token; see :func:`access_token`."""
    return access_token(environ)[1]


def access_token(environ: "WSGIEnvironment", *, dpop: bool = False) -> tuple[Literal["Bearer", "DPoP"], str]:
    """Return the scheme and the one access token in ``Authorization``.

    The body is never read.

    Args:
        environ: the request.
        dpop: whether the scheme ``DPoP`` is also accepted (RFC 9449 section 7.1).

    Raises:
        InvalidToken: ``missing_token``: If ``Authorization`` is missing or has another scheme.
        InvalidRequest: ``malformed_authorization``: If it does not hold exactly one token.
        InvalidRequest: ``token_in_query``: If ``access_token`` is in the query, with or without the header.
    """
    query = environ.get("QUERY_STRING", "")
    if query and any(name == "access_token" for name, _ in parse_qsl(query, keep_blank_values=True, errors="replace")):
        raise InvalidRequest(
            "Send the access token in Authorization: a query is logged and passed on.", reason="token_in_query"
        )
    value = environ.get("HTTP_AUTHORIZATION", "")
    found = _SCHEME.match(value)
    if _BEARER_LATER.search(value) or (dpop and _DPOP_LATER.search(value)):
        raise InvalidRequest(
            "Authorization came twice, or holds more than one access token.", reason="malformed_authorization"
        )
    scheme = found[1].lower() if found is not None else ""
    if scheme != "bearer" and not (dpop and scheme == "dpop"):
        raise InvalidToken(
            "No access token came: send Authorization: Bearer, and make the server pass it on.", reason="missing_token"
        )
    if len(value) > MAX_TOKEN:
        raise InvalidRequest(f"Authorization is longer than {MAX_TOKEN} characters.", reason="malformed_authorization")
    credentials = _CREDENTIALS.fullmatch(value)
    if credentials is None:
        raise InvalidRequest(
            "Authorization must be the scheme, a space, and one token (RFC 6750 section 2.1).",
            reason="malformed_authorization",
        )
    return "Bearer" if scheme == "bearer" else "DPoP", credentials[1]


def offer(
    error: MutualTLSError,
    environ: "WSGIEnvironment",
    *,
    dpop: bool = False,
    algorithms: Collection[str] = (),
    step_up: Mapping[str, str] | None = None,
) -> None:
    """Add to a refusal what its challenge offers besides the usual parameters.

    Args:
        error: the refusal.
        environ: the request, whose scheme the challenge follows.
        dpop: whether the scheme ``DPoP`` is also accepted.
        algorithms: those that a proof may have (RFC 9449 section 7.1).
        step_up: the parameters by which a client has its user log in again (RFC 9470 section 3).
    """
    found = _SCHEME.match(environ.get("HTTP_AUTHORIZATION", ""))
    error.scheme = "DPoP" if dpop and found is not None and found[1].lower() == "dpop" else "Bearer"
    error.parameters = dict(step_up or {}) if error.error == "insufficient_user_authentication" else {}
    if RESOURCE_METADATA in environ:
        error.parameters["resource_metadata"] = environ[RESOURCE_METADATA]
    if algorithms:
        error.parameters["algs"] = " ".join(algorithms)


def challenge(error: MutualTLSError, *, realm: str | None = None, scope: str | None = None) -> str:
    """Return the value of ``WWW-Authenticate`` for a refusal.

    It follows RFC 6750 section 3 and RFC 9449 section 7.1.

    Args:
        error: the refusal, whose scheme and parameters are in the challenge. A missing token gets no error code, since
            its sender may not know that one is needed.
        realm: what is protected, for people.
        scope: what a token needs, separated by spaces; included if no token or too little scope came.

    Raises:
        ValueError: If :func:`check_challenge` refuses it.
    """
    check_challenge(realm, scope)
    # A custom source may raise what only an authorization server answers: that is not a code for this challenge.
    code = error.error if error.error in _CODES else "invalid_token"
    members: dict[str, str | None] = {"realm": realm, "error": code}
    if error.reason in {"missing_token", "insufficient_scope"}:
        members["scope"] = scope
    if error.scheme == "DPoP":
        return _one_challenge("DPoP", members | error.parameters)
    others = {name: value for name, value in error.parameters.items() if name != "algs"}
    bearer = _one_challenge("Bearer", members | others)
    if "algs" not in error.parameters:
        return bearer
    # RFC 9449 section 7.2: an API that accepts both offers both.
    return f"{bearer}, {_one_challenge('DPoP', {'algs': error.parameters['algs']})}"


def _one_challenge(scheme: str, members: Mapping[str, str | None]) -> str:
    # A challenge needs at least one parameter.
    given = {name: value for name, value in members.items() if value} or {"realm": "oauth"}
    return f"{scheme} " + ", ".join(f'{name}="{value}"' for name, value in given.items())


def check_challenge(realm: str | None, scope: str | None) -> None:
    """Check once what every challenge will contain.

    Raises:
        ValueError: If ``realm`` or ``scope`` has characters that they can't have.
    """
    if realm is not None and not (isinstance(realm, str) and _QUOTABLE.fullmatch(realm)):
        raise InvalidOption("realm", f'must be printable ASCII without " and \\, not {realm!r}.')
    if scope is not None and not _SCOPE.fullmatch(scope):
        raise ValueError("scope must be scope tokens separated by one space (RFC 6749 section 3.3).")
