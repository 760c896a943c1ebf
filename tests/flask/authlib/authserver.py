"""The example authorization server with clients in it, and what its tests do to it."""

import base64
import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask
from sqlalchemy.pool import NullPool
from werkzeug.test import TestResponse

from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, environ_for

sys.path.insert(0, str(Path(__file__).parents[3] / "examples" / "flask_authlib"))

ISSUER = "https://localhost"
DATABASE = os.environ.get("FLASK_TESTS_DATABASE", "sqlite://")
"""An empty database, as ``postgresql+psycopg://postgres@127.0.0.1/postgres``; its tables are dropped and made anew."""
REDIRECT = "https://client.example.com/cb"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
DN = "CN=billing,O=Agora,C=SE"
APIS = ("api", "api-mtls")
"""The clients that may introspect all tokens."""


def example(module: str) -> Any:
    """Import a module of the example, which mypy does not look at."""
    return import_module(module)


def metadata(mobile: KeyPair) -> dict[str, dict[str, object]]:
    """Clients of all methods, whose tokens are bound unless their name says otherwise."""
    shared: dict[str, object] = {
        "grant_types": ["client_credentials", "authorization_code", "refresh_token"],
        "response_types": ["code"],
        "redirect_uris": [REDIRECT],
        "scope": "accounts payments",
        "tls_client_certificate_bound_access_tokens": True,
    }
    pki = {"token_endpoint_auth_method": "tls_client_auth"}
    return {
        "billing": {**shared, **pki, "tls_client_auth_subject_dn": DN},
        "other": {**shared, **pki, "tls_client_auth_san_dns": "other.example.com"},
        "mobile": {
            **shared,
            "token_endpoint_auth_method": "self_signed_tls_client_auth",
            "jwks": {"keys": [jwk(mobile.certificate)]},
        },
        "secretive": {**shared, "token_endpoint_auth_method": "client_secret_basic"},
        "unbound": {
            **shared,
            "token_endpoint_auth_method": "client_secret_basic",
            "tls_client_certificate_bound_access_tokens": False,
        },
        "signing": {**shared, "token_endpoint_auth_method": "private_key_jwt"},
        "public": {**shared, "token_endpoint_auth_method": "none"},
        "api": {"token_endpoint_auth_method": "client_secret_basic"},
        "api-mtls": {**pki, "tls_client_auth_san_dns": "api.example.com"},
    }


def make_authserver(clients: Mapping[str, Mapping[str, Any]], **config: Any) -> Flask:
    """Make the example with these clients; the end of the test closes its database."""
    app = build_authserver(clients, config)
    _made.append(app)
    return app


def build_authserver(clients: Mapping[str, Mapping[str, Any]], config: Mapping[str, Any]) -> Flask:
    """Make the example with these clients; each has the secret ``s3cret``, even where it may not use it.

    The caller closes its database, with :func:`close_database`.
    """
    models = example("authserver.models")
    db = models.db
    settings = {
        "TESTING": True,
        "SECRET_KEY": "test",
        "SQLALCHEMY_DATABASE_URI": DATABASE,
        "ISSUER": ISSUER,
        "MTLS_SOURCE": "mod_ssl",
        "MTLS_TRUSTED_PROXIES": None,
        "MTLS_VERBOSITY": "debug",
        "REGISTRATION_TOKEN": "initial",
        **config,
    }
    if settings["SQLALCHEMY_DATABASE_URI"] != "sqlite://":
        settings["SQLALCHEMY_ENGINE_OPTIONS"] = {"poolclass": NullPool}  # nothing closes a test's pool
    app: Flask = example("authserver").create_app(settings)
    with app.app_context():
        if settings["SQLALCHEMY_DATABASE_URI"] != "sqlite://":
            db.session.remove()
            db.drop_all()
        db.create_all()
        for client_id, values in clients.items():
            client = models.OAuth2Client(client_id=client_id, client_secret="s3cret", may_introspect=client_id in APIS)
            client.set_client_metadata(values)
            db.session.add(client)
        db.session.commit()
    return app


_made: list[Flask] = []


def close_databases() -> None:
    """Close what the apps have open: a database in memory is an open connection."""
    while _made:
        close_database(_made.pop())


def close_database(app: Flask) -> None:
    """Close what one app has open."""
    with app.app_context():
        app.extensions["sqlalchemy"].session.remove()
        app.extensions["sqlalchemy"].engine.dispose()


@dataclass
class AuthServer:
    """Requests to the example."""

    app: Flask

    def post(
        self, path: str, form: Mapping[str, Any] | str, pair: KeyPair | None = None, **options: Any
    ) -> TestResponse:
        options.setdefault("content_type", "application/x-www-form-urlencoded")
        body = form if isinstance(form, str) else urlencode(form, doseq=True)
        overrides = {**environ_for(pair), **options.pop("environ", {})}
        client = self.app.test_client()
        return client.post(path, data=body, base_url=ISSUER, environ_overrides=overrides, **options)

    def token(
        self, client_id: str, pair: KeyPair | None = None, *, secret: str | None = None, **form: Any
    ) -> TestResponse:
        """Ask for a token, by client credentials by default."""
        fields: dict[str, Any] = {"grant_type": "client_credentials", "scope": "accounts"}
        headers = {}
        if secret is None:
            fields["client_id"] = client_id
        else:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        return self.post("/oauth/token", {**fields, **form}, pair, headers=headers)

    def code(self, client_id: str) -> str:
        """Have a user agree."""
        query = urlencode({
            "client_id": client_id, "response_type": "code", "redirect_uri": REDIRECT, "scope": "accounts",
            "state": "xyz", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        })  # fmt: skip
        browser = self.app.test_client()
        page = browser.get(f"/oauth/authorize?{query}", base_url=ISSUER)
        found = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert found, page.text
        form = {"csrf": found[1], "user": "anna", "consent": "yes"}
        answer = browser.post(f"/oauth/authorize?{query}", data=form, base_url=ISSUER)
        return parse_qs(urlsplit(answer.location).query)["code"][0]

    def exchange(self, client_id: str, code: str, pair: KeyPair | None = None, **options: Any) -> TestResponse:
        grant = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return self.token(client_id, pair, code=code, **{**grant, **options})

    def refresh(self, client_id: str, token: str, pair: KeyPair | None = None, **options: Any) -> TestResponse:
        return self.token(client_id, pair, grant_type="refresh_token", refresh_token=token, **options)

    def revoke(self, client_id: str, token: str, *, secret: str | None = None) -> TestResponse:
        form, headers = {"token": token}, {}
        if secret is None:
            form["client_id"] = client_id
        else:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        return self.post("/oauth/revoke", form, headers=headers)

    def accounts(self, token: str | None, pair: KeyPair | None = None, **environ: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        overrides = {**environ_for(pair), **environ}
        client = self.app.test_client()
        return client.get("/accounts", headers=headers, base_url=ISSUER, environ_overrides=overrides)

    def introspect(self, token: str) -> Any:
        headers = {"Authorization": "Basic " + base64.b64encode(b"api:s3cret").decode()}
        return self.post("/oauth/introspect", {"token": token}, headers=headers).get_json()


def outcome(answer: TestResponse) -> tuple[int, str | None]:
    """Return the status and the OAuth error, from the body or from the challenge."""
    body = answer.get_json(silent=True)
    if isinstance(body, dict):
        return answer.status_code, body.get("error")
    found = re.search(r'error="([^"]*)"', answer.headers.get("WWW-Authenticate", ""))
    return answer.status_code, found[1] if found else None


def jwt_claims(token: str) -> Any:
    """Return the claims without looking at the signature."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
