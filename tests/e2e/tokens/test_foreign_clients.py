"""Clients of other projects, against an authorization server and an API over real TLS."""

import json
import subprocess
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Response

from tests.tls import SERVER_CA, serving, write_pair
from tests.tokens import GuardedAPI, thumbprint
from wsgi_mtls.cli.demo_authorization_server import DemoAuthorizationServer
from wsgi_mtls.cli.terminators import LOOPBACK, free_port
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, Profile, make_ca, self_sign, to_pem
from wsgi_mtls.tokens import JWTAccessTokens

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PUBLIC = ("/.well-known/", "/jwks")


@dataclass(slots=True)
class Deployment:
    """An authorization server on two ports, one of them for mutual TLS, and an API.

    Attributes:
        folder: holds the certificates.
        issuer: the URL of the port without mutual TLS, which serves no endpoint.
        mtls: that of the other.
        api: the URL of the API.
        guarded: the API itself.
        strays: what was asked of the port without mutual TLS though it does not serve it.
        ca: issues the clients' certificates.
    """

    folder: Path
    issuer: str = ""
    mtls: str = ""
    api: str = ""
    guarded: GuardedAPI | None = None
    strays: list[str] = field(default_factory=list)
    ca: KeyPair = field(default_factory=lambda: make_ca("CN=client CA"))

    def without_mutual_tls(self, app: "WSGIApplication") -> "WSGIApplication":
        """Serve the metadata and the keys, and nothing else."""

        def only_public(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            if environ["PATH_INFO"].startswith(PUBLIC):
                return app(environ, start_response)
            self.strays.append(environ["PATH_INFO"])
            return Response(status=404)(environ, start_response)

        return only_public

    def files(self, name: str, pair: KeyPair) -> tuple[Path, Path]:
        return write_pair(self.folder, name, pair)


@contextmanager
def deployed(folder: Path, clients: Mapping[str, Mapping[str, Any]], *, aliases: bool = True) -> Iterator[Deployment]:
    """Run everything while the block lasts."""
    found = Deployment(folder)
    plain_port, mtls_port, api_port = free_port(), free_port(), free_port()
    found.issuer, found.mtls = f"https://{LOOPBACK}:{plain_port}", f"https://{LOOPBACK}:{mtls_port}"
    found.api = f"https://{LOOPBACK}:{api_port}/accounts"
    (folder / "ca.pem").write_bytes(to_pem(SERVER_CA.certificate))
    must_bind = {"tls_client_certificate_bound_access_tokens": True}
    registered = {client_id: {**client, **must_bind} for client_id, client in clients.items()}
    server = DemoAuthorizationServer(
        found.issuer, registered, audience=found.api, mtls_base=found.mtls if aliases else None
    )
    tokens = JWTAccessTokens(
        issuer=found.issuer, audience=found.api, jwks_uri=f"{found.issuer}/jwks", ca=folder / "ca.pem"
    )
    found.guarded = GuardedAPI(tokens)
    client_ca = [found.ca.certificate]
    with ExitStack() as running:
        running.enter_context(serving(found.without_mutual_tls(server.app), port=plain_port))
        running.enter_context(serving(server.app, client_ca, port=mtls_port))
        running.enter_context(serving(found.guarded.app, port=api_port))
        yield found


def confirmation(token: str) -> object:
    payload = token.split(".")[1]
    return json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["cnf"]


PKI = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "billing.example.com"}


def run_openid_client(node_modules: Path, deployment: Deployment, pair: KeyPair) -> "subprocess.CompletedProcess[str]":
    certificate, key = deployment.files("client", pair)
    settings = {
        "issuer": deployment.issuer,
        "clientId": "billing",
        "api": deployment.api,
        "ca": str(deployment.folder / "ca.pem"),
        "certificate": str(certificate),
        "privateKey": str(key),
    }
    (deployment.folder / "settings.json").write_text(json.dumps(settings))
    command = ["node", "client_credentials.mjs", str(deployment.folder / "settings.json")]
    return subprocess.run(command, cwd=node_modules, capture_output=True, text=True, timeout=60, check=False)


def test_openid_client(node_modules: Path, tmp_path: Path) -> None:
    with deployed(tmp_path, {"billing": PKI}) as deployment:
        pair = deployment.ca.issue("CN=billing", Profile(san_dns=["billing.example.com"]))
        result = run_openid_client(node_modules, deployment, pair)
        assert result.returncode == 0, result.stderr
        came = json.loads(result.stdout)
        assert came["status"] == 200
        assert came["body"]["client_id"] == "billing"
        assert confirmation(came["token"]) == {"x5t#S256": thumbprint(pair)}
        assert deployment.strays == []


def test_openid_client_without_aliases(node_modules: Path, tmp_path: Path) -> None:
    """It falls back silently, and the endpoint without mutual TLS serves nobody: so the aliases were used above."""
    with deployed(tmp_path, {"billing": PKI}, aliases=False) as deployment:
        pair = deployment.ca.issue("CN=billing", Profile(san_dns=["billing.example.com"]))
        result = run_openid_client(node_modules, deployment, pair)
        assert result.returncode != 0
        assert result.stdout == ""
        assert deployment.strays == ["/token"]


def test_openid_client_with_another_certificate(node_modules: Path, tmp_path: Path) -> None:
    with deployed(tmp_path, {"billing": PKI}) as deployment:
        pair = deployment.ca.issue("CN=other", Profile(san_dns=["other.example.com"]))
        result = run_openid_client(node_modules, deployment, pair)
        assert result.returncode != 0
        assert "invalid_client" in result.stderr


@pytest.mark.parametrize("method", ["tls_client_auth", "self_signed_tls_client_auth"])
def test_authlib(tmp_path: Path, method: str) -> None:
    requests_client = pytest.importorskip("authlib.integrations.requests_client")
    own = self_sign("CN=billing")
    registered = {"token_endpoint_auth_method": method, "jwks": {"keys": [jwk(own.certificate)]}}
    clients = {"billing": PKI if method == "tls_client_auth" else registered}
    with deployed(tmp_path, clients) as deployment:
        issued = deployment.ca.issue("CN=x", Profile(san_dns=["billing.example.com"]))
        pair = issued if method == "tls_client_auth" else own
        with requests_client.OAuth2Session("billing", token_endpoint_auth_method="none") as session:
            session.trust_env = False  # REQUESTS_CA_BUNDLE would go before verify
            session.cert = tuple(map(str, deployment.files("client", pair)))
            session.verify = str(tmp_path / "ca.pem")
            token = session.fetch_token(f"{deployment.mtls}/token", grant_type="client_credentials")
            assert confirmation(token["access_token"]) == {"x5t#S256": thumbprint(pair)}
            assert session.get(deployment.api).json()["client_id"] == "billing"
        # The same token without the certificate, then with another.
        with requests_client.OAuth2Session("billing", token=dict(token)) as thief:
            thief.trust_env = False
            thief.verify = str(tmp_path / "ca.pem")
            stolen = thief.get(deployment.api)
            assert (stolen.status_code, stolen.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
            thief.cert = tuple(map(str, deployment.files("thief", self_sign("CN=billing"))))
            assert thief.get(deployment.api).status_code == 401
        assert deployment.guarded
        reasons = [event.reason for event in deployment.guarded.events]
        assert reasons == [None, "token_without_certificate", "confirmation_mismatch"]
