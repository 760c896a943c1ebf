"""Row 65 at Authlib's ``ResourceProtector``: where a token cannot be checked now, it is not called invalid."""

from collections.abc import Mapping
from copy import copy
from typing import Any

import pytest
from authlib.integrations.flask_oauth2 import ResourceProtector
from authlib.oauth2.rfc6750 import InvalidTokenError
from authlib.oauth2.rfc7662 import IntrospectTokenValidator
from flask import Flask
from werkzeug.test import TestResponse

from flask_mtls import MutualTLS, mtls_token_rejected
from flask_mtls.authlib import BoundTokenValidatorMixin
from wsgi_mtls.errors import InvalidToken
from wsgi_mtls.events import Event
from wsgi_mtls.testing import KeyPair, environ_for, self_sign


class Introspected(BoundTokenValidatorMixin, IntrospectTokenValidator):  # type: ignore[misc]
    """Asks an authorization server that answers with this, or fails with it."""

    def __init__(self, answer: Mapping[str, Any] | Exception, *, late: bool = False) -> None:
        super().__init__()
        self.answer, self.late = answer, late

    def introspect_token(self, token: str) -> Mapping[str, Any]:
        return {"active": True} if self.late else self._ask()

    def scope_insufficient(self, *_: object) -> bool:
        if self.late:
            self._ask()
        return False

    def _ask(self) -> Mapping[str, Any]:
        if isinstance(self.answer, Exception):
            raise copy(self.answer).with_traceback(None) from self.answer.__cause__
        return self.answer


def wrapped(outer: Exception, cause: Exception) -> Exception:
    outer.__cause__ = cause
    return outer


SHORTAGES = [
    InvalidToken("The server is down.", reason="tokens_unavailable"),
    ConnectionRefusedError(),
    OSError(24, "Too many open files"),
    MemoryError(),
    RuntimeError("can't start new thread"),
    wrapped(ValueError("no keys"), ConnectionResetError()),
]


@pytest.fixture(scope="module")
def pair() -> KeyPair:
    return self_sign("CN=client")


def ask(validator: Introspected, pair: KeyPair) -> tuple[TestResponse, list[str | None]]:
    """Return the answer of an API, and the reasons of the refusals that were reported."""
    app, protector, reasons = Flask("application"), ResourceProtector(), list[str | None]()
    app.testing = True
    MutualTLS(app, source="mod_ssl")
    protector.register_token_validator(validator)
    app.add_url_rule("/api", "api", protector()(lambda: "content"))

    def note(sender: Flask, event: Event) -> None:
        reasons.append(event.reason)

    with mtls_token_rejected.connected_to(note, app):
        headers = {"Authorization": "Bearer token"}
        return app.test_client().get("/api", headers=headers, environ_overrides=environ_for(pair)), reasons


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("error", SHORTAGES, ids=repr)
def test_token_that_can_not_be_checked(error: Exception, pair: KeyPair, late: bool) -> None:
    answer, reasons = ask(Introspected(error, late=late), pair)
    assert (answer.status_code, answer.headers.get("WWW-Authenticate")) == (503, None)
    assert answer.headers["Cache-Control"] == "no-store"
    assert reasons == ["tokens_unavailable"]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"cnf": {}},
        {"active": False},
        KeyError("active"),
        InvalidToken("Unknown."),
        RecursionError(),
        wrapped(InvalidTokenError(), OSError(404)),
    ],
    ids=repr,
)
def test_token_that_is_not_valid(given: Mapping[str, Any] | Exception, pair: KeyPair) -> None:
    answer, reasons = ask(Introspected(given), pair)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert reasons == ["invalid_token"]


def test_token_that_is_valid(pair: KeyPair) -> None:
    answer, reasons = ask(Introspected({"active": True, "cnf": {"x5t#S256": pair.certificate.thumbprint}}), pair)
    assert (answer.status_code, reasons) == (200, [])
