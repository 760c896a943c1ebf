"""A refusal as an answer: of an authorization server (RFC 6749 section 5.2), or of an API (RFC 6750 section 3)."""

import json
import re
from typing import TYPE_CHECKING, Literal, get_args

from werkzeug.wrappers import Response

from .errors import REASONS, InvalidMetadata, MutualTLSError, UntrustedPath
from .options import InvalidOption
from .request.bearer import challenge

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Verbosity = Literal["debug", "normal", "minimal"]
VERBOSITIES: tuple[Verbosity, ...] = get_args(Verbosity)


def check_verbosity(verbosity: object) -> None:
    """Check the verbosity of refusals.

    Raises:
        InvalidOption: If it is not one of :data:`VERBOSITIES`.
    """
    if verbosity not in VERBOSITIES:
        raise InvalidOption("verbosity", f"must be one of {', '.join(VERBOSITIES)}, not {verbosity!r}.")


_NOT_IN_DESCRIPTION = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")
_SCHEME = re.compile(r"\s*(Basic|Bearer)\b", re.IGNORECASE)


def error_response(
    environ: "WSGIEnvironment", error: MutualTLSError, verbosity: Verbosity, *, oauth: bool = True
) -> Response:
    """Make the answer to a refused request.

    ``WWW-Authenticate`` names the scheme that the request itself used; without one there is none to name, since
    mutual TLS has no HTTP scheme.

    Args:
        environ: the request.
        error: the refusal.
        verbosity: how much the answer shows.
        oauth: whether the caller is an OAuth client. For plain mutual TLS the code is not ``invalid_client``, but
            ``certificate_required`` or ``certificate_rejected``.
    """
    response = Response(status=error.status, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})
    if error.reason == "http_method_not_allowed":
        response.headers["Allow"] = "POST"
    scheme = _SCHEME.match(environ.get("HTTP_AUTHORIZATION", ""))
    if error.status == 401 and scheme:
        response.headers["WWW-Authenticate"] = f'{scheme[1].capitalize()} realm="oauth"'
    if verbosity != "minimal":
        response.content_type = "application/json"
        response.set_data(json.dumps(_members(error, verbosity, oauth)))
    return response


def token_error_response(error: MutualTLSError, *, realm: str | None = None, scope: str | None = None) -> Response:
    """Make the answer to a refused access token: the challenge is all that the caller gets (RFC 6750 section 3).

    Args:
        error: the refusal.
        realm: what is protected, for people.
        scope: what a token needs, separated by spaces.
    """
    response = Response(status=error.status, headers={"Cache-Control": "no-store"})
    del response.headers["Content-Type"]
    if error.status != 503:  # the token may be good
        response.headers["WWW-Authenticate"] = challenge(error, realm=realm, scope=scope)
    return response


def _members(error: MutualTLSError, verbosity: Verbosity, oauth: bool) -> dict[str, str]:
    code = error.error
    if code == "invalid_client" and not oauth:
        code = "certificate_required" if error.reason == "no_certificate" else "certificate_rejected"
    if verbosity != "debug":
        return {"error": code}
    # These quote the registration, and the trust store's certificates, which only the operator may know.
    text = REASONS[error.reason].text if isinstance(error, InvalidMetadata | UntrustedPath) else error.message
    description = _NOT_IN_DESCRIPTION.sub("'", f"{error.reason}: {text}")
    return {"error": code, "error_description": description}
