"""Each answer of the authorization endpoint names its issuer (RFC 9207)."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from oauth2_provider.settings import DEFAULTS

from django_mtls.oauth_toolkit.hardening.issuer import with_issuer

from ..support import REDIRECT, AuthServer

ISSUER = "https://as.example.com"
SETTING = "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS"


def test_answers(server: AuthServer, toolkit: Callable[..., None]) -> None:
    if SETTING not in DEFAULTS:
        pytest.skip("no metadata promise an issuer")
    toolkit(OIDC_ISS_ENDPOINT=ISSUER, **{SETTING: True})
    for changes, expected in (
        ({}, "code"),
        ({"scope": "root"}, "error"),
        ({"code_challenge_method": "other"}, "error"),
        ({"response_type": "other"}, "error"),
    ):
        answer = parse_qs(urlsplit(server.authorize("unbound-code", **changes)).query)
        assert expected in answer
        assert (answer["iss"], answer["state"]) == ([ISSUER], ["s"])
    toolkit(OIDC_ISS_ENDPOINT=ISSUER, **{SETTING: False})
    assert "iss" not in parse_qs(urlsplit(server.authorize("unbound-code", scope="root")).query)


def test_address_that_is_not_registered_gets_nothing(server: AuthServer) -> None:
    query = {"client_id": "unbound-code", "response_type": "code", "redirect_uri": "https://evil.example.com/"}
    browser = Client()
    browser.force_login(server.user, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get("/o/authorize/", query).status_code == 400


@pytest.mark.parametrize(("uri", "expected"), [
    (f"{REDIRECT}?error=x", f"{REDIRECT}?error=x&iss=https%3A%2F%2Fas.example.com"),
    (f"{REDIRECT}?a=%20+&iss=other&iss&error=x", f"{REDIRECT}?a=%20+&error=x&iss=https%3A%2F%2Fas.example.com"),
    (f"{REDIRECT}?iss=other#error=x", f"{REDIRECT}#error=x&iss=https%3A%2F%2Fas.example.com"),
    ("com.example.app:/cb?error=x", "com.example.app:/cb?error=x&iss=https%3A%2F%2Fas.example.com"),
])  # fmt: skip
def test_place(uri: str, expected: str) -> None:
    assert with_issuer(uri, ISSUER) == expected
