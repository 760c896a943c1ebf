"""The blocks of ``docs/clients.md``, as they are, against both examples."""

import os
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from wsgi_mtls import ClientCertificate

from .examples import PLAIN
from .server import Server

PAGE = (Path(__file__).parents[3] / "docs" / "clients.md").read_text()
examples = pytest.mark.parametrize("running", PLAIN, indirect=True)


def blocks(heading: str, server: Server) -> list[str]:
    """Return the code below a heading, with the server's hosts."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^```\w+\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    hosts = {"https://mtls.as.example.com": server.mtls, "https://as.example.com": server.issuer}
    for name, host in hosts.items():
        found = [block.replace(name, host) for block in found]
    return found


def execute(heading: str, number: int, server: Server, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Run a block in Python where the certificates are; returns the names that it made."""
    monkeypatch.chdir(server.folder)
    names: dict[str, Any] = {"send_browser": server.visit}
    before = blocks("Where the endpoints are, in Python", server)
    imports = [line for line in "\n".join(blocks(heading, server)[:number]).splitlines() if line.startswith("from ")]
    for code in (*before, *imports, blocks(heading, server)[number]):
        exec(code, names)
    return SimpleNamespace(**names)


@examples
@pytest.mark.parametrize(
    ("heading", "number"),
    [("requests", 0), ("httpx", 0), ("requests-oauthlib", 0), ("Authlib's client", 0), ("Authlib's client", 2)],
)
def test_machine(server: Server, monkeypatch: pytest.MonkeyPatch, heading: str, number: int) -> None:
    answer = execute(heading, number, server, monkeypatch).answer
    assert (answer.status_code, answer.json()["client_id"]) == (200, "billing")


@examples
@pytest.mark.parametrize("heading", ["requests-oauthlib", "Authlib's client"])
def test_user(server: Server, monkeypatch: pytest.MonkeyPatch, heading: str) -> None:
    found = execute(heading, 1, server, monkeypatch)
    assert (found.answer.status_code, found.answer.json()["client_id"]) == (200, "web")
    assert found.after.status_code == 401
    if heading == "Authlib's client":
        certificate = ClientCertificate.from_pem(Path(server.pair("web")[0]).read_bytes())
        assert found.introspected["cnf"] == {"x5t#S256": certificate.thumbprint}


@examples
def test_curl(server: Server, tmp_path: Path) -> None:
    (tmp_path / ".curlrc").write_text(f'connect-to = "::127.0.0.1:{server.port}"\nnoproxy = "*"\n')
    environ = {**os.environ, "CURL_HOME": str(tmp_path)}
    script = blocks("curl", server)[0]
    done = subprocess.run(["bash", "-ec", script], cwd=server.folder, env=environ, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b'"client_id":"billing"' in done.stdout.replace(b" ", b"")


@examples
@pytest.mark.parametrize("heading", ["openid-client", "oauth4webapi"])
def test_node(server: Server, node_modules: Path, heading: str) -> None:
    script = node_modules / f"{heading}-of-the-page.mjs"
    script.write_text(blocks(heading, server)[0])
    command = ["node", "--import", str(node_modules / "hosts.mjs"), str(script)]
    environ = {**os.environ, "SERVED_AT": str(server.port)}
    done = subprocess.run(
        command, cwd=server.folder, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "client_id: 'billing'" in done.stdout
