"""The clients that may introspect."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from oauth2_provider.models import get_access_token_model

from django_mtls.oauth_toolkit.checks import check_settings
from wsgi_mtls.testing import KeyPair

from .support import (
    INVALID_CLIENT,
    INVALID_REQUEST,
    INVALID_TOKEN,
    SECRET,
    AuthServer,
    application,
    basic,
    cnf,
    outcome,
)


def test_introspection_by_a_public_client(server: AuthServer, billing: KeyPair) -> None:
    form = {"client_id": "public", "token": server.access_token("machine", billing)}
    device = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}
    for pair in (None, billing):
        assert outcome(server.post("/o/introspect/", form, pair)) == INVALID_CLIENT
        assert outcome(server.post("/o/introspect/", form | device, pair)) == INVALID_CLIENT
    query: dict[str, Any] = {"environ": {"QUERY_STRING": "grant_type=urn:ietf:params:oauth:grant-type:device_code"}}
    assert outcome(server.post("/o/introspect/", {"token": "x"}, **query, **basic("public", "x"))) == INVALID_CLIENT
    assert server.post("/o/introspect/", {**form, "client_id": "machine"} | device, billing).status_code == 200


@pytest.mark.parametrize("hashed", [True, False])
def test_introspection_by_a_public_client_with_a_blank_secret(server: AuthServer, hashed: bool) -> None:
    application("blank-public", client_type="public", client_secret="", hash_client_secret=hashed)
    form = {"client_id": "blank-public", "client_secret": "", "token": "x"}
    assert outcome(server.post("/o/introspect/", {"token": "x"}, **basic("blank-public", ""))) == INVALID_CLIENT
    assert outcome(server.post("/o/introspect/", form)) == INVALID_CLIENT
    application("with-secret")
    assert server.post("/o/introspect/", {"token": "x"}, **basic("with-secret")).status_code == 200


def test_introspection_by_a_bearer(server: AuthServer, billing: KeyPair, other: KeyPair) -> None:
    application("api")
    token = server.access_token("machine", billing)
    reader = server.access_token("machine", billing, scope="introspection")
    unscoped = server.access_token("unbound", secret=SECRET)
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {reader}"}
    answer = server.post("/o/introspect/", {"token": token}, billing, environ=bearer)
    assert (answer.status_code, answer.json()["cnf"]) == (200, cnf(billing))
    assert server.get(f"/o/introspect/?token={token}", reader, billing).json()["cnf"] == cnf(billing)
    for thief in (None, other):
        assert outcome(server.post("/o/introspect/", {"token": token}, thief, environ=bearer)) == INVALID_TOKEN
        assert outcome(server.get(f"/o/introspect/?token={token}", reader, thief)) == INVALID_TOKEN
    assert outcome(server.get(f"/o/introspect/?token={token}", unscoped)) == (403, "insufficient_scope")
    assert server.get(f"/o/introspect/?token={token}", None).status_code == 405
    assert outcome(server.post("/o/introspect/", {"client_id": "machine"}, billing)) == INVALID_REQUEST


def test_client_asks_about_others(
    server: AuthServer, billing: KeyPair, other: KeyPair, mobile_pair: KeyPair, toolkit: Callable[..., None]
) -> None:
    """Closed by default; the answer is the one about a token that does not exist."""
    token = server.access_token("machine", billing)
    of_mobile = server.access_token("mobile", mobile_pair)
    assert server.introspect(token, "mobile", mobile_pair) == {"active": False}
    assert server.introspect("no token", "mobile", mobile_pair) == {"active": False}
    assert server.introspect(token, "machine", billing)["cnf"] == cnf(billing)
    toolkit(MTLS_INTROSPECTION={"mobile": ["machine", "billing"]})
    assert server.introspect(token, "mobile", mobile_pair)["client_id"] == "machine"
    assert server.introspect(token) == {"active": False}  # by a secret
    assert server.introspect(of_mobile, "machine", billing) == {"active": False}
    assert server.introspect(server.access_token("unbound", secret=SECRET), "mobile", mobile_pair) == {"active": False}
    toolkit(MTLS_INTROSPECTION={"mobile": "*"})
    assert server.introspect(server.access_token("unbound", secret=SECRET), "mobile", mobile_pair)["active"] is True


def test_bearer_asks_about_others(server: AuthServer, billing: KeyPair, toolkit: Callable[..., None]) -> None:
    reader = server.access_token("machine", billing, scope="introspection")
    token = server.access_token("unbound", secret=SECRET)
    asked = f"/o/introspect/?token={token}"
    assert server.get(asked, reader, billing).json() == {"active": False}
    toolkit(MTLS_INTROSPECTION={"machine": ["unbound"]})
    assert server.get(asked, reader, billing).json()["active"] is True


def test_token_that_another_server_issued(server: AuthServer, billing: KeyPair, toolkit: Callable[..., None]) -> None:
    """It has no client here."""
    get_access_token_model().objects.create(
        token="theirs", scope="accounts", expires=timezone.now() + timedelta(hours=1)
    )
    toolkit(MTLS_INTROSPECTION={"machine": ["billing"]})
    assert server.introspect("theirs", "machine", billing) == {"active": False}
    toolkit(MTLS_INTROSPECTION={"machine": "*"})
    assert server.introspect("theirs", "machine", billing)["active"] is True


@pytest.mark.parametrize("given", ["*", ["unbound"], {"mobile": "machine"}, {"mobile": 7}, {"mobile": None}, {7: "*"}])
def test_setting_that_is_malformed(
    server: AuthServer, billing: KeyPair, mobile_pair: KeyPair, toolkit: Callable[..., None], given: Any
) -> None:
    """Reported, and closed."""
    toolkit(MTLS_INTROSPECTION=given)
    assert [message.id for message in check_settings()] == ["django_mtls_oauth_toolkit.E006"]
    assert server.introspect(server.access_token("machine", billing), "mobile", mobile_pair) == {"active": False}
