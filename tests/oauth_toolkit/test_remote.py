"""An API that asks another server about its tokens (RFC 7662)."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from oauth2_provider.models import get_access_token_model

from django_mtls import signals
from django_mtls.oauth_toolkit.resource_validator import ResourceValidatorMixin
from wsgi_mtls.events import Event
from wsgi_mtls.testing import KeyPair

from .support import AuthServer, cnf, outcome


@pytest.fixture
def events() -> Iterator[list[tuple[str, str | None]]]:
    """What was decided about tokens: names and reasons."""
    heard: list[tuple[str, str | None]] = []

    def hear(event: Event, **_: object) -> None:
        assert (event.path, event.address) != (None, None)
        heard.append((event.name, event.reason))

    for signal in (signals.token_accepted, signals.token_rejected):
        signal.connect(hear)
    yield heard
    for signal in (signals.token_accepted, signals.token_rejected):
        signal.disconnect(hear)


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch, toolkit: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """Another server's introspection endpoint, on a real port: what it answers, and what it was asked."""
    from threading import Thread
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

    told: dict[str, Any] = {"asked": 0, "answer": {"active": False}, "status": "200 OK", "headers": []}

    def endpoint(environ: Any, start_response: Any) -> Any:
        told["asked"] += 1
        told["authorization"] = environ.get("HTTP_AUTHORIZATION")
        told["body"] = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response(told["status"], [("Content-Type", "application/json"), *told["headers"]])
        return [json.dumps(told["answer"]).encode()]

    server = make_server("127.0.0.1", 0, endpoint, handler_class=Quiet)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    toolkit(
        RESOURCE_SERVER_INTROSPECTION_URL=f"http://127.0.0.1:{server.server_port}/",
        RESOURCE_SERVER_INTROSPECTION_CREDENTIALS=("api", "its secret"),
    )
    told["url"] = f"http://127.0.0.1:{server.server_port}/"
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


def test_remote_introspection(server: AuthServer, remote: dict[str, Any], billing: KeyPair, other: KeyPair) -> None:
    """OAuth Toolkit's own drops ``cnf``, so a bound token would pass for a bearer token."""
    answer = {"active": True, "scope": "accounts", "exp": int(time.time()) + 3600, "username": "anna"}
    remote["answer"] = {**answer, "cnf": cnf(billing)}
    assert outcome(server.get("/decorated", "t0ken", other)) == (401, "invalid_token")
    assert (remote["body"], remote["authorization"]) == (b"token=t0ken", "Basic YXBpOml0cyBzZWNyZXQ=")
    assert outcome(server.get("/decorated", "t0ken")) == (401, "invalid_token")
    assert server.get("/decorated", "t0ken", billing).json() == {"user": "anna"}
    assert remote["asked"] == 1  # the answer is kept
    remote["answer"] = {**answer, "username": None}
    assert server.get("/decorated", "nobody's").json() == {"user": None}
    remote["answer"] = answer
    assert server.get("/decorated", "another").json() == {"user": "anna"}
    assert server.get("/toolkits-decorator", "another").json() == {"user": "anna"}


def test_remote_introspection_of_the_next_release(
    server: AuthServer, remote: dict[str, Any], monkeypatch: pytest.MonkeyPatch, billing: KeyPair, other: KeyPair
) -> None:
    """It hands over one more argument: this API's own client assertion (RFC 7523)."""
    ask = ResourceValidatorMixin._get_token_from_authentication_server

    def asks_with_an_assertion(self: Any, token: str, url: str, *_: object) -> Any:
        return ask(self, token, url, None, None, ("api", "its.own.jwt"))

    monkeypatch.setattr(ResourceValidatorMixin, "_get_token_from_authentication_server", asks_with_an_assertion)
    remote["answer"] = {"active": True, "scope": "accounts", "cnf": cnf(billing)}
    assert server.get("/decorated", "t0ken", billing).status_code == 200
    assert server.get("/decorated", "t0ken", other).status_code == 401
    assert dict(parse_qsl(remote["body"].decode())) == {
        "token": "t0ken", "client_id": "api", "client_assertion": "its.own.jwt",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }  # fmt: skip
    assert remote["authorization"] is None


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
def test_remote_introspection_takes_the_token_nowhere_else(
    server: AuthServer, remote: dict[str, Any], status: str
) -> None:
    remote["answer"] = {"active": True, "scope": "accounts"}
    remote["status"], remote["headers"] = status, [("Location", f"{remote['url']}elsewhere")]
    assert server.get("/decorated", "t0ken").status_code == 503
    assert remote["asked"] == 1
    remote["status"] = "200 OK"
    assert server.get("/decorated", "t0ken").status_code == 200


def test_remote_introspection_by_the_toolkit(
    server: AuthServer, remote: dict[str, Any], billing: KeyPair, other: KeyPair
) -> None:
    """Its own decorator asks by itself and saves a row without ``cnf``."""
    remote["answer"] = {"active": True, "scope": "accounts", "cnf": cnf(billing)}
    for _ in range(2):
        assert server.get("/toolkits-decorator", "t0ken", billing).status_code == 403
        assert get_access_token_model().objects.count() == 1
        assert server.get("/decorated", "t0ken", other).status_code == 401
        assert server.get("/decorated", "t0ken", billing).status_code == 200


NO_NAMES: list[Any] = [7, [], {}, "", True, "a\0b", "x" * 400]


@pytest.mark.parametrize("change", [
    {"cnf": None}, {"cnf": {}}, {"cnf": []}, {"cnf": "x"}, {"cnf": {"jkt": "x"}}, {"exp": "soon"}, {"exp": 1e300},
    {"exp": True}, {"scope": 7}, {"aud": 7}, {"aud": [7]}, {"active": 1}, {"active": "true"}, {"exp": 1},
    *({"username": name} for name in NO_NAMES),
])  # fmt: skip
def test_remote_introspection_fails_closed(
    server: AuthServer, remote: dict[str, Any], billing: KeyPair, change: dict[str, Any]
) -> None:
    good = {"active": True, "scope": "accounts", "cnf": cnf(billing)}
    remote["answer"] = {**good, **change}
    assert outcome(server.get("/decorated", "t0ken", billing)) == (401, "invalid_token")
    remote["answer"] = good
    assert server.get("/decorated", "another", billing).status_code == 200


@pytest.mark.parametrize("answer", [[], 7, None, "x"])
def test_remote_introspection_that_fails(
    server: AuthServer, remote: dict[str, Any], billing: KeyPair, toolkit: Callable[..., None], answer: Any
) -> None:
    good = {"active": True, "scope": "accounts", "cnf": cnf(billing)}
    remote["answer"] = answer
    assert server.get("/decorated", "t0ken", billing).status_code == 503
    remote["answer"], remote["status"] = good, "500 Oops"
    assert server.get("/decorated", "t0ken", billing).status_code == 503
    remote["status"] = "200 OK"
    toolkit(RESOURCE_SERVER_AUTH_TOKEN="bearer")
    assert server.get("/decorated", "t0ken", billing).status_code == 200
    assert remote["authorization"] == "Bearer bearer"


def test_remote_introspection_that_changes_its_mind(
    server: AuthServer, remote: dict[str, Any], billing: KeyPair, other: KeyPair, toolkit: Callable[..., None]
) -> None:
    toolkit(
        RESOURCE_SERVER_TOKEN_CACHING_SECONDS=-1,
        RESOURCE_SERVER_INTROSPECTION_URL=remote["url"],
        RESOURCE_SERVER_INTROSPECTION_CREDENTIALS=("a", "b"),
    )
    remote["answer"] = {"active": True, "scope": "accounts", "cnf": cnf(billing)}
    assert server.get("/decorated", "t0ken", billing).status_code == 401  # expired at once
    toolkit(RESOURCE_SERVER_TOKEN_CACHING_SECONDS=60)
    remote["answer"]["cnf"] = cnf(other)
    assert server.get("/decorated", "t0ken", billing).status_code == 401
    assert server.get("/decorated", "t0ken", other).status_code == 200


@pytest.mark.parametrize("path", ["/decorated", "/async-decorated", "/challenging", "/rw-view", "/drf"])
def test_remote_introspection_out_of_reach(
    server: AuthServer, toolkit: Callable[..., None], billing: KeyPair, events: list[tuple[str, str | None]], path: str
) -> None:
    """The token may be good: 503 without a challenge, as in the rest of the package."""
    bound = bound_port()
    toolkit(
        RESOURCE_SERVER_INTROSPECTION_URL=f"http://127.0.0.1:{bound.getsockname()[1]}/",
        RESOURCE_SERVER_INTROSPECTION_CREDENTIALS=("api", "its secret"),
    )
    with bound:
        answer = server.get(path, "t0ken", billing)
    assert answer.status_code == 503
    assert "WWW-Authenticate" not in answer
    assert events == [("token_rejected", "tokens_unavailable")]


def bound_port() -> socket.socket:
    """Return a socket that is bound and does not listen, so that each connection is refused."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    return bound


@pytest.mark.parametrize("path", ["/decorated", "/challenging", "/drf", "/plain"])
def test_accepted_tokens_are_events(
    server: AuthServer, billing: KeyPair, events: list[tuple[str, str | None]], path: str
) -> None:
    token = server.access_token("machine", billing)
    events.clear()
    assert server.get(path, token, billing).status_code == 200
    assert events == [("token_accepted", None)]
    assert server.get(path, token).status_code in (401, 403)
    assert events[1:] == [("token_rejected", "token_without_certificate")]
