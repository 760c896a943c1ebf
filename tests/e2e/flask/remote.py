"""The Authlib example over TLS; what a user or an operator does happens in process, on the same database."""

import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.flask.authlib.authserver import REDIRECT, VERIFIER, AuthServer, example
from wsgi_mtls.cli.terminators import MTLS_HOST
from wsgi_mtls.testing import KeyPair

from .served import Served

ENDPOINTS = {
    "/oauth/token": "grant_type=client_credentials&",
    "/oauth/introspect": "token=x&",
    "/oauth/revoke": "token=x&",
}
"""Each endpoint that authenticates clients, and what else it wants in a body."""


def basic(client_id: str, secret: str = "s3cret") -> dict[str, str]:
    """Return what a client sends that authenticates by a secret."""
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


@dataclass(frozen=True)
class Remote:
    """The example's endpoints."""

    served: Served
    in_process: AuthServer

    def token(self, client_id: str, pair: KeyPair | None, secret: str | None = None, **form: str) -> tuple[int, Any]:
        fields = {"grant_type": "client_credentials", "scope": "accounts", **form}
        headers = {}
        if secret is None:
            fields["client_id"] = client_id
        else:
            headers = basic(client_id, secret)
        return self.served.send(pair, "/oauth/token", urlencode(fields), headers=headers)

    def exchange(self, client_id: str, code: str, pair: KeyPair | None, secret: str | None = None) -> tuple[int, Any]:
        grant = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return self.token(client_id, pair, secret, code=code, **grant)

    def refresh(self, client_id: str, token: str, pair: KeyPair | None) -> tuple[int, Any]:
        return self.token(client_id, pair, grant_type="refresh_token", refresh_token=token)

    def accounts(self, token: str, pair: KeyPair | None, host: str = MTLS_HOST) -> int:
        return self.served.send(pair, "/accounts", headers={"Authorization": f"Bearer {token}"}, host=host)[0]


def store_confirmation(server: AuthServer, access_token: str, cnf: object) -> None:
    """Write a ``cnf`` to a token's row, as no server of ours would."""
    models = example("authserver.models")
    with server.app.app_context():
        row = models.db.session.query(models.OAuth2Token).filter_by(access_token=access_token).one()
        row.cnf = cnf
        models.db.session.commit()
