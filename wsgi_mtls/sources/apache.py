"""The preset for Apache where it is a proxy."""

from collections.abc import Sequence
from typing import Unpack

from . import encodings
from .guarded import GuardedHeaders
from .header import header, optional_chain
from .options import HyphenOptions
from .status import Status


def apache(
    *,
    certificate: str = "XSSLClientCert",
    verify: str = "XSSLClientVerify",
    resumed: str | None = "XSSLClientResumed",
    chain: Sequence[str] = ("XSSLClientCertChain0",),
    **options: Unpack[HyphenOptions],
) -> GuardedHeaders:
    """Take the certificate from Apache as a proxy (mod_proxy_http). For mod_wsgi and mod_proxy_uwsgi: ``mod_wsgi``.

    For the whole server the first two lines, and the rest in every virtual host that proxies to the application, also
    in those without mutual TLS::

        SSLSessionCache   none                     # nothing is resumed, or SUCCESS may be said of any certificate
        SSLSessionTickets off
        SSLVerifyClient optional                   # optional_no_ca lets self-signed clients through
        SSLCACertificateFile clients-ca.pem
        SSLOptions +StdEnvVars +ExportCertData
        RequestHeader set XSSLClientCert       "%{SSL_CLIENT_CERT}s"
        RequestHeader set XSSLClientVerify     "%{SSL_CLIENT_VERIFY}s"
        RequestHeader set XSSLClientResumed    "%{SSL_SESSION_RESUMED}s"
        RequestHeader set XSSLClientCertChain0 "%{SSL_CLIENT_CERT_CHAIN_0}s"

    Every header named here must be set there. Apache passes headers with underscores on, so the names have no hyphens.
    With ``optional_no_ca``, mod_ssl says ``SUCCESS`` of a resumed TLS 1.2 session even if it said ``GENEROUS`` of the
    full handshake, so that any certificate would do the second time: a resumed session is never verified.

    Args:
        certificate: the header of the certificate.
        verify: the header of ``SSL_CLIENT_VERIFY``.
        resumed: the header of ``SSL_SESSION_RESUMED``; None if another setting makes sure that nothing is resumed.
        chain: the headers of the chain's certificates, in order; may be empty.
        **options: see :func:`~wsgi_mtls.sources.header`.

    Chain: one certificate a header. Verified: ``SUCCESS`` and ``Initial``; ``NONE``, ``GENEROUS``, ``FAILED:…`` and
    ``Resumed`` otherwise.
    """
    statuses = (Status(verify, "SUCCESS", "NONE"), *((Status(resumed, "Initial"),) if resumed is not None else ()))
    return header(
        certificate,
        encodings.folded_pem,
        verified=statuses,
        chain=optional_chain(chain, encodings.folded_pem),
        label="apache",
        **options,
    )
