"""The certificate as mod_ssl names it in the environ; other servers have taken its names over."""

from typing import TYPE_CHECKING

from ..certificate import ClientCertificate, PeerCertificate
from ..errors import ContradictoryStatus, MalformedCertificate
from .source import CertificateSource

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CHAIN_LIMIT = 10


def environ() -> CertificateSource:
    """Take the certificate from ``SSL_CLIENT_CERT`` (PEM), its chain from ``SSL_CLIENT_CERT_CHAIN_n``.

    ``SSL_CLIENT_VERIFY`` says whether the server validated the chain: exactly ``SUCCESS`` is yes, everything else and
    its absence is no. Only the server itself, or a FastCGI or uwsgi peer, can set these keys: no header can.

    For Apache with mod_wsgi: ``SSLVerifyClient optional_no_ca`` and ``SSLOptions +StdEnvVars +ExportCertData``.
    """
    return from_environ


def from_environ(environ: "WSGIEnvironment", source: str = "environ") -> PeerCertificate | None:
    """Read mod_ssl's keys.

    Raises:
        MalformedCertificate: they hold no certificate, or one together with the status that there was none.
    """
    pem = environ.get("SSL_CLIENT_CERT") or ""
    status = environ.get("SSL_CLIENT_VERIFY") or ""
    if not pem:
        if status == "SUCCESS":
            raise ContradictoryStatus("SSL_CLIENT_VERIFY is SUCCESS, but SSL_CLIENT_CERT is missing: export it too.")
        return None
    if status == "NONE":
        raise ContradictoryStatus("SSL_CLIENT_CERT holds a certificate, but SSL_CLIENT_VERIFY says that none came.")
    return PeerCertificate(
        ClientCertificate.from_pem(pem), chain=_chain(environ), verified=status == "SUCCESS", source=source
    )


def _chain(environ: "WSGIEnvironment") -> tuple[ClientCertificate, ...]:
    chain: list[ClientCertificate] = []
    while pem := environ.get(f"SSL_CLIENT_CERT_CHAIN_{len(chain)}"):
        if len(chain) == CHAIN_LIMIT:
            raise MalformedCertificate(f"The chain has more than {CHAIN_LIMIT} certificates.")
        chain.append(ClientCertificate.from_pem(pem))
    return tuple(chain)
