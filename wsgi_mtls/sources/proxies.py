"""Presets for the proxies that people run themselves."""

from typing import Unpack

from . import encodings
from .guarded import GuardedHeaders
from .header import Chain, header
from .leading_status import FAILED, LeadingStatus
from .options import Options
from .status import Status

_NGINX_STATUS = LeadingStatus("SUCCESS", none=("NONE",), failed=FAILED)
# ssl_c_used and ssl_c_verify, which is 0 without a certificate too.
_HAPROXY_STATUS = LeadingStatus("1 0", none=("0 0",), failed="1 [0-9]+")


def nginx(*, certificate: str = "XClientCert", **options: Unpack[Options]) -> GuardedHeaders:
    """Take the certificate from nginx.

    In the ``server`` with mutual TLS::

        ssl_verify_client       optional;          # optional_no_ca lets self-signed clients through
        ssl_client_certificate  clients-ca.pem;

    In ``http``, because a session of another server may be resumed here (CVE-2025-23419), and because lenient settings
    pass names on that a WSGI server may take for the header's::

        ssl_session_cache       off;
        ssl_session_tickets     off;
        ignore_invalid_headers  on;                # the default
        underscores_in_headers  off;               # the default

    In every ``location`` that proxies to the application, also of servers without mutual TLS::

        proxy_set_header XClientCert "$ssl_client_verify $ssl_client_escaped_cert";

    Not in the ``server`` alone: a ``location`` that has any ``proxy_set_header`` of its own, such as ``Host``, inherits
    none, and the client's own header gets through it.

    Args:
        certificate: the header of status and certificate.
        **options: see :func:`~wsgi_mtls.sources.header`.

    Chain: none. Verified: ``SUCCESS``, with ``optional_no_ca`` too; ``NONE`` and ``FAILED:…`` otherwise.
    """
    return header(certificate, encodings.url_encoded_pem, verified=_NGINX_STATUS, label="nginx", **options)


def ingress_nginx(
    *, certificate: str = "ssl-client-cert", verify: str = "ssl-client-verify", **options: Unpack[Options]
) -> GuardedHeaders:
    """Take the certificate from Kubernetes' ingress-nginx, which is nginx with its own header names.

    On the Ingress::

        nginx.ingress.kubernetes.io/auth-tls-secret: namespace/clients-ca
        nginx.ingress.kubernetes.io/auth-tls-verify-client: "optional"       # or optional_no_ca
        nginx.ingress.kubernetes.io/auth-tls-pass-certificate-to-upstream: "true"    # or clients send their own

    The names are fixed and have hyphens, so state ``underscores_dropped=True``: where the controller's ConfigMap has
    neither ``enable-underscores-in-headers: "true"`` nor ``ignore-invalid-headers: "false"``, or before gunicorn,
    waitress, Werkzeug or gevent, which drop headers with underscores. On an Ingress without ``auth-tls-secret`` the
    controller does not touch these headers, so the application must not be reachable through one.

    Chain: none. Verified: as :func:`nginx`.
    """
    return header(
        certificate,
        encodings.url_encoded_pem,
        verified=Status(verify, "SUCCESS", "NONE"),
        label="ingress_nginx",
        **options,
    )


def haproxy(
    *, certificate: str = "XClientCert", chain: str | None = "XClientChain", **options: Unpack[Options]
) -> GuardedHeaders:
    """Take the certificate from HAProxy.

    In every frontend that leads to the application, also in those without mutual TLS::

        bind :443 ssl crt server.pem ca-file clients-ca.pem verify optional no-tls-tickets
        #   self-signed clients: … verify optional crt-ignore-err all ca-ignore-err all
        http-request set-header XClientCert  "%[ssl_c_used] %[ssl_c_verify] %[ssl_c_der,base64]"
        http-request set-header XClientChain %[ssl_c_chain_der,base64]

    and ``tune.ssl.cachesize 0`` in ``global``, where one frontend has several hosts. ``ssl_c_verify`` is 0 without a
    certificate too, hence ``ssl_c_used``. HAProxy passes headers with underscores on, so the names have no hyphens.

    Args:
        certificate: the header of both statuses and the certificate.
        chain: the header of the chain; None for HAProxy before 2.5, which has none.
        **options: see :func:`~wsgi_mtls.sources.header`.

    Chain: yes, none on resumed sessions. Verified: ``1 0``, a certificate came and its chain is valid.
    """
    return header(
        certificate,
        encodings.base64_der,
        verified=_HAPROXY_STATUS,
        chain=Chain((chain,), encodings.base64_der_sequence) if chain is not None else None,
        label="haproxy",
        **options,
    )


def caddy(
    *, certificate: str = "XClientCert", terminator_verifies: bool = False, **options: Unpack[Options]
) -> GuardedHeaders:
    """Take the certificate from Caddy.

    In every site that leads to the application, also in those without mutual TLS::

        tls { client_auth { mode verify_if_given
                            trust_pool file clients-ca.pem } }     # mode request lets self-signed clients through
        reverse_proxy app:8000 {
            header_up XClientCert {http.request.tls.client.certificate_der_base64}
        }

    Caddy 2.6 sends the placeholder's name where there is no certificate, which is refused as malformed; later ones send
    nothing. Before 2.11 Caddy passes headers with underscores on, so the name has no hyphens.

    Args:
        certificate: the header.
        terminator_verifies: whether the mode is ``verify_if_given`` or ``require_and_verify``, in every site.
        **options: see :func:`~wsgi_mtls.sources.header`.

    Chain: none. Verified: Caddy does not say; only by ``terminator_verifies``.
    """
    return header(certificate, encodings.base64_der, verified=terminator_verifies, label="caddy", **options)


def traefik(
    *,
    certificate: str = "X-Forwarded-Tls-Client-Cert",
    terminator_verifies: bool = False,
    **options: Unpack[Options],
) -> GuardedHeaders:
    """Take the certificate from Traefik 3.

    On every router that leads to the application, also on those without mutual TLS::

        http.middlewares.client-cert.passTLSClientCert.pem: true
        tls.options.default.clientAuth: {clientAuthType: VerifyClientCertIfGiven, caFiles: [clients-ca.pem]}
        #   RequestClientCert lets self-signed clients through

    The header's name is fixed and has hyphens, so say ``underscores_dropped=True``: where Traefik's entry point has
    ``http.aliasHeadersStrategy: delete`` (before 3.7.12, ``underscoreHeadersStrategy``), or before gunicorn, waitress,
    Werkzeug or gevent, which drop headers with underscores.

    Args:
        certificate: the header.
        terminator_verifies: whether every router verifies what it is given.
        **options: see :func:`~wsgi_mtls.sources.header`.

    Chain: yes; each certificate must be issued by the next, which is another one. Verified: Traefik does not say; only
    by ``terminator_verifies``.
    """
    return header(
        certificate,
        encodings.base64_der_list,
        verified=terminator_verifies,
        issued_in_order=True,
        label="traefik",
        **options,
    )


def rfc9440(
    *,
    certificate: str = "Client-Cert",
    chain: str | None = "Client-Cert-Chain",
    terminator_verifies: bool = False,
    **options: Unpack[Options],
) -> GuardedHeaders:
    """Take the certificate from any terminator that speaks RFC 9440.

    It must remove both fields from what clients send (RFC 9440 section 4). Their names have hyphens, so say
    ``underscores_dropped=True`` where the terminator drops ``Client_Cert`` (nginx; HAProxy with ``http-request
    del-header _ -m sub``), or the server does: gunicorn, waitress, Werkzeug, gevent.

    A platform whose addresses all of its customers share (CloudFront, Cloudflare, Azure Front Door) needs ``secret``:
    another customer's requests come from the same addresses.

    Args:
        certificate: the field of the leaf.
        chain: the field of the rest, or None if the terminator does not overwrite it.
        terminator_verifies: whether the terminator refuses what it can't validate.
        **options: see :func:`~wsgi_mtls.sources.header`.

    Chain: yes. Verified: RFC 9440 does not say; only by ``terminator_verifies``.
    """
    return header(
        certificate,
        encodings.rfc9440,
        verified=terminator_verifies,
        chain=Chain((chain,), encodings.rfc9440_list) if chain is not None else None,
        label="rfc9440",
        **options,
    )
