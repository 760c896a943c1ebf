"""The answer to a refusal: RFC 6749 section 5.2, as wordy as its verbosity allows."""

import json
import re
from typing import TYPE_CHECKING, Literal, get_args

from werkzeug.wrappers import Response

from .errors import HTTPMethodNotAllowed, MutualTLSError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Verbosity = Literal["debug", "normal", "minimal"]
VERBOSITIES: tuple[Verbosity, ...] = get_args(Verbosity)

_NOT_IN_DESCRIPTION = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")
_SCHEME = re.compile(r"\s*(Basic|Bearer)\b", re.IGNORECASE)


def error_response(environ: "WSGIEnvironment", error: MutualTLSError, verbosity: Verbosity) -> Response:
    """Make the answer to a refused request.

    ``WWW-Authenticate`` names the scheme that the request itself used; without one there is none to name, since
    mutual TLS has no HTTP scheme.
    """
    response = Response(status=error.status, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})
    if isinstance(error, HTTPMethodNotAllowed):
        response.headers["Allow"] = "POST"
    scheme = _SCHEME.match(environ.get("HTTP_AUTHORIZATION", ""))
    if error.status == 401 and scheme:
        response.headers["WWW-Authenticate"] = f'{scheme[1].capitalize()} realm="oauth"'
    if verbosity != "minimal":
        response.content_type = "application/json"
        response.set_data(json.dumps(_members(error, verbosity)))
    return response


def _members(error: MutualTLSError, verbosity: Verbosity) -> dict[str, str]:
    if verbosity != "debug":
        return {"error": error.error}
    description = _NOT_IN_DESCRIPTION.sub("'", f"{error.reason}: {error.message}")
    return {"error": error.error, "error_description": description}
