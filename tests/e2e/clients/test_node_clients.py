"""openid-client and oauth4webapi with nothing but their documented options, against both examples."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from wsgi_mtls import ClientCertificate

from .examples import ALL, PLAIN, REGISTRATION
from .server import Server


def run(node_modules: Path, script: str, server: Server, settings: Path) -> Any:
    """Run a program; each line that it prints but the last one is an address for the user's browser."""
    command = ["node", "--import", "./hosts.mjs", script, str(settings)]
    environ = {**os.environ, "SERVED_AT": str(server.port)}
    with subprocess.Popen(
        command, cwd=node_modules, env=environ, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        assert process.stderr
        try:
            for line in process.stdout:
                if not line.startswith("https://"):
                    return json.loads(line)
                process.stdin.write(f"{server.visit(line.strip())}\n")
                process.stdin.flush()
            raise AssertionError(process.stderr.read())
        finally:
            process.kill()


@pytest.mark.parametrize("script", ["openid_client.mjs", "oauth4webapi.mjs"])
@pytest.mark.parametrize("running", ALL, indirect=True)
def test_everything(server: Server, node_modules: Path, tmp_path: Path, script: str) -> None:
    """It registers first, by the initial access token or by its certificate."""
    registers = {"registration": REGISTRATION, "initialAccessToken": server.registration_token}
    told = run(node_modules, script, server, server.write_settings(tmp_path / "settings.json", **registers))
    client_id = told["registered"]["client_id"]
    assert client_id != "web"
    assert told["pushed"] == (["client_id", "request_uri"] if "authlib" in server.name else None)
    assert (told["user"]["status"], told["user"]["body"]["client_id"]) == (200, client_id)
    thumbprint = ClientCertificate.from_pem(Path(server.pair("web")[0]).read_bytes()).thumbprint
    assert told["introspected"]["active"]
    assert told["introspected"]["cnf"] == {"x5t#S256": thumbprint}
    assert told["revoked"]["introspected"] == {"active": False}
    assert told["revoked"]["api"] == told["thief"] == {"status": 401, "error": "invalid_token"}
    assert (told["machine"]["status"], told["machine"]["body"]["client_id"]) == (200, "billing")


WRONG_CLIENT = "invalid_client"
ERRORS = {
    "authorize with an unknown scope": "invalid_scope",
    "authorize with another response type": "unsupported_response_type",
    "authorize with the plain challenge": "invalid_request",
    "redeem with another client's certificate": WRONG_CLIENT,
    "redeem as another client": "unauthorized_client",
    "redeem": "accepted",
    "redeem twice": "invalid_grant",
    "redeem with another verifier": "invalid_grant",
    "client credentials of an unknown client": WRONG_CLIENT,
    "client credentials of a client without them": "unauthorized_client",
    "an unknown scope": "invalid_scope",
    "an unknown grant": "unsupported_grant_type",
    "no code": "invalid_request",
    "an unknown refresh token": "invalid_grant",
    "introspect with the wrong certificate": WRONG_CLIENT,
    "revoke with the wrong certificate": WRONG_CLIENT,
    "revoke an unknown token": "accepted",
}
PUSHED = {
    "push with the wrong certificate": WRONG_CLIENT,
    "push an unregistered address": "invalid_request",
}


@pytest.mark.parametrize("running", PLAIN, indirect=True)
def test_errors(server: Server, node_modules: Path, tmp_path: Path) -> None:
    """The client understands each answer as an OAuth error, and it is the one that RFC 6749 names."""
    told = run(node_modules, "errors.mjs", server, server.write_settings(tmp_path / "settings.json"))
    assert told == (ERRORS | PUSHED if "authlib" in server.name else ERRORS)
