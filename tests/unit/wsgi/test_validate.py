"""PEP 3333, as ``wsgiref.validate`` sees it from both sides, with warnings as errors."""

import sys
from collections.abc import Callable
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from tests.support import FORM, mod_ssl
from wsgi_mtls import ClientAuthMiddleware, Verifier, sources
from wsgi_mtls.testing import KeyPair

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CLIENTS = {"billing": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing"}}


@validator
def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    assert callable(write)
    return [body]


def run(app: "WSGIApplication", changes: dict[str, Any]) -> tuple[str, bytes]:
    environ: WSGIEnvironment = {}
    setup_testing_defaults(environ)
    body = b"client_id=billing"
    environ |= {"REQUEST_METHOD": "POST", "PATH_INFO": "/token", "CONTENT_TYPE": FORM, "CONTENT_LENGTH": str(len(body))}
    environ |= {
        "wsgi.input": BytesIO(body),
        "wsgi.errors": StringIO(),
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        **changes,
    }
    started: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        started.append(status)
        return BytesIO().write

    result = app(environ, start_response)
    try:
        answer = b"".join(result)
    finally:
        result.close()  # type: ignore[attr-defined]
    return started[0].partition(" ")[0], answer


@pytest.mark.parametrize("verbosity", ["minimal", "normal", "debug"])
@pytest.mark.parametrize("on_failure", ["respond", "defer"])
def test_both_sides(ca: KeyPair, verbosity: Any, on_failure: Any) -> None:
    assert "error" in {action for action, *_ in sys.modules["warnings"].filters}
    guarded = ClientAuthMiddleware(
        application,
        Verifier(CLIENTS),
        source=sources.mod_ssl(),
        paths=["/token"],
        verbosity=verbosity,
        on_failure=on_failure,
    )
    app = validator(guarded)
    certificate = mod_ssl(ca.issue("CN=billing"))
    refused = "401" if on_failure == "respond" else "200"
    assert run(app, certificate) == ("200", b"client_id=billing")
    assert run(app, {"PATH_INFO": "/other"}) == ("200", b"client_id=billing")
    assert run(app, {})[0] == refused
    assert run(app, {**certificate, "SSL_CLIENT_CERT": "x"})[0] == ("400" if on_failure == "respond" else "200")
    assert run(app, {**certificate, "REQUEST_METHOD": "GET"})[0] == ("405" if on_failure == "respond" else "200")
    assert run(app, {**certificate, "REQUEST_METHOD": "HEAD", "PATH_INFO": "/x"})[0] == "200"
    too_long = {"CONTENT_LENGTH": "70000", "wsgi.input": BytesIO(b"x" * 70000)}
    assert run(app, {**certificate, **too_long})[0] == "413"
