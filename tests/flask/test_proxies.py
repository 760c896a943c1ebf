"""``peer_certificate``, ``current_client``, ``bound_token``: as Flask-Login's ``current_user``."""

from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, g
from werkzeug.local import LocalProxy

from flask_mtls import MutualTLS, bound_token, client_auth_required, current_client, peer_certificate
from wsgi_mtls import PeerCertificate
from wsgi_mtls.testing import KeyPair, to_pem

from .conftest import AppFactory, came_with

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

PROXIES: dict[str, tuple[Any, str, str]] = {
    "peer_certificate": (peer_certificate, "certificate", "certificate_required"),
    "current_client": (current_client, "client_id", "client_auth_required"),
    "bound_token": (bound_token, "claims", "bound_token_required"),
}


@pytest.mark.parametrize("name", PROXIES)
def test_without_one_it_is_falsy_and_names_the_decorator(make_app: AppFactory, name: str) -> None:
    proxy, attribute, decorator = PROXIES[name]
    with make_app().test_request_context("/"):
        assert not proxy
        with pytest.raises(RuntimeError, match=f"{decorator}.* below "):
            getattr(proxy, attribute)


@pytest.mark.parametrize("name", PROXIES)
def test_outside_of_a_request_it_is_falsy(name: str) -> None:
    assert not PROXIES[name][0]


def test_certificate_of_the_request(make_app: AppFactory, billing: KeyPair) -> None:
    app = make_app()

    @app.get("/")
    def view() -> dict[str, str]:
        assert peer_certificate
        return {"subject": peer_certificate.certificate.subject}

    assert app.test_client().get("/", **came_with(billing)).json == {"subject": "CN=billing,O=Agora,C=SE"}


def test_certificate_from_the_source(make_app: AppFactory, billing: KeyPair) -> None:
    environ = {"SSL_CLIENT_CERT": to_pem(billing.certificate).decode(), "SSL_CLIENT_VERIFY": "SUCCESS"}
    with make_app().test_request_context("/", environ_overrides=environ):
        assert peer_certificate.certificate == billing.certificate
        assert peer_certificate.verified


def test_certificate_is_sought_once(billing: KeyPair) -> None:
    calls: list[str] = []

    def source(environ: "WSGIEnvironment") -> PeerCertificate | None:
        calls.append(environ["PATH_INFO"])
        return PeerCertificate(billing.certificate)

    app = Flask("application")
    MutualTLS(app, source=source)

    @app.get("/")
    def view() -> str:
        assert peer_certificate.certificate == peer_certificate.certificate == billing.certificate
        return ""

    app.test_client().get("/")
    assert calls == ["/"]


def test_malformed_certificate_concerns_only_who_asks(make_app: AppFactory) -> None:
    app = make_app()
    app.add_url_rule("/health", view_func=lambda: "ok", endpoint="health")
    app.add_url_rule("/who", view_func=lambda: str(bool(peer_certificate)), endpoint="who")
    broken = {"environ_overrides": {"SSL_CLIENT_CERT": "rubbish", "SSL_CLIENT_VERIFY": "SUCCESS"}}
    assert app.test_client().get("/health", **broken).status_code == 200
    assert app.test_client().get("/who", **broken).status_code == 400


def test_no_request_sees_the_client_of_another(make_app: AppFactory, billing: KeyPair) -> None:
    app = make_app()
    app.add_url_rule("/token", view_func=client_auth_required(lambda: current_client.client_id), methods=["POST"])
    app.add_url_rule("/who", view_func=lambda: str(bool(current_client)), endpoint="who")
    with app.app_context():  # as a test or a command may: it makes Flask's g outlive a request
        g.something = 1
        client = app.test_client()
        assert client.post("/token", data={"client_id": "billing"}, **came_with(billing)).text == "billing"
        assert client.get("/who").text == "False"


def test_another_apps_word_does_not_count(billing: KeyPair, make_app: AppFactory) -> None:
    """An app that hands its request on to another app with its own clients."""
    inner = make_app(MTLS_CLIENTS={})
    inner.add_url_rule("/token", view_func=client_auth_required(lambda: current_client.client_id), methods=["POST"])
    inner.add_url_rule("/who", "who", lambda: str(bool(current_client)), methods=["POST"])
    outer = make_app()

    @outer.post("/<path>")
    @client_auth_required
    def view(path: str) -> Any:
        assert current_client.client_id == "billing"
        return inner.wsgi_app

    client = outer.test_client()
    assert client.post("/token", data={"client_id": "billing"}, **came_with(billing)).status_code == 401
    assert client.post("/who", data={"client_id": "billing"}, **came_with(billing)).text == "False"


def test_no_header_makes_a_client(make_app: AppFactory) -> None:
    app = make_app()
    app.add_url_rule("/who", view_func=lambda: f"{bool(current_client)} {bool(peer_certificate)}", endpoint="who")
    headers = dict.fromkeys(("flask_mtls.client", "wsgi_mtls.peer", "SSL_CLIENT_CERT", "Client"), "billing")
    assert app.test_client().get("/who", headers=headers).text == "False False"


def test_proxies_are_what_werkzeug_has() -> None:
    assert all(isinstance(proxy, LocalProxy) for proxy, *_ in PROXIES.values())
