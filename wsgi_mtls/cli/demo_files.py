"""The demo's certificates as files, and requests made with them over TLS."""

import json
import ssl
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode

from ..testing import SERVER_AUTH, KeyPair, Profile, to_pem
from .demo_rows import ACCEPTED, Row, Scenario


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """Where the certificates of a scenario lie.

    Attributes:
        folder: the folder of all of them; a row's are ``row-<number>.pem`` and ``.key``.
    """

    folder: Path

    @property
    def ca(self) -> Path:
        """The CA's certificate: what server and clients trust."""
        return self.folder / "ca.pem"

    def pair(self, name: str) -> tuple[Path, Path]:
        """Return the files of a certificate and its key."""
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def write(self, scenario: Scenario) -> None:
        """Write all files, keys readable by their owner alone."""
        self.ca.write_bytes(to_pem(scenario.ca.certificate))
        server = Profile(san_dns=["localhost"], san_ip=["127.0.0.1"], extended_key_usage=SERVER_AUTH)
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
        """Make the request of a row over a TLS connection of its own; return ``accepted`` or the reason."""
        context = ssl.create_default_context(cafile=self.ca)
        if row.pair is not None:
            context.load_cert_chain(*self.pair(f"row-{number}"))
        connection = HTTPSConnection("127.0.0.1", port, context=context, timeout=10)
        body = urlencode({"grant_type": "client_credentials", "client_id": row.client_id, **row.form})
        try:
            connection.request("POST", "/token", body, {"Content-Type": "application/x-www-form-urlencoded"})
            answer = json.loads(connection.getresponse().read())
        except (OSError, ValueError) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        if answer.get("client_id") == row.client_id:
            return ACCEPTED
        return str(answer.get("error_description", answer)).partition(":")[0]

    def curl(self, row: Row, number: int, port: int) -> str:
        """Return the curl line that makes the request of a row."""
        certificate, key = self.pair(f"row-{number}")
        with_certificate = f" --cert {certificate} --key {key}" if row.pair else ""
        form = "".join(f" -d {name}={value}" for name, value in {"client_id": row.client_id, **row.form}.items())
        return f"curl --cacert {self.ca}{with_certificate}{form} https://127.0.0.1:{port}/token"
