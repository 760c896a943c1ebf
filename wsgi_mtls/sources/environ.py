"""The certificate as mod_ssl names it in the environ; other servers have taken its names over."""

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import BadCertificate
from ..x509 import ClientCertificate, PeerCertificate
from . import encodings
from .limits import CHAIN_LIMIT
from .source import CertificateSource, EnvironSource

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_logger = logging.getLogger("wsgi_mtls")


def environ() -> CertificateSource:
    """Take the certificate from ``SSL_CLIENT_CERT`` (PEM), its chain from ``SSL_CLIENT_CERT_CHAIN_n``.

    ``SSL_CLIENT_VERIFY`` says whether the server validated the chain: exactly ``SUCCESS`` is yes, everything else and
    its absence is no, and so is ``SSL_SESSION_RESUMED=Resumed``, see :func:`~wsgi_mtls.sources.mod_wsgi`. Only the
    server itself, or a FastCGI or uwsgi peer, can set these keys: no header can.
    """
    return _ENVIRON


def from_environ(environ: "WSGIEnvironment", source: str = "environ") -> PeerCertificate | None:
    """Read mod_ssl's keys.

    Raises:
        BadCertificate: ``malformed_certificate``: they hold no certificate, or one together with the status that
            there was none.
    """
    pem = environ.get("SSL_CLIENT_CERT") or ""
    status = environ.get("SSL_CLIENT_VERIFY") or ""
    if not pem:
        if status == "SUCCESS":
            raise BadCertificate(
                "SSL_CLIENT_VERIFY is SUCCESS, but SSL_CLIENT_CERT is missing: export it too.",
                reason="contradictory_status",
            )
        return None
    if status == "NONE":
        raise BadCertificate(
            "SSL_CLIENT_CERT holds a certificate, but SSL_CLIENT_VERIFY says that none came.",
            reason="contradictory_status",
        )
    verified = status == "SUCCESS" and not _was_resumed(environ)
    words = "" if verified else status
    return PeerCertificate(_certificate(pem), chain=_chain(environ), verified=verified, source=source, status=words)


def with_status(environ: "WSGIEnvironment", source: str) -> PeerCertificate | None:
    """Read mod_ssl's keys where the server always sets ``SSL_CLIENT_VERIFY``.

    Raises:
        BadCertificate: ``malformed_certificate``: as :func:`from_environ`, or a certificate without that key.
    """
    if environ.get("SSL_CLIENT_CERT") and not environ.get("SSL_CLIENT_VERIFY"):
        raise BadCertificate(
            f"SSL_CLIENT_CERT came without SSL_CLIENT_VERIFY, which {source} always sets: export both (Apache: "
            "SSLOptions +StdEnvVars), or use sources.environ() for another server.",
            reason="contradictory_status",
        )
    return from_environ(environ, source)


def with_session(environ: "WSGIEnvironment") -> PeerCertificate | None:
    """Read mod_ssl's keys from mod_ssl itself, which also says whether the TLS session was resumed.

    Raises:
        BadCertificate: ``malformed_certificate``: as :func:`with_status`.
    """
    peer = with_status(environ, "mod_wsgi")
    if peer is None or not peer.verified or environ.get("SSL_SESSION_RESUMED") == "Initial":
        return peer
    _logger.warning("SSL_CLIENT_VERIFY=SUCCESS does not count without SSL_SESSION_RESUMED: set SSLOptions +StdEnvVars.")
    return replace(peer, verified=False)


def _was_resumed(environ: "WSGIEnvironment") -> bool:
    if environ.get("SSL_SESSION_RESUMED") != "Resumed":
        return False
    _logger.warning(
        "SSL_CLIENT_VERIFY=SUCCESS does not count on a resumed TLS session, where mod_ssl may say it of any certificate"
        ": set SSLSessionCache none and SSLSessionTickets off."
    )
    return True


def _chain(environ: "WSGIEnvironment") -> tuple[ClientCertificate, ...]:
    chain: list[ClientCertificate] = []
    while pem := environ.get(f"SSL_CLIENT_CERT_CHAIN_{len(chain)}"):
        if len(chain) == CHAIN_LIMIT:
            raise BadCertificate(f"The chain has more than {CHAIN_LIMIT} certificates.")
        chain.append(_certificate(pem))
    return tuple(chain)


def _certificate(pem: str) -> ClientCertificate:
    return ClientCertificate.from_der(encodings.pem(pem))


_ENVIRON = EnvironSource(from_environ)
