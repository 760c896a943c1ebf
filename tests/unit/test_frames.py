"""How much code runs for a request whose certificate was seen before."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import wsgi_mtls
from tests.unit.sources.captures import CLIENT, environ
from wsgi_mtls import Guard, sources
from wsgi_mtls.request.wsgi import view_of

PACKAGE = str(Path(wsgi_mtls.__file__).parent)
GUNICORN: dict[str, Any] = {"REQUEST_METHOD": "GET", "wsgi.version": (1, 0), "SERVER_SOFTWARE": "gunicorn/25.1"}


def frames(run: Callable[[], object]) -> list[tuple[str, str]]:
    """Return the file and the name of each function of the package that is called."""
    called: list[tuple[str, str]] = []

    def profile(frame: FrameType, event: str, _: object) -> None:
        file = frame.f_code.co_filename
        if event == "call" and file.startswith(PACKAGE):
            called.append((file.removeprefix(PACKAGE), frame.f_code.co_name))

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(before)
    return called


@pytest.mark.parametrize("headers", [{}, {"HTTP_X_FORWARDED_FOR": "192.0.2.1"}], ids=["plain", "forwarded for"])
def test_looking_at_a_certificate_that_was_seen_before(headers: dict[str, str]) -> None:
    guard = Guard(sources.nginx(trusted_proxies=["127.0.0.1"]))
    came: dict[str, Any] = {**environ("nginx", "ca_signed_with_chain", REMOTE_ADDR="127.0.0.1", **headers), **GUNICORN}
    for _ in range(2):
        view = view_of(dict(came), guard)
        called = frames(lambda view=view: guard.look(view))  # type: ignore[misc]
        assert view.record.peer is not None
        assert view.record.peer.certificate == CLIENT
    assert len(called) <= 6, called
    assert len({file for file, _ in called}) <= 3, called
    assert [name for _, name in called].count("sent") == 1
