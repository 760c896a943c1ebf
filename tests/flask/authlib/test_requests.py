"""Requests to the Authlib example that are odd in another way than their certificate."""

from base64 import b64encode
from typing import Any

import pytest
from authlib.oauth2 import OAuth2Error

from flask_mtls import MutualTLSRefusal
from wsgi_mtls.testing import KeyPair

from .authserver import ISSUER, AuthServer, example, make_authserver, metadata, outcome
from .test_attacks import PATHS


@pytest.fixture
def server(mobile: KeyPair) -> AuthServer:
    return AuthServer(make_authserver(metadata(mobile)))


@pytest.mark.parametrize("body", ["code=%00", "code=a%00b", "%00=a", "code=%ff", "&&&", "=", "a" * 70000])
def test_no_500(server: AuthServer, billing: KeyPair, body: str) -> None:
    body = f"grant_type=authorization_code&client_id=billing&{body}"
    assert server.post("/oauth/token", body, billing).status_code in (400, 413)


@pytest.mark.parametrize("header", [
    "Basic", "Basic ", "Basic !!!", "Basic AAAA", "Basic OnMzY3JldA==", "Basic w6k6w6k=", "Basic YmlsbGluZzo=",
    "Basic c2VjcmV0aXZlOsOp", "Basic \xff", "Basic c2VjcmV0aXZlOng\xe9", "Digest \xff",
    "Bearer x", "Digest username=x", "Basic bm9ib2R5OngA", "Basic YQBiOng=",
])  # fmt: skip
@pytest.mark.parametrize("path", PATHS)
def test_no_500_for_other_credentials(server: AuthServer, billing: KeyPair, path: str, header: str) -> None:
    for body in (PATHS[path], f"{PATHS[path]}&client_id=billing", f"{PATHS[path]}&client_id=secretive"):
        answer = server.post(path, body, billing, headers={"Authorization": header})
        assert answer.status_code in (200, 400, 401), (body, answer.text)
        assert answer.status_code != 200 or "client_id=billing" in body


@pytest.mark.parametrize(
    "query", ["client_id=%00", "client_id=billing&response_type=code&scope=%00", "", "client_id=x"]
)
def test_no_500_at_the_authorization_endpoint(server: AuthServer, query: str) -> None:
    assert server.app.test_client().get(f"/oauth/authorize?{query}", base_url=ISSUER).status_code == 400


@pytest.mark.parametrize("csrf", ["", "-", "None"])
def test_consent_from_another_site(server: AuthServer, csrf: str) -> None:
    query = f"client_id=billing&response_type=code&code_challenge={'a' * 43}&code_challenge_method=S256"
    browser = server.app.test_client()
    form = {"csrf": csrf, "user": "anna", "consent": "yes"}
    assert browser.post(f"/oauth/authorize?{query}", data=form, base_url=ISSUER).status_code == 403
    assert server.code("billing")


@pytest.mark.parametrize("path", PATHS)
def test_answers_do_not_tell_an_unknown_client_from_another(mobile: KeyPair, path: str) -> None:
    """``Authorization: Basic`` of an unknown client, of a mutual TLS client, and with a wrong secret."""
    server = AuthServer(make_authserver(metadata(mobile), MTLS_VERBOSITY="normal"))
    answers = [
        server.post(path, PATHS[path], headers={"Authorization": f"Basic {b64encode(user).decode()}"})
        for user in (b"nobody:x", b"billing:x", b"unbound:x")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.data for answer in answers}) == 1
    right = {"Authorization": f"Basic {b64encode(b'unbound:s3cret').decode()}"}
    assert server.post(path, f"{PATHS[path]}&scope=accounts", headers=right).status_code in (200, 403)


def test_rows_05_44_body_that_names_another_client(server: AuthServer, billing: KeyPair) -> None:
    basic = {"Authorization": f"Basic {b64encode(b'unbound:s3cret').decode()}"}
    for path, extra in PATHS.items():
        for client_id in ("secretive", "public", "nobody", "billing"):
            answer = server.post(path, f"{extra}&client_id={client_id}", headers=basic)
            assert answer.status_code in (400, 401), answer.text
        assert server.post(path, f"{extra}&client_id=unbound", headers=basic).status_code == 200


@pytest.mark.parametrize("authorization", ["Basic !", "Basic dW5ib3VuZDp3cm9uZw==", "Bearer x", "Negotiate x"])
def test_public_client_beside_authorization(server: AuthServer, billing: KeyPair, authorization: str) -> None:
    body, headers = "token=x&client_id=public", {"Authorization": authorization}
    assert outcome(server.post("/oauth/revoke", body, billing, headers=headers))[1] in (
        "invalid_request",
        "invalid_client",
    )
    assert server.post("/oauth/revoke", body, billing).status_code == 200


@pytest.mark.parametrize("query", [
    "scope=payments", "grant_type=client_credentials", "token=y", "client_secret=s3cret", "refresh_token=x", "own=2",
])  # fmt: skip
@pytest.mark.parametrize("path", PATHS)
def test_row_44_parameters_in_the_query(server: AuthServer, billing: KeyPair, path: str, query: str) -> None:
    """Authlib reads them before the body; parameters that are not OAuth's belong to the application."""
    body = f"{PATHS[path]}&client_id=billing&own=1"
    assert outcome(server.post(f"{path}?{query}", body, billing)) == (400, "invalid_request")
    assert server.post(f"{path}?tenant=a", body, billing).status_code == 200


def test_scope_is_the_bodys(server: AuthServer, billing: KeyPair) -> None:
    assert server.token("billing", billing, scope="accounts").get_json()["scope"] == "accounts"
    answer = server.post("/oauth/token?scope=payments", f"{PATHS['/oauth/token']}&client_id=unbound", headers={
        "Authorization": f"Basic {b64encode(b'unbound:s3cret').decode()}"})  # fmt: skip
    assert outcome(answer) == (400, "invalid_request")


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_failed_secrets_are_answered_as_nobodys(
    server: AuthServer, billing: KeyPair, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """Whatever the endpoint offers: a 401, with a scheme only where the request carried one."""
    monkeypatch.setattr(example("authserver.oauth").Revocation, "CLIENT_AUTH_METHODS", [method])
    for client_id in ("nobody", "secretive", "billing"):
        answer = server.post("/oauth/revoke", f"token=x&client_id={client_id}&client_secret=x")
        assert outcome(answer) == (401, "invalid_client")
        assert "WWW-Authenticate" not in answer.headers
    basic = {"Authorization": f"Basic {b64encode(b'secretive:x').decode()}"}
    answer = server.post("/oauth/revoke", "token=x", headers=basic)
    assert (answer.status_code, answer.headers["WWW-Authenticate"][:6]) == (401, "Basic ")


@pytest.mark.parametrize("spelling", ["/{}", "{}/", "{}%2f", "{}/.", "{};a"])
@pytest.mark.parametrize("path", PATHS)
def test_row_50_other_spellings_of_the_path(server: AuthServer, billing: KeyPair, path: str, spelling: str) -> None:
    body = f"{PATHS[path]}&client_id=billing"
    for odd in (spelling.format(path), path.upper(), path.title()):
        assert server.post(odd, body).status_code in (308, 401, 404, 405)
    mounted = {"SCRIPT_NAME": "/as"}
    assert outcome(server.post(path, body, environ=mounted)) == (401, "invalid_client")
    assert server.post(path, body, billing, environ=mounted).status_code == 200


def test_error_handler_replaces_what_cannot_be_read(server: AuthServer, billing: KeyPair) -> None:
    """All else is Authlib's response by then."""
    server.app.register_error_handler(MutualTLSRefusal, lambda error: (error.error.reason, 418))
    too_long = server.token("billing", billing, a="a" * 70000)
    assert (too_long.status_code, too_long.text) == (418, "body_too_large")
    assert server.token("billing").status_code == 401
    assert server.token("billing", billing).status_code == 200


def test_endpoint_of_ones_own(server: AuthServer, billing: KeyPair) -> None:
    """As for pushed authorization requests, which Authlib has not."""
    authlib_server = example("authserver.oauth").server

    def par() -> Any:
        oauth_request = authlib_server.create_oauth2_request(None)
        try:
            client = authlib_server.authenticate_client(oauth_request, ["client_secret_basic"], "par")
        except OAuth2Error as error:
            return authlib_server.handle_error_response(oauth_request, error)
        return {"client_id": client.client_id}, 201

    server.app.add_url_rule("/par", "par", par, methods=["POST"])
    body = "response_type=code&client_id=billing"
    assert server.post("/par", body, billing).json == {"client_id": "billing"}
    assert outcome(server.post("/par", body)) == (401, "invalid_client")
    assert outcome(server.post("/par?redirect_uri=https://evil.example", body, billing)) == (400, "invalid_request")
