"""The faults of Authlib that ``flask_mtls.authlib.hardening`` repairs, seen in Authlib itself.

A test that fails here means that Authlib has mended a fault: delete the repair that it names, once the oldest release
that we support has none of it.
"""

import base64
from collections.abc import Callable, Mapping
from importlib.metadata import requires, version
from typing import Any

import pytest
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.sqla_oauth2 import OAuth2ClientMixin
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oauth2.rfc7591 import ClientRegistrationEndpoint
from authlib.oauth2.rfc7592 import ClientConfigurationEndpoint
from authlib.oauth2.rfc7662 import IntrospectTokenValidator
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from flask import Flask
from joserfc.jwk import KeySet, OctKey
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

RELEASE = tuple(map(int, version("authlib").split(".")[:2]))
GRANT = {"grant_type": "client_credentials"}
ISSUER = "https://as.example.com"
REDIRECT = "https://client.example.com/cb"
NOT_ASCII = "Basic \xff"


class StockClient(OAuth2ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """Authlib's client, without a database."""

    def __init__(self, client_id: str | None, secret: str | None, **metadata: object) -> None:
        self.client_id, self.client_secret = client_id, secret
        shared = {"grant_types": ["client_credentials", "authorization_code"], "scope": "accounts payments"}
        self.set_client_metadata(shared | {"response_types": ["code"], "redirect_uris": [REDIRECT]} | metadata)


class Registration(ClientRegistrationEndpoint):  # type: ignore[misc]
    def authenticate_token(self, request: object) -> bool:
        return True

    def get_server_metadata(self) -> dict[str, object]:
        return {}

    def save_client(self, info: Mapping[str, Any], metadata: Mapping[str, Any], request: object) -> StockClient:
        client = StockClient(info["client_id"], info["client_secret"])
        client.set_client_metadata(metadata)
        client.client_id_issued_at = client.client_secret_expires_at = 0
        return client


class Configuration(ClientConfigurationEndpoint):  # type: ignore[misc]
    """Of the client ``without``, which has no secret; its metadata are replaced by nothing."""

    def authenticate_token(self, request: object) -> "Configuration":
        return self

    def check_client(self, client: object) -> bool:
        return True

    def authenticate_client(self, request: object) -> StockClient | None:
        found: StockClient | None = self.server.query_client("without")
        return found

    def check_permission(self, client: object, request: object) -> bool:
        return True

    def get_server_metadata(self) -> dict[str, object]:
        return {}

    def generate_client_registration_info(self, client: object, request: object) -> dict[str, str]:
        return {}


class Code:
    def get_redirect_uri(self) -> None: ...

    def get_scope(self) -> str:
        return "accounts"


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    """As Authlib's documentation has it, with codes in a dictionary."""

    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]  # noqa: RUF012
    codes: dict[str, Code] = {}  # noqa: RUF012

    def query_authorization_code(self, code: str, client: object) -> Code | None:
        return self.codes.get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        self.codes.clear()

    def authenticate_user(self, authorization_code: Code) -> str:
        return "anna"


class Stock:
    """Authlib's server without changes."""

    def __init__(self) -> None:
        self.clients = {
            "billing": StockClient("billing", "s3cret"),
            "without": StockClient("without", None),
            "signing": StockClient("signing", "s" * 32, token_endpoint_auth_method="client_secret_jwt"),
            "public": StockClient("public", None, token_endpoint_auth_method="none"),
        }
        self.asked: list[str] = []
        self.before_saving: Callable[[], object] = lambda: None
        self.app = Flask("stock")
        self.app.testing = True
        self.server = AuthorizationServer(self.app, self._query, lambda *_: self.before_saving())
        self.server.register_grant(grants.ClientCredentialsGrant)
        self.server.register_grant(CodeGrant)
        self.server.register_endpoint(Registration)
        self.server.register_endpoint(Configuration)
        self.app.add_url_rule("/token", "token", self.server.create_token_response, methods=["POST"])
        self.app.add_url_rule("/authorize", "authorize", lambda: str(self.server.get_consent_grant()))
        register = "client_registration"
        answer = self.server.create_endpoint_response
        self.app.add_url_rule("/register", "register", lambda: answer(register), methods=["POST"])
        self.app.add_url_rule("/own", "own", lambda: answer("client_configuration"), methods=["GET", "PUT"])

    def _query(self, client_id: str) -> StockClient | None:
        self.asked.append(client_id)
        return self.clients.get(client_id)

    def token(self, client_id: str = "billing", *, authorization: str | None = None, **form: str) -> TestResponse:
        headers = {"Authorization": authorization or basic(client_id)}
        url = form.pop("url", f"{ISSUER}/token")
        return self.app.test_client().post(url, data={**GRANT, **form}, headers=headers)

    def register(self, **options: Any) -> TestResponse:
        return self.app.test_client().post("/register", base_url=ISSUER, **options)

    def own(self, method: str, **options: Any) -> TestResponse:
        return self.app.test_client().open("/own", method=method, base_url=ISSUER, **options)

    def authorize(self, query: str, scheme: str = "https") -> TestResponse:
        return self.app.test_client().get(f"/authorize?{query}", base_url=f"{scheme}://as.example.com")


@pytest.fixture
def stock() -> Stock:
    found = Stock()
    assert found.token().status_code == 200
    return found


def basic(client_id: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:s3cret".encode()).decode()


def segments(*parts: bytes) -> str:
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, b"A"))


def mended(module: str) -> str:
    """Return what to do about a fault that Authlib has no more."""
    return f"Authlib {version('authlib')} has mended this: delete its part of flask_mtls/authlib/hardening/{module}.py."


def raises(call: Callable[[], object]) -> str | None:
    """Return the name of the class of what a call raises, which no server would answer but with 500."""
    try:
        call()
    except HTTPException:
        return None
    except Exception as error:
        return type(error).__name__
    return None


def test_code_that_two_requests_redeem(stock: Stock) -> None:
    CodeGrant.codes = {"c": Code()}
    answers: list[TestResponse] = []

    def meanwhile() -> None:
        stock.before_saving = lambda: None
        answers.append(stock.token(grant_type="authorization_code", code="c"))

    stock.before_saving = meanwhile
    answers.append(stock.token(grant_type="authorization_code", code="c"))
    assert [answer.status_code for answer in answers] == [200, 200], mended("single_use")
    assert stock.token(grant_type="authorization_code", code="c").status_code == 400


@pytest.mark.parametrize("query", [
    "client_id=billing&response_type=%22", "client_id=billing&response_type=%C3%A9",
])  # fmt: skip
def test_response_type_that_is_a_value_error(stock: Stock, query: str) -> None:
    assert raises(lambda: stock.authorize(query)) == "ValueError", mended("authorization")


def test_plain_http_that_is_raised(stock: Stock) -> None:
    insecure = [lambda: stock.token(url="http://as.example.com/token"), lambda: stock.authorize("", "http")]
    assert [raises(call) for call in insecure] == ["InsecureTransportError"] * 2, mended("authorization")


def test_unknown_client_that_is_answered_in_json(stock: Stock) -> None:
    with stock.app.test_request_context("/authorize?client_id=x&response_type=code", base_url=ISSUER):
        try:
            stock.server.get_consent_grant()
        except OAuth2Error as error:
            answer = stock.server.handle_error_response(None, error)
    assert answer.get_json()["error"] == "invalid_client", mended("authorization")


def test_query_before_body(stock: Stock) -> None:
    answer = stock.token(url=f"{ISSUER}/token?scope=accounts", scope="payments")
    assert answer.get_json()["scope"] == "accounts", mended("parameters")


def test_nul_for_the_database(stock: Stock) -> None:
    stock.token("billing\0")
    assert stock.asked[-1] == "billing\0", mended("parameters")


@pytest.mark.parametrize("options", [
    {"data": "x"}, {"data": "x", "content_type": "application/json"}, {"data": "", "content_type": "application/json"},
])  # fmt: skip
def test_registration_that_is_answered_in_html(stock: Stock, options: dict[str, Any]) -> None:
    assert stock.register(**options).mimetype == "text/html", mended("registration")


@pytest.mark.parametrize("value", [{"redirect_uris": 5}, {"contacts": 5, "redirect_uris": 5}])
def test_registration_that_is_a_type_error(stock: Stock, value: object) -> None:
    assert raises(lambda: stock.register(json=value)) == "TypeError", mended("registration")


def test_registration_that_is_nested_too_deep(stock: Stock) -> None:
    body = '{"client_name": ' + "[" * 100_000
    call = lambda: stock.register(data=body, content_type="application/json")  # noqa: E731
    assert raises(call) == "RecursionError", mended("registration")


def test_registration_that_is_stored_as_it_comes(stock: Stock) -> None:
    answer = stock.register(json={"scope": None, "client_name": 5})
    assert (answer.status_code, answer.get_json()["client_name"]) == (201, 5), mended("registration")


def test_registration_without_the_defaults(stock: Stock) -> None:
    answer = stock.register(json={"client_name": "x"})
    assert answer.status_code == 201
    assert "grant_types" not in answer.get_json(), mended("registration")


def test_redirect_uri_that_is_a_value_error_later(stock: Stock) -> None:
    answer = stock.register(json={"redirect_uris": ["https://client.example.com:99999/"]})
    assert answer.status_code == 201, mended("registration")


def test_registration_over_plain_http(stock: Stock) -> None:
    answer = stock.app.test_client().post("/register", json={"client_name": "x"}, base_url="http://as.example.com")
    assert answer.status_code == 201, "Delete the check of create_json_request in flask_mtls/authlib/server.py."


def test_head_of_a_registration(stock: Stock) -> None:
    stock.clients["without"].client_id_issued_at = stock.clients["without"].client_secret_expires_at = 0
    answer = stock.own("GET")
    assert answer.get_json()["client_secret"] is None, mended("client_configuration")
    assert raises(lambda: stock.own("HEAD")) == "TypeError", mended("client_configuration")


@pytest.mark.parametrize(("body", "error"), [
    ([], "AttributeError"), ({"client_id": "without", "client_secret": 7}, "TypeError"),
])  # fmt: skip
def test_update_that_is_an_error(stock: Stock, body: object, error: str) -> None:
    assert raises(lambda: stock.own("PUT", json=body)) == error, mended("client_configuration")


def test_secret_that_is_none(stock: Stock) -> None:
    assert raises(lambda: stock.token("without")) in ("TypeError", "AttributeError"), mended("secrets")


def test_authorization_that_is_not_ascii(stock: Stock) -> None:
    assert raises(lambda: stock.token(authorization=NOT_ASCII)) == "ValueError", mended("credentials")


def test_body_that_names_another_client(stock: Stock) -> None:
    form = {**GRANT, "client_id": "without"}
    headers = {"Authorization": basic("billing")}
    answer = stock.app.test_client().post(f"{ISSUER}/token", data=form, headers=headers)
    assert answer.status_code == 200, mended("credentials")


def test_assertion_that_is_a_type_error(stock: Stock) -> None:
    class Assertion(JWTBearerClientAssertion):  # type: ignore[misc]
        def resolve_client_public_key(self, client: object) -> OctKey:
            return OctKey.import_key("s" * 32)

        def get_audiences(self) -> list[str]:
            return [f"{ISSUER}/token"]

    assertion = {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": segments(b'{"alg":"HS256","crit":1}', b'{"sub":"signing","iss":"signing"}'),
    }

    def authenticate() -> None:
        with stock.app.test_request_context("/token", base_url=ISSUER, method="POST", data=assertion):
            request = stock.server.create_oauth2_request(None)
            Assertion()(stock.server.query_client, request)

    assert raises(authenticate) in ("TypeError", "AttributeError"), mended("credentials")


def test_access_token_that_is_a_type_error() -> None:
    class Validator(JWTBearerTokenValidator):  # type: ignore[misc]
        def get_jwks(self) -> KeySet:
            return KeySet.import_key_set({"keys": [{"kty": "oct", "k": "A" * 43}]})

    validator = Validator(ISSUER, "api")
    token = segments(b'{"alg":"HS256","typ":"at+jwt","crit":1}', b'{"sub":1}')
    assert raises(lambda: validator.authenticate_token(token)) == "TypeError", mended("tokens")


def test_introspection_without_active() -> None:
    class Validator(IntrospectTokenValidator):  # type: ignore[misc]
        def introspect_token(self, token_string: str) -> dict[str, object]:
            return {"client_id": "billing"}

    validator = Validator()
    token = validator.authenticate_token("x")
    assert raises(lambda: validator.validate_token(token, None, None)) == "KeyError", mended("tokens")


@pytest.mark.skipif(RELEASE >= (1, 9), reason="Authlib 1.9 has mended it")
def test_confidential_client_that_proves_nothing(stock: Stock) -> None:
    with stock.app.test_request_context("/revoke", base_url=ISSUER, method="POST", data={"client_id": "billing"}):
        request = stock.server.create_oauth2_request(None)
        client = stock.server.authenticate_client(request, ["none"], "revocation")
    assert client.client_id == "billing", mended("credentials")


def test_public_client_beside_authorization(stock: Stock) -> None:
    form, headers = {"client_id": "public"}, {"Authorization": "Basic !"}
    with stock.app.test_request_context("/token", base_url=ISSUER, method="POST", data=form, headers=headers):
        request = stock.server.create_oauth2_request(None)
        client = stock.server.authenticate_client(request, ["client_secret_basic", "none"])
    assert client.client_id == "public", mended("credentials")


def test_releases_before_authlib_1_9_are_supported() -> None:
    """Else the first check of ``refuse_contradictions`` can go: Authlib 1.9 refuses a client that proves nothing."""
    oldest = next(name for name in requires("wsgi-mtls") or () if name.startswith("authlib>="))
    assert oldest.startswith(("authlib>=1.7", "authlib>=1.8")), "Delete it there."
