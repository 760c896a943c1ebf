"""The demo's clients and thieves: requests with any certificate.

Each request has a TLS connection of its own.
"""

import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from ..events import Event
from ..testing import SERVER_AUTH, KeyPair, Profile, to_pem
from .demo_rows import ACCEPTED
from .terminators import LOOPBACK

_CLIENT_CREDENTIALS = {"grant_type": "client_credentials"}


@dataclass(slots=True)
class DemoClient:
    """Gets tokens and uses them.

    Attributes:
        folder: where ``ca.pem`` lies.
        as_port: where the authorization server listens.
        api_port: where the API listens.
        events: what the API reports; callers learn only that a token is invalid.
        refresh_token: the last one that came.
    """

    folder: Path
    as_port: int
    api_port: int
    events: Sequence[Event]
    refresh_token: str = ""

    def get_token(
        self, client_id: str, pair: KeyPair | None, grant: Mapping[str, str] = _CLIENT_CREDENTIALS
    ) -> tuple[str, str]:
        """Ask for an access token.

        Returns:
            ``accepted`` or the reason of the refusal, and the token.
        """
        form = urlencode({"client_id": client_id, **grant})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        _, body = self._request(self.as_port, "POST", "/token", pair, form, headers)
        try:
            answer = json.loads(body)
        except ValueError:
            return body.decode("utf-8", "replace"), ""
        if "access_token" not in answer:
            return str(answer.get("error_description", answer)).partition(":")[0], ""
        self.refresh_token = answer.get("refresh_token", "")
        return ACCEPTED, answer["access_token"]

    def call_api(self, token: str, pair: KeyPair | None) -> str:
        """Call the API.

        Returns:
            ``accepted``, the reason of the refusal, or what else came.
        """
        headers = {"Authorization": f"Bearer {token}"}
        status, body = self._request(self.api_port, "GET", "/accounts", pair, None, headers)
        if status == 200:
            return ACCEPTED
        return self.events[-1].reason or "" if status == 401 and self.events else f"{status} {body!r}"

    def _request(
        self, port: int, method: str, path: str, pair: KeyPair | None, body: str | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        connection = HTTPSConnection(LOOPBACK, port, context=self._context(pair), timeout=10)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, HTTPException) as error:
            return 0, f"{type(error).__name__}: {error}".encode()
        finally:
            connection.close()

    def _context(self, pair: KeyPair | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        if pair is not None:
            with TemporaryDirectory(prefix="wsgi-mtls-demo-") as folder:
                context.load_cert_chain(*write_pair(Path(folder), "client", pair))
        return context


def write_server_files(folder: Path, ca: KeyPair) -> None:
    """Write ``ca.pem``, ``server.pem`` and ``server.key``."""
    (folder / "ca.pem").write_bytes(to_pem(ca.certificate))
    write_pair(folder, "server", ca.issue("CN=localhost", Profile(san_ip=[LOOPBACK], extended_key_usage=SERVER_AUTH)))


def write_pair(folder: Path, name: str, pair: KeyPair) -> tuple[Path, Path]:
    """Write a certificate and its key, and return the files."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(pair.certificate_pem)
    key.touch(mode=0o600)
    key.write_bytes(pair.key_pem)
    return certificate, key
