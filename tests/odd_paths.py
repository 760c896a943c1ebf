"""A guarded path in spellings by which a router may still find it, and a browser without a token to ask for them."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tests.support import Answer, mod_ssl, request
from tests.tokens import Issuer
from wsgi_mtls import sources
from wsgi_mtls.testing import KeyPair
from wsgi_mtls.wsgi_tokens import AccessTokenMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

GUARDED = ("/my_accounts", "/données")
OPEN = ("/open", "/café")

# Octets that only together are something: no UTF-8, a slash or a dot written too long, half a character, control
# characters of Unicode, what is taken for white space.
SEQUENCES = [
    b"\xc0\xaf",
    b"\xc0\xae",
    b"\xe0\x80\xaf",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xc3",
    b"\xff\xff",
    b"\xff/",
    b"/\xff/",
    b"\xff.",
    b"\r\n",
    b"\xc2\x85",
    b"\xc2\xa0",
    b"\xe2\x80\xa8",
    b"\xef\xbb\xbf",
    b"/./",
    b"/../",
    b"/x/../",
    b"/\xff../",
    b"/.\xff./",
    b"//",
    b"//x/",
    b"/@@",
    b"%2e%2e/",
    b"%2F",
    b";x",
    b"?",
    b"#",
    b"\\",
]
ODD = [bytes([octet]) for octet in range(256)] + SEQUENCES


def octets(path: str) -> str:
    """Return a path as PEP 3333 has it."""
    return path.encode().decode("latin-1")


def inserted(path: str) -> Iterator[str]:
    """Yield a path with each octet inserted at its beginning, before and in its name, before and at its end."""
    whole = path.encode()
    for odd in ODD:
        for place in (0, 1, len(whole) // 2, len(whole) - 1, len(whole)):
            yield (whole[:place] + odd + whole[place:]).decode("latin-1")
        yield (whole + b"/" + odd).decode("latin-1")
        yield (whole + odd + b"/").decode("latin-1")


def replaced(path: str) -> Iterator[str]:
    """Yield a path with each of its octets replaced by each other one."""
    whole = path.encode()
    for odd in ODD[:256]:
        for place in range(len(whole)):
            if whole[place : place + 1] != odd:
                yield (whole[:place] + odd + whole[place + 1 :]).decode("latin-1")


class Walk:
    """A site behind the middleware, and the paths of the views that requests to it reached."""

    def __init__(self, app: "WSGIApplication", served: list[str], issuer: Issuer, **options: Any) -> None:
        self._served = served
        self.app = AccessTokenMiddleware(app, issuer.tokens(), source=sources.mod_ssl(), **options)

    def get(self, path: str, token: str | None = None, pair: KeyPair | None = None, mount: str = "") -> Answer:
        """Send one request; the path is as PEP 3333 has it."""
        extra = {**mod_ssl(pair, "FAILED:unknown CA"), "SCRIPT_NAME": mount}
        if token:
            extra["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return request(self.app, method="GET", path=path, content_type=None, extra=extra)

    def serves(self, path: str, *credentials: Any, **options: Any) -> bool:
        """Send one request; return whether it reached the view of this very path."""
        self._served.clear()
        return self.get(octets(path), *credentials, **options).status == 200 and self._served == [path]

    def reached(self, paths: Iterable[str]) -> list[str]:
        """Send requests without a token; return those that reached a guarded view."""
        found = []
        for path in paths:
            self._served.clear()
            with suppress(UnicodeDecodeError):  # Pyramid's own answer to a path that is not UTF-8
                self.get(path)
            if not set(self._served).isdisjoint(GUARDED):
                found.append(path)
        return found
