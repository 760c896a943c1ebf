"""Who may introspect."""

from typing import Any

import pytest

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
