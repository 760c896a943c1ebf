"""Under ASGI, where the certificate is in the scope and no login middleware has looked at it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from asgiref.sync import async_to_sync

from django_mtls.test import AsyncCertificateClient
from tests.support import FORM
from wsgi_mtls.testing import KeyPair

from .support import REDIRECT, VERIFIER, AuthServer, cnf, outcome


@pytest.fixture(autouse=True)
def _without_login(settings: Callable[..., None]) -> None:
    from django.conf import settings as current

    settings(MIDDLEWARE=[name for name in current.MIDDLEWARE if "ClientCertificateLogin" not in name])


def ask(pair: KeyPair | None, method: str, path: str, *args: Any, **options: Any) -> Any:
    async def send() -> Any:
        return await getattr(AsyncCertificateClient(pair), method)(path, *args, **options)

    return async_to_sync(send)()


@pytest.mark.parametrize(
    "path",
    [
        "/drf",
        "/decorated",
        "/challenging",
        "/plain",
        "/async-decorated",
        "/async-challenging",
    ],
)
def test_bound_token(server: AuthServer, billing: KeyPair, other: KeyPair, path: str) -> None:
    headers = {"Authorization": f"Bearer {server.access_token('machine', billing)}"}
    assert ask(billing, "get", path, headers=headers).status_code == 200
    for thief in (None, other):
        assert ask(thief, "get", path, headers=headers).status_code in (401, 403)
    assert ask(billing, "get", path, headers={"Authorization": "Bearer x"}).status_code in (401, 403)


def test_public_client(server: AuthServer, billing: KeyPair) -> None:
    form = {"grant_type": "authorization_code", "client_id": "public", "code": server.code("public"),
            "redirect_uri": REDIRECT, "code_verifier": VERIFIER}  # fmt: skip
    assert outcome(ask(None, "post", "/o/token/", urlencode(form), content_type=FORM)) == (400, "invalid_request")
    tokens = ask(billing, "post", "/o/token/", urlencode(form), content_type=FORM).json()
    assert server.introspect(tokens["access_token"])["cnf"] == cnf(billing)


@pytest.mark.parametrize("path", ["/async-decorated", "/async-challenging"])
def test_async_views_under_wsgi(server: AuthServer, billing: KeyPair, other: KeyPair, path: str) -> None:
    token, small = server.access_token("machine", billing), server.access_token("machine", billing, scope="read")
    assert server.get(path, token, billing).json() == {"user": None}
    for thief in (None, other):
        assert outcome(server.get(path, token, thief)) == (401, "invalid_token")
    assert outcome(server.get(path, small, billing)) == (403, "insufficient_scope")
    assert server.get(path, None).headers["WWW-Authenticate"] == 'Bearer scope="accounts"'
    assert ask(None, "options", path).status_code == (200 if "challenging" in path else 401)
