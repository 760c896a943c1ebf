"""Answers made for one certificate or token, kept out of shared caches.

See RFC 9111 section 3.5.
"""

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from werkzeug.http import dump_header, parse_dict_header

from .request.wsgi import RECORD, is_private

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Fields by which one kind of shared cache keeps an answer in spite of Cache-Control: the field of nginx, those that a
# CDN names after itself (RFC 9213 section 2.1) or did before, as Akamai its Edge-Control.
FOR_SHARED_CACHES = re.compile("X-Accel-Expires|.+-Cache-Control|Surrogate-Control|Edge-Control", re.IGNORECASE)
_ENDS = ("-control", "-expires")  # of all of them; the pattern itself takes longer to see it


def keep_private(start_response: "StartResponse", environ: "WSGIEnvironment", *, store: bool = True) -> "StartResponse":
    """Return a ``start_response`` that makes the answer private on demand.

    A record of the request demands it.

    Args:
        start_response: the server's.
        environ: the request; its records are looked at when the application answers.
        store: False for an answer that no cache may store, as a token endpoint's (RFC 6749 section 5.1), whatever the
            records say.
    """
    # Not a function in this one: Python would evaluate its annotations in every request.
    return partial(_start, start_response, environ, store)


def _start(
    start_response: "StartResponse",
    environ: "WSGIEnvironment",
    store: bool,
    status: str,
    headers: list[tuple[str, str]],
    *exc_info: Any,
) -> Any:
    if not store or (RECORD in environ and is_private(environ)):
        headers = private_headers(headers, store=store)
    return start_response(status, headers, *exc_info)


def private_headers(headers: list[tuple[str, str]], *, store: bool = True) -> list[tuple[str, str]]:
    """Return an answer's headers, which no shared cache may store afterwards.

    Args:
        headers: the application's; its ``no-store`` stays.
        store: whether a private cache may store the answer.
    """
    made, given = [], []
    for field in headers:
        name = field[0].lower()
        if name == "cache-control":
            given.append(field[1])
        elif not (name.endswith(_ENDS) and FOR_SHARED_CACHES.fullmatch(name)):
            made.append(field)
    made.append(("Cache-Control", private_cache_control(", ".join(given), store=store)))
    return made


@lru_cache(maxsize=64)  # an application answers with a few values, and to take one apart costs more than the rest
def private_cache_control(value: str, *, store: bool = True) -> str:
    """Return the ``Cache-Control`` of an answer that no shared cache may store.

    Args:
        value: the application's; everything but ``public`` and ``s-maxage`` stays.
        store: whether a private cache may store the answer.
    """
    if not store:
        return "no-store"
    if not value:
        return "private"
    directives = {name.lower(): argument for name, argument in parse_dict_header(value).items()}
    directives.pop("public", None)
    directives.pop("s-maxage", None)
    # With must-understand, which makes caches ignore no-store (RFC 9111 section 5.2.2.3), no-store is not enough.
    if "no-store" not in directives or "must-understand" in directives:
        directives["private"] = None  # the form with field names would keep the rest of the answer
    return dump_header(directives)
