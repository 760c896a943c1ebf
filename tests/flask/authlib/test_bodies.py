"""Bodies that the Authlib example refuses: for their length, of which no more is read, and those that can't be read."""

import io
import logging
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from flask import request
from werkzeug.test import EnvironBuilder, run_wsgi_app

from flask_mtls import MutualTLSRefusal
from wsgi_mtls.testing import KeyPair

from .authserver import ISSUER, AuthServer, make_authserver, metadata, outcome

FORM = "application/x-www-form-urlencoded"
LONG = 10_000_000
LIMIT = 1000


class Endless(io.RawIOBase):
    """A body that counts what is read of it."""

    count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        buffer[:] = b"a" * len(buffer)
        self.count += len(buffer)
        return len(buffer)


@pytest.fixture
def server(mobile: KeyPair) -> AuthServer:
    return AuthServer(make_authserver(metadata(mobile), MTLS_MAX_BODY=LIMIT))


def send(server: AuthServer, path: str, method: str, **environ: Any) -> tuple[int, int]:
    """Return the status and how much was read."""
    body = Endless()
    made = EnvironBuilder(path, base_url=ISSUER, method=method).get_environ()
    made |= {"wsgi.input": body, "HTTP_AUTHORIZATION": "Bearer initial", **environ}
    _, status, _ = run_wsgi_app(server.app, made)
    return int(status[:3]), body.count


@pytest.mark.parametrize("length", [{"CONTENT_LENGTH": str(LONG)}, {"wsgi.input_terminated": True}])
@pytest.mark.parametrize(("method", "path", "content_type", "status"), [
    ("POST", "/oauth/token", FORM, 413),
    ("POST", "/oauth/token", f"{FORM}; charset=latin-1", 413),
    ("POST", "/oauth/token", "multipart/form-data; boundary=a", 413),
    ("POST", "/oauth/introspect", FORM, 413),
    ("POST", "/oauth/authorize", FORM, 413),
    ("GET", "/oauth/authorize", FORM, 413),
    ("POST", "/oauth/register", "application/json", 400),
])  # fmt: skip
def test_no_more_is_read_than_the_limit(
    server: AuthServer, length: dict[str, Any], method: str, path: str, content_type: str, status: int
) -> None:
    answered, count = send(server, path, method, CONTENT_TYPE=content_type, **length)
    assert answered == status
    assert count < LIMIT * 10  # what a buffer holds


def test_form_of_another_charset(server: AuthServer) -> None:
    """The accepted twin: the limit is on its length alone."""
    form = {"grant_type": "client_credentials", "scope": "accounts"}
    headers = {"Authorization": "Basic dW5ib3VuZDpzM2NyZXQ="}
    for content_type in (FORM, f"{FORM}; charset=latin-1"):
        answer = server.post("/oauth/token", form, headers=headers, content_type=content_type)
        assert answer.status_code == 200, answer.text


def test_error_handler_finds_no_form(server: AuthServer, billing: KeyPair) -> None:
    server.app.register_error_handler(MutualTLSRefusal, lambda error: (dict(request.form), error.code))
    assert send(server, "/oauth/token", "POST", CONTENT_TYPE=FORM, CONTENT_LENGTH=str(LONG)) == (413, 0)
    refused = server.token("billing", billing, state="\0")
    assert (refused.status_code, refused.get_json()["client_id"]) == (400, "billing")


def test_limits_of_the_app(server: AuthServer, billing: KeyPair, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "wsgi_mtls")
    server.app.config["MAX_CONTENT_LENGTH"] = 100
    assert server.token("billing", billing).status_code == 200
    assert outcome(server.token("billing", billing, state="a" * 100)) == (413, "invalid_request")
    assert "body_too_large" in caplog.text


@pytest.mark.parametrize(("length", "content_type"), [
    ("500", FORM), ("ten", FORM), ("500", f"{FORM}; charset=latin-1"),
])  # fmt: skip
def test_truncated(
    server: AuthServer, billing: KeyPair, caplog: pytest.LogCaptureFixture, length: str, content_type: str
) -> None:
    caplog.set_level(logging.INFO, "wsgi_mtls")
    body, environ = "grant_type=client_credentials&scope=accounts&client_id=billing", {"CONTENT_LENGTH": length}
    answer = server.post("/oauth/token", body, billing, environ=environ, content_type=content_type)
    assert outcome(answer) == (400, "invalid_request")
    assert len([record for record in caplog.records if "client_rejected" in record.message]) == 1
    assert server.post("/oauth/token", body, billing).status_code == 200


class Broken(io.RawIOBase):
    """A body with chunks for which a server has its own error, such as gunicorn."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        raise KeyError("chunk")


@pytest.mark.parametrize("content_type", [FORM, "application/json", "multipart/form-data; boundary=a"])
def test_body_that_the_server_can_not_read(server: AuthServer, billing: KeyPair, content_type: str) -> None:
    broken: dict[str, Any] = {"wsgi.input": Broken(), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    answer = server.post("/oauth/token", "", billing, environ=broken, content_type=content_type)
    assert outcome(answer) == (400, "invalid_request")
    assert server.token("billing", billing).status_code == 200


def test_assertion_whose_header_is_odd(server: AuthServer) -> None:
    parts = (b'{"alg":"RS256","crit":1}', b'{"sub":"signing","iss":"signing"}', b"A")
    assertion = ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    form = {"grant_type": "client_credentials", "client_assertion_type": kind, "client_assertion": assertion}
    assert outcome(server.post("/oauth/token", form)) == (401, "invalid_client")
    assert server.token("unbound", secret="s3cret").status_code == 200


def test_app_that_reads_the_form_before(server: AuthServer) -> None:
    """As a guard against cross-site requests does: no certificate authenticates then, all else works."""
    server.app.before_request(lambda: request.form.get("csrf", None) and None)
    assert server.code("billing")
    assert server.token("unbound", secret="s3cret").status_code == 200


@pytest.mark.parametrize(("body", "content_type", "error"), [
    ("a=b", FORM, "invalid_client_metadata"),
    ("{", "application/json", "invalid_client_metadata"),
    ("{}", "text/plain", "invalid_client_metadata"),
    ("", "", "invalid_client_metadata"),
    ("[]", "application/json", "invalid_client_metadata"),
])  # fmt: skip
def test_registration_that_is_no_json(server: AuthServer, body: str, content_type: str, error: str) -> None:
    headers = {"Authorization": "Bearer initial"}
    answer = server.post("/oauth/register", body, headers=headers, content_type=content_type)
    assert outcome(answer) == (400, error)
    right = '{"token_endpoint_auth_method": "none"}'
    answer = server.post("/oauth/register", right, headers=headers, content_type="application/json")
    assert answer.status_code == 201
