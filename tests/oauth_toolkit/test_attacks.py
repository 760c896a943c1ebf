"""ATTACKS.md through OAuth Toolkit, at every endpoint that authenticates clients."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from django_mtls.oauth_toolkit.models import ApplicationRegistration
from tests.flask.attack_rows import (
    BY_DN,
    IMPOSSIBLE,
    Came,
)
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, Profile, self_sign

from .support import (
    DN,
    INVALID_CLIENT,
    INVALID_GRANT,
    INVALID_REQUEST,
    PATHS,
    SECRET,
    AuthServer,
    application,
    basic,
    cnf,
    outcome,
    post,
    registered,
)


@pytest.fixture
def rp(server: AuthServer) -> Callable[[Mapping[str, Any]], Any]:
    """Register ``rp`` as a row wants it; it has a secret in the database too."""

    def register(client: Mapping[str, Any]) -> Any:
        return registered(application("rp"), client)

    return register


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("certificate", [True, False])
def test_row_05_secret_of_a_client_of_mutual_tls(
    server: AuthServer, rp: Any, billing: KeyPair, path: str, certificate: bool
) -> None:
    rp(BY_DN)
    came = Came(billing if certificate else None)
    for name in ("rp", "r%70", "RP", "rp "):
        assert outcome(post(server, path, "", came, **basic(name)))[0] in (400, 401)
        assert outcome(post(server, path, "client_id=other", came, **basic(name)))[0] in (400, 401)
        assert outcome(post(server, path, "client_id=unbound", came, **basic(name)))[0] in (400, 401)
    refused = INVALID_REQUEST if certificate else INVALID_CLIENT
    assert outcome(post(server, path, f"client_id=rp&client_secret={SECRET}", came)) == refused
    # A body that is not a form is left to OAuth Toolkit, but for these clients.
    odd = {"content_type": "multipart/form-data; boundary=b"}
    body = "".join(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in (
        ("grant_type", "client_credentials"), ("token", "x"), ("client_id", "{}"), ("client_secret", SECRET),
    )) + "--b--\r\n"  # fmt: skip
    assert outcome(post(server, path, body.format("rp"), came, **odd)) == INVALID_REQUEST
    assert post(server, path, body.format("unbound"), came, **odd).status_code == 200
    for given in (basic("unbound"), {}):
        extra = "" if given else f"client_id=unbound&client_secret={SECRET}"
        assert post(server, path, extra, came, **given).status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["private_key_jwt", "client_secret_basic", "client_secret_post", "none", None])
@pytest.mark.parametrize("stored", [SECRET, ""])
def test_row_06_certificate_of_a_client_of_another_method(
    server: AuthServer, billing: KeyPair, path: str, method: str | None, stored: str
) -> None:
    """With a blank secret it would authenticate by nothing at all."""
    made = application("rp", client_secret=stored)
    if method:
        registered(made, {"token_endpoint_auth_method": method})
    for credentials in ({}, basic("rp", "")):
        for body in ("client_id=rp", "client_id=rp&client_secret="):
            for came in (Came(billing), None):
                assert outcome(post(server, path, body, came, **credentials)) == INVALID_CLIENT
    assert (post(server, path, "", Came(billing), **basic("rp")).status_code == 200) == bool(stored)


@pytest.mark.parametrize("client", IMPOSSIBLE)
@pytest.mark.parametrize("path", PATHS)
def test_rows_10_11_21_metadata(
    server: AuthServer, rp: Any, client: Mapping[str, Any], ca: KeyPair, billing: KeyPair, path: str
) -> None:
    registration = rp(client)
    for pair in (billing, ca.issue("")):
        assert outcome(post(server, path, "client_id=rp", Came(pair))) == INVALID_CLIENT
    with pytest.raises(ValidationError):
        registration.full_clean()
    registration.subject_kind, registration.subject_value = "tls_client_auth_subject_dn", DN
    registration.token_endpoint_auth_method, registration.jwks = "tls_client_auth", None
    registration.metadata = {}
    registration.full_clean()
    registration.save()
    assert post(server, path, "client_id=rp", Came(billing)).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_rows_22_23_jwks_uri(server: AuthServer, rp: Any, mobile_pair: KeyPair, path: str) -> None:
    """It is not fetched, however often any client asks."""
    registration = rp({"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": "https://127.0.0.1:1/"})
    for pair in (mobile_pair, self_sign("CN=mobile"), None, mobile_pair):
        assert outcome(post(server, path, "client_id=rp", Came(pair))) == INVALID_CLIENT
    registration.jwks, registration.jwks_uri = {"keys": [jwk(mobile_pair.certificate)]}, ""
    registration.save()
    assert post(server, path, "client_id=rp", Came(mobile_pair)).status_code == 200


@pytest.mark.parametrize("client_id", ["secretive", "public"])
def test_row_27_no_certificate_for_a_bound_token(server: AuthServer, billing: KeyPair, client_id: str) -> None:
    secret = SECRET if client_id == "secretive" else None
    code = server.code(client_id)
    assert outcome(server.exchange(client_id, code, None, secret)) == INVALID_REQUEST
    # The code was not used up: nothing was issued for it.
    assert server.exchange(client_id, code, billing, secret).status_code == 200


def test_row_28_code_of_another_client(server: AuthServer, billing: KeyPair, other: KeyPair) -> None:
    code = server.code("billing")
    assert outcome(server.exchange("other", code, other)) == INVALID_GRANT
    assert server.exchange("billing", code, billing).status_code == 200
    assert outcome(server.exchange("billing", code, billing)) == INVALID_GRANT  # a second time


@pytest.mark.parametrize("rotate", [True, False])
def test_row_29_refresh_token_of_a_public_client(
    server: AuthServer, billing: KeyPair, ca: KeyPair, toolkit: Callable[..., None], rotate: bool
) -> None:
    toolkit(ROTATE_REFRESH_TOKEN=rotate)
    pair = ca.issue("CN=device")
    token = server.exchange("public", server.code("public"), pair).json()["refresh_token"]
    renewed = ca.issue("CN=device", Profile(key=pair.key))
    for _ in range(2):
        for thief in (None, billing, renewed):
            assert outcome(server.refresh("public", token, thief)) == INVALID_GRANT
        answer = server.refresh("public", token, pair)
        assert answer.status_code == 200
        assert server.get("/drf", answer.json()["access_token"], pair).status_code == 200
        assert server.get("/drf", answer.json()["access_token"], renewed).status_code == 401
        token = answer.json()["refresh_token"]


def test_row_30_confidential_client_renews(server: AuthServer, billing: KeyPair, ca: KeyPair, other: KeyPair) -> None:
    token = server.exchange("billing", server.code("billing"), billing).json()["refresh_token"]
    assert outcome(server.refresh("billing", token, other)) == INVALID_CLIENT
    renewed = ca.issue(DN)
    access = server.refresh("billing", token, renewed).json()["access_token"]
    assert server.introspect(access)["cnf"] == cnf(renewed)


def test_row_31_refresh_token_of_another_client(server: AuthServer, billing: KeyPair, other: KeyPair) -> None:
    token = server.exchange("billing", server.code("billing"), billing).json()["refresh_token"]
    assert outcome(server.refresh("other", token, other)) == INVALID_GRANT
    assert outcome(server.refresh("public", token, billing)) == INVALID_GRANT
    assert server.refresh("billing", token, billing).status_code == 200


@pytest.mark.parametrize(("base", "accepted"), [
    ("https://mtls.as.example", True), ("http://mtls.as.example", False), ("mtls.as.example", False), (7, False),
    ("https://mtls.as.example?x", False),
])  # fmt: skip
def test_row_39_aliases(toolkit: Callable[..., None], base: object, accepted: bool) -> None:
    from django_mtls.oauth_toolkit.checks import check_settings

    toolkit(MTLS_BASE=base)
    found = {message.id for message in check_settings()}
    assert ("django_mtls_oauth_toolkit.E004" in found) != accepted


@pytest.mark.parametrize("value", ["true", None, 2])
def test_row_40_not_a_boolean(server: AuthServer, value: object) -> None:
    registration = ApplicationRegistration.objects.first()
    assert registration is not None
    registration.full_clean()
    registration.tls_client_certificate_bound_access_tokens = value  # type: ignore[assignment]  # what is tried
    with pytest.raises(ValidationError):
        registration.full_clean()


def test_row_44_duplicates_of_others(server: AuthServer, billing: KeyPair) -> None:
    """OAuth Toolkit would take the last one; RFC 8707 allows ``resource`` to be repeated."""
    body = "client_id=machine&scope=accounts"
    for twice in ("scope=read", "grant_type=password", "redirect_uri=x&redirect_uri=y"):
        assert outcome(post(server, "/o/token/", f"{body}&{twice}", Came(billing))) == INVALID_REQUEST
        secret = f"client_id=unbound&client_secret={SECRET}&scope=accounts&{twice}"
        assert outcome(post(server, "/o/token/", secret, None)) == INVALID_REQUEST
    resources = "resource=https://a.example&resource=https://b.example"
    assert post(server, "/o/token/", f"{body}&{resources}", Came(billing)).status_code == 200


@pytest.mark.parametrize("path", ["//o/token/", "/o//token/", "/O/token/", "/o/token", "/o/Token/", "/o/token//"])
def test_row_50_paths(server: AuthServer, billing: KeyPair, path: str) -> None:
    form = {"grant_type": "client_credentials", "client_id": "machine"}
    assert server.post(path, form).status_code in (301, 404)
    assert server.post("/o/token/", form, billing).status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("client_id", ["unbound", "public", "billing", "nobody"])
def test_basic_that_is_not_ascii(server: AuthServer, path: str, client_id: str) -> None:
    """OAuth Toolkit's decoder raises an error for it, and only for those who exist."""
    options: dict[str, Any] = {"environ": {"HTTP_AUTHORIZATION": "Basic \xe9"}}
    assert outcome(post(server, path, f"client_id={client_id}", None, **options)) == INVALID_CLIENT
    assert post(server, path, "", None, **basic("unbound")).status_code in (200, 403)
