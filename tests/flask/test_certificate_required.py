"""``certificate_required``: plain mutual TLS."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Blueprint, Flask

from flask_mtls import certificate_required, current_client, peer_certificate
from wsgi_mtls import MutualTLSError, PeerCertificate
from wsgi_mtls.errors import RefusedClient
from wsgi_mtls.testing import SERVER_AUTH, KeyPair, Profile, self_sign

from .conftest import AppFactory, came_with


def serve(app: Flask, **options: Any) -> Flask:
    @app.route("/", methods=["GET", "POST", "DELETE"])
    @certificate_required(**options)
    def view() -> str:
        return current_client.client_id if current_client else peer_certificate.certificate.subject if peer_certificate else "nobody"  # noqa: E501  # fmt: skip

    return app


def ask(app: Flask, pair: KeyPair | None, method: str = "GET", headers: Any = None, **options: Any) -> tuple[int, str]:
    answer = app.test_client().open("/", method=method, headers=headers, **came_with(pair, **options))
    return answer.status_code, answer.text


def test_registered_client_is_current_client(make_app: AppFactory, billing: KeyPair, mobile: KeyPair) -> None:
    app = serve(make_app())
    assert ask(app, billing) == (200, "billing")
    assert ask(app, mobile) == (200, "mobile")


def test_of_nobody_registered(make_app: AppFactory, ca: KeyPair) -> None:
    app = serve(make_app())
    assert ask(app, ca.issue("CN=nobody"))[0] == 401
    assert ask(app, self_sign("CN=mobile"))[0] == 401
    assert ask(app, None)[0] == 401


def test_where_no_clients_are_configured_the_chain_counts(make_app: AppFactory, ca: KeyPair) -> None:
    app = serve(make_app(MTLS_CLIENTS=None))
    anyone = ca.issue("CN=anyone")
    assert ask(app, anyone) == (200, "CN=anyone")
    assert ask(app, anyone, verified=False)[0] == 401
    assert ask(app, self_sign("CN=anyone"))[0] == 401


YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@pytest.mark.parametrize("profile", [
    Profile(not_before=YESTERDAY - timedelta(days=1), not_after=YESTERDAY),
    Profile(not_before=YESTERDAY + timedelta(days=7)),
    Profile(extended_key_usage=SERVER_AUTH),
])  # fmt: skip
def test_certificate_not_in_order(make_app: AppFactory, ca: KeyPair, profile: Profile) -> None:
    app = serve(make_app(MTLS_CLIENTS=None), authorize=lambda peer: True)
    assert ask(app, ca.issue("CN=anyone", profile))[0] == 401
    assert ask(app, ca.issue("CN=anyone"))[0] == 200


@pytest.mark.parametrize("decide", [
    lambda peer: peer.certificate.common_names == ("anna",),
    lambda peer: [False, True][peer.certificate.common_names == ("anna",)],
])  # fmt: skip
def test_authorize(make_app: AppFactory, ca: KeyPair, decide: Callable[[PeerCertificate], bool]) -> None:
    app = serve(make_app(), authorize=decide)
    assert ask(app, ca.issue("CN=anna")) == (200, "CN=anna")
    assert ask(app, ca.issue("CN=berta"))[0] == 403
    assert ask(app, ca.issue("CN=anna"), verified=False)[0] == 401
    assert ask(app, self_sign("CN=anna"))[0] == 401


def test_async_authorize_is_awaited(make_app: AppFactory, ca: KeyPair) -> None:
    async def decide(peer: PeerCertificate) -> bool:
        return peer.certificate.common_names == ("anna",)

    app = serve(make_app(), authorize=decide)
    assert ask(app, ca.issue("CN=anna"))[0] == 200
    assert ask(app, ca.issue("CN=berta"))[0] == 403


def test_authorize_that_returns_what_is_only_truthy(make_app: AppFactory, ca: KeyPair) -> None:
    app = serve(make_app(), authorize=lambda peer: "no")
    assert ask(app, ca.issue("CN=anna"))[0] == 403


def test_authorize_may_refuse_with_a_reason(make_app: AppFactory, ca: KeyPair) -> None:
    def decide(peer: PeerCertificate) -> bool:
        raise RefusedClient("Not in the directory.", reason="unidentified_client")

    assert ask(serve(make_app(), authorize=decide), ca.issue("CN=anna"))[0] == 401


def test_authorize_must_be_callable() -> None:
    with pytest.raises(TypeError, match="authorize"):
        certificate_required(authorize="anna")  # type: ignore[call-overload]


def test_optional(make_app: AppFactory, billing: KeyPair) -> None:
    app = serve(make_app(), optional=True)
    assert ask(app, None) == (200, "nobody")
    assert ask(app, billing) == (200, "billing")
    assert ask(app, self_sign("CN=mobile"))[0] == 401


@pytest.mark.parametrize(("headers", "expected"), [
    ({}, 200),
    ({"Sec-Fetch-Site": "same-origin"}, 200),
    ({"Sec-Fetch-Site": "none"}, 200),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "https://localhost"}, 200),
    ({"Origin": "https://localhost"}, 200),
    ({"Origin": "https://LOCALHOST"}, 200),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Sec-Fetch-Site": ""}, 403),
    ({"Sec-Fetch-Site": "same-origin, cross-site"}, 403),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "https://localhost"}, 403),
    ({"Origin": "https://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": ""}, 403),
    ({"Origin": "http://localhost"}, 403),
    ({"Origin": "https://localhost.evil.example"}, 403),
    ({"Origin": "https://localhost:444"}, 403),
])  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_unsafe_method_from_another_site(
    make_app: AppFactory, billing: KeyPair, method: str, headers: dict[str, str], expected: int
) -> None:
    app = serve(make_app())
    assert ask(app, billing, method, headers)[0] == expected
    assert ask(app, billing, "GET", headers)[0] == 200
    assert ask(serve(make_app(), allow_cross_site=True), billing, method, headers)[0] == 200
    assert ask(serve(make_app(), authorize=lambda peer: True), billing, method, headers)[0] == expected


def test_blueprint(make_app: AppFactory, billing: KeyPair) -> None:
    inside = Blueprint("inside", __name__, url_prefix="/inside")

    @inside.before_request
    @certificate_required
    def guard() -> None: ...

    inside.add_url_rule("/", view_func=lambda: current_client.client_id)
    app = make_app()
    app.register_blueprint(inside)
    assert app.test_client().get("/inside/", **came_with(billing)).text == "billing"
    assert app.test_client().get("/inside/").status_code == 401


def test_refusal_that_a_view_lets_out_is_no_500(make_app: AppFactory) -> None:
    app = make_app()

    @app.get("/")
    def view() -> str:
        raise MutualTLSError("somewhere inside")

    assert app.test_client().get("/").status_code == 401
