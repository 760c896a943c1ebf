"""The lines below "Use it" in README.md, as a user types them."""

import os
import re
import subprocess
import sys
from pathlib import Path

from wsgi_mtls import ClientCertificate

from .conftest import skip_without

README = (Path(__file__).parents[2] / "README.md").read_text()
SECTION = README.partition("\n## Use it\n")[2].partition("\n## ")[0]
(EXAMPLE,) = re.findall(r"^```python\n(.*?)^```$", SECTION, re.DOTALL | re.MULTILINE)
LINES = re.findall(r"^    (.*)$", SECTION[SECTION.index("save it as `example.py`") :], re.MULTILINE)
ENVIRON = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}


def typed(line: str, folder: Path) -> str:
    done = subprocess.run(
        ["sh", "-c", line], cwd=folder, env=ENVIRON, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, (line, done.stdout, done.stderr)
    return done.stdout


def test_use_it(tmp_path: Path) -> None:
    skip_without(None if any((Path(folder) / "curl").exists() for folder in os.get_exec_path()) else "no curl")
    (tmp_path / "example.py").write_text(EXAMPLE)
    pip, *before, serve, curl = LINES
    assert pip == "pip install 'wsgi-mtls[cli]'"
    printed = "".join(typed(line, tmp_path) for line in before)
    assert "tls_client_auth_san_dns" in printed
    command = "exec " + serve.removesuffix(" &") + " --port 0"
    with subprocess.Popen(
        ["sh", "-c", command], cwd=tmp_path, env=ENVIRON, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stderr is not None
            port = server.stderr.readline().strip().rpartition(":")[2]
            answer = typed(curl.replace("localhost:8443", f"localhost:{port}"), tmp_path)
        finally:
            server.terminate()
    thumbprint = ClientCertificate.from_pem((tmp_path / "billing.pem").read_bytes()).thumbprint
    assert answer == f"billing by tls_client_auth, bind to {{'x5t#S256': '{thumbprint}'}}\n"
