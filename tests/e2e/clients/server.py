"""A running authorization server: where it is, and what its users do."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

REDIRECT = "https://localhost:9000/callback"
MOST_PAGES = 6


@dataclass(frozen=True)
class Server:
    """One of the examples, with the clients ``billing``, ``web`` and ``api``.

    Attributes:
        name: the example, and how it is served.
        folder: holds ``ca.pem``, and a certificate and key of each client.
        issuer: its URL, on port 443.
        mtls: where the endpoints are with mutual TLS.
        port: where port 443 of its hosts is on this machine.
        registration_token: by which clients are registered; without it they are by their certificate.
    """

    name: str
    folder: Path
    issuer: str
    mtls: str
    port: int
    registration_token: str | None = None

    @property
    def api(self) -> str:
        return f"{self.mtls}/accounts"

    @property
    def ca(self) -> str:
        return str(self.folder / "ca.pem")

    def pair(self, name: str) -> tuple[str, str]:
        return str(self.folder / f"{name}.pem"), str(self.folder / f"{name}.key")

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        url = f"{self.issuer}/.well-known/oauth-authorization-server"
        told: dict[str, Any] = requests.get(url, verify=self.ca, timeout=20).json()
        return told

    def endpoint(self, name: str) -> str:
        """Return an endpoint's URL for a client with a certificate (RFC 8705 section 5)."""
        aliases = self.metadata.get("mtls_endpoint_aliases", {})
        return str(aliases.get(f"{name}_endpoint") or self.metadata[f"{name}_endpoint"])

    def write_settings(self, path: Path, **more: object) -> Path:
        """Write what the Node programs read."""
        given = {"issuer": self.issuer, "api": self.api, "folder": str(self.folder), "redirectUri": REDIRECT}
        path.write_text(json.dumps({**given, **more}))
        return path

    def visit(self, url: str) -> str:
        """Let anna agree in a browser without a certificate; returns where it is sent with the answer."""
        with requests.Session() as browser:
            browser.verify = self.ca
            answer = browser.get(url, allow_redirects=False, timeout=20)
            for _ in range(MOST_PAGES):
                location = answer.headers.get("Location")
                if location and location.startswith(REDIRECT):
                    return location
                if location:
                    answer = browser.get(urljoin(answer.url, location), allow_redirects=False, timeout=20)
                else:
                    answer = self._submit(browser, answer)
        raise AssertionError((answer.status_code, answer.text))

    def _submit(self, browser: requests.Session, page: requests.Response) -> requests.Response:
        hidden = re.findall(r'<input type="hidden" name="(\w+)"[^>]* value="([^"]*)"', page.text)
        given = {name: unescape(value) for name, value in hidden}
        assert given, (page.status_code, page.text)
        form = {**given, "user": "anna", "consent": "yes", "username": "anna", "password": "authserver", "allow": "yes"}
        return browser.post(page.url, form, headers={"Referer": page.url}, allow_redirects=False, timeout=20)
