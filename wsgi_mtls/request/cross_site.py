"""Requests that another site's page made a browser send.

The browser sends its certificate unasked.
"""

from typing import TYPE_CHECKING

from werkzeug.wsgi import get_host

from ..errors import RefusedClient

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def check_site(environ: "WSGIEnvironment") -> None:
    """Refuse an unsafe method that a browser sends for a page of another origin.

    ``Sec-Fetch-Site`` names the kind of page; an older browser sends ``Origin``, whose scheme must be https,
    since a client certificate comes over nothing else. A caller that sends neither is not a browser. Another host of
    the same site is also refused: it may be someone else's.

    Raises:
        RefusedClient: ``cross_site_request``: If it did.
    """
    if environ["REQUEST_METHOD"] in _SAFE_METHODS:
        return
    site, origin = environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise RefusedClient(
                f"Sec-Fetch-Site is {site!r}: only this origin's own pages may send this.", reason="cross_site_request"
            )
    elif origin is not None and origin.lower() != f"https://{get_host(environ)}".lower():
        raise RefusedClient(
            f"Origin is {origin!r}, this host is {get_host(environ)!r}: is Host passed on?", reason="cross_site_request"
        )
