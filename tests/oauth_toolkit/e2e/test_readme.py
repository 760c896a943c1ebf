"""The lines of the example's README, as a user types them in a copy."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from wsgi_mtls.cli.terminators import free_port

from .browser import REDIRECT, Curl
from .process import EXAMPLE

ENVIRON = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}


def blocks(port: int) -> list[str]:
    """Return the commands of each block, on another port, and without those of cd and pip."""
    text = (EXAMPLE / "README.md").read_text().replace("localhost:8443", f"localhost:{port}")
    text = text.replace("python run.py --port 8443\n", f"exec python run.py --port {port}\n")
    found = re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)
    return [re.sub(r"^    ((cd|pip) .*\n)?", "", block, flags=re.MULTILINE) for block in found]


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[str], int]]:
    """The copy, in which the server runs, the blocks that follow, and the port."""
    folder = tmp_path_factory.mktemp("copy") / "django_oauth_server"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("data", "__pycache__"))
    port = free_port()
    start, *others = blocks(port)
    command = ["sh", "-ec", start]
    with subprocess.Popen(command, cwd=folder, env=ENVIRON, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("https://")
            yield folder, others, port
        finally:
            process.terminate()


def run(folder: Path, *commands: str) -> str:
    command = ["sh", "-ec", "\n".join(commands)]
    done = subprocess.run(command, cwd=folder, env=ENVIRON, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def documents(text: str) -> list[Any]:
    """Return the JSON documents that follow each other."""
    decoder, found = json.JSONDecoder(), []
    while text := text.strip():
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:]
    return found


def test_a_machine(typed: tuple[Path, list[str], int]) -> None:
    folder, (machine, *_), _ = typed
    accepted, refused, introspected, *revoked = documents(run(folder, machine))
    assert accepted == {"client_id": "billing", "user": None}
    assert "detail" in refused
    assert "x5t#S256" in introspected["cnf"]
    assert revoked == [{"active": False}]


@pytest.mark.parametrize("client_id", ["web", "device"])
def test_a_user(typed: tuple[Path, list[str], int], tmp_path: Path, client_id: str) -> None:
    folder, (machine, begin, end, *_), port = typed
    functions = "".join(machine.splitlines(keepends=True)[:2])
    begin = begin.replace("CLIENT=web", f"CLIENT={client_id}")
    url, verifier = run(folder, begin, 'echo "$VERIFIER"').split()
    browser = Curl(folder / "data", f"https://localhost:{port}", port)
    came_back = browser.authorize(url, tmp_path / "cookies")
    assert came_back.startswith(f"{REDIRECT}?")
    code = parse_qs(urlsplit(came_back).query)["code"][0]
    given = f"CLIENT={client_id} VERIFIER={verifier} REDIRECT={REDIRECT}\n"
    accounts, refreshed = documents(run(folder, functions, given, end.replace("CODE=…", f"CODE={code}")))
    assert accounts == {"client_id": client_id, "user": "anna"}
    assert refreshed["access_token"]
