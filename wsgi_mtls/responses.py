"""A refusal as an answer of an authorization server or an API.

See RFC 6749 section 5.2 and RFC 6750 section 3.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Response

from .errors import REASONS, InvalidMetadata, InvalidToken, MutualTLSError, UntrustedPath
from .options import InvalidOption
from .request.bearer import challenge

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

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


@dataclass(frozen=True, slots=True)
class Answer:
    """A refusal as a WSGI application.

    Attributes:
        status: of HTTP.
        headers: without the length.
        body: for any method but HEAD.
    """

    # Strangers cause refusals, and Werkzeug's ``Response`` costs twice as much.

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        phrase = HTTP_STATUS_CODES.get(self.status, "Unknown").upper()
        start_response(f"{self.status} {phrase}", [*self.headers, ("Content-Length", str(len(self.body)))])
        return () if environ.get("REQUEST_METHOD") == "HEAD" else (self.body,)

    def as_response(self) -> Response:
        """Return the answer as a Werkzeug response."""
        response = Response(self.body, self.status, self.headers)
        if not any(name == "Content-Type" for name, _ in self.headers):
            del response.headers["Content-Type"]
        return response


def error_answer(
    environ: "WSGIEnvironment", error: MutualTLSError, verbosity: Verbosity, *, oauth: bool = True
) -> Answer:
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
    headers = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
    if error.reason == "http_method_not_allowed":
        headers.append(("Allow", "POST"))
    scheme = _SCHEME.match(environ.get("HTTP_AUTHORIZATION", ""))
    if error.status == 401 and scheme:
        headers.append(("WWW-Authenticate", f'{scheme[1].capitalize()} realm="oauth"'))
    if verbosity == "minimal":
        return Answer(error.status, [*headers, ("Content-Type", "text/plain; charset=utf-8")])
    body = json.dumps(_members(error, verbosity, oauth)).encode()
    return Answer(error.status, [*headers, ("Content-Type", "application/json")], body)


def token_error_answer(error: MutualTLSError, *, realm: str | None = None, scope: str | None = None) -> Answer:
    """Make the answer to a refused access token (RFC 6750 section 3).

    It has only a challenge.

    Args:
        error: the refusal.
        realm: what is protected, for people.
        scope: what a token needs, separated by spaces.
    """
    headers = [("Cache-Control", "no-store")]
    if error.status != 503:  # the token may be good
        headers.append(("WWW-Authenticate", challenge(error, realm=realm, scope=scope)))
    return Answer(error.status, headers)


def error_response(
    environ: "WSGIEnvironment", error: MutualTLSError, verbosity: Verbosity, *, oauth: bool = True
) -> Response:
    """Return :func:`error_answer` as Werkzeug's and Flask's response."""
    return error_answer(environ, error, verbosity, oauth=oauth).as_response()


def token_error_response(error: MutualTLSError, *, realm: str | None = None, scope: str | None = None) -> Response:
    """Return :func:`token_error_answer` as Werkzeug's and Flask's response."""
    return token_error_answer(error, realm=realm, scope=scope).as_response()


def _members(error: MutualTLSError, verbosity: Verbosity, oauth: bool) -> dict[str, str]:
    code = error.error
    if code == "invalid_client" and not oauth:
        code = "certificate_required" if error.reason == "no_certificate" else "certificate_rejected"
    if verbosity != "debug":
        return {"error": code}
    description = _NOT_IN_DESCRIPTION.sub("'", debug_text(error))
    return {"error": code, "error_description": description}


def debug_text(error: MutualTLSError) -> str:
    """Return the reason and the text that a caller sees at verbosity ``debug``."""
    text = error.message
    # These quote the registration, the trust store's certificates, and what a token decoder raised, such as the address
    # of an introspection endpoint: only the operator may know them.
    if isinstance(error, InvalidMetadata | UntrustedPath | InvalidToken):
        text = (REASONS.get(error.reason) or REASONS[error.default_reason]).text
    return f"{error.reason}: {text}"
