"""CORS preflights at a Flask app (row 67): Flask-CORS outside, and ``MTLS_PREFLIGHT`` for guards before the request."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, request
from flask.views import MethodView
from flask_cors import CORS, cross_origin
from werkzeug.test import TestResponse

from flask_mtls import bound_token_required, certificate_required, client_auth_required
from wsgi_mtls.config import InvalidSettings
from wsgi_mtls.testing import KeyPair

from .conftest import AppFactory, came_with

ORIGIN = "https://spa.example.com"
HEADERS = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
SECRET = "the content of the view"


class Tokens:
    def __init__(self, pair: KeyPair) -> None:
        self._cnf = {"x5t#S256": pair.certificate.thumbprint}

    def decode(self, token: str, /) -> Mapping[str, object]:
        return {"cnf": self._cnf}


def ask(app: Flask, path: str, method: str = "OPTIONS", more: Mapping[str, str] = {}, **options: Any) -> TestResponse:
    return app.test_client().open(path, method=method, headers={**HEADERS, **more}, **options)


def make(make_app: AppFactory, pair: KeyPair, **settings: Any) -> Flask:
    app = make_app(MTLS_TOKENS=Tokens(pair), **settings)
    app.add_url_rule("/view", view_func=bound_token_required(view))
    app.add_url_rule("/blind", "blind", bound_token_required(view), methods=["GET", "OPTIONS"])
    app.add_url_rule("/class", view_func=Own.as_view("own"))
    for name, decorator in DECORATORS.items():
        inside = Blueprint(name, __name__, url_prefix=f"/{name}")
        inside.before_request(decorator(fails))
        inside.add_url_rule("/auto", "auto", view)
        inside.add_url_rule("/blind", "blind", view, methods=["GET", "OPTIONS"])
        app.register_blueprint(inside)
    return app


DECORATORS: dict[str, Any] = {
    "token": bound_token_required,
    "client": client_auth_required,
    "certificate": certificate_required(authorize=lambda peer: True),
}


def view() -> str:
    return SECRET


def fails() -> None:
    """What an app does for an accepted request, and cannot do for a preflight."""
    raise AssertionError


class Own(MethodView):
    decorators = [bound_token_required]  # noqa: RUF012  # as Flask's docs do

    def get(self) -> str:
        return SECRET

    def options(self) -> str:
        return SECRET


@pytest.mark.parametrize("allowed", [False, True])
def test_flask_cors_outside_of_decorated_views(make_app: AppFactory, billing: KeyPair, allowed: bool) -> None:
    app = make(make_app, billing, MTLS_PREFLIGHT=allowed)
    CORS(app, origins=[ORIGIN], allow_headers=["Authorization"])
    answer = ask(app, "/view")
    assert (answer.status_code, answer.text) == (200, "")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization"
    refused = ask(app, "/view", "GET")
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, ORIGIN)
    good = ask(app, "/view", "GET", {"Authorization": "Bearer a"}, **came_with(billing))
    assert (good.text, good.headers["Access-Control-Allow-Origin"]) == (SECRET, ORIGIN)


def test_cross_origin_outside_of_bound_token_required(make_app: AppFactory, billing: KeyPair) -> None:
    app = make_app(MTLS_TOKENS=Tokens(billing))
    app.add_url_rule("/view", view_func=cross_origin(origins=[ORIGIN])(bound_token_required(view)))
    answer = ask(app, "/view")
    assert (answer.status_code, answer.text, answer.headers["Access-Control-Allow-Origin"]) == (200, "", ORIGIN)
    assert ask(app, "/view", "GET").status_code == 401


@pytest.mark.parametrize("name", DECORATORS)
def test_guard_before_the_request(make_app: AppFactory, billing: KeyPair, name: str) -> None:
    refusing = make(make_app, billing)
    assert ask(refusing, f"/{name}/auto").status_code in (401, 405)
    allowing = make(make_app, billing, MTLS_PREFLIGHT=True)
    CORS(allowing, origins=[ORIGIN])
    answer = ask(allowing, f"/{name}/auto")
    assert (answer.status_code, answer.text, answer.headers["Access-Control-Allow-Origin"]) == (200, "", ORIGIN)
    assert sorted(answer.headers["Allow"].split(", ")) == ["GET", "HEAD", "OPTIONS"]
    assert ask(allowing, f"/{name}/auto", "GET").status_code in (401, 405)


@pytest.mark.parametrize("path", ["/blind", "/class", *(f"/{name}/blind" for name in DECORATORS)])
@pytest.mark.parametrize("allowed", [False, True])
def test_a_view_of_its_own_is_guarded(make_app: AppFactory, billing: KeyPair, path: str, allowed: bool) -> None:
    answer = ask(make(make_app, billing, MTLS_PREFLIGHT=allowed), path)
    assert answer.status_code in (401, 405)
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    "more",
    [
        {"Authorization": "Bearer forged"},
        {"X-HTTP-Method-Override": "GET"},
        {"Origin": ""},
        {"Access-Control-Request-Method": ""},
    ],
    ids=str,
)
def test_what_is_not_exactly_a_preflight(make_app: AppFactory, billing: KeyPair, more: Mapping[str, str]) -> None:
    app = make(make_app, billing, MTLS_PREFLIGHT=True)
    assert ask(app, "/token/auto", more=more).status_code == 401
    assert ask(app, "/token/auto", data="x").status_code == 401
    assert ask(app, "/token/auto").status_code == 200


def test_what_another_function_answers_is_dropped(make_app: AppFactory, billing: KeyPair) -> None:
    app = make(make_app, billing, MTLS_PREFLIGHT=True)
    cached = Response(SECRET, headers={"X-Secret": "1", "Access-Control-Allow-Origin": "*"})
    app.before_request_funcs["token"].append(lambda: cached if request.path.startswith("/token") else None)
    answer = ask(app, "/token/auto")
    assert (answer.status_code, answer.text, "X-Secret" in answer.headers) == (200, "", False)


@pytest.mark.parametrize("value", ["yes", 1, ["*"]])
def test_setting(make_app: AppFactory, value: object) -> None:
    with pytest.raises(InvalidSettings, match=r"MTLS_PREFLIGHT must be True or False"):
        make_app(MTLS_PREFLIGHT=value)


def test_docs(billing: KeyPair) -> None:
    page = (Path(__file__).parents[2] / "docs" / "requests.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    (block,) = (found for found in blocks if "flask_cors" in found)
    namespace: dict[str, Any] = {"tokens": Tokens(billing), "__name__": __name__}
    exec(compile(block, "requests.md", "exec"), namespace)
    answer = ask(namespace["app"], "/accounts")
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    assert ask(namespace["app"], "/accounts", more={"Origin": "https://evil.example.com"}).headers.get(
        "Access-Control-Allow-Origin"
    ) in (None, ORIGIN)
    assert ask(namespace["app"], "/accounts", "GET").status_code == 401
