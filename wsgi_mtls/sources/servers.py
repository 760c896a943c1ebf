"""Presets for Python's servers where they end TLS themselves. No header can set their keys, so nobody need be trusted.

Not behind a proxy: the connection's certificate would be the proxy's.
"""

from typing import TYPE_CHECKING

from ..errors import ContradictoryStatus
from ..x509 import ClientCertificate, PeerCertificate
from . import encodings
from .environ import with_session, with_status
from .source import CertificateSource, EnvironSource
from .wsgi_server import from_socket

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def mod_wsgi() -> CertificateSource:
    """Take the certificate from Apache with mod_wsgi or mod_proxy_uwsgi, which hand on mod_ssl's keys.

    In the virtual host with mutual TLS, the first two lines for the whole server::

        SSLSessionCache   none                     # nothing is resumed, or SUCCESS may be said of any certificate
        SSLSessionTickets off
        SSLVerifyClient optional                   # optional_no_ca lets self-signed clients through
        SSLCACertificateFile clients-ca.pem
        SSLOptions +StdEnvVars +ExportCertData

    With ``optional_no_ca``, mod_ssl says ``SUCCESS`` of a resumed TLS 1.2 session even if it said ``GENEROUS`` of the
    full handshake. So ``SSL_SESSION_RESUMED``, which ``+StdEnvVars`` exports, must be there and say ``Initial``.

    Chain: yes. Verified: ``SUCCESS``, but on no resumed session.
    """
    return _MOD_WSGI


def gunicorn() -> CertificateSource:
    """Take the certificate of the connection from gunicorn: the sync, gthread and gevent workers, not tornado.

    ``gunicorn --certfile … --keyfile … --ca-certs clients-ca.pem --cert-reqs 1``. Without a certificate the request
    goes on; one that Python's ``ssl`` can't validate ends the handshake.

    Chain: none. Verified: always. Self-signed: only those that stand in the CA file.
    """
    return _GUNICORN


def cheroot() -> CertificateSource:
    """Take the certificate from cheroot's ``BuiltinSSLAdapter``, whose context has ``verify_mode = ssl.CERT_OPTIONAL``.

    Its pyOpenSSL adapter sets no keys: use :func:`wsgi_mtls.server.make_server`, whose gateway does.

    Behind a terminator, cheroot takes some header names for others: it strips spaces, tabs and control characters
    around a name, turns ``ß`` into ``SS``, and the last header of a name counts. The terminator must refuse such names,
    which nginx, HAProxy and Apache do by default; or give cheroot :class:`wsgi_mtls.header_names.TokenHeaderReader`.

    Chain: none. Verified: ``SUCCESS``. Self-signed: only those that stand in the CA file.
    """
    return _CHEROOT


def werkzeug() -> CertificateSource:
    """Take the certificate from Werkzeug's development server: ``run_simple(…, ssl_context=context)``.

    ``context.verify_mode = ssl.CERT_OPTIONAL`` with the clients' CA loaded.

    Chain: none. Verified: always. Self-signed: only those that stand in the CA file.
    """
    return _WERKZEUG


def uwsgi() -> CertificateSource:
    """Take the certificate from uWSGI's own TLS: ``--https 0.0.0.0:443,server.pem,server.key,HIGH,clients-ca.pem``.

    ``--https-socket`` sets no keys. Raise ``--buffer-size`` to 32768: the default drops connections with a large
    certificate. Whoever reaches a *uwsgi* or FastCGI socket sets any key, so bind those to a Unix or loopback socket.
    What nginx or Apache pass over such a socket is read by :func:`~wsgi_mtls.sources.environ`.

    Chain: none. Verified: always, OpenSSL ends the handshake otherwise. Self-signed: only those that stand in the CA
    file.
    """
    return _UWSGI


def _from_gunicorn(environ: "WSGIEnvironment") -> PeerCertificate | None:
    for key in ("gunicorn.socket", "gunicorn.sock"):
        if key in environ:
            return from_socket(environ[key], "gunicorn")
    return None


def _from_cheroot(environ: "WSGIEnvironment") -> PeerCertificate | None:
    return with_status(environ, "cheroot")


def _from_werkzeug(environ: "WSGIEnvironment") -> PeerCertificate | None:
    pem = environ.get("SSL_CLIENT_CERT")
    if "SSL_CLIENT_VERIFY" in environ:
        raise ContradictoryStatus("Werkzeug sets no SSL_CLIENT_VERIFY: another server runs here, use environ().")
    if not pem:
        return None
    return PeerCertificate(ClientCertificate.from_der(encodings.pem(pem)), verified=True, source="werkzeug")


def _from_uwsgi(environ: "WSGIEnvironment") -> PeerCertificate | None:
    text = environ.get("HTTPS_CLIENT_CERTIFICATE")
    if not text:
        return None
    return PeerCertificate(ClientCertificate.from_der(encodings.latin1_der(text)), verified=True, source="uwsgi")


_MOD_WSGI = EnvironSource(with_session)
_GUNICORN = EnvironSource(_from_gunicorn)
_CHEROOT = EnvironSource(_from_cheroot)
_WERKZEUG = EnvironSource(_from_werkzeug)
_UWSGI = EnvironSource(_from_uwsgi)
