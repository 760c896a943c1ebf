"""Which requests are guarded: whole segments of the path, never a substring."""

import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from ..errors import InvalidRequest, short
from ..remembered import Remembered

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Segments = tuple[str, ...]
Undecodable = Literal["refuse", "pass"]

EVERYTHING = "*"
"""Guards every path, as ``paths``."""

# What a router's pattern, a glob, an encoded path or a URL has in it, and the path that a request is routed by has not.
_NOT_LITERAL = re.compile(r"[*?#%<>{}\[\]\\\x00-\x1f\x7f-\x9f]|/\.{1,2}(?=/|$)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PATHS = 256 * 1024  # octets of remembered paths: some 450
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


class PathGuard:
    """Decides which requests are guarded.

    A request is guarded if it is for one of ``paths`` or for what lies below it. Repeated and trailing slashes make no
    difference; case does, as it does for every router. A path is guarded below any mount point, in ``SCRIPT_NAME`` +
    ``PATH_INFO``, since gunicorn and ProxyFix take ``SCRIPT_NAME`` from a header that may be the caller's, and the
    application routes by ``PATH_INFO``. So give paths as the application routes them.

    No router is imitated: a path that no honest client sends is refused, whatever it would lead to.

    Args:
        paths: what is guarded, or ``"*"`` for everything.
        except_paths: what is open although ``paths`` covers it, each with what lies below it. Behind a mount point, a
            path is open only if it is excepted both with the mount point and without.
        undecodable: what happens to a path that is not UTF-8: ``"refuse"`` refuses it, ``"pass"`` leaves it unguarded
            unless a router could take it for a guarded one, which a path without any ASCII letter could always be.

    Raises:
        ValueError: If a path is missing, or one that does not start with a slash, or that is a pattern or
            percent-encoded and so would match nothing; if an excepted path is not below a guarded one, or a guarded one
            is below it; if ``undecodable="pass"`` can have no effect. ``;`` is an ordinary character, as it is in
            ``PATH_INFO``.
    """

    def __init__(
        self, paths: Collection[str], *, except_paths: Collection[str] = (), undecodable: Undecodable = "refuse"
    ) -> None:
        if undecodable not in ("refuse", "pass"):
            raise ValueError(f'undecodable must be "refuse" or "pass", not {undecodable!r}.')
        given: Collection[str] = ["/"] if paths == EVERYTHING else paths
        self._paths = _configured("paths", given)
        if not self._paths:
            raise ValueError('paths must be "*" or a list of paths that start with a slash: ["/token", "/introspect"].')
        excepted = _configured("except_paths", except_paths)
        _check_exceptions(self._paths, excepted)
        self._excepted = tuple("/" + "/".join(path) for path in excepted)
        if undecodable == "pass" and () in self._paths:
            raise ValueError('undecodable="pass" has no effect where every path is guarded: name the guarded paths.')
        self._undecodable = undecodable
        self._bare_paths = tuple(_bare(path) for path in self._paths)
        self._decided: Remembered[tuple[str, str], bool] = Remembered(_PATHS)

    def __call__(self, environ: "WSGIEnvironment") -> bool:
        """Return whether a request is guarded.

        Raises:
            InvalidRequest: ``malformed_path``: If the path has control characters or dot segments, or is not UTF-8,
                whether it is guarded or not.
        """
        path = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
        guarded = self._decided.known.get(path)
        if guarded is None:
            guarded = self._is_guarded(*path)
            self._decided.add(path, len(path[0]) + len(path[1]), guarded)
        return guarded

    def _is_guarded(self, mount: str, info: str) -> bool:
        # A router decodes each by itself.
        texts = [_decode(mount), _decode(info)]
        mounts, segments = _segments(mount), _segments(info)
        if None in texts:
            self._check_undecodable(mount + info, mounts, segments)
            return False
        _check_text(mount + info, texts)
        return _covers(self._paths, mounts, segments) and not self._is_excepted(mount, info)

    def _check_undecodable(self, path: str, mounts: Segments, segments: Segments) -> None:
        if self._undecodable == "refuse":
            raise _malformed(path, 'octets that are not UTF-8. If the site has such URLs, set undecodable="pass"')
        # A router may drop the odd octets (Bottle), put another character in their place, or read all octets that are
        # not ASCII in another charset (CherryPy: Latin-1). Whatever it does, the ASCII characters stay.
        mounts, segments = _bare(mounts), _bare(segments)
        _check_text(path, ["/".join(mounts), "/".join(segments)])
        if _covers(self._bare_paths, mounts, segments):
            raise _malformed(path, "octets that are not UTF-8, and may be taken for a guarded path")

    def _is_excepted(self, mount: str, info: str) -> bool:
        # Most applications route by PATH_INFO, CherryPy's tree by SCRIPT_NAME too, which may be the caller's: the path
        # is open if it is so for both. After // some take the next segment for a host, and the one after for the path.
        if "//" in mount + info:
            return False
        return all(
            any(path == open_path or path.startswith(open_path + "/") for open_path in self._excepted)
            for path in (info, mount + info)
        )


def _configured(option: str, paths: Collection[str]) -> tuple[Segments, ...]:
    if isinstance(paths, str | bytes) or not isinstance(paths, Collection):
        raise ValueError(f'{option} must be a list of paths that start with a slash: ["/token", "/introspect"].')
    for path in paths:
        _check(option, path)
    # PEP 3333: the path's octets come as latin-1.
    return tuple(_segments(path.encode().decode("latin-1")) for path in paths)


def _check(option: str, path: object) -> None:
    if not isinstance(path, str) or not path.startswith("/"):
        raise ValueError(f'{path!r} in {option} must be a text that starts with a slash: "/token".')
    if _NOT_LITERAL.search(path):
        raise ValueError(
            f"{path!r} in {option} must be literal and decoded, as the application routes it: no pattern, no query, no "
            "dot segment, no percent-encoding. A path covers what lies below it, so write "
            "what comes before the pattern."
        )


def _check_exceptions(paths: tuple[Segments, ...], excepted: tuple[Segments, ...]) -> None:
    for open_path in excepted:
        if not any(_starts(open_path, path) for path in paths):
            raise ValueError(f"{_shown(open_path)} in except_paths is not below any of paths: it is open already.")
        if any(_starts(path, open_path) for path in paths):
            raise ValueError(f"{_shown(open_path)} in except_paths would open one of paths, too: except less.")


def _shown(segments: Segments) -> str:
    return "/" + "/".join(segments).encode("latin-1").decode()


def _decode(path: str) -> str | None:
    try:
        octets = path.encode("latin-1")
    except UnicodeEncodeError:
        raise _malformed(path, "characters that are not octets; the server must follow PEP 3333") from None
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return None


def _check_text(path: str, texts: Iterable[str | None]) -> None:
    for text in filter(None, texts):
        if _CONTROL.search(text):
            raise _malformed(path, "control characters")
        # Clients resolve dot segments before they send them (RFC 3986 section 5.2.4), and so does Pyramid's traversal.
        if not {".", ".."}.isdisjoint(text.split("/")):
            raise _malformed(path, "dot segments")


def _malformed(path: str, found: str) -> InvalidRequest:
    shown = short(quote(path.encode("utf-8" if max(path) > "\xff" else "latin-1", "replace")))
    return InvalidRequest(f"Expected a path of plain UTF-8 segments, found {found}: {shown}", reason="malformed_path")


def _covers(paths: tuple[Segments, ...], mounts: Segments, segments: Segments) -> bool:
    whole = mounts + segments
    return any(_starts(whole, path, start) for start in range(len(mounts) + 1) for path in paths)


def _starts(segments: Segments, path: Segments, start: int = 0) -> bool:
    return segments[start : start + len(path)] == path


def _bare(segments: Segments) -> Segments:
    """Keep the ASCII characters."""
    return _segments(_NOT_ASCII.sub("", "/".join(segments)))


def _segments(path: str) -> Segments:
    return tuple(segment for segment in path.split("/") if segment)
