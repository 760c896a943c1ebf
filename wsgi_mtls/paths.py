"""Which requests are guarded: whole segments of the path, never a substring."""

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Segments = tuple[str, ...]


class PathMatcher:
    """Tells whether a request is for one of ``paths`` or for what lies below it.

    Repeated and trailing slashes make no difference; case does, as it does for every router. A path is guarded below
    any mount point, in ``SCRIPT_NAME`` + ``PATH_INFO``, since gunicorn and ProxyFix take ``SCRIPT_NAME`` from a header
    that may be the caller's, and the application routes by ``PATH_INFO``. So give paths as the application routes them.

    Raises:
        ValueError: there is no path, or one that does not start with a slash.
    """

    def __init__(self, paths: Collection[str]) -> None:
        if isinstance(paths, str) or not paths or not all(path.startswith("/") for path in paths):
            raise ValueError('paths must be a list of paths that start with a slash: ["/token", "/introspect"].')
        # PEP 3333: the path's octets come as latin-1.
        self._paths = tuple(_segments(path.encode().decode("latin-1")) for path in paths)

    def __call__(self, environ: "WSGIEnvironment") -> bool:
        """Match one request."""
        mounts = _segments(environ.get("SCRIPT_NAME", ""))
        segments = mounts + _segments(environ.get("PATH_INFO", ""))
        starts = range(len(mounts) + 1)
        return any(segments[start : start + len(path)] == path for start in starts for path in self._paths)


def _segments(path: str) -> Segments:
    return tuple(segment for segment in path.split("/") if segment)
