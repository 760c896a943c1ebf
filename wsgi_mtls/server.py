"""TLS termination in Python, for development, tests and the demo.

It asks for a client certificate and accepts any. Python's own ``ssl`` aborts the handshake of every certificate that it
can't validate, so it serves no self-signed client; pyOpenSSL's callback accepts them, and the application learns which
chain was validated.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from cheroot.server import HTTPConnection, HTTPRequest
from cheroot.wsgi import Gateway_10, Server
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL, crypto

from .hardening.header_names import TokenHeaderReader
from .hardening.stopping import PatientServer
from .hardening.streams import WaitingAdapter

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


THREADS = 32
"""How many connections are served at a time; one that sends nothing takes up one of them for ten seconds."""


class CertificateGateway(Gateway_10):
    """A gateway that adds mod_ssl's keys to the environ.

    They are ``SSL_CLIENT_CERT``, ``SSL_CLIENT_CERT_CHAIN_n`` and ``SSL_CLIENT_VERIFY``.
    """

    def get_environ(self) -> dict[str, Any]:  # type: ignore[override]  # cheroot's stub says None
        """Return the WSGI environ of a request."""
        environ: dict[str, Any] = super().get_environ()  # type: ignore[no-untyped-call]
        connection = self.req.conn.socket
        certificate = connection.get_peer_certificate()
        if certificate is None:
            return environ | {"SSL_CLIENT_VERIFY": "NONE"}
        # On the server's side OpenSSL leaves the peer's own certificate out of the chain.
        chain = connection.get_peer_cert_chain() or []
        environ["SSL_CLIENT_CERT"] = _pem(certificate)
        environ |= {f"SSL_CLIENT_CERT_CHAIN_{n}": _pem(issuer) for n, issuer in enumerate(chain)}
        error = connection.get_app_data()
        environ["SSL_CLIENT_VERIFY"] = f"FAILED:OpenSSL verify error {error}" if error else "SUCCESS"
        return environ


def make_server(
    app: "WSGIApplication",
    *,
    certificate: Path,
    private_key: Path,
    client_ca: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> Server:
    """Make a threaded development server; ``serve()`` runs it, ``stop()`` ends it.

    After ``prepare()`` its ``bind_addr`` is the address, with the port that was chosen for 0.

    Args:
        app: the application.
        certificate: PEM file of the server's certificate, its chain below it.
        private_key: PEM file of its key.
        client_ca: PEM file of the CAs that client certificates are validated against; without it none is valid.
        host: the address to bind.
        port: the port to bind; 0 is any free one.

    Raises:
        OSError: If a file can't be read.
        ValueError: If a file is not what it should be; the message names it.
    """
    server = _Server((host, port), app, numthreads=THREADS)
    server.gateway = CertificateGateway
    server.ssl_adapter = WaitingAdapter(make_context(certificate, private_key, client_ca))
    return server


def make_context(certificate: Path, private_key: Path, client_ca: Path | None) -> SSL.Context:
    """Make a TLS context that asks for a client certificate and accepts any.

    It speaks TLS 1.2 and newer.

    Raises:
        OSError: If a file can't be read.
        ValueError: If a file is not what it should be; the message names it.
    """
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    # A resumed session calls no callback and has no chain.
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_TICKET)
    with _naming(certificate, "must hold the server's certificate in PEM, its chain below it"):
        context.use_certificate_chain_file(str(certificate))
    with _naming(private_key, f"must hold the private key of {certificate} in PEM, without a passphrase"):
        # Read here: OpenSSL would ask for a passphrase at the terminal.
        key = load_pem_private_key(private_key.read_bytes(), password=None)
        context.use_privatekey(key)  # type: ignore[arg-type]  # a key that TLS has no use for is a TypeError
    if client_ca is not None:
        with _naming(client_ca, "must hold CA certificates in PEM"):
            context.load_verify_locations(str(client_ca))
    context.set_verify(SSL.VERIFY_PEER, _remember_first_error)
    return context


@contextmanager
def _naming(file: Path, demand: str) -> Iterator[None]:
    file.open("rb").close()  # OpenSSL's error for a file that is not there names none
    try:
        yield
    except (SSL.Error, ValueError, TypeError, UnsupportedAlgorithm):  # TypeError is the passphrase
        raise ValueError(f"{file} {demand}.") from None


class _Request(HTTPRequest):
    header_reader = TokenHeaderReader()


class _Connection(HTTPConnection):
    RequestHandlerClass = _Request


class _Server(PatientServer):
    ConnectionClass = _Connection

    def serve(self) -> None:
        """Serve until :meth:`stop`, in a thread that Ctrl-C does not interrupt."""
        thread = Thread(target=super().serve, daemon=True)
        thread.start()
        thread.join()


def _remember_first_error(connection: SSL.Connection, _: crypto.X509, error: int, depth: int, ok: int) -> bool:
    # Once an error was waved through, later callbacks report success.
    if not ok and not connection.get_app_data():
        connection.set_app_data(error)
    return True


def _pem(certificate: crypto.X509) -> str:
    """Return PEM without parsing it."""
    # OpenSSL accepts certificates that cryptography refuses.
    return crypto.dump_certificate(crypto.FILETYPE_PEM, certificate).decode("ascii")
