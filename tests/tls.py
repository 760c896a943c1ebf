"""Real TLS: servers on a free loopback port, and requests over a connection of their own."""

import json
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPSConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tests.support import FORM, Answer
from wsgi_mtls.server import make_server
from wsgi_mtls.testing import SERVER_AUTH, KeyPair, Profile, make_ca, to_pem
from wsgi_mtls.x509 import ClientCertificate

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SERVER_CA = make_ca("CN=Server CA")
"""Signs the servers' own certificates; no client certificate has to do with it."""

REFUSED_BY_NGINX = (
    400,
    {"error": "invalid_client", "error_description": "The TLS terminator refused the certificate."},
)
"""What nginx answers, as deploy/nginx/nginx.conf has it, to a chain that is wrong, not only of an unknown CA."""


def write_pair(folder: Path, name: str, pair: KeyPair) -> tuple[Path, Path]:
    """Write a certificate with its chain, and its key."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(pair.certificate_pem)
    key.write_bytes(pair.key_pem)
    return certificate, key


def write_server_pair(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for 127.0.0.1, and its key."""
    profile = Profile(san_ip=["127.0.0.1"], extended_key_usage=SERVER_AUTH)
    return write_pair(folder, "server", SERVER_CA.issue("CN=localhost", profile))


def write_bundle(folder: Path, certificates: Iterable[ClientCertificate]) -> Path:
    """Write the CAs that client certificates are validated against."""
    bundle = folder / "client-ca.pem"
    bundle.write_bytes(b"".join(map(to_pem, certificates)))
    return bundle


@contextmanager
def serving(app: "WSGIApplication", client_ca: Iterable[ClientCertificate] = (), port: int = 0) -> Iterator[int]:
    """Run ``wsgi_mtls.server`` while the block lasts; yields its port."""
    bundle = tuple(client_ca)
    with TemporaryDirectory() as folder:
        certificate, key = write_server_pair(Path(folder))
        path = write_bundle(Path(folder), bundle) if bundle else None
        server = make_server(app, certificate=certificate, private_key=key, client_ca=path, port=port)
        server.prepare()
    thread = Thread(target=server.serve)
    thread.start()
    try:
        yield server.bind_addr[1]
    finally:
        server.stop()
        thread.join()


def client_context(pair: KeyPair | None = None) -> ssl.SSLContext:
    """Make the TLS context of a client with this certificate."""
    context = ssl.create_default_context(cadata=to_pem(SERVER_CA.certificate).decode())
    if pair is not None:
        with TemporaryDirectory() as folder:
            context.load_cert_chain(*write_pair(Path(folder), "client", pair))
    return context


def tls_post(
    port: int,
    pair: KeyPair | ssl.SSLContext | None = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Post a form to ``/token`` over a new connection."""
    context = pair if isinstance(pair, ssl.SSLContext) else client_context(pair)
    connection = HTTPSConnection("127.0.0.1", port, context=context, timeout=20)
    try:
        connection.request("POST", "/token", urlencode(form or {}), {"Content-Type": FORM, **(headers or {})})
        response = connection.getresponse()
        return Answer(response.status, dict(response.headers), response.read())
    finally:
        connection.close()


def environ_keys(answer: Answer) -> dict[str, str]:
    """Return the environ that :func:`show_environ` saw."""
    keys: dict[str, str] = json.loads(answer.body)
    return keys
