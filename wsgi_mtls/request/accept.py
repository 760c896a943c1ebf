"""The distinction of browsers from programs, by the Accept header.

See RFC 9110 section 12.5.1.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_LONGEST = 1000
"""The longest ``Accept`` that is read, in characters: browsers send less than 300."""
_PAGES = ("text/html", "application/xhtml+xml")
_WEIGHT = re.compile(r"[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*")  # RFC 9110 section 12.4.2


def prefers_html(environ: "WSGIEnvironment", *, for_programs: bool = False) -> bool:
    """Return whether the caller prefers HTML to JSON.

    It must name HTML itself, and not name JSON as at least as good. A program that sends ``*/*`` or nothing accepts
    HTML as well, and cannot read it.

    Args:
        environ: the request; Django's ``META`` has the same keys.
        for_programs: whether the address is that of an endpoint or an API, where a program may count on JSON.
    """
    value = environ.get("HTTP_ACCEPT", "")
    if len(value) > _LONGEST:
        return False
    # Not by Werkzeug's parser: that of 3.0.0 takes minutes for some quoted strings.
    qualities: dict[str, float] = {}
    for item in value.split(","):
        media_type, *parameters = item.split(";")
        name = media_type.strip(" \t").lower()
        qualities[name] = max(_quality(parameters), qualities.get(name, 0))
    # RFC 6749 section 5.2: errors are JSON. Java's HttpURLConnection names text/html unasked, but not XHTML, which all
    # browsers name.
    page = max(qualities.get(name, 0) for name in (_PAGES[1:] if for_programs else _PAGES))
    return page > qualities.get("application/json", 0)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.strip(" \t").lower().startswith("q="):
            weight = _WEIGHT.fullmatch(parameter)
            return float(weight[1]) if weight else 0
    return 1
