"""An OAuth 2.0 authorization server with mutual TLS, and an API.

RFC 8705 with Flask, Authlib and SQLAlchemy.
"""

import os
from collections.abc import Mapping
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_mtls import MutualTLS
from flask_mtls.authlib import ClientModelRegistry
from flask_mtls.authlib.software_statements import SoftwareStatements
from wsgi_mtls.metadata import MetadataMiddleware, authorization_server_metadata

from . import oauth, registration, views
from .commands import delete_expired, init_db, register_client
from .models import db
from .profiles import MUTUAL_TLS, PROFILES

ENDPOINTS = {
    "authorization_endpoint": "/oauth/authorize",
    "token_endpoint": "/oauth/token",
    "introspection_endpoint": "/oauth/introspect",
    "revocation_endpoint": "/oauth/revoke",
    "registration_endpoint": "/oauth/register",
    "pushed_authorization_request_endpoint": "/oauth/par",
}


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Make the app; ``FLASK_…`` variables and ``config`` override these defaults."""
    app = Flask(__name__)
    app.config.from_mapping(
        SECRET_KEY=os.urandom(32),  # give one where several workers run
        SQLALCHEMY_DATABASE_URI=os.environ.get("DATABASE_URL", "sqlite:///authserver.db"),
        OAUTH2_REFRESH_TOKEN_GENERATOR=True,
        OAUTH2_SCOPES_SUPPORTED=registration.SCOPES,  # others are invalid_scope
        ISSUER="https://localhost:8443",
        MTLS_BASE=None,  # where the mTLS host is, if it is another one
        JWKS=None,  # with a private key here, access tokens are JWTs (RFC 9068); else they are opaque
        PROFILE="plain",  # or fapi2, the FAPI 2.0 Security Profile
        REGISTRATION_TOKEN=None,  # with it as bearer token, clients may be registered
        REGISTRATION_BY_CERTIFICATE=False,  # with a certificate that has a validated chain
        REGISTRATION_OPEN=False,  # with nothing at all
        SOFTWARE_STATEMENTS=None,  # {"issuer": …, "jwks": {"keys": […]}, "required": true}
        MTLS_SOURCE="nginx",
        MTLS_TRUSTED_PROXIES=["127.0.0.1"],
    )
    app.config.from_prefixed_env()
    app.config.from_mapping(config or {})
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):  # one worker writes at a time, the others wait
        app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {"connect_args": {"timeout": 20}})
    if app.config["PROFILE"] not in PROFILES:
        raise ValueError(f"FLASK_PROFILE must be one of {', '.join(PROFILES)}.")
    app.extensions["software_statements"] = software_statements(app)
    db.init_app(app)
    # Authlib wants to see https. MutualTLS comes after it, so outside of it: it reads the address that connected.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0, x_proto=1)  # type: ignore[method-assign]
    MutualTLS(app, clients=ClientModelRegistry(oauth.query_client))
    oauth.init_app(app)
    app.register_blueprint(views.blueprint)
    for command in (init_db, register_client, delete_expired):
        app.cli.add_command(command)
    app.wsgi_app = MetadataMiddleware(app.wsgi_app, metadata(app))  # type: ignore[method-assign]
    return app


def software_statements(app: Flask) -> SoftwareStatements | None:
    """Read the issuers of accepted software statements."""
    settings = app.config["SOFTWARE_STATEMENTS"]
    return None if settings is None else SoftwareStatements(audience=app.config["ISSUER"], **settings)


def metadata(app: Flask) -> dict[str, object]:
    """Make the RFC 8414 metadata: what is offered, and nothing else."""
    profile, config = PROFILES[app.config["PROFILE"]], app.config
    registers = config["REGISTRATION_TOKEN"] or config["REGISTRATION_BY_CERTIFICATE"] or config["REGISTRATION_OPEN"]
    closed = set() if registers else {"registration_endpoint"}
    return authorization_server_metadata(
        config["ISSUER"],
        mtls_base=config["MTLS_BASE"],
        endpoints={name: path for name, path in ENDPOINTS.items() if name not in closed},
        auth_methods=[*MUTUAL_TLS, *profile.other_methods],
        introspection_endpoint_auth_methods_supported=[*MUTUAL_TLS, *profile.confidential_methods],
        grant_types_supported=registration.GRANT_TYPES,
        code_challenge_methods_supported=["S256"],
        authorization_response_iss_parameter_supported=True,
        require_pushed_authorization_requests=profile.pushed_only,
        scopes_supported=registration.SCOPES,
    )
