"""ATTACKS.md at OAuth Toolkit's APIs, whatever protects them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from django_mtls.oauth_toolkit.models import AccessTokenConfirmation
from tests.confirmations import CONFIRMATIONS
from tests.flask.attack_rows import HEADERS, NGINX, header_accepted, headers_refused
from wsgi_mtls.testing import KeyPair, Profile, make_ca, self_sign

from .support import DN, INVALID_TOKEN, RESOURCES, SECRET, AuthServer, outcome

FORBIDDEN = ["/plain", "/toolkits-decorator"]
"""Those where OAuth Toolkit's own answer is a bare 403."""
CHAIN_ALONE = ("26 FAILED",)
"""What tells something of the chain alone, which does not matter for a token (row 33)."""


@pytest.fixture
def without_login(settings: Callable[..., None]) -> None:
    """Let nothing but the resource look at the certificate."""
    from django.conf import settings as current

    settings(MIDDLEWARE=[name for name in current.MIDDLEWARE if "ClientCertificateLogin" not in name])


@pytest.mark.parametrize("name", HEADERS)
def test_rows_24_25_26_42_45_46_47_headers(
    server: AuthServer, billing: KeyPair, ca: KeyPair, mtls: Callable[..., None], without_login: None, name: str
) -> None:
    token = server.access_token("machine", billing, scope="accounts read")
    mtls(SOURCE=NGINX)
    forged = headers_refused(billing, ca.issue("CN=evil"))[name]
    for path in [*RESOURCES, "/plain"]:
        answer = raw(path, token, forged)
        if name in CHAIN_ALONE:
            assert answer.status_code == 200
        else:
            assert outcome(answer) == ((403, None) if path == "/plain" else INVALID_TOKEN)
        assert raw(path, token, header_accepted(billing)).status_code == 200


def test_row_26_certificate_of_another(
    server: AuthServer, billing: KeyPair, ca: KeyPair, mtls: Callable[..., None], without_login: None
) -> None:
    token = server.access_token("machine", billing, scope="accounts read")
    mtls(SOURCE=NGINX)
    for name in CHAIN_ALONE:
        for path in RESOURCES:
            assert outcome(raw(path, token, headers_refused(ca.issue(DN), billing)[name])) == INVALID_TOKEN
            assert raw(path, token, headers_refused(billing, billing)[name]).status_code == 200


def raw(path: str, token: str, environ: dict[str, Any]) -> Any:
    """Send a request whose certificate only headers tell."""
    return Client().get(path, HTTP_AUTHORIZATION=f"Bearer {token}", **environ)


@pytest.mark.parametrize("path", RESOURCES)
def test_rows_32_38_stolen_token(server: AuthServer, billing: KeyPair, other: KeyPair, ca: KeyPair, path: str) -> None:
    token = server.access_token("machine", billing, scope="accounts read")
    renewed = ca.issue(DN, Profile(key=billing.key))
    for thief in (None, other, renewed, self_sign(DN)):
        answer = server.get(path, token, thief)
        assert outcome(answer) == INVALID_TOKEN
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert server.get(path, token, billing).status_code == 200


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


def test_rows_33_43_chain_and_expiry_do_not_matter(server: AuthServer) -> None:
    now = datetime.now(UTC)
    expired = Profile(not_before=now - timedelta(days=2), not_after=now - timedelta(days=1))
    for pair in (make_ca("CN=Foreign").issue("CN=x"), self_sign("CN=x"), self_sign("CN=x", expired)):
        token = server.exchange("public", server.code("public"), pair).json()["access_token"]
        for path in RESOURCES:
            if "rw" not in path:
                assert server.get(path, token, pair).status_code == 200
                assert outcome(server.get(path, token, self_sign("CN=x"))) == INVALID_TOKEN


@pytest.mark.parametrize("change", CONFIRMATIONS.values(), ids=CONFIRMATIONS)
def test_rows_34_35_confirmation(server: AuthServer, billing: KeyPair, change: Callable[[str], Any]) -> None:
    token, thumbprint = server.access_token("machine", billing), billing.certificate.thumbprint
    AccessTokenConfirmation.objects.update(claims={"cnf": change(thumbprint)})
    assert outcome(server.get("/decorated", token, billing)) == INVALID_TOKEN
    assert server.get("/toolkits-decorator", token, billing).status_code == 403
    AccessTokenConfirmation.objects.update(claims={"cnf": {"x5t#S256": thumbprint, "unheard_of": 1}})
    assert server.get("/decorated", token, billing).status_code == 200


def test_row_37_not_bound(server: AuthServer, billing: KeyPair, toolkit: Callable[..., None]) -> None:
    unbound, bound = server.access_token("unbound", secret=SECRET), server.access_token("machine", billing)
    assert server.get("/decorated", unbound, billing).status_code == 200
    toolkit(OAUTH2_VALIDATOR_CLASS="tests.oauth_toolkit.test_tokens.Required")
    for path in RESOURCES:
        if "rw" not in path:
            assert outcome(server.get(path, unbound, billing)) == INVALID_TOKEN
            assert server.get(path, bound, billing).status_code == 200
