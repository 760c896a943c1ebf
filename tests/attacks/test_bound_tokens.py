"""ATTACKS.md: certificate-bound access tokens, at the authorization server and at the API."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import Answer, mod_ssl, refused, request
from tests.tokens import API, ISSUER, NOW, GuardedAPI, Introspection, Issuer, json_response, json_server, thumbprint
from wsgi_mtls import Client, ClientAuthMiddleware, Verifier, sources
from wsgi_mtls.binding import bind
from wsgi_mtls.cli.demo_authorization_server import DemoAuthorizationServer
from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.events import Event
from wsgi_mtls.metadata import authorization_server_metadata, protected_resource_metadata
from wsgi_mtls.responses import error_response
from wsgi_mtls.sources import PEER
from wsgi_mtls.testing import KeyPair, Profile, make_ca, self_sign
from wsgi_mtls.wsgi import CLIENT
from wsgi_mtls.wsgi_tokens import TOKEN

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BOUND = {"tls_client_certificate_bound_access_tokens": True}


class Server:
    """The demo's authorization server, with certificates for two PKI clients and one public one."""

    def __init__(self) -> None:
        self.ca = make_ca()
        self.one, self.two = (
            self.ca.issue(f"CN={name}", Profile(san_dns=[name])) for name in ("one.example", "two.example")
        )
        self.phone = self_sign("CN=phone")
        pki = {"token_endpoint_auth_method": "tls_client_auth", **BOUND}
        clients: dict[str, dict[str, object]] = {
            "one": {**pki, "tls_client_auth_san_dns": "one.example"},
            "two": {**pki, "tls_client_auth_san_dns": "two.example"},
            "phone": {"token_endpoint_auth_method": "none", **BOUND},
            "other-phone": {"token_endpoint_auth_method": "none", **BOUND},
            "unbound-phone": {"token_endpoint_auth_method": "none"},
        }
        self.events: list[Event] = []
        self.demo = DemoAuthorizationServer(ISSUER, clients, audience=API, observers=[self.events.append])

    def post(self, client_id: str, pair: KeyPair | None, **form: str) -> Answer:
        verify = "SUCCESS" if pair in (self.one, self.two) else "FAILED:self-signed certificate"
        extra = mod_ssl(pair, verify) if pair else mod_ssl(None)
        return request(self.demo.app, {"client_id": client_id, **form}, extra=extra)

    def code(self, client_id: str, pair: KeyPair | None, code: str) -> Answer:
        return self.post(client_id, pair, grant_type="authorization_code", code=code)

    def refresh(self, client_id: str, pair: KeyPair | None, refresh_token: str) -> Answer:
        return self.post(client_id, pair, grant_type="refresh_token", refresh_token=refresh_token)

    def refresh_token(self, client_id: str, pair: KeyPair | None) -> str:
        answer = self.code(client_id, pair, self.demo.issue_code(client_id, "alice"))
        assert answer.status == 200, answer
        return str(answer.json["refresh_token"])


def refusal(answer: Answer) -> tuple[int, str, str]:
    """Return the status, the OAuth error and the reason, which the demo reports."""
    assert answer.headers["Cache-Control"] == "no-store"
    reason, _, _ = answer.json["error_description"].partition(":")
    return answer.status, answer.json["error"], reason


NO_CERTIFICATE = (400, "invalid_request", "certificate_required")
NOT_ITS_OWN = (400, "invalid_grant", "grant_of_another_client")
NOT_BOUND = (400, "invalid_grant", "refresh_token_not_bound")


def bound_to(answer: Answer) -> str | None:
    """Return the confirmation of an issued token, read without the library."""
    assert answer.status == 200, answer
    payload = answer.json["access_token"].split(".")[1]
    claims = json.loads(urlsafe_b64decode(payload + "=="))
    return claims.get("cnf", {}).get("x5t#S256")  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def server() -> Server:
    return Server()


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="module")
def pair() -> KeyPair:
    return self_sign("CN=billing")


def test_row_27_no_certificate_for_a_bound_token(server: Server) -> None:
    code = server.demo.issue_code("phone", "alice")
    assert refusal(server.code("phone", None, code)) == NO_CERTIFICATE
    answer = server.code("phone", server.phone, code)
    assert bound_to(answer) == thumbprint(server.phone)
    unbound = server.code("unbound-phone", None, server.demo.issue_code("unbound-phone", "alice"))
    assert bound_to(unbound) is None


@pytest.mark.parametrize("method", ["client_secret_basic", "private_key_jwt"])
def test_row_27_confidential_client_of_another_method(method: str) -> None:
    """The application has authenticated it; binding does not ask how (RFC 8705 section 4)."""
    client = Client.from_metadata({"client_id": "web", "token_endpoint_auth_method": method, **BOUND})
    verifier = Verifier({"web": {"token_endpoint_auth_method": method, **BOUND}})

    def token_endpoint(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        assert CLIENT not in environ
        try:
            answer = json_response({"claims": bind({"sub": "web"}, environ[PEER], client)})
        except MutualTLSError as error:
            answer = error_response(environ, error, "debug")
        return answer(environ, start_response)

    app = ClientAuthMiddleware(token_endpoint, verifier, source=sources.mod_ssl(), paths=["/token"])
    form = {"client_id": "web", "client_assertion": "x"}
    pair = self_sign("CN=web")
    assert refusal(request(app, form, extra=mod_ssl(None))) == NO_CERTIFICATE
    answer = request(app, form, extra=mod_ssl(pair, "FAILED:self-signed certificate"))
    assert answer.json == {"claims": {"sub": "web", "cnf": {"x5t#S256": thumbprint(pair)}}}


def test_row_27_confidential_client_of_mutual_tls(server: Server) -> None:
    no_certificate = (401, "invalid_client", "no_certificate")
    assert refusal(server.post("one", None, grant_type="client_credentials")) == no_certificate
    assert bound_to(server.post("one", server.one, grant_type="client_credentials")) == thumbprint(server.one)


def test_row_28_code_of_another_client(server: Server) -> None:
    code = server.demo.issue_code("one", "alice")
    assert refusal(server.code("two", server.two, code)) == NOT_ITS_OWN
    assert refusal(server.code("phone", server.phone, code)) == NOT_ITS_OWN
    assert bound_to(server.code("one", server.one, code)) == thumbprint(server.one)
    assert refusal(server.code("one", server.one, code)) == NOT_ITS_OWN


def test_row_28_code_that_serves_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while the first request for it has not been answered."""
    code = server.demo.issue_code("phone", "alice")
    meanwhile = [code]
    issue, came = server.demo._access_token, []

    def issue_late(claims: dict[str, object]) -> str:
        if meanwhile:
            came.append(server.code("phone", server.phone, meanwhile.pop()))
        return issue(claims)

    monkeypatch.setattr(server.demo, "_access_token", issue_late)
    assert bound_to(server.code("phone", server.phone, code)) == thumbprint(server.phone)
    assert [refusal(answer) for answer in came] == [NOT_ITS_OWN]


def test_row_29_refresh_token_of_a_public_client(server: Server) -> None:
    token = server.refresh_token("phone", server.phone)
    same_key = self_sign("CN=phone", Profile(key=server.phone.key))
    for thief in (None, self_sign("CN=phone"), same_key, server.one):
        assert refusal(server.refresh("phone", thief, token)) == NOT_BOUND
    assert refusal(server.refresh("unbound-phone", None, token)) == NOT_ITS_OWN
    assert bound_to(server.refresh("phone", server.phone, token)) == thumbprint(server.phone)


def test_row_29_accepted_where_nothing_is_bound(server: Server) -> None:
    token = server.refresh_token("unbound-phone", None)
    assert bound_to(server.refresh("unbound-phone", None, token)) is None


def test_row_30_confidential_client_renews_its_certificate(server: Server) -> None:
    token = server.refresh_token("one", server.one)
    assert refusal(server.refresh("one", server.two, token)) == (401, "invalid_client", "subject_mismatch")
    renewed = server.ca.issue("CN=renewed", Profile(san_dns=["one.example"]))
    answer = request(
        server.demo.app,
        {"client_id": "one", "grant_type": "refresh_token", "refresh_token": token},
        extra=mod_ssl(renewed),
    )
    assert bound_to(answer) == thumbprint(renewed)


def test_row_31_refresh_token_of_another_client(server: Server) -> None:
    token = server.refresh_token("two", server.two)
    assert refusal(server.refresh("one", server.one, token)) == NOT_ITS_OWN
    assert bound_to(server.refresh("two", server.two, token)) == thumbprint(server.two)
    token = server.refresh_token("phone", server.phone)
    assert refusal(server.refresh("other-phone", server.phone, token)) == NOT_ITS_OWN
    assert bound_to(server.refresh("phone", server.phone, token)) == thumbprint(server.phone)


def test_row_32_stripped_or_rewritten_confirmation(issuer: Issuer, pair: KeyPair) -> None:
    api, thief = GuardedAPI(issuer.tokens(), required=False), self_sign("CN=thief")
    header, payload, signature = issuer.token(pair).split(".")
    for claims in (issuer.claims(), issuer.claims(thief)):
        forged = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        assert api.reason(f"{header}.{forged}.{signature}", thief) == "token_signature_invalid"
    assert api.reason(Issuer().token(thief), thief) == "token_signature_invalid"
    assert api.reason(f"{header}.{payload}.{signature}", pair) == "accepted"


def test_row_36_introspection_of_another_certificate(tmp_path: Path, pair: KeyPair) -> None:
    with json_server(tmp_path, json_response) as server:
        endpoint = Introspection(server)
        endpoint.known["opaque"] = {"active": True, "aud": API, "cnf": {"x5t#S256": thumbprint(pair)}}
        api, other = GuardedAPI(endpoint.tokens()), self_sign("CN=other")
        assert api.reason("opaque", other) == "confirmation_mismatch"
        assert api.reason("opaque", other) == "confirmation_mismatch"
        assert api.reason("opaque", None) == "token_without_certificate"
        assert api.reason("opaque", pair) == "accepted"
        assert endpoint.asked == ["opaque"]


def test_row_38_bound_token_where_there_is_no_mutual_tls(issuer: Issuer, pair: KeyPair) -> None:
    for required in (True, False):
        events: list[Event] = []
        api = GuardedAPI(issuer.tokens(), required=required, source=lambda _: None, observers=[events.append])
        api.events = events
        assert api.reason(issuer.token(pair), pair) == "token_without_certificate"
    assert GuardedAPI(issuer.tokens(), required=False).reason(issuer.token(pair), pair) == "accepted"


@pytest.mark.parametrize(
    ("aliases", "message"),
    [
        ({"authorization_endpoint": "https://mtls.example/authorize"}, "browsers"),
        ({"token": "https://mtls.example/token"}, "not an \\*_endpoint"),
        ({"jwks_uri": "https://mtls.example/jwks"}, "not an \\*_endpoint"),
        ({"revocation_endpoint": "https://mtls.example/revoke"}, "not an \\*_endpoint"),
        ({"token_endpoint": "http://mtls.example/token"}, "https"),
        ({"token_endpoint": "/token"}, "https"),
        ({"token_endpoint": None}, "not a URL"),
        ({}, "at least one"),
        (["token_endpoint"], "object"),
    ],
)
def test_row_39_aliases(aliases: object, message: str) -> None:
    endpoints = {"token_endpoint": "/token", "authorization_endpoint": "/authorize"}
    with refused("invalid_server_metadata", match=message):
        authorization_server_metadata(ISSUER, endpoints=endpoints, mtls_endpoint_aliases=aliases)
    right = {"token_endpoint": "https://mtls.example/token"}
    accepted = authorization_server_metadata(ISSUER, endpoints=endpoints, mtls_endpoint_aliases=right)
    assert accepted["mtls_endpoint_aliases"] == right
    assert (
        authorization_server_metadata(ISSUER, endpoints=endpoints, mtls_base="https://mtls.example")[
            "mtls_endpoint_aliases"
        ]
        == right
    )


@pytest.mark.parametrize("value", ["true", 1, 0, None, [], {}])
def test_row_40_bound_access_tokens_is_no_boolean(value: Any) -> None:
    member = {"tls_client_certificate_bound_access_tokens": value}
    with refused("invalid_server_metadata", match="true or false"):
        authorization_server_metadata(ISSUER, endpoints={"token_endpoint": "/token"}, **member)
    with refused("invalid_server_metadata", match="true or false"):
        protected_resource_metadata(API, authorization_servers=[ISSUER], **member)
    for right in (True, False):
        member = {"tls_client_certificate_bound_access_tokens": right}
        server = authorization_server_metadata(ISSUER, endpoints={"token_endpoint": "/token"}, **member)
        resource = protected_resource_metadata(API, authorization_servers=[ISSUER], **member)
        assert server.items() >= member.items() <= resource.items()


def test_row_43_certificate_that_has_expired_since(issuer: Issuer) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    expired = self_sign("CN=x", Profile(not_before=yesterday - timedelta(days=1), not_after=yesterday))
    api = GuardedAPI(issuer.tokens())
    assert api.reason(issuer.token(expired), expired) == "accepted"
    assert api.reason(issuer.token(expired, exp=NOW - 3600), expired) == "token_expired"


def test_row_50_other_spellings_of_the_path(issuer: Issuer, pair: KeyPair) -> None:
    api = GuardedAPI(issuer.tokens())
    for path in ("/accounts", "//accounts", "/accounts/", "/accounts/7"):
        assert api.get(path=path).status == 401
        assert api.reason(issuer.token(pair), pair, path=path) == "accepted"
    mounted = GuardedAPI(issuer.tokens(), paths=["/api/accounts"])
    assert mounted.get(extra={"SCRIPT_NAME": "/api"}).status == 401
    with pytest.raises(KeyError, match=TOKEN):  # not guarded, so nothing is there
        mounted.get(path="/Accounts", extra={"SCRIPT_NAME": "/api"})
