"""Pushed authorization requests (RFC 9126) at the Authlib example."""

import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.test import TestResponse

from wsgi_mtls.testing import KeyPair

from .authserver import ISSUER, REDIRECT, AuthServer, example, make_authserver, metadata, outcome
from .pushed import REQUEST, authorize_url, decide, page, push, pushed

OTHER_REDIRECT = "https://client.example.com/other"
OPEN: dict[str, Any] = {"require_pushed_authorization_requests": True}


@pytest.fixture
def server(mobile: KeyPair) -> AuthServer:
    clients = metadata(mobile)
    clients["two-uris"] = {**clients["billing"], "redirect_uris": [REDIRECT, OTHER_REDIRECT]}
    clients["pushing"] = {**clients["billing"], **OPEN}
    return AuthServer(make_authserver(clients))


def sent(answer: TestResponse, to: str = REDIRECT) -> dict[str, str]:
    assert answer.status_code == 303, answer.text
    assert answer.location.startswith(f"{to}?")
    return dict(parse_qsl(urlsplit(answer.location).query))


def is_page_about_the_reference(answer: TestResponse) -> bool:
    return (
        answer.status_code == 400
        and answer.mimetype == "text/html"
        and "invalid_request_uri" in answer.text
        and "Location" not in answer.headers
        and answer.headers["Cache-Control"] == "no-store"
    )


def test_code_of_a_pushed_request(server: AuthServer, billing: KeyPair) -> None:
    answer = push(server, "billing", billing)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == "application/json"
    assert answer.get_json().keys() == {"request_uri", "expires_in"}
    assert 5 <= answer.get_json()["expires_in"] < 600
    reference = answer.get_json()["request_uri"]
    assert reference.startswith("urn:ietf:params:oauth:request_uri:")
    browser = server.app.test_client()
    found = sent(decide(browser, "billing", reference, page(browser, "billing", reference)))
    assert (found["state"], found["iss"]) == ("pushed", ISSUER)
    tokens = server.exchange("billing", found["code"], billing)
    assert tokens.status_code == 200, tokens.text


def test_nothing_that_the_browser_brings_counts(server: AuthServer, billing: KeyPair) -> None:
    """RFC 9126 section 4, RFC 9101 section 6.3: what was pushed cannot be changed on its way through the browser."""
    reference = pushed(server, "two-uris", billing, redirect_uri=OTHER_REDIRECT)
    browser = server.app.test_client()
    more = {"redirect_uri": REDIRECT, "scope": "payments", "state": "browser", "code_challenge": "x"}
    loaded = page(browser, "two-uris", reference, **more)
    assert "accounts" in loaded.text
    assert "payments" not in loaded.text
    assert sent(decide(browser, "two-uris", reference, loaded), OTHER_REDIRECT)["state"] == "pushed"


def test_user_refuses(server: AuthServer, billing: KeyPair) -> None:
    """The answer goes to the address in the pushed request, with its state, and ends the request."""
    reference = pushed(server, "two-uris", billing, redirect_uri=OTHER_REDIRECT)
    browser = server.app.test_client()
    loaded = page(browser, "two-uris", reference)
    found = sent(decide(browser, "two-uris", reference, loaded, consent="no"), OTHER_REDIRECT)
    assert found == {"error": "access_denied", "error_description": found["error_description"], "state": "pushed",
                     "iss": ISSUER}  # fmt: skip
    assert is_page_about_the_reference(page(browser, "two-uris", reference))


def test_page_may_be_loaded_twice_before_the_user_decides(server: AuthServer, billing: KeyPair) -> None:
    """FAPI 2.0 Security Profile section 5.3.2.2 note 3: software that loads links ahead uses nothing up."""
    reference = pushed(server, "billing", billing)
    assert page(server.app.test_client(), "billing", reference).status_code == 200
    browser = server.app.test_client()
    assert sent(decide(browser, "billing", reference, page(browser, "billing", reference)))["code"]


def test_row_69_used_twice(server: AuthServer, billing: KeyPair) -> None:
    reference = pushed(server, "billing", billing)
    first, second = server.app.test_client(), server.app.test_client()
    loaded = {browser: page(browser, "billing", reference) for browser in (first, second)}
    assert sent(decide(first, "billing", reference, loaded[first]))["code"]
    assert is_page_about_the_reference(decide(second, "billing", reference, loaded[second]))
    assert is_page_about_the_reference(page(first, "billing", reference))


def test_row_69_of_another_client(server: AuthServer, billing: KeyPair, other: KeyPair) -> None:
    reference = pushed(server, "billing", billing)
    browser = server.app.test_client()
    assert is_page_about_the_reference(page(browser, "other", reference))
    # Nor once a page of the right client was loaded.
    loaded = page(browser, "billing", reference)
    assert is_page_about_the_reference(decide(browser, "other", reference, loaded))
    assert sent(decide(browser, "billing", reference, page(browser, "billing", reference)))["code"]


def test_row_69_expired(server: AuthServer, billing: KeyPair, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = push(server, "billing", billing).get_json()
    reference, ends = answer["request_uri"], int(time.time()) + answer["expires_in"]
    browser = server.app.test_client()
    monkeypatch.setattr("flask_mtls.authlib.pushed_requests.time", Clock(ends - 60))
    loaded = page(browser, "billing", reference)
    assert loaded.status_code == 200
    monkeypatch.setattr("flask_mtls.authlib.pushed_requests.time", Clock(ends + 60))
    assert is_page_about_the_reference(decide(browser, "billing", reference, loaded))
    assert is_page_about_the_reference(page(browser, "billing", reference))


class Clock:
    """A module of time that does not move."""

    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        return self.now


@pytest.mark.parametrize("reference", [
    "", "x", "urn:ietf:params:oauth:request_uri:", "urn:ietf:params:oauth:request_uri:é", "https://evil.example.com/r",
    "urn:ietf:params:oauth:request_uri:" + "x" * 20_000, "\u2028", "' OR 1=1 --",
])  # fmt: skip
def test_reference_that_nobody_pushed(server: AuthServer, reference: str) -> None:
    assert is_page_about_the_reference(page(server.app.test_client(), "billing", reference))


def test_reference_twice_or_without_client(server: AuthServer, billing: KeyPair) -> None:
    reference, second = pushed(server, "billing", billing), pushed(server, "billing", billing)
    url = authorize_url("billing", reference)
    browser = server.app.test_client()
    for wrong in (f"{url}&request_uri={second}", f"{url}&request_uri={reference}", f"{url}&client_id=other",
                  f"/oauth/authorize?request_uri={reference}", f"{url}&state=%00"):  # fmt: skip
        answer = browser.get(wrong, base_url=ISSUER)
        assert answer.status_code == 400
        assert "Location" not in answer.headers


@pytest.mark.parametrize(("change", "error"), [
    ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
    ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
    ({"redirect_uri": "https://evil.example.com/cb"}, "invalid_request"),
    ({"redirect_uri": 'https://é.example.com/"'}, "invalid_request"),
    ({"redirect_uri": "https://["}, "invalid_request"),
    ({"response_type": None}, "unsupported_response_type"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": 'é"\\'}, "unsupported_response_type"),
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"scope": ["accounts", "payments"]}, "invalid_request"),
    ({"state": ["a", "b"]}, "invalid_request"),
    ({"nonce": ["a", "b"]}, "invalid_request"),
    ({"client_id": None}, "invalid_request"),
    ({"client_id": ["billing", "billing"]}, "invalid_request"),
    ({"client_id": "other"}, "invalid_client"),
    ({"client_secret": "s3cret"}, "invalid_request"),
    ({"state": "\0"}, "invalid_request"),
])  # fmt: skip
def test_what_cannot_be_pushed(server: AuthServer, billing: KeyPair, change: dict[str, Any], error: str) -> None:
    """The client gets the error itself, in JSON: no browser is there (RFC 9126 section 2.3)."""
    answer = push(server, "billing", billing, change)
    assert outcome(answer) == (401 if error == "invalid_client" else 400, error)
    assert "Location" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_resource_may_be_repeated(server: AuthServer, billing: KeyPair) -> None:
    """RFC 8707 section 2."""
    assert push(server, "billing", billing, {"resource": ["https://a.example", "https://b.example"]}).status_code == 201


def test_client_is_authenticated(server: AuthServer, billing: KeyPair, other: KeyPair, mobile: KeyPair) -> None:
    assert outcome(push(server, "billing")) == (401, "invalid_client")
    assert outcome(push(server, "billing", other)) == (401, "invalid_client")
    assert outcome(push(server, "nobody", billing)) == (401, "invalid_client")
    assert outcome(push(server, "secretive")) == (401, "invalid_client")
    assert push(server, "mobile", mobile).status_code == 201
    basic = {"Authorization": "Basic c2VjcmV0aXZlOnMzY3JldA=="}  # secretive:s3cret
    assert push(server, "secretive", headers=basic).status_code == 201
    assert outcome(push(server, "public", headers=basic)) == (400, "invalid_request")
    assert outcome(push(server, "billing", billing, headers=basic)) == (400, "invalid_request")


def test_parameters_in_the_query(server: AuthServer, billing: KeyPair) -> None:
    answer = push(server, "billing", billing, query_string={"redirect_uri": "https://evil.example.com/cb"})
    assert outcome(answer) == (400, "invalid_request")


@pytest.mark.parametrize(("body", "options", "status"), [
    ("", {}, 400),
    ("client_id=billing&state=" + "x" * 2_000_000, {}, 413),
    ("{}", {"content_type": "application/json"}, 400),
    ("client_id=billing&%ff", {}, 400),
    ("&".join(f"a{number}=b" for number in range(2000)), {}, 400),
])  # fmt: skip
def test_bodies(server: AuthServer, billing: KeyPair, body: str, options: dict[str, Any], status: int) -> None:
    assert server.post("/oauth/par", body, billing, **options).status_code == status


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
def test_other_methods(server: AuthServer, method: str) -> None:
    assert server.app.test_client().open("/oauth/par", method=method, base_url=ISSUER).status_code == 405


def test_secrets_are_not_stored(server: AuthServer) -> None:
    models = example("authserver.models")
    push(server, "secretive", headers={"Authorization": "Basic c2VjcmV0aXZlOnMzY3JldA=="})
    with server.app.app_context():
        (row,) = models.db.session.scalars(models.db.select(models.PushedRequest))
        assert row.parameters == {"client_id": ["secretive"], **{name: [value] for name, value in REQUEST.items()}}


def test_client_that_must_push(server: AuthServer, billing: KeyPair) -> None:
    """RFC 9126 section 6."""
    url = "/oauth/authorize"
    answer = server.app.test_client().get(url, query_string={"client_id": "pushing", **REQUEST}, base_url=ISSUER)
    assert sent(answer)["error"] == "invalid_request"
    assert sent(answer)["state"] == "pushed"
    reference = pushed(server, "pushing", billing)
    assert page(server.app.test_client(), "pushing", reference).status_code == 200


def test_metadata(mobile: KeyPair) -> None:
    server = AuthServer(make_authserver(metadata(mobile), MTLS_BASE="https://mtls.example.com"))
    found = server.app.test_client().get("/.well-known/oauth-authorization-server", base_url=ISSUER).get_json()
    assert found["pushed_authorization_request_endpoint"] == f"{ISSUER}/oauth/par"
    assert (
        found["mtls_endpoint_aliases"]["pushed_authorization_request_endpoint"] == "https://mtls.example.com/oauth/par"
    )
    assert found["require_pushed_authorization_requests"] is False


def test_expired_requests_are_deleted(server: AuthServer, billing: KeyPair, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = pushed(server, "billing", billing)
    runner = server.app.test_cli_runner()
    assert runner.invoke(args=["delete-expired"]).exit_code == 0
    assert page(server.app.test_client(), "billing", reference).status_code == 200
    monkeypatch.setattr("flask_mtls.authlib.pushed_requests.time", Clock(time.time() + 600))
    assert runner.invoke(args=["delete-expired"]).exit_code == 0
    models = example("authserver.models")
    with server.app.app_context():
        assert models.db.session.scalars(models.db.select(models.PushedRequest)).all() == []


def test_lifetime_that_cannot_be() -> None:
    from flask_mtls.authlib.pushed_authorization import PushedAuthorizationEndpoint

    for seconds in (0, 600):
        made = type("Endpoint", (PushedAuthorizationEndpoint,), {"EXPIRES_IN": seconds})
        with pytest.raises(ValueError, match="EXPIRES_IN"):
            made(None)
