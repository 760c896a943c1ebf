"""The lines of the example's README, as a user types them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import pytest

from wsgi_mtls.cli.terminators import free_port

EXAMPLE = Path(__file__).parents[3] / "examples" / "flask_authlib"
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
ENVIRON = {**os.environ, "PATH": PATH, "PYTHONUNBUFFERED": "1"}


def blocks(port: int) -> list[str]:
    """Return the commands of each block, on another port, and without those of pip."""
    text = (EXAMPLE / "README.md").read_text().replace("localhost:8443", f"localhost:{port}")
    text = text.replace("wsgi-mtls serve", f"exec wsgi-mtls serve --port {port}")
    found = re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)
    return [re.sub(r"^    (pip .*\n)?", "", block, flags=re.MULTILINE) for block in found]


@contextmanager
def served(folder: Path, commands: str) -> Iterator[None]:
    """Type the commands, the last of which serves, and wait until it prints its address."""
    with subprocess.Popen(
        ["sh", "-ec", commands], cwd=folder, env=ENVIRON, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            printed = list(takewhile(lambda line: not line.startswith("https://"), process.stdout))
            assert process.poll() is None, printed
            yield
        finally:
            process.terminate()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_readme(tmp_path: Path) -> None:
    folder = tmp_path / "flask_authlib"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("instance", "__pycache__"))
    start, use, *_ = blocks(free_port())
    with served(folder, start):
        result = subprocess.run(
            ["sh", "-ec", use], cwd=folder, env=ENVIRON, capture_output=True, text=True, timeout=60, check=False
        )
    assert result.returncode == 0, result.stderr
    assert '{"client_id":"billing","user_id":null}' in result.stdout
    assert '"x5t#S256"' in result.stdout
    assert result.stdout.endswith('{"active": false}')
