"""The same Flask application, with and without this package.

It is plain, reads its form, or has this package or Authlib's protector.
"""

from typing import Any

from flask import Flask, request
from joserfc.jwk import RSAKey

from flask_mtls import MutualTLS, bound_token_required, certificate_required, client_auth_required

from .bound_tokens import decoder, validator
from .middleware import CLIENTS


def plain() -> Flask:
    """Return an application that looks at nothing."""
    app = Flask("plain")
    app.post("/token")(_ok("token"))
    app.get("/api")(_ok("api"))
    app.get("/hello")(_ok("hello"))
    return app


def reading() -> Flask:
    """Return an application that reads ``request.form`` and no more."""
    app = Flask("reading")

    @app.post("/token")
    def token() -> str:
        request.form["client_id"]
        return "ok"

    return app


def guarded(key: RSAKey) -> Flask:
    """Return an application with views that this package guards."""
    app = Flask("guarded")
    source = {"preset": "nginx", "trusted_proxies": ["127.0.0.1"]}
    MutualTLS(app, source=source, clients=CLIENTS, tokens=decoder(key))
    app.post("/token")(client_auth_required(_ok("token")))
    app.get("/api")(bound_token_required(scope="read")(_ok("api")))
    app.get("/hello")(certificate_required(_ok("hello")))
    return app


def authlib(key: RSAKey) -> Flask:
    """Return an application with an API that Authlib guards."""
    from authlib.integrations.flask_oauth2 import ResourceProtector

    protector: Any = ResourceProtector()
    protector.register_token_validator(validator(key))
    app = Flask("authlib")
    app.get("/api")(protector("read")(_ok("api")))
    return app


def _ok(name: str) -> Any:
    def view() -> str:
        return "ok"

    view.__name__ = name
    return view
