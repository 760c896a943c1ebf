"""ATTACKS.md through OAuth Toolkit, at every endpoint that authenticates clients, and at its APIs."""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from django_mtls.oauth_toolkit.models import AccessTokenConfirmation, ApplicationRegistration
from tests.flask.attack_rows import (
    BY_DN,
    HEADERS,
    NGINX,
    PKI,
    REQUESTS,
    ROW_IDS,
    Came,
    RequestRow,
    header_accepted,
    headers_refused,
    rows,
)
from tests.support import FORM
from wsgi_mtls.testing import KeyPair, Profile, make_ca, self_sign

from .support import (
    DN,
    INVALID_CLIENT,
    INVALID_GRANT,
    INVALID_REQUEST,
    INVALID_TOKEN,
    SECRET,
    AuthServer,
    application,
    cnf,
    outcome,
    registered,
)

PATHS = {
    "/o/token/": "grant_type=client_credentials",
    "/o/introspect/": "token=x",
    "/o/revoke_token/": "token=x",
}
RESOURCES = ["/decorated", "/rw", "/challenging", "/rw-view", "/drf"]
"""Those that answer as RFC 6750 says."""
FORBIDDEN = ["/plain", "/toolkits-decorator"]
"""Those where OAuth Toolkit's own answer is a bare 403."""


def post(server: AuthServer, path: str, body: str, came: Came | None, **options: Any) -> Any:
    """Send what the endpoint wants, and ``body``."""
    options = {"content_type": FORM, **options}
    if not options["content_type"].startswith("multipart"):
        body = f"{PATHS[path]}&{body}" if body else PATHS[path]
    if "query_string" in options:
        options.setdefault("environ", {})["QUERY_STRING"] = options.pop("query_string")
    pair, verified = (came.pair, came.verified) if came else (None, True)
    return server.post(path, body, pair, verified=verified, **options)


@pytest.fixture
def rp(server: AuthServer) -> Callable[[Mapping[str, Any]], Any]:
    """Register ``rp`` as a row wants it; it has a secret in the database too."""

    def register(client: Mapping[str, Any]) -> Any:
        return registered(application("rp"), client)

    return register


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("row_id", ROW_IDS)
def test_certificates(server: AuthServer, rp: Any, ca: KeyPair, row_id: str, path: str) -> None:
    row = rows(ca)[row_id]
    rp(row.client)
    for came in row.refused:
        answer = post(server, path, "client_id=rp", came)
        assert outcome(answer) == INVALID_CLIENT
        assert answer.headers["Cache-Control"] == "no-store"
        assert "WWW-Authenticate" not in answer.headers
    for came in row.accepted:
        assert post(server, path, "client_id=rp", came).status_code == 200


def ids(row: RequestRow) -> str:
    return f"{row.number} {row.body[:20]} {row.options}"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("row", REQUESTS, ids=ids)
def test_requests(server: AuthServer, rp: Any, billing: KeyPair, row: RequestRow, path: str) -> None:
    rp(BY_DN)
    assert outcome(post(server, path, row.body, Came(billing), **row.options)) == row.expected
    assert post(server, path, "client_id=rp", Came(billing)).status_code == 200


def basic(name: str, secret: str = SECRET) -> dict[str, Any]:
    return {"headers": {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}}


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
    # A body that is no form is left to OAuth Toolkit, but for these clients.
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


@pytest.mark.parametrize("client", [
    {**PKI},
    {**PKI, "tls_client_auth_subject_dn": ""},
    {**PKI, "tls_client_auth_san_dns": "*.example.com"},
    {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": [{"kty": "EC"}]}},
    {"token_endpoint_auth_method": "self_signed_tls_client_auth"},
])  # fmt: skip
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
    registration.full_clean()
    registration.save()
    assert post(server, path, "client_id=rp", Came(billing)).status_code == 200


@pytest.mark.parametrize("name", HEADERS)
def test_rows_24_25_26_42_45_46_47_headers(
    server: AuthServer, rp: Any, billing: KeyPair, ca: KeyPair, mtls: Callable[..., None], name: str
) -> None:
    rp(BY_DN)
    mtls(SOURCE=NGINX)
    forged = headers_refused(billing, ca.issue("CN=evil"))[name]
    for path, given in PATHS.items():
        for environ, accepted in ((forged, False), (header_accepted(billing), True)):
            answer = raw(path, f"{given}&client_id=rp", environ)
            assert (answer.status_code == 200) == accepted
            assert accepted or outcome(answer) in (INVALID_CLIENT, INVALID_REQUEST)


def raw(path: str, body: str, environ: Mapping[str, Any]) -> Any:
    """Send a request whose certificate only headers tell."""
    from django.test import Client

    return Client().post(path, body, content_type=FORM, **dict(environ))


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


@pytest.mark.parametrize("change", [
    lambda thumbprint: {},
    lambda thumbprint: None,
    lambda thumbprint: [thumbprint],
    lambda thumbprint: {"x5t#S256": 7},
    lambda thumbprint: {"x5t#S256": ""},
    lambda thumbprint: {"x5t#S256": thumbprint + "="},
    lambda thumbprint: {"x5t#S256": thumbprint.swapcase()},
    lambda thumbprint: {"x5t": thumbprint},
    lambda thumbprint: {"x5t#S256": thumbprint, "jkt": "x"},
    lambda thumbprint: {"jkt": "x"},
])  # fmt: skip
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
    """OAuth Toolkit would take the last one; RFC 8707 lets ``resource`` be repeated."""
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


@pytest.mark.parametrize("body", [
    "code=%00", "code=a%00b", "%00=a", "code=%ff", "&&&", "=", "a" * 70000, "encoding=hex", "encoding=x",
    "client=x", "user=x", "scopes=x", "refresh_token_instance=x&refresh_token=x", "resource=x", "redirect_uri=%00",
])  # fmt: skip
@pytest.mark.parametrize("grant", [
    "authorization_code", "refresh_token", "client_credentials", "password",
    "urn:ietf:params:oauth:grant-type:device_code", "x", "",
])  # fmt: skip
def test_no_500(server: AuthServer, billing: KeyPair, body: str, grant: str) -> None:
    for client in ("client_id=billing", "client_id=machine", f"client_id=unbound&client_secret={SECRET}", ""):
        given = f"grant_type={grant}&{client}&{body}"
        answer = server.post("/o/token/", given, billing)
        assert answer.status_code < 500, given
        assert answer.status_code != 200 or grant == "client_credentials"


@pytest.mark.parametrize("header", [
    "Basic", "Basic ", "Basic !!!", "Basic AAAA", "Basic OnMzY3JldA==", "Basic w6k6w6k=", "Basic YmlsbGluZzo=",
    "Basic c2VjcmV0aXZlOsOp", "Bearer x", "Bearer", "Digest username=x", "Basic bm9ib2R5OngA", "Basic YQBiOng=",
    "Basic /w==",
])  # fmt: skip
@pytest.mark.parametrize("path", PATHS)
def test_no_500_for_other_credentials(server: AuthServer, billing: KeyPair, path: str, header: str) -> None:
    for body in ("", "client_id=machine", "client_id=secretive", "encoding=hex", "encoding=utf-7", "encoding=x"):
        answer = post(server, path, body, Came(billing), headers={"Authorization": header})
        assert answer.status_code in (200, 400, 401, 403), (body, answer.content)
        assert answer.status_code != 200 or "client_id=machine" in body


@pytest.mark.filterwarnings("ignore:Presenting an OAuth 2.0 access token in the URI:DeprecationWarning")
@pytest.mark.parametrize("query", ["a=%zz", "a=%00", "client_id=%00", "token=%ff", "access_token=x", "token=%00", "&"])
def test_no_500_for_queries(server: AuthServer, billing: KeyPair, query: str) -> None:
    for path in PATHS:
        for came in (Came(billing), None):
            answer = post(server, path, "client_id=machine", came, query_string=query)
            assert answer.status_code < 500
    for path in ("/o/introspect/", *RESOURCES, *FORBIDDEN[:1]):
        assert server.get(f"{path}?{query}", "x", billing).status_code in (400, 401, 403)


@pytest.mark.parametrize("keys", [
    {"SSL_CLIENT_CERT": "rubbish", "SSL_CLIENT_VERIFY": "SUCCESS"}, {"SSL_CLIENT_VERIFY": "SUCCESS"},
])  # fmt: skip
def test_malformed_certificate(
    server: AuthServer, billing: KeyPair, keys: Mapping[str, Any], settings: Callable[..., None]
) -> None:
    from django.conf import settings as current
    from django.test import Client

    settings(MIDDLEWARE=[name for name in current.MIDDLEWARE if "ClientCertificateLogin" not in name])
    token = server.access_token("machine", billing, scope="accounts read")
    for path in RESOURCES:
        answer = Client().get(path, HTTP_AUTHORIZATION=f"Bearer {token}", **dict(keys))
        assert outcome(answer) == INVALID_TOKEN
    for path, given in PATHS.items():
        assert raw(path, f"{given}&client_id=machine", keys).status_code in (400, 401)
        by_secret = raw(path, f"{given}&client_id=unbound&client_secret={SECRET}", keys)
        assert by_secret.status_code == 200  # nothing of its certificate is asked for
    assert outcome(raw("/o/token/", "grant_type=refresh_token&refresh_token=x&client_id=public", keys))[0] in (400, 401)


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


@pytest.mark.parametrize("query", ["client_id=%00", "client_id=billing%00", "client_id=x", "", "client_id=%ff"])
def test_no_500_at_the_authorization_endpoint(server: AuthServer, query: str) -> None:
    from django.test import Client

    browser = Client()
    browser.force_login(server.user, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get(f"/o/authorize/?response_type=code&{query}").status_code == 400
    assert server.code("billing")
