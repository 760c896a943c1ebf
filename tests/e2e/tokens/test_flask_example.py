"""The foreign clients against the Authlib example: discovery, aliases, a bound token, the API."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.flask.authlib.authserver import make_authserver
from tests.tls import SERVER_CA, serving, write_pair
from wsgi_mtls.cli.terminators import LOOPBACK, free_port
from wsgi_mtls.testing import KeyPair, Profile, self_sign, to_pem

from .test_foreign_clients import node_modules

assert node_modules  # a fixture

CLIENT = {
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_san_dns": "billing.example.com",
    "tls_client_certificate_bound_access_tokens": True,
    "grant_types": ["client_credentials"],
    "scope": "accounts",
}


@dataclass(frozen=True)
class Example:
    folder: Path
    issuer: str
    mtls: str

    def settings(self, pair: KeyPair, **more: object) -> Path:
        certificate, key = write_pair(self.folder, "client", pair)
        settings = {
            "issuer": self.issuer,
            "clientId": "billing",
            "api": f"{self.mtls}/accounts",
            "scope": "accounts",
            "ca": str(self.folder / "ca.pem"),
            "certificate": str(certificate),
            "privateKey": str(key),
            **more,
        }
        path = self.folder / "settings.json"
        path.write_text(json.dumps(settings))
        return path


@pytest.fixture
def example(request: pytest.FixtureRequest, tmp_path: Path, ca: KeyPair) -> Iterator[Example]:
    """Serve it twice: without a client CA, where no PKI client can authenticate, and with it."""
    plain, mutual = free_port(), free_port()
    found = Example(tmp_path, f"https://{LOOPBACK}:{plain}", f"https://{LOOPBACK}:{mutual}")
    (tmp_path / "ca.pem").write_bytes(to_pem(SERVER_CA.certificate))
    config = {"SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/test.db"}
    profile = getattr(request, "param", "plain")
    app = make_authserver({"billing": CLIENT}, ISSUER=found.issuer, MTLS_BASE=found.mtls, PROFILE=profile, **config)
    with serving(app, port=plain), serving(app, [ca.certificate], port=mutual):
        yield found


def run(node_modules: Path, example: Example, pair: KeyPair) -> "subprocess.CompletedProcess[str]":
    command = ["node", "client.mjs", str(example.settings(pair))]
    return subprocess.run(command, cwd=node_modules, capture_output=True, text=True, timeout=60, check=False)


def test_openid_client(node_modules: Path, example: Example, ca: KeyPair) -> None:
    result = run(node_modules, example, ca.issue("CN=x", Profile(san_dns=["billing.example.com"])))
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["status"] == 200
    assert json.loads(result.stdout)["body"] == {"client_id": "billing", "user_id": None}


def test_openid_client_with_another_certificate(node_modules: Path, example: Example, ca: KeyPair) -> None:
    result = run(node_modules, example, ca.issue("CN=x", Profile(san_dns=["other.example.com"])))
    assert result.returncode != 0
    assert "invalid_client" in result.stderr


def test_authlib_session(example: Example, ca: KeyPair) -> None:
    requests_client: Any = pytest.importorskip("authlib.integrations.requests_client")
    pair = ca.issue("CN=x", Profile(san_dns=["billing.example.com"]))
    with requests_client.OAuth2Session("billing", scope="accounts", token_endpoint_auth_method="none") as session:
        session.trust_env = False  # REQUESTS_CA_BUNDLE would go before verify
        session.cert = tuple(map(str, write_pair(example.folder, "client", pair)))
        session.verify = str(example.folder / "ca.pem")
        session.fetch_token(f"{example.mtls}/oauth/token", grant_type="client_credentials")
        assert session.get(f"{example.mtls}/accounts").json()["client_id"] == "billing"
        session.cert = tuple(map(str, write_pair(example.folder, "thief", self_sign("CN=x"))))
        session.close()  # the pooled connection has the old certificate
        assert session.get(f"{example.mtls}/accounts").status_code == 401


REGISTRATION = {
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_san_dns": "new.example.com",
    "grant_types": ["authorization_code", "refresh_token"],
    "redirect_uris": ["https://client.example.com/cb"],
    "scope": "accounts",
}


@pytest.mark.parametrize("example", ["fapi2"], indirect=True)
def test_openid_client_of_the_fapi2_profile(node_modules: Path, example: Example, ca: KeyPair) -> None:
    """It registers, pushes, redeems, refreshes, introspects and revokes, with nothing but its documented options."""
    pair = ca.issue("CN=new", Profile(san_dns=["new.example.com"]))
    settings = example.settings(pair, registration=REGISTRATION, initialAccessToken="initial")
    command = ["node", "fapi2.mjs", str(settings)]
    result = subprocess.run(command, cwd=node_modules, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    came: dict[str, Any] = json.loads(result.stdout)
    assert sorted(came["parameters"]) == ["client_id", "request_uri"]
    client_id = came["registered"]["client_id"]
    assert came["registered"]["registration_client_uri"] == f"{example.issuer}/oauth/register/{client_id}"
    assert (came["status"], came["body"]["client_id"], came["rotated"]) == (200, client_id, False)
    assert came["before"]["cnf"] == {"x5t#S256": pair.certificate.thumbprint}
    assert came["after"] == {"active": False}
