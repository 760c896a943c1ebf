"""The example in processes of its own: by its one command, or behind nginx with two workers of gunicorn."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.conftest import skip_without
from wsgi_mtls.cli.terminators import LOOPBACK, MTLS_HOST, TERMINATORS, TLSFiles, free_port, running

EXAMPLE = Path(__file__).parents[3] / "examples" / "django_oauth_server"
SERVED = """
from authserver.wsgi import application as example

def application(environ, start_response):
    if environ["PATH_INFO"] == "/token":  # by which running() sees that the application answers
        start_response("404 Not Found", [("Content-Type", "application/json")])
        return [b"{}"]
    return example(environ, start_response)
"""
NGINX = {"SOURCE": "nginx", "TRUSTED_PROXIES": [LOOPBACK]}


def environment(data: Path, **variables: str) -> dict[str, str]:
    """Return the variables with which the example runs."""
    own = {"OAUTH_DATA": str(data), "DJANGO_SETTINGS_MODULE": "authserver.settings", "PYTHONPATH": str(EXAMPLE)}
    own["OAUTH_INTROSPECTION"] = json.dumps({"api": "*", "unbound": "*"})  # which the tests register
    return {**os.environ, **own, **variables}


@contextmanager
def prepared(**variables: str) -> Iterator[Path]:
    """Make the example's certificates and database, where a server that gave up root's rights reaches them."""
    with TemporaryDirectory(prefix="wsgi-mtls-oauth-") as folder:
        path = Path(folder)
        command = [sys.executable, str(EXAMPLE / "run.py"), "--data", folder, "--prepare"]
        environ = {**os.environ, **variables}
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environ)
        for file in (path, *path.iterdir()):
            file.chmod(0o777 if file.is_dir() else 0o666)
        yield path


@contextmanager
def example(data: Path, port: int, **variables: str) -> Iterator[int]:
    """Run ``run.py``, the one command, until the block ends; yields its port."""
    command = [sys.executable, str(EXAMPLE / "run.py"), "--data", str(data), "--port", str(port)]
    environ = {**os.environ, **variables}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline()
            assert address.startswith("https://")
            yield int(address.rpartition(":")[2])
        finally:
            process.terminate()


@contextmanager
def behind_nginx(data: Path, files: TLSFiles, **variables: str) -> Iterator[tuple[int, int]]:
    """Run the example, with variables of its own; yields the port of nginx and of gunicorn."""
    nginx = TERMINATORS["nginx"]
    skip_without(None if nginx.program else "nginx is not installed: apt install nginx")
    skip_without(None if shutil.which("curl") else "curl is not installed: apt install curl")
    app_port = free_port()
    given = {"OAUTH_MTLS": json.dumps(NGINX), "OAUTH_ISSUER": f"https://{MTLS_HOST}", **variables}
    environ = environment(data, **given)
    command = [sys.executable, "-m", "gunicorn", "--workers", "2", "--no-control-socket"]
    command += ["--bind", f"{LOOPBACK}:{app_port}", "served"]
    with TemporaryDirectory(prefix="wsgi-mtls-oauth-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "served.py").write_text(SERVED)
        with (folder / "gunicorn.log").open("wb") as log:
            gunicorn = subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=log)
        try:
            with running(nginx, nginx.program or "", folder, files, app_port) as tls_port:
                yield tls_port, app_port
        finally:
            gunicorn.terminate()
            gunicorn.wait()
