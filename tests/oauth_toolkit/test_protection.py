"""A bound token passes nowhere unchecked, whatever looks at it; nor does what stands in for one."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import RequestFactory
from oauth2_provider.models import get_access_token_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.views import IntrospectTokenView

from django_mtls.oauth_toolkit.validators import MutualTLSValidator, MutualTLSValidatorMixin
from wsgi_mtls.testing import KeyPair, environ_for

from .support import SECRET, AuthServer, cnf, outcome

MIDDLEWARE = "oauth2_provider.middleware.OAuth2TokenMiddleware"
BACKEND = "oauth2_provider.backends.OAuth2Backend"


def test_what_looks_at_no_certificate_refuses_bound_tokens(
    server: AuthServer, billing: KeyPair, toolkit: Callable[..., None]
) -> None:
    bound, unbound = server.access_token("machine", billing), server.access_token("unbound", secret=SECRET)
    toolkit(OAUTH2_VALIDATOR_CLASS="oauth2_provider.oauth2_validators.OAuth2Validator")
    assert OAuth2Validator.validate_bearer_token is not MutualTLSValidator.validate_bearer_token
    for path in ("/plain", "/drf", "/decorated", "/toolkits-decorator"):
        assert server.get(path, bound, billing).status_code in (401, 403)
        assert server.get(path, unbound).status_code == 200
    # Its introspection view would tell no cnf.
    assert json.loads(IntrospectTokenView.get_token_response(bound).content) == {"active": False}
    assert json.loads(IntrospectTokenView.get_token_response(unbound).content)["active"] is True


def test_order_of_bases() -> None:
    with pytest.raises(TypeError, match="before"):
        type("Wrong", (OAuth2Validator, MutualTLSValidatorMixin), {})
    assert issubclass(type("Right", (MutualTLSValidatorMixin, OAuth2Validator), {}), OAuth2Validator)


def test_toolkits_backend_class_authenticates_nobody_by_secret(
    server: AuthServer, billing: KeyPair, toolkit: Callable[..., None]
) -> None:
    """Fails closed: a client of mutual TLS has a secret in the database, which must not count."""
    toolkit(OAUTH2_BACKEND_CLASS="oauth2_provider.oauth2_backends.OAuthLibCore")
    form = {"grant_type": "client_credentials", "client_id": "machine"}
    for given in (form, {**form, "client_secret": SECRET}):
        for pair in (None, billing):
            assert server.post("/o/token/", given, pair).status_code in (400, 401)
    assert server.token("unbound", secret=SECRET).status_code == 200


def test_middleware(server: AuthServer, billing: KeyPair, other: KeyPair, settings: Callable[..., None]) -> None:
    from django.conf import settings as current

    settings(
        MIDDLEWARE=[*(name for name in current.MIDDLEWARE if "ClientCertificateLogin" not in name), MIDDLEWARE],
        AUTHENTICATION_BACKENDS=[BACKEND, *current.AUTHENTICATION_BACKENDS],
    )
    token = server.exchange("billing", server.code("billing"), billing).json()["access_token"]
    assert server.get("/anybody", token, billing).json()["user"] == "anna"
    for thief in (None, other):
        assert server.get("/anybody", token, thief).json()["user"] == ""


def test_verified_once_is_not_verified_for_the_next(server: AuthServer, billing: KeyPair) -> None:
    """REST framework's permissions ask ``is_valid`` of the row that was verified, and of no other."""
    token = server.access_token("machine", billing)
    assert server.get("/drf", token, billing).status_code == 200
    assert server.get("/drf", token).status_code == 401
    assert get_access_token_model().objects.get().is_valid(["accounts"]) is False


@pytest.mark.parametrize(("path", "method", "scope", "status"), [
    ("/rw", "get", "read", 200), ("/rw", "post", "read", 403), ("/rw", "post", "write", 200),
    ("/rw-view", "get", "read", 200), ("/rw-view", "post", "read", 403), ("/decorated", "get", "read", 403),
    ("/challenging", "get", "read", 403), ("/challenging", "get", "accounts", 200),
])  # fmt: skip
def test_scopes(server: AuthServer, billing: KeyPair, path: str, method: str, scope: str, status: int) -> None:
    token = server.access_token("machine", billing, scope=scope)
    if method == "get":
        answer = server.get(path, token, billing)
    else:
        answer = server.post(path, {}, billing, environ={"HTTP_AUTHORIZATION": f"Bearer {token}"})
    assert answer.status_code == status
    if status == 403:
        assert outcome(answer) == (403, "insufficient_scope")
    without = server.get(path, None)
    assert (without.status_code, without.headers["WWW-Authenticate"]) == (401, 'Bearer realm="oauth"')


@pytest.mark.parametrize("path", ["/decorated", "/challenging", "/rw"])
def test_stolen_token_tells_nothing_of_its_scope(
    server: AuthServer, billing: KeyPair, other: KeyPair, path: str
) -> None:
    token = server.access_token("machine", billing, scope="introspection")
    for thief in (None, other):
        assert outcome(server.get(path, token, thief)) == (401, "invalid_token")
    assert outcome(server.get(path, token, billing)) == (403, "insufficient_scope")


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch, toolkit: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """Another server's introspection endpoint, on a real port: what it answers, and what it was asked."""
    from threading import Thread
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

    told: dict[str, Any] = {"asked": 0, "answer": {"active": False}, "status": "200 OK"}

    def endpoint(environ: Any, start_response: Any) -> Any:
        told["asked"] += 1
        told["authorization"] = environ["HTTP_AUTHORIZATION"]
        told["body"] = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response(told["status"], [("Content-Type", "application/json")])
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
    remote["answer"] = answer
    assert server.get("/decorated", "another").json() == {"user": "anna"}
    assert server.get("/toolkits-decorator", "another").json() == {"user": "anna"}


def test_remote_introspection_by_the_toolkit(
    server: AuthServer, remote: dict[str, Any], billing: KeyPair, other: KeyPair
) -> None:
    """Its own decorator asks by itself and saves a row that says nothing of ``cnf``."""
    remote["answer"] = {"active": True, "scope": "accounts", "cnf": cnf(billing)}
    for _ in range(2):
        assert server.get("/toolkits-decorator", "t0ken", billing).status_code == 403
        assert get_access_token_model().objects.count() == 1
        assert server.get("/decorated", "t0ken", other).status_code == 401
        assert server.get("/decorated", "t0ken", billing).status_code == 200


@pytest.mark.parametrize("change", [
    {"cnf": None}, {"cnf": {}}, {"cnf": []}, {"cnf": "x"}, {"cnf": {"jkt": "x"}}, {"exp": "soon"}, {"exp": 1e300},
    {"exp": True}, {"scope": 7}, {"aud": 7}, {"aud": [7]}, {"active": 1}, {"active": "true"}, {"exp": 1},
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
    assert server.get("/decorated", "t0ken", billing).status_code == 401
    remote["answer"], remote["status"] = good, "500 Oops"
    assert server.get("/decorated", "t0ken", billing).status_code == 401
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


def test_request_of_oauthlib_alone(server: AuthServer, billing: KeyPair) -> None:
    """The validator finds the certificate in any request that OAuth Toolkit's backend class makes."""
    from oauth2_provider.decorators import protected_resource
    from oauthlib.oauth2 import Server

    token = server.access_token("machine", billing)
    view = protected_resource(["accounts"], MutualTLSValidator, Server)(lambda request: request.resource_owner or "in")
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    environ: dict[str, Any] = {**bearer, **environ_for(billing)}
    assert view(RequestFactory().get("/", **environ)) == "in"
    assert view(RequestFactory().get("/", HTTP_AUTHORIZATION=f"Bearer {token}")).status_code == 403
