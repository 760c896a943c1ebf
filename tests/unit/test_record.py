"""One record of a request: the source is asked once, and a decision is made once, however many layers there are."""

from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from tests.support import request
from tests.unit.sources.captures import CLIENT, SELF_SIGNED, environ
from wsgi_mtls import Guard, PeerCertificate, Verifier, sources
from wsgi_mtls.errors import BadCertificate
from wsgi_mtls.events import Event
from wsgi_mtls.request.wsgi import view_of
from wsgi_mtls.sources import PEER, CertificateSource
from wsgi_mtls.wsgi import ClientAuthMiddleware, PeerMiddleware
from wsgi_mtls.wsgi_tokens import AccessTokenMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FOUND = PeerCertificate(CLIENT)
CLIENTS: dict[str, Any] = {"billing": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "a"}}


class Counted:
    """A source of the user's own."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.calls = 0

    def __call__(self, environ: dict[str, Any]) -> Any:
        self.calls += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b""]


class Tokens:
    def decode(self, token: str, /) -> dict[str, Any]:
        return {}


def layers(source: CertificateSource, events: list[Event], paths: list[str]) -> Any:
    """Return each of our middlewares around each other, with one source."""
    api = AccessTokenMiddleware(
        application, Tokens(), source=source, paths=["/api"], required=False, observers=[events.append]
    )
    server = ClientAuthMiddleware(api, Verifier(CLIENTS), source=source, paths=paths, observers=[events.append])
    return PeerMiddleware(server, source)


@pytest.mark.parametrize("answer", [FOUND, None, BadCertificate("junk")])
@pytest.mark.parametrize("path", ["/token", "/api", "/elsewhere"])
def test_a_source_is_asked_once_in_a_request(answer: object, path: str) -> None:
    source: Counted = Counted(answer)
    app = layers(source, [], ["/token"])
    request(app, {"client_id": "billing"}, path=path, extra={"HTTP_AUTHORIZATION": "Bearer x"})
    assert source.calls == 1


def test_a_refusal_that_several_layers_meet_is_one_event() -> None:
    events: list[Event] = []
    app = layers(Counted(BadCertificate("junk")), events, ["/api"])
    assert request(app, {"client_id": "billing"}, path="/api").status == 400
    assert [event.reason for event in events] == ["malformed_certificate"]


FORWARDED: dict[str, Any] = {"HTTP_X_FORWARDED_FOR": "127.0.0.1", "SERVER_SOFTWARE": "gunicorn/25"}


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("path", ["/token", "/elsewhere"])
def test_the_outermost_look_counts_inside_of_proxy_fix(wrapped: bool, path: str) -> None:
    """There, the proxy's own address in ``X-Forwarded-For`` makes it unknown who sent the headers."""
    events: list[Event] = []
    nginx = sources.nginx(trusted_proxies=["127.0.0.1"])
    source: CertificateSource = (lambda environ: nginx(environ)) if wrapped else nginx
    seen: list[Any] = []

    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        seen.append(environ.get(PEER))
        return application(environ, start_response)

    inner = ClientAuthMiddleware(
        app, Verifier({}), source=source, paths=["/token"], on_failure="defer", observers=[events.append]
    )
    outside = PeerMiddleware(ProxyFix(inner, x_for=1), source)
    inside = ProxyFix(PeerMiddleware(inner, Guard(source, observers=[events.append])), x_for=1)
    came: dict[str, Any] = environ("nginx", "ca_signed_with_chain", **FORWARDED)
    request(outside, {"client_id": "billing"}, path=path, extra=came)
    assert (seen.pop().certificate, [event.name for event in events if event.name == "untrusted_proxy"]) == (CLIENT, [])
    request(inside, {"client_id": "billing"}, path=path, extra=came)
    assert seen == [None]
    assert [event.name for event in events if event.name == "untrusted_proxy"] == ["untrusted_proxy"]


def test_a_refusal_is_kept_inside_of_proxy_fix() -> None:
    source = sources.nginx(trusted_proxies=["127.0.0.1"])
    junk: dict[str, Any] = environ("nginx", "ca_signed_with_chain", **FORWARDED)
    junk = {key: "SUCCESS junk" if "CERT" in key else value for key, value in junk.items()}
    inner = ClientAuthMiddleware(application, Verifier({}), source=source, paths=["/token"])
    events: list[Event] = []
    app = PeerMiddleware(ProxyFix(inner, x_for=1), Guard(source, observers=[events.append]))
    assert request(app, {"client_id": "billing"}, extra=junk).status == 400
    assert events == []


def test_a_copy_of_the_environ_is_another_request() -> None:
    source: Counted = Counted(None)
    guard = Guard(source)
    original: dict[str, Any] = {"REQUEST_METHOD": "GET", "REMOTE_ADDR": "10.0.0.1"}
    first = guard.look(view_of(original, guard))
    assert guard.look(view_of(original, guard)) is first
    copied = {key: value for key, value in original.items() if key != PEER}
    assert guard.look(view_of(copied, guard)) is not first
    assert source.calls == 2


def test_a_peer_that_replaces_the_one_found_counts() -> None:
    guard = Guard(Counted(FOUND))
    came: dict[str, Any] = {"REQUEST_METHOD": "GET"}
    assert guard.look(view_of(came, guard)).peer is FOUND
    came[PEER] = PeerCertificate(SELF_SIGNED)
    assert guard.look(view_of(came, guard)).peer is came[PEER]


def test_another_source_is_asked_for_what_it_must_strip() -> None:
    source, other = Counted(FOUND), Counted(None)
    came: dict[str, Any] = {"REQUEST_METHOD": "GET"}
    for asked in (source, other):
        guard = Guard(asked)
        assert guard.look(view_of(came, guard)).peer is FOUND
    assert (source.calls, other.calls) == (1, 1)
