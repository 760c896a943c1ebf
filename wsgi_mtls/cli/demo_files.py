"""The demo's certificates as files, and requests made with them over TLS."""

import json
import ssl
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlencode

from ..testing import SERVER_AUTH, KeyPair, Profile, to_pem
from .demo_rows import ACCEPTED, Row, Scenario
from .terminators import CONVENTIONAL_HOST, LOOPBACK, MTLS_HOST, LoopbackConnection, TLSFiles

REFUSED_BEFORE = "refused by terminator"
"""What :meth:`DemoFiles.play` returns for a request that did not get to the application."""


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """The files with the certificates of a scenario.

    Attributes:
        folder: the folder of all of them; a row's are ``row-<number>.pem`` and ``.key``.
        host: the host that the requests are for, on the loopback address.
    """

    folder: Path
    host: str = LOOPBACK

    @property
    def ca(self) -> Path:
        """The CA's certificate: what server and clients trust."""
        return self.folder / "ca.pem"

    @property
    def server(self) -> TLSFiles:
        """The server's certificate, key and CA file."""
        certificate, key = self.pair("server")
        return TLSFiles(certificate, key, client_ca=self.ca, server_ca=self.ca)

    def pair(self, name: str) -> tuple[Path, Path]:
        """Return the files of a certificate and its key."""
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def write(self, scenario: Scenario) -> None:
        """Write all files, keys readable by their owner alone."""
        self.ca.write_bytes(to_pem(scenario.ca.certificate))
        hosts = ["localhost", MTLS_HOST, CONVENTIONAL_HOST]
        server = Profile(san_dns=hosts, san_ip=[LOOPBACK], extended_key_usage=SERVER_AUTH)
        self._write("server", scenario.ca.issue("CN=localhost", server))
        for number, row in enumerate(scenario.rows, 1):
            if row.pair is not None:
                self._write(f"row-{number}", row.pair)

    def _write(self, name: str, pair: KeyPair) -> None:
        certificate, key = self.pair(name)
        certificate.write_bytes(pair.certificate_pem)
        key.touch(mode=0o600)
        key.write_bytes(pair.key_pem)

    def play(self, row: Row, number: int, port: int) -> str:
        """Make the request of a row over a TLS connection of its own.

        Returns:
            ``accepted``, the reason of the refusal, or :data:`REFUSED_BEFORE`.
        """
        context = ssl.create_default_context(cafile=self.ca)
        if row.pair is not None:
            context.load_cert_chain(*self.pair(f"row-{number}"))
        connection = LoopbackConnection(self.host, port, context)
        body = urlencode({"grant_type": "client_credentials", "client_id": row.client_id, **row.form})
        try:
            connection.request("POST", "/token", body, {"Content-Type": "application/x-www-form-urlencoded"})
            response = connection.getresponse()
            return _outcome(row, response.status, response.read())
        except (ssl.SSLError, ConnectionError):
            return REFUSED_BEFORE
        except (OSError, HTTPException) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()

    def curl(self, row: Row, number: int, port: int) -> str:
        """Return the curl line that makes the request of a row."""
        certificate, key = self.pair(f"row-{number}")
        with_certificate = f" --cert {certificate} --key {key}" if row.pair else ""
        form = "".join(f" -d {name}={value}" for name, value in {"client_id": row.client_id, **row.form}.items())
        resolve = "" if self.host == LOOPBACK else f" --resolve {self.host}:{port}:{LOOPBACK}"
        return f"curl --cacert {self.ca}{with_certificate}{form}{resolve} https://{self.host}:{port}/token"


def _outcome(row: Row, status: int, content: bytes) -> str:
    try:
        answer = json.loads(content)
    except ValueError:
        return f"status {status} without JSON"
    if answer.get("client_id") == row.client_id:
        return ACCEPTED
    outcome = str(answer.get("error_description", answer)).partition(":")[0]
    # nginx accepts a bad certificate in the handshake, and then answers as deploy/nginx/nginx.conf has it.
    return REFUSED_BEFORE if outcome.startswith("The TLS terminator refused") else outcome
