"""Dynamic registration (RFC 7591) and its management (RFC 7592), attacked."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from oauth2_provider import views
from oauth2_provider.models import get_access_token_model, get_application_model

from django_mtls.oauth_toolkit.dynamic_registration import RegistrationMixin
from django_mtls.oauth_toolkit.models import ApplicationRegistration, RegistrationAccess
from tests.key_sets import publishing
from tests.tokens import json_response
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, Profile, environ_for, self_sign

from .support import BIND, INVALID_CLIENT, REDIRECT, SECRET, AuthServer, application, cnf, registered

pytestmark = pytest.mark.skipif(not hasattr(views, "DynamicClientRegistrationView"), reason="an older OAuth Toolkit")
OPEN = "oauth2_provider.dcr.AllowAllDCRPermission"
BY_CERTIFICATE = "django_mtls.oauth_toolkit.registering.CertificateDCRPermission"
PKI = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "new.example.com"}
MACHINE = {**PKI, "grant_types": ["client_credentials"]}
CODE = {**PKI, "redirect_uris": [REDIRECT]}


@pytest.fixture(autouse=True)
def _open(toolkit: Callable[..., None], _project: None) -> None:
    toolkit(DCR_ENABLED=True, DCR_REGISTRATION_PERMISSION_CLASSES=[OPEN])


@pytest.fixture
def by_certificate(toolkit: Callable[..., None]) -> None:
    toolkit(DCR_ENABLED=True, DCR_REGISTRATION_PERMISSION_CLASSES=[BY_CERTIFICATE], MTLS_BASE="https://mtls.example")


@pytest.fixture(scope="module")
def new(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=new", Profile(san_dns=["new.example.com"]))


def send(method: str, path: str, body: Any = None, token: str | None = None, pair: KeyPair | None = None) -> Any:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    options: dict[str, Any] = {"headers": headers, **environ_for(pair)}
    return Client().generic(method, path, data, "application/json", **options)


def register(body: Any, pair: KeyPair | None = None) -> Any:
    return send("POST", "/o/register/", body, pair=pair)


def made(body: Any, pair: KeyPair | None = None) -> Any:
    answer = register(body, pair)
    assert answer.status_code == 201, answer.content
    assert "no-store" in answer.headers["Cache-Control"]
    return answer.json()


def at(found: Any) -> str:
    return str(urlsplit(found["registration_client_uri"]).path)


def manage(method: str, found: Any, body: Any = None, pair: KeyPair | None = None) -> Any:
    """Use the registration access token of a client, and keep the one that replaces it (RFC 7592 section 3)."""
    answer = send(method, at(found), body, found["registration_access_token"], pair)
    if method == "PUT" and answer.status_code == 200:
        found["registration_access_token"] = answer.json()["registration_access_token"]
    return answer


def refused(answer: Any, error: str = "invalid_client_metadata") -> str:
    assert (answer.status_code, answer.json()["error"]) == (400, error), answer.content
    return str(answer.json()["error_description"])


def test_client_of_mutual_tls(server: AuthServer, new: KeyPair, other: KeyPair) -> None:
    found = made({**MACHINE, **BIND, "use_mtls_endpoint_aliases": True, "unknown": 7})
    assert found | {**MACHINE, **BIND, "use_mtls_endpoint_aliases": True, "response_types": []} == found
    assert not {"client_secret", "unknown"} & found.keys()
    token = server.access_token(found["client_id"], new)
    assert server.introspect(token)["cnf"] == cnf(new)
    assert server.token(found["client_id"], other).status_code == 401
    assert manage("GET", found).json() == found
    assert manage("HEAD", found).status_code == 200


def test_self_signed_client(server: AuthServer) -> None:
    mine, theirs = self_sign("CN=x"), self_sign("CN=x")
    method = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "grant_types": ["client_credentials"]}
    found = made({**method, "jwks": {"keys": [jwk(mine.certificate)]}})
    assert server.token(found["client_id"], mine).status_code == 200
    assert server.token(found["client_id"], theirs).status_code == 401


def test_jwks_uri_that_is_fetched_at_once(
    server: AuthServer, mtls: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = self_sign("CN=x")
    monkeypatch.setattr(RegistrationMixin, "fetches_jwks_uri", True)
    with publishing(mine) as published:
        mtls(KEY_SETS=published.options)
        wanted = {**published.metadata, "grant_types": ["client_credentials"]}
        published.server.answer = lambda _: json_response({}, 500)
        told = refused(register({**wanted, "jwks_uri": published.server.url + "?broken"}))
        assert "Expected status 200, got 500" in told
        assert "not public" in refused(register({**wanted, "jwks_uri": "https://10.0.0.1/jwks"}))
        published.replace(mine)
        found = made(wanted)
        assert published.fetches == 2
        assert server.token(found["client_id"], mine).status_code == 200
        monkeypatch.setattr(RegistrationMixin, "fetches_jwks_uri", False)
        made({**wanted, "jwks_uri": published.server.url + "?later"})
        assert published.fetches == 2


def test_code_of_a_registered_client(server: AuthServer, new: KeyPair) -> None:
    found = made({**CODE, **BIND})
    assert (found["grant_types"], found["response_types"]) == (["authorization_code", "refresh_token"], ["code"])
    get_application_model().objects.update(skip_authorization=True)
    tokens = server.exchange(found["client_id"], server.code(found["client_id"]), new)
    assert tokens.status_code == 200, tokens.content


def test_other_methods(server: AuthServer, billing: KeyPair) -> None:
    found = made({"grant_types": ["client_credentials"], **BIND})
    assert (found["token_endpoint_auth_method"], found["client_secret_expires_at"]) == ("client_secret_basic", 0)
    token = server.access_token(found["client_id"], billing, secret=found["client_secret"])
    assert server.introspect(token)["cnf"] == cnf(billing)
    assert "client_secret" not in manage("GET", found).json()
    public = made({"token_endpoint_auth_method": "none", "redirect_uris": [REDIRECT], **BIND})
    assert "client_secret" not in public
    assert get_application_model().objects.get(client_id=public["client_id"]).client_type == "public"
    assert register({**MACHINE, "token_endpoint_auth_method": "private_key_jwt"}).status_code == 400


@pytest.mark.parametrize("change", [
    {"tls_client_auth_subject_dn": "CN=x"},  # two names
    {"tls_client_auth_san_dns": None},
    {"tls_client_auth_san_dns": ""},
    {"tls_client_auth_san_dns": "a\0b"},
    {"tls_client_auth_san_other": "x"},
    {"token_endpoint_auth_method": "self_signed_tls_client_auth"},
    {"token_endpoint_auth_method": 7},
    {"token_endpoint_auth_method": []},
    {"tls_client_certificate_bound_access_tokens": "true"},
    {"grant_types": []},
    {"grant_types": ["refresh_token"]},
    {"grant_types": ["password"]},
    {"grant_types": ["implicit"]},
    {"grant_types": ["client_credentials", "authorization_code"]},
    {"grant_types": "client_credentials"},
    {"grant_types": [["client_credentials"]]},
    {"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]},  # devices have no page here
    {"response_types": ["code"]},
    {"redirect_uris": 5},
    {"redirect_uris": ["https://*.example.com/"]},
    {"redirect_uris": ["https://x.example.com/ https://y.example.com/"]},
    {"redirect_uris": ["javascript:alert(1)"]},
    {"redirect_uris": ["https://x.example.com:99999/"]},
    {"client_name": "x" * 256},
    {"client_name": "\0"},
    {"client_uri": "\ud800"},
    {"contacts": ["a\0"]},
    {"jwks_uri": "http://x.example.com/"},
    {"jwks_uri": "https://x.example.com/" + "x" * 2000},
    {"jwks": {"keys": []}, "jwks_uri": "https://x.example.com/"},
    {"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"},
])  # fmt: skip
def test_what_could_never_work(server: AuthServer, change: dict[str, Any]) -> None:
    before = get_application_model().objects.count()
    refused(register({**MACHINE, **change}))
    assert get_application_model().objects.count() == before
    found = made(MACHINE)
    if any(change.values()):  # in an update, what is empty is left out
        refused(manage("PUT", found, {**MACHINE, **change, "client_id": found["client_id"]}))
    assert manage("GET", found).json() == found


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"7", b"{", b"\xff", b"[" * 100_000, b'{"a":' * 20_000,
                                  b'{"x": "' + b"x" * 2_000_000 + b'"}'])  # fmt: skip
def test_odd_bodies(server: AuthServer, body: bytes) -> None:
    refused(register(body))
    found = made(MACHINE)
    refused(manage("PUT", found, body))
    assert manage("GET", found).json() == found


def test_certificate_of_a_user_is_not_taken(server: AuthServer, billing: KeyPair) -> None:
    """While it is registered as a client's, no user logs in by it."""
    method = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "grant_types": ["client_credentials"]}
    told = refused(register({**method, "jwks": {"keys": [jwk(billing.certificate)]}}))
    assert told == "The certificates in x5c must be self-signed; register others by their name."


def test_answers_do_not_depend_on_others(server: AuthServer, mobile_pair: KeyPair) -> None:
    """``billing`` has this name, ``mobile`` this key."""
    assert register({**MACHINE, "tls_client_auth_san_dns": "other.example.com"}).status_code == 201
    method = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "grant_types": ["client_credentials"]}
    assert register({**method, "jwks": {"keys": [jwk(mobile_pair.certificate)]}}).status_code == 201
    assert server.token("mobile", mobile_pair).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_row_69_token_of_another_client(server: AuthServer, method: str, new: KeyPair) -> None:
    mine, theirs = made(MACHINE), made(MACHINE)
    token = mine["registration_access_token"]
    access = server.access_token(theirs["client_id"], new)
    body = {**MACHINE, "client_id": theirs["client_id"]}
    for path in (at(theirs), "/o/register/nobody/", "/o/register/billing/", "/o/register/%00/", "/o/register/%ff/"):
        for wrong in (token, access, "x", theirs["client_id"]):
            answer = send(method, path, body, wrong, new)
            assert (answer.status_code, answer.content) == (401, b"")
            assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert send(method, at(theirs), body, pair=new).status_code == 401
    assert send("GET", at(theirs), None, f"{token}, Bearer {token}").status_code in (400, 401)
    assert manage("GET", theirs).json() == theirs


def test_token_opens_nothing_else(server: AuthServer) -> None:
    """OAuth Toolkit's own is an access token."""
    token = made(MACHINE)["registration_access_token"]
    for path in ("/plain", "/decorated", "/o/introspect/?token=x"):
        assert server.get(path, token).status_code in (401, 403)
    assert get_access_token_model().objects.count() == 0
    assert token not in RegistrationAccess.objects.get().token_hash


def test_update_replaces(server: AuthServer, new: KeyPair) -> None:
    found = made({**CODE, **BIND, "client_name": "New", "contacts": ["a@example.com"], "logo_uri": "https://x.example"})
    change = {
        "client_id": found["client_id"], "token_endpoint_auth_method": "tls_client_auth", "contacts": [],
        "tls_client_auth_subject_dn": "CN=new", "tls_client_auth_san_dns": None, "grant_types": ["client_credentials"],
        "logo_uri": None, "redirect_uris": None,
    }  # fmt: skip
    answer = manage("PUT", found, change)
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert told == manage("GET", found).json()
    assert told["tls_client_auth_subject_dn"] == "CN=new"
    assert not {"tls_client_auth_san_dns", "client_name", "contacts", "logo_uri", "redirect_uris"} & told.keys()
    assert told["tls_client_certificate_bound_access_tokens"] is False
    row = ApplicationRegistration.objects.get(application__client_id=found["client_id"])
    assert (row.subject_kind, row.subject_value) == ("tls_client_auth_subject_dn", "CN=new")


def test_token_after_an_update(server: AuthServer, toolkit: Callable[..., None]) -> None:
    found = made(MACHINE)
    first, own = found["registration_access_token"], {**MACHINE, "client_id": found["client_id"]}
    assert manage("PUT", found, own).status_code == 200
    assert found["registration_access_token"] != first
    assert send("GET", at(found), None, first).status_code == 401
    assert manage("GET", found).status_code == 200
    toolkit(DCR_ENABLED=True, DCR_ROTATE_REGISTRATION_TOKEN_ON_UPDATE=False)
    kept = found["registration_access_token"]
    assert manage("PUT", found, own).json()["registration_access_token"] == kept
    assert send("GET", at(found), None, kept).status_code == 200


@pytest.mark.parametrize(("seconds", "status"), [(3600, 200), (None, 200), (0, 401), (-1, 401)])
def test_token_that_expires(server: AuthServer, toolkit: Callable[..., None], seconds: int | None, status: int) -> None:
    classes = [OPEN]
    toolkit(
        DCR_ENABLED=True, DCR_REGISTRATION_PERMISSION_CLASSES=classes, DCR_REGISTRATION_TOKEN_EXPIRE_SECONDS=seconds
    )
    found = made(MACHINE)
    assert manage("GET", found).status_code == status


def test_update_that_is_refused_changes_nothing(server: AuthServer) -> None:
    found, other = made(MACHINE), made(MACHINE)
    own = {**MACHINE, "client_id": found["client_id"]}
    for body in (MACHINE, {**MACHINE, "client_id": other["client_id"]}, {**MACHINE, "client_id": 7},
                 {**own, "client_secret": "wrong"}, {**own, "client_secret": 7}, {**own, "client_secret": ["x"]},
                 {**own, "registration_access_token": "x"}, {**own, "client_id_issued_at": 1}):  # fmt: skip
        refused(manage("PUT", found, body), "invalid_request")
    assert manage("GET", found).json() == found
    assert manage("PUT", found, own).json() == found


def test_update_to_another_method(server: AuthServer, new: KeyPair) -> None:
    found = made(MACHINE)
    own = {"client_id": found["client_id"], "grant_types": ["client_credentials"]}
    told = manage("PUT", found, own).json()
    assert server.token(found["client_id"], new).status_code == 401
    assert server.token(found["client_id"], secret=told["client_secret"]).status_code == 200
    kept = manage("PUT", found, {**own, "client_secret": told["client_secret"]})
    assert (kept.status_code, "client_secret" in kept.json()) == (200, False)
    assert server.token(found["client_id"], secret=told["client_secret"]).status_code == 200
    assert manage("PUT", found, {**MACHINE, **own}).status_code == 200
    assert server.token(found["client_id"], new).status_code == 200
    assert server.token(found["client_id"], secret=told["client_secret"]).status_code == 401


def test_deleted_client(server: AuthServer, new: KeyPair) -> None:
    found = made(MACHINE)
    access = server.access_token(found["client_id"], new)
    assert manage("DELETE", found).status_code == 204
    assert server.token(found["client_id"], new).status_code == 401
    assert server.introspect(access) == {"active": False}
    assert manage("GET", found).status_code == 401
    assert not RegistrationAccess.objects.exists()


def test_client_with_a_user_and_a_disabled_one(server: AuthServer) -> None:
    found = made(MACHINE)
    row = ApplicationRegistration.objects.get(application__client_id=found["client_id"])
    row.user = server.user
    row.save()
    for method in ("PUT", "DELETE"):
        answer = manage(method, found, {**MACHINE, "client_id": found["client_id"]})
        assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")
    row.user, row.enabled = None, False
    row.save()
    for method in ("GET", "PUT", "DELETE"):
        assert manage(method, found, {**MACHINE, "client_id": found["client_id"]}).status_code == 401
    assert ApplicationRegistration.objects.filter(pk=row.pk).exists()


@pytest.mark.usefixtures("by_certificate")
def test_registration_by_certificate(server: AuthServer, ca: KeyPair, new: KeyPair, other: KeyPair) -> None:
    found = made(MACHINE, new)
    assert found["registration_client_uri"].startswith("https://mtls.example/o/register/")
    assert server.token(found["client_id"], new).status_code == 200
    for pair in (None, self_sign("CN=x", Profile(san_dns=["new.example.com"]))):
        answer = register(MACHINE, pair)
        assert (answer.status_code, answer.json()["error"]) == INVALID_CLIENT
        assert "WWW-Authenticate" not in answer.headers
        assert register(b"[]", pair).status_code == 401  # what is wrong with it, only a party that may register is told
    expected = "The certificate of this request does not authenticate the client that it registers."
    assert refused(register(MACHINE, other)) == expected
    own = {**MACHINE, "client_id": found["client_id"]}
    assert manage("PUT", found, own).status_code == 401
    assert refused(manage("PUT", found, own, other)) == expected
    assert refused(manage("PUT", found, {**own, "tls_client_auth_san_dns": "other.example.com"}, new)) == expected
    assert manage("PUT", found, own, ca.issue("CN=new", Profile(san_dns=["new.example.com"]))).status_code == 200
    assert manage("GET", found).status_code == 200


def test_closed(server: AuthServer, new: KeyPair, toolkit: Callable[..., None]) -> None:
    for classes in ([], ["oauth2_provider.dcr.IsAuthenticatedDCRPermission"]):
        toolkit(DCR_ENABLED=True, DCR_REGISTRATION_PERMISSION_CLASSES=classes)
        answer = register(MACHINE, new)
        assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")
        assert "WWW-Authenticate" not in answer.headers
        assert register(b"[]").status_code == 403
    toolkit(DCR_ENABLED=True, DCR_REGISTRATION_PERMISSION_CLASSES=[OPEN])
    found = made(MACHINE)
    toolkit(DCR_ENABLED=False)
    assert (register(MACHINE).status_code, manage("GET", found).status_code) == (404, 404)


def test_metadata(server: AuthServer, toolkit: Callable[..., None]) -> None:
    document = Client().get("/o/.well-known/oauth-authorization-server", secure=True).json()
    assert document["registration_endpoint"] == "https://testserver/o/register/"
    for method in document["token_endpoint_auth_methods_supported"]:
        named = {} if method != "tls_client_auth" else {"tls_client_auth_san_dns": "x.example.com"}
        keys = {"jwks": {"keys": [jwk(self_sign("CN=x").certificate)]}} if method.startswith("self") else {}
        made({"token_endpoint_auth_method": method, "grant_types": ["client_credentials"], **named, **keys})
    toolkit(DCR_ENABLED=False)
    assert "registration_endpoint" not in Client().get("/o/.well-known/oauth-authorization-server").json()


def test_client_that_was_registered_otherwise(server: AuthServer) -> None:
    """Neither its access token nor its secret manages it."""
    registered(application("manual"), {"token_endpoint_auth_method": "client_secret_basic"})
    for token in (server.access_token("manual", secret=SECRET), SECRET):
        assert send("GET", "/o/register/manual/", None, token).status_code == 401
