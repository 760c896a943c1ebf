"""The preset for Apache where it is a proxy."""

from collections.abc import Sequence
from typing import Unpack

from . import encodings
from .guarded import GuardedHeaders
from .header import header, optional_chain
from .leading_status import FAILED, LeadingStatus
from .options import Options

_STATUS = LeadingStatus(
    "SUCCESS Initial",
    none=("NONE", "NONE Initial", "NONE Resumed"),
    failed=f"(?:{FAILED}|GENEROUS) (?:Initial|Resumed)|SUCCESS Resumed",
)


def apache(
    *, certificate: str = "XClientCert", chain: Sequence[str] = ("XClientChain0",), **options: Unpack[Options]
) -> GuardedHeaders:
    """Take the certificate from Apache as a proxy (mod_proxy_http). For mod_wsgi and mod_proxy_uwsgi: ``mod_wsgi``.

    For the whole server the first two lines, and the rest in every virtual host that proxies to the application, also
    in those without mutual TLS::

        SSLSessionCache   none                     # nothing is resumed, or SUCCESS may be said of any certificate
        SSLSessionTickets off
        SSLVerifyClient optional                   # optional_no_ca lets self-signed clients through
        SSLCACertificateFile clients-ca.pem
        SSLOptions +StdEnvVars +ExportCertData
        RequestHeader set XClientCert "expr=%{SSL_CLIENT_VERIFY} %{SSL_SESSION_RESUMED} %{base64:%{SSL_CLIENT_CERT}}"
        RequestHeader set XClientChain0 "expr=%{base64:%{SSL_CLIENT_CERT_CHAIN_0}}"

    Every header named here must be set there. Apache passes headers with underscores on, so the names have no hyphens.
    With ``optional_no_ca``, mod_ssl writes ``SUCCESS`` for a resumed TLS 1.2 session even if it wrote ``GENEROUS`` for
    the full handshake, so that any certificate would do the second time: a resumed session is never verified.

    Args:
        certificate: the header of both statuses and the certificate.
        chain: the headers of the chain's certificates, in order; may be empty.
        **options: see :func:`~wsgi_mtls.sources.header`.

    Chain: one certificate a header. Verified: ``SUCCESS Initial``; ``NONE``, ``GENEROUS``, ``FAILED:…`` and ``Resumed``
    otherwise.
    """
    return header(
        certificate,
        encodings.base64_pem,
        verified=_STATUS,
        chain=optional_chain(chain, encodings.base64_pem),
        label="apache",
        **options,
    )
