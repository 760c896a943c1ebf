from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask

from flask_mtls import MutualTLS
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, Profile, environ_for, self_sign

DN = "CN=billing,O=Agora,C=SE"

AppFactory = Callable[..., Flask]


@pytest.fixture(scope="session")
def billing(ca: KeyPair) -> KeyPair:
    return ca.issue(DN)


@pytest.fixture(scope="session")
def other(ca: KeyPair) -> KeyPair:
    """Of the same CA, registered for client ``other`` by its DNS name."""
    return ca.issue("CN=other", Profile(san_dns=["other.example.com"]))


@pytest.fixture(scope="session")
def mobile() -> KeyPair:
    return self_sign("CN=mobile")


@pytest.fixture(scope="session")
def clients(mobile: KeyPair) -> Mapping[str, Mapping[str, object]]:
    return {
        "billing": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": DN},
        "other": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "other.example.com"},
        "mobile": {
            "token_endpoint_auth_method": "self_signed_tls_client_auth",
            "jwks": {"keys": [jwk(mobile.certificate)]},
        },
        "secretive": {"token_endpoint_auth_method": "client_secret_basic"},
        "signing": {"token_endpoint_auth_method": "private_key_jwt"},
        "public": {"token_endpoint_auth_method": "none"},
    }


@pytest.fixture
def make_app(clients: Mapping[str, Mapping[str, object]]) -> AppFactory:
    """An app with the extension; keywords are settings."""

    def make(extension: MutualTLS | None = None, **settings: Any) -> Flask:
        app = Flask("application")
        app.testing = True
        app.config.from_mapping({"MTLS_SOURCE": "mod_ssl", "MTLS_CLIENTS": clients} | settings)
        (extension or MutualTLS()).init_app(app)
        return app

    return make


def came_with(pair: KeyPair | None, **options: Any) -> dict[str, Any]:
    """Keyword arguments of a test client's request that comes with a certificate."""
    return {"environ_overrides": environ_for(pair, **options)}
