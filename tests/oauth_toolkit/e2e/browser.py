"""curl, as a client with a certificate and as anna's browser."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.oauth_toolkit.support import CHALLENGE, VERIFIER

REDIRECT = "https://localhost:9000/callback"


@dataclass(frozen=True)
class Curl:
    """Connects to a port of this machine, whatever the host's name."""

    data: Path
    origin: str
    port: int

    def __call__(self, certificate: str | None, path: str, *options: str, **form: str) -> tuple[int, Any]:
        """Return the status and the body, as JSON if it is such."""
        command = ["curl", "--silent", "--noproxy", "*", "--cacert", str(self.data / "ca.pem")]
        command += ["--connect-to", f"::127.0.0.1:{self.port}", "--write-out", "\n%{http_code} %{redirect_url}"]
        if certificate:
            command += ["--cert", str(self.data / f"{certificate}.pem"), "--key", str(self.data / f"{certificate}.key")]
        for name, value in form.items():
            command += ["--data-urlencode", f"{name}={value}"]
        done = subprocess.run([*command, *options, self.origin + path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.returncode, done.stderr)
        body, _, told = done.stdout.rpartition("\n")
        status, _, location = told.partition(" ")
        try:
            return int(status), json.loads(body)
        except ValueError:
            return int(status), location or body

    def callback(self, client_id: str, jar: Path) -> str:
        """Log anna in, and return where her browser is sent with the code."""
        query = {"client_id": client_id, "response_type": "code", "redirect_uri": REDIRECT, "scope": "accounts",
                 "state": "s", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}  # fmt: skip
        return self.authorize(f"{self.origin}/o/authorize/?{urlencode(query)}", jar)

    def authorize(self, url: str, jar: Path) -> str:
        """Log anna in, open an authorization request, and return where her browser is sent."""
        cookies = ("--cookie", str(jar), "--cookie-jar", str(jar), "--referer", f"{self.origin}/login/")
        _, page = self(None, "/login/", *cookies)
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert found
        form = {"username": "anna", "password": "authserver", "csrfmiddlewaretoken": found[1]}
        assert self(None, "/login/", *cookies, **form)[0] == 302
        status, location = self(None, url.removeprefix(self.origin), *cookies)
        assert status == 302
        assert location.startswith(REDIRECT)
        return str(location)

    def exchange(self, client_id: str, callback: str, certificate: str | None) -> tuple[int, Any]:
        code = parse_qs(urlsplit(callback).query)["code"][0]
        return self(
            certificate, "/o/token/", grant_type="authorization_code", client_id=client_id, code=code,
            redirect_uri=REDIRECT, code_verifier=VERIFIER,
        )  # fmt: skip

    def accounts(self, token: str, certificate: str | None) -> tuple[int, Any]:
        return self(certificate, "/accounts", "--header", f"Authorization: Bearer {token}")
