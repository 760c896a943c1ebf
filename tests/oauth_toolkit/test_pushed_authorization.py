"""Pushed authorization requests (RFC 9126), as OAuth Toolkit has them after 3.4."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View
from oauth2_provider import views
from oauth2_provider.settings import oauth2_settings
from oauthlib.common import Request

from django_mtls.oauth_toolkit.pushed_authorization import PushedAuthorizationMixin
from wsgi_mtls.testing import KeyPair

from .support import (
    CHALLENGE,
    INVALID_CLIENT,
    INVALID_REQUEST,
    REDIRECT,
    SECRET,
    AuthServer,
    basic,
    outcome,
)

IS_RELEASED = hasattr(views, "PushedAuthorizationRequestView")
ASKED = {
    "response_type": "code", "redirect_uri": REDIRECT, "scope": "accounts", "state": "s", "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}  # fmt: skip


class Stub(View):
    """Calls what OAuth Toolkit's view of August 2026 calls, and answers as it does."""

    def get_oauthlib_core(self) -> Any:
        backend: Any = oauth2_settings.OAUTH2_BACKEND_CLASS
        return backend(oauth2_settings.OAUTH2_SERVER_CLASS(oauth2_settings.OAUTH2_VALIDATOR_CLASS()))

    def post(self, request: HttpRequest) -> JsonResponse:
        if "request_uri" in request.POST:
            return JsonResponse({"error": "invalid_request"}, status=400)
        core = self.get_oauthlib_core()
        uri, method, body, headers = core._extract_params(request)
        asked, validator = Request(uri, http_method=method, body=body, headers=headers), core.server.request_validator
        if not validator.authenticate_client(asked) and not validator.authenticate_client_id(asked.client_id, asked):
            answer = JsonResponse({"error": "invalid_client"}, status=401)
            answer.headers["WWW-Authenticate"] = 'Bearer error="invalid_client"'
            return answer
        return JsonResponse({"client": asked.client.client_id}, status=201)


class Pushed(PushedAuthorizationMixin, Stub):  # type: ignore[misc]  # the mixin precedes an untyped view
    pass


urlpatterns = [
    path("par", csrf_exempt(Pushed.as_view())),
    path("toolkits", csrf_exempt(Stub.as_view())),
    path("o/", include("django_mtls.oauth_toolkit.urls")),
]


@pytest.fixture(autouse=True)
def _urls(settings: Callable[..., None], _project: None) -> None:
    settings(ROOT_URLCONF=__name__)


def push(server: AuthServer, client_id: str, pair: KeyPair | None = None, path: str = "/par", **form: str) -> Any:
    return server.post(path, {**ASKED, "client_id": client_id, **form}, pair)


def test_clients_of_mutual_tls(server: AuthServer, billing: KeyPair, other: KeyPair, mobile_pair: KeyPair) -> None:
    for client_id, pair in (("billing", billing), ("other", other), ("mobile", mobile_pair), ("public", None)):
        answer = push(server, client_id, pair)
        assert (answer.status_code, json.loads(answer.content)) == (201, {"client": client_id})
    assert push(server, "billing", billing, "/toolkits").status_code == 401  # alone it authenticates none of them


def test_refusals_offer_no_bearer(server: AuthServer, billing: KeyPair, other: KeyPair) -> None:
    """``outcome`` checks the challenge."""
    for pair in (None, other):
        assert outcome(push(server, "billing", pair)) == INVALID_CLIENT
        assert outcome(push(server, "billing", pair, client_secret=SECRET)) == INVALID_CLIENT
        assert outcome(push(server, "billing", pair, request_uri="urn:x")) == INVALID_CLIENT
        assert outcome(push(server, "nobody", pair)) == INVALID_CLIENT
        assert outcome(push(server, "unbound-code", pair, client_secret="wrong")) == INVALID_CLIENT
        assert outcome(push(server, "unbound-code", pair, request_uri="urn:x")) == INVALID_CLIENT
    assert outcome(push(server, "billing", billing, request_uri="urn:x")) == INVALID_REQUEST
    assert push(server, "unbound-code", client_secret=SECRET).status_code == 201
    answer = server.post("/par", ASKED, None, **basic("unbound-code", "wrong"))
    assert (answer.status_code, answer.headers["WWW-Authenticate"].split()[0]) == (401, "Basic")


def test_malformed(server: AuthServer, billing: KeyPair) -> None:
    body = f"client_id=billing&response_type=code&redirect_uri={REDIRECT}"
    for odd in (
        body + "&client_id=billing",
        body + "&scope=a&scope=b",
        body + "&state=%00",
        "client_id=billing&%ff=%fe",
    ):
        assert server.post("/par", odd, billing).status_code in (201, 400)
    assert outcome(server.post("/par", body + "&state=%00", billing)) == INVALID_REQUEST
    assert outcome(server.post("/par?client_id=billing", body, billing)) == INVALID_REQUEST
    assert outcome(server.post("/par?state=s", body, billing)) == INVALID_REQUEST
    assert outcome(server.post("/par", json.dumps(ASKED), billing, content_type="application/json"))[0] in (400, 401)
    assert server.post("/par", body, billing).status_code == 201


if IS_RELEASED:

    def test_row_69_pushed_requests(
        server: AuthServer, billing: KeyPair, other: KeyPair, toolkit: Callable[..., None]
    ) -> None:
        def authorize(client_id: str, uri: str) -> Any:
            from django.test import Client

            browser = Client()
            browser.force_login(server.user, backend="django.contrib.auth.backends.ModelBackend")
            return browser.get("/o/authorize/", {"client_id": client_id, "request_uri": uri})

        answer = push(server, "billing", billing, "/o/par/")
        assert answer.status_code == 201, answer.content
        uri = answer.json()["request_uri"]
        assert authorize("other", uri).status_code == 400
        assert authorize("billing", uri).status_code == 302
        assert authorize("billing", uri).status_code == 400
        toolkit(PAR_REQUEST_URI_LIFETIME_SECONDS=-1)
        assert (
            authorize("billing", push(server, "billing", billing, "/o/par/").json()["request_uri"]).status_code == 400
        )
        assert outcome(push(server, "billing", other, "/o/par/")) == INVALID_CLIENT
        assert (
            outcome(push(server, "billing", billing, "/o/par/", redirect_uri="https://evil.example")) == INVALID_REQUEST
        )
