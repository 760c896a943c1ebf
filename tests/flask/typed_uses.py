"""An app that uses everything in ``flask_mtls``, for mypy: checked, never run."""

from typing import assert_type

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from flask_mtls import (
    MutualTLS,
    MutualTLSRefusal,
    bound_token,
    bound_token_required,
    certificate_required,
    client_auth_required,
    current_client,
    mtls_client_rejected,
    peer_certificate,
)
from wsgi_mtls import MutualTLSError, PeerCertificate, Verifier, sources
from wsgi_mtls.rules.token import BoundToken
from wsgi_mtls.verifier import AuthenticatedClient
from wsgi_mtls.x509 import Peer

mtls = MutualTLS(clients={"a": {"token_endpoint_auth_method": "none"}}, source="nginx")
MutualTLS(Flask(__name__), verifier=Verifier({}), source=sources.mod_ssl())
MutualTLS(source={"preset": "nginx", "trusted_proxies": ["::1"]}, clients="clients.json")


def create_app() -> Flask:
    app = Flask(__name__)
    mtls.init_app(app)
    app.register_blueprint(guarded)

    @app.errorhandler(MutualTLSRefusal)
    def refused(error: MutualTLSRefusal) -> ResponseReturnValue:
        assert_type(error.error, MutualTLSError)
        return {"why": error.error.reason}, error.code or 401

    @app.post("/token")
    @client_auth_required
    def token() -> ResponseReturnValue:
        assert_type(current_client, AuthenticatedClient)
        return {"cnf": current_client.confirmation}

    @app.post("/introspect")
    @client_auth_required(allowed_methods=["tls_client_auth"])
    async def introspect() -> ResponseReturnValue:
        return current_client.client_id

    @app.get("/accounts/<int:number>")
    @bound_token_required(scope="accounts", required=False, also_verified={"jkt"})
    def accounts(number: int) -> ResponseReturnValue:
        assert_type(bound_token, BoundToken)
        return {"client": bound_token.client_id, "scopes": sorted(bound_token.scopes)}

    assert_type(accounts(1), ResponseReturnValue)
    accounts("one")  # type: ignore[arg-type]
    return app


guarded = Blueprint("guarded", __name__)


@guarded.before_request
@certificate_required
def guard() -> None: ...


def is_staff(peer: PeerCertificate) -> bool:
    return "staff" in peer.certificate.common_names


@guarded.get("/")
@certificate_required(optional=True, authorize=is_staff, allow_cross_site=False)
def index() -> ResponseReturnValue:
    assert_type(peer_certificate, Peer)
    return peer_certificate.certificate.subject if peer_certificate else "nobody"


class Revoke(MethodView):
    decorators = [client_auth_required, bound_token_required]  # noqa: RUF012  # as Flask's docs do

    @certificate_required
    def post(self) -> ResponseReturnValue:
        return ""


def heard(sender: Flask, error: MutualTLSError) -> None: ...


mtls_client_rejected.connect(heard)
