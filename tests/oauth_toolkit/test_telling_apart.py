"""No answer reveals whether a client of mutual TLS is registered."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from tests.support import FORM
from wsgi_mtls.testing import KeyPair, environ_for

from .support import INVALID_CLIENT, SECRET, AuthServer, outcome

PATHS: dict[str, dict[str, str]] = {
    "/o/token/": {"grant_type": "client_credentials"},
    "/o/introspect/": {"token": "x"},
    "/o/revoke_token/": {"token": "x"},
    "/o/device-authorization/": {},
}
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = ["x", "", "client_credentials", "authorization_code", "refresh_token", "password", DEVICE]
CREDENTIALS = {"code": "x", "refresh_token": "y", "device_code": "z", "username": "anna", "password": "b"}


def as_multipart(**form: str) -> str:
    parts = (f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in form.items())
    return "".join(parts) + "--b--\r\n"


def basic(client_id: str) -> dict[str, Any]:
    return {"headers": {"Authorization": "Basic " + base64.b64encode(f"{client_id}:x".encode()).decode()}}


Request = Callable[[dict[str, str], str], tuple[str, dict[str, Any]]]
REQUESTS: dict[str, Request] = {
    "form": lambda form, client_id: (urlencode({**form, "client_id": client_id}), {}),
    "secret": lambda form, client_id: (urlencode({**form, "client_id": client_id, "client_secret": "x"}), {}),
    "no parameters": lambda form, client_id: (f"client_id={client_id}", {}),
    "multipart": lambda form, client_id: (
        as_multipart(**form, client_id=client_id), {"content_type": "multipart/form-data; boundary=b"}
    ),
    "json": lambda form, client_id: (
        json.dumps({**form, "client_id": client_id}), {"content_type": "application/json"}
    ),
    "charset": lambda form, client_id: (
        urlencode({**form, "client_id": client_id}), {"content_type": f"{FORM}; charset=latin-1"}
    ),
    "Basic": lambda form, client_id: (urlencode(form), basic(client_id)),
    "Basic and client_id": lambda form, client_id: (urlencode({**form, "client_id": client_id}), basic(client_id)),
    "Basic of one, client_id of another": lambda form, client_id: (
        urlencode({**form, "client_id": "unbound"}), basic(client_id)
    ),
}  # fmt: skip


def answers(path: str, request: Request, form: dict[str, str], pair: KeyPair | None) -> list[Any]:
    """Return the answers to a client of mutual TLS and to two unknown clients."""
    found = []
    for client_id in ("machine", "nobody", "nobody-else"):
        body, options = request(form, client_id)
        given: dict[str, Any] = {"content_type": FORM, **options, **environ_for(pair)}
        answer = Client().post(path, body, **given)
        found.append((answer.status_code, dict(answer.headers), answer.content))
    return found


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", REQUESTS)
def test_requests(server: AuthServer, other: KeyPair, path: str, name: str) -> None:
    for pair in (None, other):
        first, *rest = answers(path, REQUESTS[name], PATHS[path], pair)
        assert rest == [first, first]
        assert first[0] in (400, 401)
        challenge = first[1].get("WWW-Authenticate")
        assert challenge == ('Basic realm="oauth"' if first[0] == 401 and "Basic" in name else None)


@pytest.mark.parametrize("grant", GRANTS)
def test_grants(server: AuthServer, other: KeyPair, grant: str) -> None:
    for form in ({"grant_type": grant}, {"grant_type": grant, **CREDENTIALS}):
        for pair in (None, other):
            first, *rest = answers("/o/token/", REQUESTS["form"], form, pair)
            assert rest == [first, first]
            assert (first[0], json.loads(first[2])["error"]) == INVALID_CLIENT


@pytest.mark.parametrize("grant", GRANTS)
def test_client_with_a_secret_is_no_different_without_it(server: AuthServer, grant: str) -> None:
    """Only an authenticated client learns what is wrong with the rest of a request."""
    for form in ({"grant_type": grant}, {"grant_type": grant, **CREDENTIALS}):
        for client_id, secret in (("unbound", "wrong"), ("nobody", "wrong")):
            answer = server.post("/o/token/", {**form, "client_id": client_id, "client_secret": secret})
            assert outcome(answer) == INVALID_CLIENT
        known = server.post("/o/token/", {**form, "client_id": "unbound", "client_secret": SECRET})
        assert known.status_code == (200 if grant == "client_credentials" else 400)


@pytest.mark.parametrize("path", PATHS)
def test_challenge_names_the_scheme_that_came(server: AuthServer, path: str) -> None:
    for client_id in ("nobody", "machine", "unbound"):
        body, options = REQUESTS["Basic and client_id"](PATHS[path], client_id)
        answer = server.post(path, body, **options)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="oauth"'
        assert "WWW-Authenticate" not in server.post(path, urlencode({**PATHS[path], "client_id": client_id})).headers


def test_what_a_client_of_mutual_tls_is_told(server: AuthServer, billing: KeyPair) -> None:
    assert outcome(server.token("machine", billing, grant_type="x")) == (400, "unsupported_grant_type")
    assert server.token("machine", billing).status_code == 200
