"""Row 57: an answer that was made for a certificate or a token is kept out of shared caches (RFC 9111 section 3.5)."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, Response, make_response

from flask_mtls import MutualTLS, bound_token_required, certificate_required, client_auth_required, peer_certificate
from tests.support import Answer, mod_ssl, request
from wsgi_mtls import AccessTokenMiddleware, ClientAuthMiddleware, PeerMiddleware, Verifier, sources
from wsgi_mtls.guard import Guard
from wsgi_mtls.request.wsgi import view_of
from wsgi_mtls.testing import KeyPair, environ_for, self_sign
from wsgi_mtls.wsgi_tokens import accept_token

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BILLING = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing"}
CLIENTS: dict[str, Any] = {"billing": BILLING, "public": {"token_endpoint_auth_method": "none"}}

Headers = list[tuple[str, str]]
Wrap = Callable[[Headers], "WSGIApplication"]
SHARED: Headers = [
    ("Cache-Control", "public, max-age=60"),
    ("cache-control", "S-MaxAge=600, must-revalidate"),
    ("X-Accel-Expires", "60"),
    ("CDN-Cache-Control", "max-age=60"),
    ("Cloudflare-CDN-Cache-Control", "max-age=60"),
    ("Netlify-CDN-Cache-Control", "max-age=60"),
    ("X-LiteSpeed-Cache-Control", "public, max-age=60"),
    ("surrogate-control", "max-age=60"),
    ("Edge-Control", "max-age=60"),
    ("Content-Type", "text/plain"),
]
PRIVATE = {"private", "max-age=60", "must-revalidate"}


def answering(headers: Headers) -> "WSGIApplication":
    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        start_response("200 OK", list(headers))
        return [b""]

    return application


class Tokens:
    def decode(self, token: str, /) -> dict[str, Any]:
        return {"cnf": {"x5t#S256": token}}


def token(headers: Headers) -> "WSGIApplication":
    return AccessTokenMiddleware(answering(headers), Tokens(), source=sources.mod_ssl(), paths=["/api"])


def client(headers: Headers) -> "WSGIApplication":
    return ClientAuthMiddleware(answering(headers), Verifier(CLIENTS), source=sources.mod_ssl(), paths=["/api"])


def peer(headers: Headers) -> "WSGIApplication":
    return PeerMiddleware(answering(headers), sources.mod_ssl())


def in_flask(decorator: Any) -> Wrap:
    def app(headers: Headers) -> "WSGIApplication":
        def view() -> Response:
            response = make_response("")
            for name, value in headers:
                response.headers.add(name, value)
            return response

        app = Flask(__name__)
        app.config.update(MTLS_SOURCE="mod_ssl", MTLS_CLIENTS=CLIENTS, MTLS_TOKENS=Tokens())
        MutualTLS(app)
        app.add_url_rule("/api", "api", decorator(view), methods=["GET", "POST"])
        app.add_url_rule("/open", "open", view)
        return app

    return app


def looks(view: Any) -> Any:
    def looking() -> Any:
        str(bool(peer_certificate))
        return view()

    return looking


WAYS: dict[str, Wrap] = {
    "AccessTokenMiddleware": token,
    "PeerMiddleware": peer,
    "flask certificate_required": in_flask(certificate_required),
    "flask bound_token_required": in_flask(bound_token_required),
    "flask peer_certificate": in_flask(looks),
}
NOT_STORED: dict[str, Wrap] = {
    "ClientAuthMiddleware": client,
    "flask client_auth_required": in_flask(client_auth_required),
}


@pytest.fixture(scope="module")
def billing(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=billing")


def send(app: Any, pair: KeyPair | None, path: str = "/api") -> Answer:
    extra = {**mod_ssl(pair), "HTTP_AUTHORIZATION": f"Bearer {pair.certificate.thumbprint}"} if pair else mod_ssl(None)
    return request(app, path=path, method="GET", content_type=None, extra=extra)


def directives(answer: Answer) -> set[str]:
    return {part.strip() for part in answer.headers.get("Cache-Control", "").split(",")} - {""}


@pytest.mark.parametrize("way", WAYS)
def test_row_57_no_shared_cache_may_keep_it(way: str, billing: KeyPair) -> None:
    answer = send(WAYS[way](SHARED), billing)
    assert (answer.status, directives(answer)) == (200, PRIVATE)
    assert {name.lower() for name in answer.headers} <= {"cache-control", "content-type", "content-length", "vary"}
    assert directives(send(WAYS[way]([]), billing)) == {"private"}


@pytest.mark.parametrize("way", WAYS)
def test_row_57_what_the_application_says_stays(way: str, billing: KeyPair) -> None:
    assert directives(send(WAYS[way]([("Cache-Control", "no-store")]), billing)) == {"no-store"}
    assert directives(send(WAYS[way]([("Cache-Control", "private, max-age=5")]), billing)) == {"private", "max-age=5"}
    ignored = [("Cache-Control", "must-understand, no-store")]  # RFC 9111 section 5.2.2.3: a cache may store this
    assert directives(send(WAYS[way](ignored), billing)) == {"must-understand", "no-store", "private"}
    weak = [("Cache-Control", 'private="Set-Cookie", max-age=5')]  # which would keep the rest of the answer
    assert directives(send(WAYS[way](weak), billing)) == {"private", "max-age=5"}


@pytest.mark.parametrize("way", NOT_STORED)
def test_row_57_no_cache_may_store_what_a_token_endpoint_answers(way: str, billing: KeyPair) -> None:
    app = NOT_STORED[way](SHARED)
    answer = request(app, {"client_id": "billing"}, path="/api", extra=mod_ssl(billing))
    assert (answer.status, directives(answer)) == (200, {"no-store"})
    refused = request(app, {"client_id": "billing"}, path="/api", extra=mod_ssl(None))
    assert (refused.status, directives(refused)) == (401, {"no-store"})


def test_row_57_a_public_client_is_answered_alike() -> None:
    answer = request(client(SHARED), {"client_id": "public"}, path="/api", extra=mod_ssl(None))
    assert (answer.status, directives(answer)) == (200, {"no-store"})


@pytest.mark.parametrize("way", [way for way in WAYS if way.startswith("flask")])
def test_row_57_where_no_certificate_came_a_page_that_looked_is_private_too(way: str) -> None:
    """Otherwise a cached page for anonymous callers would be shown to the next holder of a certificate."""
    optional = in_flask(certificate_required(optional=True)) if "certificate_required" in way else WAYS[way]
    answer = send(optional(SHARED), None)
    assert directives(answer) in (PRIVATE, {"no-store"})


def test_row_57_twin_a_public_page_stays_public() -> None:
    for app in (peer(SHARED), in_flask(certificate_required)(SHARED), token(SHARED), client(SHARED)):
        answer = send(app, None, "/open")
        assert answer.status == 200
        assert {"public", "max-age=60"} <= directives(answer)
        assert answer.headers["X-Accel-Expires"] == "60"


class Unbound:
    def decode(self, token: str, /) -> dict[str, Any]:
        return {"sub": token}


@pytest.mark.parametrize(
    "place", ["another guard", "another source", "a token from elsewhere", "two more guards", "open path"]
)
def test_row_57_token_that_another_guard_accepts_without_a_certificate(place: str) -> None:
    source = sources.mod_ssl()
    inner = Guard(sources.wsgi_server() if place == "another source" else source, tokens=Unbound())
    outer = inner if place == "a token from elsewhere" else Guard(source)

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        environ["HTTP_AUTHORIZATION"] = "Bearer alice"  # as where a cookie holds the token
        claims = accept_token(environ, inner, required=False).claims
        if place == "two more guards":
            Guard(source).look(view_of(environ, Guard(source)))
        start_response("200 OK", list(SHARED))
        return [str(claims["sub"]).encode()]

    app: WSGIApplication = PeerMiddleware(application, outer)
    if place == "open path":
        app = ClientAuthMiddleware(application, Verifier(CLIENTS), source=source, paths=["/elsewhere"])
        app = AccessTokenMiddleware(app, Tokens(), source=source, paths=["/elsewhere"])
    answer = request(app, method="GET", content_type=None, extra=mod_ssl(None))
    assert (answer.body, directives(answer)) == (b"alice", PRIVATE)


def test_row_57_a_refused_certificate_is_answered_privately() -> None:
    extra = {"SSL_CLIENT_CERT": "junk", "SSL_CLIENT_VERIFY": "SUCCESS"}
    for app in (peer(SHARED), in_flask(certificate_required)(SHARED)):
        answer = request(app, path="/open", method="GET", content_type=None, extra=extra)
        assert (answer.status, directives(answer)) == (200, PRIVATE)


def test_row_57_a_late_answer_is_private_too() -> None:
    """An application may answer twice, the second time with what went wrong (PEP 3333)."""
    answers: list[Headers] = []

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        start_response("200 OK", [("Cache-Control", "public")])
        try:
            raise RuntimeError
        except RuntimeError:
            start_response("500 Internal Server Error", [("Cache-Control", "public")], sys.exc_info())
        return [b""]

    def start_response(status: str, headers: Headers, exc_info: Any = None, /) -> Callable[[bytes], object]:
        answers.append(headers)
        return lambda _: None

    environ = {"REQUEST_METHOD": "GET", **environ_for(self_sign("CN=a"))}
    list(PeerMiddleware(application, sources.mod_ssl())(environ, start_response))
    assert answers == [[("Cache-Control", "private")]] * 2
