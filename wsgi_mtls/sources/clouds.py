"""Presets for load balancers that others run."""

from typing import Literal, Unpack

from . import encodings
from .guarded import GuardedHeaders
from .header import Chain, header
from .options import Options, SharedOptions, check_secret
from .status import Status

_ALB_LEAF, _ALB_CHAIN = "X-Amzn-Mtls-Clientcert-Leaf", "X-Amzn-Mtls-Clientcert"


def aws_alb(*, mode: Literal["verify", "passthrough"], **options: Unpack[Options]) -> GuardedHeaders:
    """Take the certificate from an AWS Application Load Balancer.

    On the HTTPS listener: ``MutualAuthentication: {Mode: verify, TrustStoreArn: …}``, or ``{Mode: passthrough}``. Let
    the security group of the targets admit the load balancer alone, and name its subnets as ``trusted_proxies``. Other
    listeners of the load balancer pass on what clients send: give those no route to the application. The
    names have hyphens, so say ``underscores_dropped=True`` where the server drops headers with underscores (gunicorn,
    waitress, Werkzeug, gevent).

    Args:
        mode: the listener's; there is no default. The other mode's header is refused.
        **options: see :func:`~wsgi_mtls.sources.header`.

    Chain: with ``passthrough``. Verified: with ``verify``, always; with ``passthrough``, never.

    Raises:
        ValueError: another mode.
    """
    if mode == "verify":
        return header(
            _ALB_LEAF, encodings.url_encoded_pem, verified=True, refused=(_ALB_CHAIN,), label="aws_alb", **options
        )
    if mode == "passthrough":
        return header(_ALB_CHAIN, encodings.url_encoded_pem_list, refused=(_ALB_LEAF,), label="aws_alb", **options)
    raise ValueError('mode must be that of the listener: "verify" or "passthrough".')


def gcp_load_balancer(
    *,
    certificate: str = "X-Client-Cert-Leaf",
    chain: str | None = "X-Client-Cert-Chain",
    present: str = "X-Client-Cert-Present",
    verify: str = "X-Client-Cert-Chain-Verified",
    **options: Unpack[SharedOptions],
) -> GuardedHeaders:
    """Take the certificate from a Google Cloud Application Load Balancer.

    On the backend service, as custom request headers, and the secret with them::

        X-Client-Cert-Present:{client_cert_present}
        X-Client-Cert-Chain-Verified:{client_cert_chain_verified}
        X-Client-Cert-Leaf:{client_cert_leaf}
        X-Client-Cert-Chain:{client_cert_chain}
        X-Proxy-Auth:<a long random text>

    Google's addresses are those of all its customers, so ``secret`` is wanted; ``trusted_proxies`` may be given as
    well. The load balancer is not known to drop headers with underscores, and the names have hyphens, so say
    ``underscores_dropped=True`` where the server drops them (gunicorn, waitress, Werkzeug, gevent), or choose others.

    Chain: yes. Verified: chain-verified is ``true``; a certificate of the allow list is not verified.

    Raises:
        ValueError: no secret.
    """
    check_secret("Google Cloud", options)
    return header(
        certificate,
        encodings.rfc9440,
        verified=(Status(present, "true", "false", two_valued=True), Status(verify, "true")),
        chain=Chain((chain,), encodings.rfc9440_list) if chain is not None else None,
        label="gcp_load_balancer",
        **_complete(options),
    )


def azure_app_service(
    *, certificate: str = "X-ARR-ClientCert", terminator_verifies: bool = False, **options: Unpack[Options]
) -> GuardedHeaders:
    """Take the certificate from Azure App Service, Functions, or IIS with ARR.

    ``clientCertEnabled: true`` and ``clientCertMode: Optional`` (or ``Required``). App Service validates nothing: it
    asks for a certificate and passes it on. The name has hyphens, so say ``underscores_dropped=True`` where the server
    drops headers with underscores: gunicorn, which App Service runs by default, waitress, Werkzeug, gevent.
    ``trusted_proxies`` are the addresses of the front ends, as the worker sees them.

    Args:
        certificate: the header.
        terminator_verifies: whether something before App Service refuses what it can't validate, as IIS does.
        **options: see :func:`~wsgi_mtls.sources.header`.

    Chain: none. Verified: only by ``terminator_verifies``.
    """
    return header(certificate, encodings.base64_der, verified=terminator_verifies, label="azure_app_service", **options)


def cloudflare(
    *,
    certificate: str = "Cf-Client-Cert-Der-Base64",
    terminator_verifies: bool = False,
    **options: Unpack[SharedOptions],
) -> GuardedHeaders:
    """Take the certificate from Cloudflare: Access mTLS with ``client_certificate_forwarding: true``.

    A Transform Rule adds the secret (``X-Proxy-Auth``), since Cloudflare's addresses are those of all its customers; a
    WAF rule blocks what is not ``cf.tls_client_auth.cert_verified``. Whether every request of a connection carries the
    header is not documented for certain. Cloudflare's RFC 9440 fields: ``rfc9440(secret=…)``. The name has hyphens, so
    say ``underscores_dropped=True`` where the server drops headers with underscores: gunicorn, waitress, Werkzeug,
    gevent.

    Args:
        certificate: the header.
        terminator_verifies: whether that WAF rule is in place.
        **options: ``secret`` is wanted; see :func:`~wsgi_mtls.sources.header`.

    Chain: none. Verified: only by ``terminator_verifies``.

    Raises:
        ValueError: no secret.
    """
    check_secret("Cloudflare", options)
    return header(
        certificate, encodings.base64_der, verified=terminator_verifies, label="cloudflare", **_complete(options)
    )


def _complete(options: SharedOptions) -> Options:
    """Let a secret alone do where no addresses are given."""
    return {"trusted_proxies": "any", **options}
