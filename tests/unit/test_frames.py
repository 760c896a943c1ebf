"""How much code runs for a request whose certificate was seen before."""

from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.frames import frames_of_the_last, needs_cpython_311
from wsgi_mtls import (
    AccessTokenMiddleware,
    ClientAuthMiddleware,
    Guard,
    PeerCertificate,
    Verifier,
    sources,
    verify_confirmation,
)
from wsgi_mtls.request.wsgi import view_of
from wsgi_mtls.testing import Profile, make_ca

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LEAF = make_ca().issue("CN=billing", Profile(san_dns=["billing.example.com"]))
HEADER = f"SUCCESS {quote(LEAF.certificate_pem, safe='')}"
METADATA = {
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_san_dns": "billing.example.com",
}
BODY = b"grant_type=client_credentials&client_id=billing"
CLAIMS = {"client_id": "billing", "scope": "read", "cnf": {"x5t#S256": LEAF.certificate.thumbprint}}


class Tokens:
    """Knows the claims of every token."""

    def decode(self, token: str, /) -> Mapping[str, object]:
        return CLAIMS


def nginx() -> sources.CertificateSource:
    return sources.nginx(trusted_proxies=["127.0.0.1"])


def environ(**more: object) -> dict[str, Any]:
    """Return a request as gunicorn makes it behind nginx, each value a new text as from a socket."""
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/token",
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(BODY)),
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "example.com",
        "SERVER_PORT": "80",
        "SERVER_SOFTWARE": "gunicorn/25.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(BODY),
        "HTTP_XCLIENTCERT": HEADER.encode().decode("latin-1"),
        **more,
    }


def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"served"]


def start(status: str, headers: object, exc_info: object = None, /) -> Any:
    assert status == "200 OK"


@needs_cpython_311
@pytest.mark.parametrize("headers", [{}, {"HTTP_X_FORWARDED_FOR": "192.0.2.1"}], ids=["plain", "forwarded for"])
def test_looking_at_a_certificate(headers: dict[str, str]) -> None:
    guard = Guard(nginx())
    entered = frames_of_the_last(guard.look, (view_of(environ(**headers), guard) for _ in range(2)))
    entered.check(frames=6, files=3)
    assert entered.count("TrustedProxies.sent") == 1


@needs_cpython_311
def test_a_client() -> None:
    guarded = ClientAuthMiddleware(app, Verifier({"billing": METADATA}), source=nginx(), paths=["/token"])
    requests = [environ(), environ()]
    frames_of_the_last(lambda request: guarded(request, start), requests).check(frames=40, files=12)
    assert [request["wsgi_mtls.client"].client_id for request in requests] == ["billing", "billing"]


@needs_cpython_311
def test_each_thing_is_read_once() -> None:
    """The header is decoded at the first request alone, trust asked once in each, metadata parsed before any."""
    guarded = ClientAuthMiddleware(app, Verifier({"billing": METADATA}), source=nginx(), paths=["/token"])
    for decoded in (1, 0):
        entered = frames_of_the_last(lambda request: guarded(request, start), [environ()])
        assert entered.count("ClientCertificate.from_der") == decoded
        assert entered.count("TrustedProxies.sent") == 1
        assert entered.count("Client.from_metadata") == 0


@needs_cpython_311
def test_a_bound_token() -> None:
    guarded = AccessTokenMiddleware(app, Tokens(), source=nginx(), paths=["/token"], scope="read")
    requests = [environ(HTTP_AUTHORIZATION="Bearer one"), environ(HTTP_AUTHORIZATION="Bearer two")]
    frames_of_the_last(lambda request: guarded(request, start), requests).check(frames=35, files=12)
    assert [request["wsgi_mtls.token"].client_id for request in requests] == ["billing", "billing"]


@needs_cpython_311
def test_a_confirmation_by_the_certificate_alone() -> None:
    peer = PeerCertificate(LEAF.certificate)
    frames_of_the_last(lambda claims: verify_confirmation(claims, peer), [CLAIMS]).check(frames=1, files=1)


@needs_cpython_311
def test_a_path_that_is_not_guarded() -> None:
    guarded = ClientAuthMiddleware(app, Verifier({}), source=nginx(), paths=["/other"])
    entered = frames_of_the_last(lambda request: guarded(request, start), [environ(), environ()])
    entered.check(frames=8, files=5)
