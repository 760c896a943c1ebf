"""CORS preflights (row 67): refused by default, and with ``preflight=True`` answered without any content."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bottle
import pytest

from tests.support import Answer, mod_ssl, request
from wsgi_mtls import AccessTokenMiddleware, ClientAuthMiddleware, Verifier, sources
from wsgi_mtls.events import Event
from wsgi_mtls.testing import KeyPair, self_sign

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFLIGHT: dict[str, Any] = {
    "HTTP_ORIGIN": "https://spa.example.com",
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST",
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "authorization",
}
CLIENT = self_sign("CN=client")
SECRET = b"the content of the view"


class Tokens:
    def decode(self, token: str) -> dict[str, object]:
        return {"cnf": {"x5t#S256": CLIENT.certificate.thumbprint}}


class Blind:
    """A view that does not look at the method, and whose answer has its content in many places."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.closed = 0

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        self.seen.append({**environ, "body": environ["wsgi.input"].read()})
        headers = [("Content-Type", "text/plain"), ("Access-Control-Allow-Origin", "*"), ("Allow", "GET")]
        headers += [("Location", "/secret"), ("Set-Cookie", "secret=1"), ("X-Secret", "1"), ("Content-Length", "99")]
        start_response("200 OK", headers)(SECRET)
        return self

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield SECRET

    def close(self) -> None:
        self.closed += 1


Guarded = Callable[..., "WSGIApplication"]


def api(app: "WSGIApplication", **options: Any) -> AccessTokenMiddleware:
    return AccessTokenMiddleware(app, Tokens(), source=sources.mod_ssl(), paths="*", **options)


def endpoint(app: "WSGIApplication", **options: Any) -> ClientAuthMiddleware:
    return ClientAuthMiddleware(app, Verifier({}), source=sources.mod_ssl(), paths="*", **options)


def ask(app: "WSGIApplication", extra: Mapping[str, Any] = {}, **options: Any) -> Answer:
    options = {"method": "OPTIONS", "content_type": None, "extra": {**PREFLIGHT, **extra}, **options}
    return request(app, **options)


@pytest.mark.parametrize("guard", [api, endpoint])
@pytest.mark.parametrize("pair", [None, CLIENT], ids=["no certificate", "certificate"])
def test_by_default(guard: Guarded, pair: KeyPair | None) -> None:
    view = Blind()
    assert ask(guard(view), mod_ssl(pair)).status in (401, 405)
    assert view.seen == []


@pytest.mark.parametrize("guard", [api, endpoint])
@pytest.mark.parametrize("pair", [None, CLIENT], ids=["no certificate", "certificate"])
def test_preflight_gets_no_content(guard: Guarded, pair: KeyPair | None) -> None:
    view = Blind()
    answer = ask(
        guard(view, preflight=True), {**mod_ssl(pair), "wsgi_mtls.token": "forged", "HTTP_COOKIE": "session=1"}
    )
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers == {"Access-Control-Allow-Origin": "*", "Allow": "GET", "Content-Length": "0"}
    (seen,) = view.seen
    assert (seen["wsgi_mtls.peer"], seen["body"], view.closed) == (None, b"", 1)
    assert [key for key in seen if key.startswith("wsgi_mtls.")] == ["wsgi_mtls.peer"]
    assert "HTTP_COOKIE" not in seen
    assert seen["HTTP_ORIGIN"] == "https://spa.example.com"


def test_a_certificate_header_is_gone() -> None:
    view = Blind()
    source = sources.nginx(trusted_proxies=["127.0.0.1"])
    app = AccessTokenMiddleware(view, Tokens(), source=source, paths="*", preflight=True)
    header = dict.fromkeys(source.keys, "SUCCESS ")
    assert ask(app, {"REMOTE_ADDR": "127.0.0.1", **header}).status == 200
    assert not source.keys & view.seen[0].keys()


@pytest.mark.parametrize(
    "extra",
    [
        {"HTTP_ORIGIN": None},
        {"HTTP_ORIGIN": ""},
        {"HTTP_ORIGIN": "https://a.example, https://b.example"},
        {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": None},
        {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": ""},
        {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET, POST"},
        {"CONTENT_LENGTH": "1", "wsgi.input": BytesIO(b"x")},
        {"CONTENT_LENGTH": "00"},
        {"CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked"},
        {"HTTP_AUTHORIZATION": "Bearer forged"},
        {"HTTP_AUTHORIZATION": ""},
        {"HTTP_X_HTTP_METHOD_OVERRIDE": "GET"},
        {"HTTP_X_HTTP_METHOD": "GET"},
        {"HTTP_X_METHOD_OVERRIDE": "GET"},
        {"QUERY_STRING": "_method=GET"},
        {"QUERY_STRING": "a=b&_METHOD=GET"},
        {"QUERY_STRING": "%5Fmethod"},
        {"QUERY_STRING": "access_token=forged"},
        {"QUERY_STRING": "client_secret=x"},
        {"REQUEST_METHOD": "GET"},
        {"REQUEST_METHOD": "options"},
        {"PATH_INFO": "/a/../b"},
    ],
    ids=repr,
)
@pytest.mark.parametrize("guard", [api, endpoint])
def test_what_is_not_exactly_a_preflight(guard: Guarded, extra: dict[str, Any]) -> None:
    view = Blind()
    assert ask(guard(view, preflight=True), extra).status in (400, 401, 405)
    assert view.seen == []
    assert ask(guard(view, preflight=True), {"QUERY_STRING": "method=card"}).status == 200


def test_options_with_credentials_is_decided_as_any_other_request() -> None:
    view = bottle.Bottle()
    view.route("/token", "ANY", lambda: SECRET)
    extra = {**mod_ssl(CLIENT), "HTTP_AUTHORIZATION": "Bearer good"}
    assert ask(api(view, preflight=True), extra).body == SECRET
    assert ask(api(view, preflight=True), mod_ssl(CLIENT)).body == b""


@pytest.mark.parametrize("status", ["204 No Content", "404 Not Found", "302 Found", "500 Internal Server Error"])
def test_the_status_is_the_applications(status: str) -> None:
    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response(status, [("Location", "/")])
        return [SECRET]

    answer = ask(api(app, preflight=True))
    assert (answer.status, answer.body, answer.headers.get("Location")) == (int(status[:3]), b"", None)


def test_an_inner_guard_refuses_by_itself() -> None:
    view = Blind()
    answer = ask(api(api(view), preflight=True), mod_ssl(CLIENT))
    assert (answer.status, answer.body, view.seen) == (401, b"", [])
    assert ask(api(api(view, preflight=True), preflight=True)).status == 200


def test_nothing_is_reported() -> None:
    events: list[Event] = []
    assert ask(api(Blind(), preflight=True, observers=[events.append])).status == 200
    assert ask(api(Blind(), observers=[events.append])).status == 401
    assert [event.name for event in events] == ["token_rejected"]


def test_docs() -> None:
    page = (Path(__file__).parents[3] / "docs" / "requests.md").read_text()
    (block,) = (
        found for found in re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE) if "def cors" in found
    )
    namespace: dict[str, Any] = {"api": api(Blind())}
    exec(compile(block, "requests.md", "exec"), namespace)
    answer = ask(namespace["app"])
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://spa.example.com"
    assert answer.headers["Access-Control-Allow-Headers"] == "Authorization"
    other = ask(namespace["app"], {"HTTP_ORIGIN": "https://evil.example.com"})
    assert (other.status, other.headers.get("Access-Control-Allow-Origin")) == (401, None)
    # The page of the SPA can read a refusal too.
    refused = ask(namespace["app"], method="GET")
    assert (refused.status, refused.headers["Access-Control-Allow-Origin"]) == (401, "https://spa.example.com")
    assert "Origin" in refused.headers["Vary"]
