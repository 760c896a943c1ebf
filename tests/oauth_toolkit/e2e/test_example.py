"""The example by itself, driven by openid-client and curl."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.tokens.test_foreign_clients import node_modules
from tests.oauth_toolkit.support import VERIFIER
from wsgi_mtls import ClientCertificate
from wsgi_mtls.cli.terminators import LOOPBACK, free_port

from .browser import Curl
from .conftest import example

assert node_modules  # a fixture
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Running:
    """The example on two ports, of which the second one is for mutual TLS."""

    data: Path
    issuer: str
    mtls: str

    @property
    def curl(self) -> Curl:
        return Curl(self.data, self.mtls, int(self.mtls.rpartition(":")[2]))

    def node(self, node_modules: Path, script: str, certificate: str, **settings: str) -> Any:
        given = {"issuer": self.issuer, "api": f"{self.mtls}/accounts", "ca": str(self.data / "ca.pem"),
                 "certificate": str(self.data / f"{certificate}.pem"),
                 "privateKey": str(self.data / f"{certificate}.key"), **settings}  # fmt: skip
        (node_modules / "settings.json").write_text(json.dumps(given))
        command = ["node", script, "settings.json"]
        return subprocess.run(command, cwd=node_modules, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def running(data: Path) -> Iterator[Running]:
    plain, mutual = free_port(), free_port()
    found = Running(data, f"https://{LOOPBACK}:{plain}", f"https://{LOOPBACK}:{mutual}")
    variables = {"OAUTH_ISSUER": found.issuer, "OAUTH_MTLS_BASE": found.mtls}
    with example(data, plain, **variables), example(data, mutual, **variables):
        yield found


def thumbprint(data: Path, name: str) -> dict[str, str]:
    return {"x5t#S256": ClientCertificate.from_pem((data / f"{name}.pem").read_bytes()).thumbprint}


def test_client_credentials_by_openid_client(running: Running, node_modules: Path) -> None:
    result = running.node(node_modules, "client.mjs", "billing", clientId="billing", scope="accounts")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["body"] == {"client_id": "billing", "user": None}
    refused = running.node(node_modules, "client.mjs", "web", clientId="billing", scope="accounts")
    assert refused.returncode != 0
    assert "invalid_client" in refused.stderr


def test_every_grant_and_endpoint_by_openid_client(
    running: Running, node_modules: Path, tmp_path: Path
) -> None:  # fmt: skip
    shutil.copy(HERE / "client.mjs", node_modules / "oauth_toolkit.mjs")
    callback = running.curl.callback("web", tmp_path / "cookies")
    refused = running.node(
        node_modules, "oauth_toolkit.mjs", "billing", clientId="web", callback=callback, verifier=VERIFIER
    )
    assert "invalid_client" in refused.stderr
    result = running.node(
        node_modules, "oauth_toolkit.mjs", "web", clientId="web", callback=callback, verifier=VERIFIER
    )
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["introspected"]["cnf"] == thumbprint(running.data, "web")
    assert told["before"] == {"status": 200, "body": {"client_id": "web", "user": "anna"}}
    assert told["after"]["status"] == 401


def test_curl(running: Running, tmp_path: Path) -> None:
    curl = running.curl
    status, told = curl("device", "/.well-known/oauth-authorization-server")
    assert (status, told["issuer"]) == (200, running.issuer)
    assert told["mtls_endpoint_aliases"]["token_endpoint"] == f"{running.mtls}/o/token/"
    # A public client's tokens are bound to whatever certificate it came with, which nobody has to know.
    callback = curl.callback("device", tmp_path / "cookies")
    assert curl.exchange("device", callback, None)[1]["error"] == "invalid_request"
    status, tokens = curl.exchange("device", callback, "device")
    assert status == 200
    refresh = {"grant_type": "refresh_token", "client_id": "device", "refresh_token": tokens["refresh_token"]}
    assert curl("web", "/o/token/", **refresh)[1]["error"] == "invalid_grant"
