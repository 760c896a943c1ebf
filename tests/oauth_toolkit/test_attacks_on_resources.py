"""Rows about bound tokens at those of OAuth Toolkit's resources that answer with a bare 403."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.flask.attack_rows import HEADERS, NGINX, header_accepted, headers_refused
from wsgi_mtls.testing import KeyPair

from .support import SECRET, AuthServer, outcome

FORBIDDEN = ["/plain", "/toolkits-decorator"]
"""Those where OAuth Toolkit's own answer is a bare 403."""
CHAIN_ALONE = ("26 FAILED",)
"""Rows about the chain alone, which does not matter for a token (row 33)."""


@pytest.fixture
def without_login(settings: Callable[..., None]) -> None:
    """Let nothing but the resource look at the certificate."""
    from django.conf import settings as current

    settings(MIDDLEWARE=[name for name in current.MIDDLEWARE if "ClientCertificateLogin" not in name])


@pytest.mark.parametrize("name", [name for name in HEADERS if name not in CHAIN_ALONE])
def test_rows_24_25_26_42_45_46_47_headers_at_what_answers_403(
    server: AuthServer, billing: KeyPair, ca: KeyPair, mtls: Callable[..., None], without_login: None, name: str
) -> None:
    token = server.access_token("machine", billing, scope="accounts read")
    mtls(SOURCE=NGINX)
    assert outcome(raw("/plain", token, headers_refused(billing, ca.issue("CN=evil"))[name])) == (403, None)
    assert raw("/plain", token, header_accepted(billing)).status_code == 200


def raw(path: str, token: str, environ: dict[str, Any]) -> Any:
    """Send a request with a certificate only in headers."""
    return Client().get(path, HTTP_AUTHORIZATION=f"Bearer {token}", **environ)


@pytest.mark.parametrize("path", FORBIDDEN)
def test_rows_32_38_stolen_token_at_what_answers_403(
    server: AuthServer, billing: KeyPair, other: KeyPair, path: str
) -> None:
    token = server.access_token("machine", billing)
    for thief in (None, other):
        assert server.get(path, token, thief).status_code == 403
    # OAuth Toolkit's own decorators look at no certificate, and so refuse every bound token.
    assert server.get(path, token, billing).status_code == (200 if path == "/plain" else 403)
    assert server.get(path, server.access_token("unbound", secret=SECRET)).status_code == 200
