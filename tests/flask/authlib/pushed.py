"""Requests that a client pushes to the example, and the browser that brings their references."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from wsgi_mtls.testing import KeyPair

from .authserver import CHALLENGE, ISSUER, REDIRECT, AuthServer

REQUEST: dict[str, Any] = {
    "response_type": "code", "redirect_uri": REDIRECT, "scope": "accounts", "state": "pushed",
    "code_challenge": CHALLENGE, "code_challenge_method": "S256",
}  # fmt: skip


def push(
    server: AuthServer,
    client_id: str,
    pair: KeyPair | None = None,
    change: Mapping[str, Any] | None = None,
    **options: Any,
) -> TestResponse:
    """Push an authorization request; a member that is None is left out."""
    form = {"client_id": client_id, **REQUEST, **(change or {})}
    return server.post(
        "/oauth/par", {name: value for name, value in form.items() if value is not None}, pair, **options
    )


def pushed(server: AuthServer, client_id: str, pair: KeyPair | None = None, **change: Any) -> str:
    """Push a request that is accepted, and return its reference."""
    answer = push(server, client_id, pair, change)
    assert answer.status_code == 201, answer.text
    reference: str = answer.get_json()["request_uri"]
    return reference


def page(browser: FlaskClient, client_id: str, request_uri: str, **more: str) -> TestResponse:
    """Load the page on which the user decides."""
    return browser.get(authorize_url(client_id, request_uri, **more), base_url=ISSUER)


def authorize_url(client_id: str, request_uri: str, **more: str) -> str:
    return f"/oauth/authorize?{urlencode({'client_id': client_id, 'request_uri': request_uri, **more})}"


def decide(browser: FlaskClient, client_id: str, request_uri: str, loaded: TestResponse, **form: str) -> TestResponse:
    """Agree on a page that was loaded, unless the form has another answer."""
    found = re.search(r'name="csrf" value="([^"]+)"', loaded.text)
    assert found, loaded.text
    fields = {"csrf": found[1], "user": "anna", "consent": "yes", **form}
    return browser.post(authorize_url(client_id, request_uri), data=fields, base_url=ISSUER)
