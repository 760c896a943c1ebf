"""The preflight that a browser sends before a cross-origin request.

See the Fetch standard, section 4.8. It carries no credentials, neither ``Authorization`` nor, as a rule, the client's
certificate. So it can be accepted only as what it is: a question about CORS, whose answer has no content.
"""

import re
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from werkzeug.wrappers import Response

from ..sources import PEER, GuardedSource

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from ..sources import CertificateSource

_ORIGIN = re.compile(r"[^\s,]+")
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 9.1
_NO_LENGTH = frozenset({None, "", "0"})
# What makes another method of OPTIONS, in a layer further in.
_OVERRIDES = frozenset({"HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_X_HTTP_METHOD", "HTTP_X_METHOD_OVERRIDE"})
_IN_QUERY = frozenset({
    "_method", "x-http-method-override", "x-http-method", "x-method-override", "access_token", "client_secret",
    "client_assertion",
})  # fmt: skip
_KEPT = re.compile(r"Access-Control-.+|Allow|Vary", re.IGNORECASE)


def is_preflight(environ: "WSGIEnvironment") -> bool:
    """Return whether a request is exactly a preflight.

    It is ``OPTIONS`` with ``Origin`` and ``Access-Control-Request-Method``, without a body, a token or another
    credential, and without anything that makes another method of it.

    Args:
        environ: the request; Django's ``META`` has the same keys.
    """
    return (
        environ.get("REQUEST_METHOD") == "OPTIONS"
        and _ORIGIN.fullmatch(environ.get("HTTP_ORIGIN", "")) is not None
        and _METHOD.fullmatch(environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD", "")) is not None
        and environ.get("CONTENT_LENGTH") in _NO_LENGTH
        and not environ.get("HTTP_TRANSFER_ENCODING")
        and "HTTP_AUTHORIZATION" not in environ
        and not _OVERRIDES & environ.keys()
        and not _names_in_query(environ.get("QUERY_STRING", "")) & _IN_QUERY
    )


def answer_preflight(app: "WSGIApplication", environ: "WSGIEnvironment", source: "CertificateSource") -> Response:
    """Return an application's answer to a preflight, without its content.

    Only the status and the CORS headers remain. The application sees neither a certificate nor cookies nor a body. A
    view that does not look at the method may answer with its content: that is dropped, and so are headers that could
    have some of it.

    Args:
        app: the application.
        environ: a request for which :func:`is_preflight` returned True.
        source: where a certificate would be.
    """
    # A browser sends no cookies with a preflight, so a session here is another client's attempt to have a view use it.
    bare = {key: value for key, value in environ.items() if not key.startswith("wsgi_mtls.") and key != "HTTP_COOKIE"}
    if isinstance(source, GuardedSource):
        source.drop(bare)
    answer = Response.from_app(app, bare | {PEER: None, "wsgi.input": BytesIO()})
    answer.close()
    return without_content(answer)


def without_content(answer: Response) -> Response:
    """Return a new answer with only the status and the CORS headers of the given one."""
    made = Response(status=answer.status)
    del made.headers["Content-Type"]
    for name, value in answer.headers:
        if _KEPT.fullmatch(name):
            made.headers.add(name, value)
    return made


def _names_in_query(query: str) -> set[str]:
    return {name.lower() for name, _ in parse_qsl(query, keep_blank_values=True, errors="replace")}
