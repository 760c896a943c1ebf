"""The Authlib example's authorization endpoint: the receiver of an error (RFC 6749 section 4.1.2.1, RFC 9207)."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from werkzeug.test import TestResponse

from wsgi_mtls.testing import KeyPair

from .authserver import CHALLENGE, ISSUER, REDIRECT, AuthServer, example, make_authserver, metadata
from .test_grants import consent

RIGHT: dict[str, Any] = {
    "client_id": "billing", "response_type": "code", "redirect_uri": REDIRECT, "scope": "accounts", "state": "x y&z",
    "code_challenge": CHALLENGE, "code_challenge_method": "S256",
}  # fmt: skip


@pytest.fixture
def server(mobile: KeyPair) -> AuthServer:
    clients = metadata(mobile)
    clients["without-code"] = {**clients["billing"], "response_types": []}
    clients["without-uri"] = {**clients["billing"], "redirect_uris": []}
    clients["with-query"] = {**clients["billing"], "redirect_uris": [f"{REDIRECT}?tenant=a"]}
    clients["with-issuer"] = {**clients["billing"], "redirect_uris": [f"{REDIRECT}?iss=https://evil.example.com"]}
    return AuthServer(make_authserver(clients))


def changed(change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**RIGHT, **change}.items() if value is not None}


def ask(server: AuthServer, change: dict[str, Any]) -> TestResponse:
    url = f"/oauth/authorize?{urlencode(changed(change), doseq=True)}"
    return server.app.test_client().get(url, base_url=ISSUER)


def sent(answer: TestResponse, to: str = REDIRECT) -> dict[str, str]:
    """Return the parameters with which the browser is sent back; none may be there twice."""
    assert answer.status_code == 303, answer.text
    assert answer.location.startswith(to)
    pairs = parse_qsl(urlsplit(answer.location).query, keep_blank_values=True)
    assert len({name for name, _ in pairs}) == len(pairs)
    return dict(pairs)


REDIRECTED: list[tuple[dict[str, Any], str]] = [
    ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge": ""}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"code_challenge": "é" * 43}, "invalid_request"),
    ({"code_challenge": "v" * 43, "code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": "é"}, "invalid_request"),
    ({"code_challenge": [CHALLENGE, CHALLENGE]}, "invalid_request"),
    ({"response_type": None}, "unsupported_response_type"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_type": 'é"\\'}, "unsupported_response_type"),
    ({"response_type": "Code"}, "unsupported_response_type"),
    ({"response_type": ["code", "code"]}, "invalid_request"),
    ({"scope": ["accounts", "payments"]}, "invalid_request"),
    ({"client_id": "without-code"}, "unauthorized_client"),
]


@pytest.mark.parametrize(("change", "error"), REDIRECTED)
def test_error_goes_back_to_the_client(server: AuthServer, change: dict[str, Any], error: str) -> None:
    for uri in ({}, {"redirect_uri": None}):  # the client's only one
        found = sent(ask(server, {**change, **uri}))
        assert {name: found[name] for name in ("error", "state", "iss")} == {
            "error": error, "state": RIGHT["state"], "iss": ISSUER,
        }  # fmt: skip
        assert "code" not in found


def test_state_goes_back_as_it_came_or_not_at_all(server: AuthServer) -> None:
    wrong = {"code_challenge": None}
    assert "state" not in sent(ask(server, {**wrong, "state": None}))
    assert sent(ask(server, {**wrong, "state": "é\r\n"}))["state"] == "é\r\n"
    found = sent(ask(server, {"state": ["a", "b"]}))
    assert (found["error"], found["iss"], "state" in found) == ("invalid_request", ISSUER, False)


def test_query_of_the_redirect_uri_stays(server: AuthServer) -> None:
    change = {"client_id": "with-query", "redirect_uri": f"{REDIRECT}?tenant=a", "code_challenge": None}
    found = sent(ask(server, change), f"{REDIRECT}?tenant=a&")
    assert (found["tenant"], found["error"], found["iss"]) == ("a", "invalid_request", ISSUER)


def test_issuer_in_the_redirect_uri_is_replaced(server: AuthServer) -> None:
    """With it a client would take our answer for another server's (RFC 9207 section 4)."""
    change = {"client_id": "with-issuer", "redirect_uri": f"{REDIRECT}?iss=https://evil.example.com"}
    assert sent(ask(server, {**change, "code_challenge": None}))["iss"] == ISSUER
    found = sent(consent(server, {**RIGHT, **change}))
    assert found["iss"] == ISSUER
    assert found["code"]


def test_consent_and_its_refusal(server: AuthServer) -> None:
    found = sent(consent(server, RIGHT))
    assert {name: found[name] for name in ("state", "iss")} == {"state": RIGHT["state"], "iss": ISSUER}
    assert found["code"]
    assert "error" not in found
    found = sent(consent(server, RIGHT, answer="no"))
    assert (found["error"], found["state"], found["iss"]) == ("access_denied", RIGHT["state"], ISSUER)


@pytest.mark.parametrize("change", [
    {"client_id": None}, {"client_id": "nobody"}, {"client_id": "é"}, {"client_id": ["billing", "billing"]},
    {"client_id": "<b>"}, {"redirect_uri": "https://evil.example.com/cb"}, {"redirect_uri": f"{REDIRECT}/"},
    {"redirect_uri": f"{REDIRECT}?x=1"}, {"redirect_uri": f"{REDIRECT}#x"}, {"redirect_uri": 'https://é.example.com/"'},
    {"redirect_uri": [REDIRECT, REDIRECT]}, {"redirect_uri": [REDIRECT, "https://evil.example.com/cb"]},
    {"redirect_uri": "javascript:alert(1)"},
    {"redirect_uri": "https://["}, {"client_id": "without-uri", "redirect_uri": None}, {"state": "\0"},
    {"client_id": ["billing", "other"]},
])  # fmt: skip
@pytest.mark.parametrize("also", [{}, {"code_challenge": None}, {"response_type": "token"}, {"response_type": "é"}])
def test_error_is_a_page_where_nobody_is_known_to_send_it_to(
    server: AuthServer, change: dict[str, Any], also: dict[str, Any]
) -> None:
    answer = ask(server, {**change, **also})
    assert answer.status_code == 400
    assert answer.mimetype == "text/html"
    assert "Location" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<b>" not in answer.text


def test_parameters_in_the_form_that_contradict_the_query(server: AuthServer) -> None:
    """The user has seen the query's."""
    form = {"redirect_uri": "https://evil.example.com/cb"}
    answer = consent(server, RIGHT, form=form)
    assert answer.status_code in (303, 400)
    assert "evil" not in answer.headers.get("Location", "")


def test_metadata_promise_the_issuer(server: AuthServer) -> None:
    found = server.app.test_client().get("/.well-known/oauth-authorization-server", base_url=ISSUER).get_json()
    assert found["authorization_response_iss_parameter_supported"] is True


def test_server_without_an_issuer(server: AuthServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(example("authserver.oauth").server), "get_issuer", lambda self: None)
    assert "iss" not in sent(ask(server, {"code_challenge": None}))
    assert "iss" not in sent(consent(server, RIGHT))
