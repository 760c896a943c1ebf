"""The certificate of a WSGI server that ends TLS itself, in Python."""

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..x509 import ClientCertificate, PeerCertificate
from .environ import from_environ
from .source import CertificateSource, EnvironSource

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


@runtime_checkable
class _TLSSocket(Protocol):
    def getpeercert(self, binary_form: bool = False, /) -> object: ...


# gunicorn's sync, gthread and gevent workers; its gevent_pywsgi worker; Werkzeug's development server.
_SOCKETS = ("gunicorn.socket", "gunicorn.sock", "werkzeug.socket")


def wsgi_server() -> CertificateSource:
    """Take the certificate of the connection from Werkzeug, gunicorn or cheroot, whichever serves the request.

    Python's ``ssl`` hands over only certificates that it validated itself, so ``verified`` is true there; it delivers
    no chain, and no self-signed certificate but those that stand in the CA file. cheroot's own keys are those of
    :func:`~wsgi_mtls.sources.environ`. The server must ask for a certificate: ``cert_reqs=ssl.CERT_OPTIONAL``.

    Not behind a proxy: the connection's certificate would be the proxy's.
    """
    return _WSGI_SERVER


def _from_server(environ: "WSGIEnvironment") -> PeerCertificate | None:
    for key in _SOCKETS:
        if isinstance(environ.get(key), _TLSSocket):
            return from_socket(environ[key], key)
    return from_environ(environ, "wsgi_server")


def from_socket(socket: object, source: str) -> PeerCertificate | None:
    """Read the certificate of a connection, which Python's ``ssl`` has validated; None without TLS or certificate."""
    der = socket.getpeercert(True) if isinstance(socket, _TLSSocket) else None
    if not isinstance(der, bytes) or not der:
        return None
    return PeerCertificate(ClientCertificate.from_der(der), verified=True, source=source)


_WSGI_SERVER = EnvironSource(_from_server)
