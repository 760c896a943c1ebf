"""A refused browser gets a page that explains what to do; a program gets JSON, with the same status and headers."""

import re
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from flask import Flask
from werkzeug.test import TestResponse

from flask_mtls import (
    MutualTLS,
    MutualTLSRefusal,
    bound_token_required,
    certificate_required,
    client_auth_required,
    current_client,
    peer_certificate,
)
from tests.unit.request.test_accept import JAVA, ODD
from wsgi_mtls.testing import KeyPair, self_sign

from .conftest import AppFactory, came_with

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
NOT_LATIN1 = re.compile(r"[^\x00-\xff]")


class Tokens:
    def __init__(self, problem: str = "") -> None:
        self._problem = problem

    def decode(self, token: str, /) -> dict[str, object]:
        raise NotImplementedError(self._problem)


def serve(app: Flask) -> Flask:
    methods = ["GET", "POST"]
    app.add_url_rule("/card", "card", certificate_required(lambda: "card"), methods=methods)
    app.add_url_rule("/staff", "staff", certificate_required(authorize=lambda peer: False)(lambda: ""), methods=methods)
    app.add_url_rule("/token", "token", client_auth_required(lambda: ""), methods=methods)
    app.add_url_rule("/api", "api", bound_token_required(lambda: ""), methods=methods)
    app.add_url_rule("/peer", "peer", lambda: str(bool(peer_certificate)))
    return app


@pytest.fixture
def app(make_app: AppFactory) -> Flask:
    return serve(make_app(MTLS_TOKENS=Tokens()))


def ask(app: Flask, path: str, accept: str | None, pair: KeyPair | None, **options: Any) -> TestResponse:
    headers = {} if accept is None else {"Accept": accept}
    return app.test_client().open(path, headers={**headers, **options.pop("headers", {})}, **came_with(pair), **options)


CASES: list[tuple[str, str, dict[str, Any], str, dict[str, str] | None]] = [
    ("/card", "none", {}, "This page needs a client certificate", {"error": "certificate_required"}),
    ("/card", "stranger", {}, "Your certificate was not accepted", {"error": "certificate_rejected"}),
    ("/staff", "stranger", {}, "You may not open this page", {"error": "access_denied"}),
    ("/card", "billing", {"method": "POST", "headers": {"Sec-Fetch-Site": "cross-site"}},
     "Another site sent this request", {"error": "access_denied"}),
    ("/token", "none", {}, "This address is for programs", {"error": "invalid_request"}),
    ("/token", "none", {"method": "POST", "data": {"client_id": "billing"}},
     "This address is for programs", {"error": "invalid_client"}),
    ("/api", "none", {"headers": {"Authorization": "Bearer x x"}}, "This address is for programs", None),
    ("/card", "junk", {}, "The request could not be read", {"error": "invalid_request"}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "who", "options", "heading", "json"), CASES)
def test_browsers_and_programs(
    app: Flask, billing: KeyPair, ca: KeyPair, path: str, who: str, options: Any, heading: str, json: Any
) -> None:
    def sent(accept: str | None) -> TestResponse:
        if who == "junk":
            junk = {"SSL_CLIENT_CERT": "junk", "SSL_CLIENT_VERIFY": "SUCCESS"}
            headers = {"Accept": accept} if accept else {}
            return app.test_client().open(path, headers=headers, environ_overrides=junk)
        pairs = {"none": None, "stranger": ca.issue("CN=stranger"), "billing": billing}
        return ask(app, path, accept, pairs[who], **{**options, "headers": dict(options.get("headers", {}))})

    page = sent(BROWSER)
    assert f"<h1>{heading}</h1>" in page.text
    assert page.content_type == "text/html; charset=utf-8"
    for accept in (None, "*/*", "application/json"):
        answer = sent(accept)
        assert answer.status_code == page.status_code >= 400
        assert (answer.get_json(silent=True), "<" in answer.text) == (json, False)
        skipped = ("Content-Type", "Content-Length")
        assert [item for item in page.headers if item[0] not in skipped] == [
            item for item in answer.headers if item[0] not in skipped
        ]


def test_accepted(app: Flask, billing: KeyPair) -> None:
    assert ask(app, "/card", BROWSER, billing).text == "card"


def test_program_in_java_gets_json(app: Flask) -> None:
    """Java names text/html where the program sets no Accept, and RFC 6749 section 5.2 promises JSON."""
    answer = ask(app, "/token", JAVA, None, method="POST", data={"client_id": "billing"})
    assert (answer.status_code, answer.get_json(silent=True)) == (401, {"error": "invalid_client"})


def test_page_that_fails_hides_no_refusal(app: Flask, billing: KeyPair) -> None:
    """A context processor of the app's may need the client, or a database that is down."""
    app.context_processor(lambda: {"client": current_client.client_id})
    app.testing = False
    answer = ask(app, "/card", BROWSER, None)
    assert (answer.status_code, answer.get_json(silent=True)) == (401, {"error": "certificate_required"})
    assert ask(app, "/card", BROWSER, billing).text == "card"


def test_error_that_escapes_a_view(app: Flask) -> None:
    junk = {"SSL_CLIENT_CERT": "junk", "SSL_CLIENT_VERIFY": "SUCCESS"}
    answer = app.test_client().get("/peer", headers={"Accept": BROWSER}, environ_overrides=junk)
    assert (answer.status_code, answer.mimetype) == (400, "text/html")


@pytest.mark.parametrize("accept", [accept for accept in ODD if not NOT_LATIN1.search(accept)])
def test_odd_accept(app: Flask, accept: str) -> None:
    environ = {**came_with(None)["environ_overrides"], "HTTP_ACCEPT": accept}
    assert app.test_client().get("/card", environ_overrides=environ).status_code == 401


def test_nothing_more_is_told_than_to_a_program(app: Flask, ca: KeyPair) -> None:
    """Which of the refusals it was: a certificate that is not registered and one that is not valid get one page."""

    def page(pair: KeyPair) -> str:
        text = ask(app, "/card", BROWSER, pair).text
        return re.sub(r"<dl>.*</dl>|Status 401 at [^<]*", "", text, flags=re.DOTALL)

    assert page(ca.issue("CN=stranger")) == page(self_sign("CN=billing"))
    assert "invalid_client" not in page(ca.issue("CN=stranger"))


HOSTILE = "<script>alert(1)</script>&\"'\n\x1b[31m\u202egnp.exe{{7*7}}" + "x" * 500


def test_names_of_strangers_are_escaped_and_cut(app: Flask) -> None:
    pair = self_sign(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, HOSTILE[:900], _validate=False)]))
    text = ask(app, "/card", BROWSER, pair).text
    assert r"\&lt;script\&gt;alert(1)" in text  # RFC 4514 puts the backslashes there
    assert "{{7*7}}" in text
    for raw in ("<script", "\x1b", "\u202e", "x" * 200):
        assert raw not in text, raw
    assert "\\u202e" in text


def test_certificate_that_is_unreadable(app: Flask, ca: KeyPair) -> None:
    from wsgi_mtls.x509 import ClientCertificate

    broken = ClientCertificate.from_der(b"\x30\x00")
    answer = app.test_client().get("/card", headers={"Accept": BROWSER}, **came_with(KeyPair(broken, ca.key)))
    assert (answer.status_code, "Holder" in answer.text) == (401, False)


def test_verbosity(make_app: AppFactory, ca: KeyPair) -> None:
    stranger = ca.issue("CN=stranger")
    debug = ask(serve(make_app(MTLS_VERBOSITY="debug")), "/card", BROWSER, stranger)
    assert "unidentified_client: " in debug.text
    minimal = ask(serve(make_app(MTLS_VERBOSITY="minimal")), "/card", BROWSER, stranger)
    assert (minimal.status_code, minimal.data) == (401, b"")


def test_what_a_decoder_raised_is_not_shown(make_app: AppFactory, ca: KeyPair) -> None:
    """The answer to a program has no text of it either."""
    app = serve(make_app(MTLS_TOKENS=Tokens("postgresql://api:secret@db"), MTLS_VERBOSITY="debug"))
    text = ask(app, "/api", BROWSER, ca.issue("CN=eve"), headers={"Authorization": "Bearer x"}).text
    assert "This address is for programs" in text
    assert "invalid_token: " in text
    assert "secret" not in text


def test_template_of_the_app(clients: Any, tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "flask_mtls"
    folder.mkdir(parents=True)
    (folder / "refused.html").write_text("Ours: {{ page.kind }} {{ page.status }}")
    app = Flask("application", template_folder=str(tmp_path / "templates"))
    MutualTLS(app, source="mod_ssl", clients=clients)
    assert ask(serve(app), "/card", BROWSER, None).text == "Ours: no_certificate 401"


def test_error_handler_comes_first(app: Flask) -> None:
    @app.errorhandler(MutualTLSRefusal)
    def own(error: MutualTLSRefusal) -> tuple[str, int]:
        return error.error.reason, error.code or 401

    assert ask(app, "/card", BROWSER, None).text == "no_certificate"


def test_page_loads_nothing(app: Flask) -> None:
    text = ask(app, "/card", BROWSER, None).text
    assert not re.search(r"(src|href|url\()\s*=?", text)
    assert 'name="viewport"' in text
    assert "prefers-color-scheme: dark" in text
