"""The answers to refusals: a WSGI application's, and the same as a response of Werkzeug's."""

from typing import Any, get_args

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from wsgi_mtls.errors import REASONS, InvalidToken, MutualTLSError
from wsgi_mtls.responses import Verbosity, error_answer, error_response, token_error_answer, token_error_response


def played(application: Any, method: str = "POST") -> tuple[str, dict[str, str], bytes]:
    """Return what a server would send: the status, the fields, the body."""
    body, status, headers = run_wsgi_app(application, EnvironBuilder(method=method).get_environ())
    fields = dict(headers.items())
    assert len(headers) == len({name.lower() for name in fields})
    return status, fields, b"".join(body)


@pytest.mark.parametrize("verbosity", get_args(Verbosity))
@pytest.mark.parametrize("method", ["POST", "HEAD"])
def test_a_framework_gets_the_same_answer(verbosity: Verbosity, method: str) -> None:
    environ = {**EnvironBuilder().get_environ(), "HTTP_AUTHORIZATION": "Basic YTpi"}
    for reason in REASONS:
        error = MutualTLSError(reason=reason)
        by_itself = played(error_answer(environ, error, verbosity), method)
        assert by_itself == played(error_response(environ, error, verbosity), method)


def test_a_framework_gets_the_same_challenge() -> None:
    for reason in REASONS:
        error = InvalidToken(reason=reason)
        by_itself = played(token_error_answer(error, realm="api", scope="read"))
        assert by_itself == played(token_error_response(error, realm="api", scope="read"))
        assert "Content-Type" not in by_itself[1]


def test_the_octets_of_an_answer() -> None:
    answer = error_answer({}, MutualTLSError(reason="subject_mismatch"), "normal")
    status, headers, body = played(answer)
    assert (status, body) == ("401 UNAUTHORIZED", b'{"error": "invalid_client"}')
    assert headers == {
        "Cache-Control": "no-store",
        "Pragma": "no-cache",
        "Content-Type": "application/json",
        "Content-Length": "27",
    }
    assert played(answer, "HEAD") == (status, headers, b"")


def test_a_status_that_has_no_phrase() -> None:
    error = MutualTLSError()
    error.status = 799
    assert played(error_answer({}, error, "minimal"))[0] == "799 UNKNOWN"
