"""Python's servers and Apache where they end TLS themselves.

The certificate is in environ keys that no header can set. Not behind a proxy: the connection's certificate would be the
proxy's.
"""

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..errors import BadCertificate
from ..remembered import Remembered
from ..x509 import ClientCertificate, PeerCertificate
from . import encodings
from .encodings import CHAIN_LIMIT, SIZE_LIMIT

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_logger = logging.getLogger("wsgi_mtls")

# gunicorn's sync, gthread and gevent workers; its gevent_pywsgi worker; Werkzeug's development server.
_SOCKETS = ("gunicorn.socket", "gunicorn.sock", "werkzeug.socket")


@runtime_checkable
class _TLSSocket(Protocol):
    def getpeercert(self, binary_form: bool = False, /) -> object: ...


def mod_ssl(environ: "WSGIEnvironment", source: str = "mod_ssl") -> PeerCertificate | None:
    """Read mod_ssl's keys; other servers use the same names.

    The chain was validated only if ``SSL_CLIENT_VERIFY`` is exactly ``SUCCESS`` and ``SSL_SESSION_RESUMED`` is not
    ``Resumed``.

    Raises:
        BadCertificate: ``malformed_certificate``: If they hold something else than a certificate.
        BadCertificate: ``contradictory_status``: If they hold a certificate with the status that there was none, or
            the reverse.
    """
    pem = environ.get("SSL_CLIENT_CERT") or ""
    status = environ.get("SSL_CLIENT_VERIFY") or ""
    if not pem:
        if status == "SUCCESS":
            raise BadCertificate(
                "SSL_CLIENT_VERIFY is SUCCESS, but SSL_CLIENT_CERT is missing: also export that.",
                reason="contradictory_status",
            )
        return None
    if status == "NONE":
        raise BadCertificate(
            "SSL_CLIENT_CERT holds a certificate, but SSL_CLIENT_VERIFY is NONE.", reason="contradictory_status"
        )
    verified = status == "SUCCESS" and not _was_resumed(environ)
    words = "" if verified else status
    return PeerCertificate(_certificate(pem), chain=_chain(environ), verified=verified, source=source, status=words)


def mod_wsgi(environ: "WSGIEnvironment") -> PeerCertificate | None:
    """Read mod_ssl's keys in Apache.

    They also report whether the TLS session was resumed.

    Raises:
        BadCertificate: ``malformed_certificate``: If they hold something else than a certificate.
        BadCertificate: ``contradictory_status``: If they contradict each other, or if the certificate came without
            its status.
    """
    peer = _with_status(environ, "mod_wsgi")
    if peer is None or not peer.verified or environ.get("SSL_SESSION_RESUMED") == "Initial":
        return peer
    _logger.warning("SSL_CLIENT_VERIFY=SUCCESS does not count without SSL_SESSION_RESUMED: set SSLOptions +StdEnvVars.")
    return replace(peer, verified=False)


def cheroot(environ: "WSGIEnvironment") -> PeerCertificate | None:
    """Read what cheroot's ``BuiltinSSLAdapter`` sets."""
    return _with_status(environ, "cheroot")


def gunicorn(environ: "WSGIEnvironment") -> PeerCertificate | None:
    """Read the certificate of gunicorn's connection."""
    for key in ("gunicorn.socket", "gunicorn.sock"):
        if key in environ:
            return _from_socket(environ[key], "gunicorn")
    return None


def werkzeug(environ: "WSGIEnvironment") -> PeerCertificate | None:
    """Read what Werkzeug's development server sets."""
    if "SSL_CLIENT_VERIFY" in environ:
        raise BadCertificate(
            "Werkzeug sets no SSL_CLIENT_VERIFY: another server runs here, use mod_ssl().",
            reason="contradictory_status",
        )
    pem = environ.get("SSL_CLIENT_CERT")
    return PeerCertificate(_certificate(pem), verified=True, source="werkzeug") if pem else None


def uwsgi(environ: "WSGIEnvironment") -> PeerCertificate | None:
    """Read what uWSGI's own TLS sets."""
    text = environ.get("HTTPS_CLIENT_CERTIFICATE")
    if not text:
        return None
    return PeerCertificate(_of_octets(encodings.latin1_der(text)), verified=True, source="uwsgi")


def wsgi_server(environ: "WSGIEnvironment") -> PeerCertificate | None:
    """Read the certificate of Werkzeug, gunicorn or cheroot.

    The server is recognized in each request. Python's ``ssl`` delivers only certificates that it validated itself.
    """
    for key in _SOCKETS:
        if isinstance(environ.get(key), _TLSSocket):
            return _from_socket(environ[key], key)
    return mod_ssl(environ, "wsgi_server")


def _from_socket(socket: object, source: str) -> PeerCertificate | None:
    der = socket.getpeercert(True) if isinstance(socket, _TLSSocket) else None
    if not isinstance(der, bytes) or not der:
        return None
    return PeerCertificate(_of_octets(der), verified=True, source=source)


def _with_status(environ: "WSGIEnvironment", source: str) -> PeerCertificate | None:
    """Read mod_ssl's keys where the server always sets ``SSL_CLIENT_VERIFY``."""
    if environ.get("SSL_CLIENT_CERT") and not environ.get("SSL_CLIENT_VERIFY"):
        raise BadCertificate(
            f"SSL_CLIENT_CERT came without SSL_CLIENT_VERIFY, which {source} always sets: export both (Apache: "
            "SSLOptions +StdEnvVars), or use sources.mod_ssl() for another server.",
            reason="contradictory_status",
        )
    return mod_ssl(environ, source)


def _was_resumed(environ: "WSGIEnvironment") -> bool:
    if environ.get("SSL_SESSION_RESUMED") != "Resumed":
        return False
    _logger.warning(
        "SSL_CLIENT_VERIFY=SUCCESS does not count on a resumed TLS session, where mod_ssl may report it for any "
        "certificate: set SSLSessionCache none and SSLSessionTickets off."
    )
    return True


def _chain(environ: "WSGIEnvironment") -> tuple[ClientCertificate, ...]:
    # A hint: what is too long, or comes after the tenth, is left out, and the leaf counts.
    chain: list[ClientCertificate] = []
    for number in range(CHAIN_LIMIT):
        pem = environ.get(f"SSL_CLIENT_CERT_CHAIN_{number}")
        if not pem:
            break
        if len(pem) <= SIZE_LIMIT:
            chain.append(_certificate(pem))
    return tuple(chain)


def _certificate(pem: str) -> ClientCertificate:
    known = _of_pem.known.get(pem)
    if known is None:
        known = ClientCertificate.from_der(encodings.pem(pem))
        _of_pem.add(pem, len(pem), known)
    return known


def _of_octets(der: bytes) -> ClientCertificate:
    known = _of_der.known.get(der)
    if known is None:
        known = ClientCertificate.from_der(der)
        _of_der.add(der, len(der), known)
    return known


# What the servers' keys said; the status is in a key of its own.
_of_pem: Remembered[str, ClientCertificate] = Remembered()
_of_der: Remembered[bytes, ClientCertificate] = Remembered()
