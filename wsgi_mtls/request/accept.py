"""The distinction of browsers from programs, by the Accept header (RFC 9110 section 12.5.1)."""

from typing import TYPE_CHECKING

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_LONGEST = 1000
"""The longest ``Accept`` that is read, in characters: browsers send less than 300."""
_PAGES = ("text/html", "application/xhtml+xml")


def prefers_html(environ: "WSGIEnvironment") -> bool:
    """Return whether the caller names HTML itself, and does not name JSON as at least as good.

    A program that sends ``*/*`` or nothing accepts HTML as well, and cannot read it.

    Args:
        environ: the request; Django's ``META`` has the same keys.
    """
    value = environ.get("HTTP_ACCEPT", "")
    if len(value) > _LONGEST:
        return False
    qualities: dict[str, float] = {}
    for media_type, quality in parse_accept_header(value, MIMEAccept):
        name = media_type.partition(";")[0].strip().lower()
        qualities[name] = max(quality, qualities.get(name, 0))
    page = max(qualities.get(name, 0) for name in _PAGES)
    return page > qualities.get("application/json", 0)
