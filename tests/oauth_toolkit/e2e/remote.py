"""The example behind nginx with two workers of gunicorn, and what its clients do."""

import hashlib
import itertools
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from tests.e2e.conftest import skip_without
from tests.e2e.flask.served import Served
from tests.oauth_toolkit.support import REDIRECT, SECRET, VERIFIER
from wsgi_mtls.cli.terminators import LOOPBACK, MTLS_HOST, TERMINATORS, TLSFiles, free_port, running
from wsgi_mtls.testing import KeyPair

from .conftest import environment

SERVED = """
from authserver.wsgi import application as example

def application(environ, start_response):
    if environ["PATH_INFO"] == "/token":  # by which running() sees that the application answers
        start_response("404 Not Found", [("Content-Type", "application/json")])
        return [b"{}"]
    return example(environ, start_response)
"""
NGINX = {"SOURCE": "nginx", "TRUSTED_PROXIES": [LOOPBACK]}


@contextmanager
def behind_nginx(data: Path, files: TLSFiles) -> Iterator[tuple[int, int]]:
    """Run the example; yields the port of nginx and of gunicorn."""
    nginx = TERMINATORS["nginx"]
    skip_without(None if nginx.program else "nginx is not installed: apt install nginx")
    skip_without(None if shutil.which("curl") else "curl is not installed: apt install curl")
    app_port = free_port()
    environ = environment(data, OAUTH_MTLS=json.dumps(NGINX), OAUTH_ISSUER=f"https://{MTLS_HOST}")
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


@dataclass(frozen=True)
class Remote:
    """The example's endpoints."""

    served: Served
    data: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def token(self, client_id: str, pair: KeyPair | None, secret: str | None = None, **form: str) -> tuple[int, Any]:
        given = {"grant_type": "client_credentials", "client_id": client_id, **form}
        return self.served.send(pair, "/o/token/", urlencode(given | ({"client_secret": secret} if secret else {})))

    def code(self, client_id: str) -> str:
        """Return a code that is not used yet, of those that ``register.py`` has made."""
        return f"{client_id}-{next(self._numbers)}"

    def exchange(self, client_id: str, code: str, pair: KeyPair | None, secret: str | None = None) -> tuple[int, Any]:
        grant = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return self.token(client_id, pair, secret, code=code, **grant)

    def refresh(self, client_id: str, token: str, pair: KeyPair | None) -> tuple[int, Any]:
        return self.token(client_id, pair, grant_type="refresh_token", refresh_token=token)

    def access_token(self, client_id: str, pair: KeyPair | None, secret: str | None = None) -> str:
        status, answer = self.token(client_id, pair, secret)
        assert status == 200, answer
        return str(answer["access_token"])

    def accounts(self, token: str, pair: KeyPair | None, host: str = MTLS_HOST) -> int:
        return self.served.send(pair, "/accounts", headers={"Authorization": f"Bearer {token}"}, host=host)[0]

    def introspect(self, token: str) -> Any:
        form = {"client_id": "unbound", "client_secret": SECRET, "token": token}
        return self.served.send(None, "/o/introspect/", urlencode(form))[1]

    def store_confirmation(self, token: str, cnf: object) -> None:
        """Write a ``cnf`` to a token's row, as no server of ours would."""
        checksum, claims = hashlib.sha256(token.encode()).hexdigest(), json.dumps({"cnf": cnf})
        row = "SELECT id FROM oauth2_provider_accesstoken WHERE token_checksum = ?"
        table = "django_mtls_oauth_toolkit_accesstokenconfirmation"
        with closing(sqlite3.connect(self.data / "db.sqlite3", timeout=20)) as connection, connection:
            update = f"UPDATE {table} SET claims = ? WHERE token_id = ({row})"
            assert connection.execute(update, (claims, checksum)).rowcount == 1
