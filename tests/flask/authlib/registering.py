"""Clients that are registered at the Authlib example, and what they do with their registration."""

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.test import TestResponse

from wsgi_mtls.testing import KeyPair, environ_for

from .authserver import ISSUER, AuthServer

PKI = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "new.example.com"}
MACHINE = {**PKI, "grant_types": ["client_credentials"], "scope": "accounts"}
Make = Callable[..., AuthServer]


def send(
    server: AuthServer, method: str, path: str, token: str | None = None, pair: KeyPair | None = None, **options: Any
) -> TestResponse:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    client = server.app.test_client()
    overrides = {**environ_for(pair, verified=options.pop("verified", True))}
    return client.open(path, method=method, headers=headers, base_url=ISSUER, environ_overrides=overrides, **options)


def register(
    server: AuthServer, values: Any, token: str | None = "initial", pair: KeyPair | None = None, **options: Any
) -> TestResponse:
    return send(server, "POST", "/oauth/register", token, pair, json=values, **options)


def registered(server: AuthServer, values: Mapping[str, Any], **options: Any) -> Any:
    answer = register(server, values, **options)
    assert answer.status_code == 201, answer.text
    return answer.get_json()


def at(found: Mapping[str, Any]) -> str:
    """Return the path at which a client finds its registration."""
    path: str = found["registration_client_uri"].removeprefix(ISSUER)
    return path


def put(server: AuthServer, found: Mapping[str, Any], values: Any, **options: Any) -> TestResponse:
    return send(server, "PUT", at(found), found["registration_access_token"], json=values, **options)
