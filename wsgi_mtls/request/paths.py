"""Which requests are guarded: whole segments of the path, never a substring."""

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Segments = tuple[str, ...]

# What a router's pattern, a glob, an encoded path or a URL has in it, and the path that a request is routed by has not.
_NOT_LITERAL = re.compile(r"[*?#%<>{}\[\]\\\x00-\x1f\x7f]|/\.{1,2}(?=/|$)")


class PathMatcher:
    """Tells whether a request is for one of ``paths`` or for what lies below it.

    Repeated and trailing slashes make no difference; case does, as it does for every router. A path is guarded below
    any mount point, in ``SCRIPT_NAME`` + ``PATH_INFO``, since gunicorn and ProxyFix take ``SCRIPT_NAME`` from a header
    that may be the caller's, and the application routes by ``PATH_INFO``. So give paths as the application routes them.

    Raises:
        ValueError: there is no path, or one that does not start with a slash, or that is a pattern or percent-encoded
            and so would guard nothing. ``;`` is an ordinary character, as it is in ``PATH_INFO``.
    """

    def __init__(self, paths: Collection[str]) -> None:
        if isinstance(paths, str | bytes) or not isinstance(paths, Collection) or not paths:
            raise ValueError('paths must be a list of paths that start with a slash: ["/token", "/introspect"].')
        for path in paths:
            _check(path)
        # PEP 3333: the path's octets come as latin-1.
        self._paths = tuple(_segments(path.encode().decode("latin-1")) for path in paths)

    def __call__(self, environ: "WSGIEnvironment") -> bool:
        """Match one request."""
        mounts = _segments(environ.get("SCRIPT_NAME", ""))
        segments = mounts + _segments(environ.get("PATH_INFO", ""))
        starts = range(len(mounts) + 1)
        return any(segments[start : start + len(path)] == path for start in starts for path in self._paths)


def _check(path: object) -> None:
    if not isinstance(path, str) or not path.startswith("/"):
        raise ValueError(f'{path!r} in paths must be a text that starts with a slash: "/token".')
    if _NOT_LITERAL.search(path):
        raise ValueError(
            f"{path!r} in paths must be literal and decoded, as the application routes it: no pattern, no query, no "
            "dot segment, no percent-encoding. What lies below a path is guarded with it, so write "
            "what stands before the pattern."
        )


def _segments(path: str) -> Segments:
    return tuple(segment for segment in path.split("/") if segment)
