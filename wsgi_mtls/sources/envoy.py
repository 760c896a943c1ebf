"""Presets for Envoy and what is built on it."""

from functools import partial
from typing import Unpack

from . import encodings, xfcc
from .guarded import GuardedHeaders
from .header import header
from .options import Options

_XFCC = "X-Forwarded-Client-Cert"


def envoy(
    *,
    certificate: str = _XFCC,
    elements: int = 1,
    terminator_verifies: bool = False,
    **options: Unpack[Options],
) -> GuardedHeaders:
    """Take the certificate from Envoy's XFCC header. :func:`envoy_peer_certificate` is simpler and smaller.

    In the HTTP connection manager::

        forward_client_cert_details: SANITIZE_SET
        set_current_client_cert_details: {cert: true, chain: true}      # without uri and dns
        common_http_protocol_options: {headers_with_underscores_action: DROP_HEADER}

    and in the downstream TLS context, ``trust_chain_verification: ACCEPT_UNTRUSTED`` to let self-signed clients
    through. The header's name has hyphens, so say ``underscores_dropped=True`` when the last of these directives is
    there.

    Args:
        certificate: the header.
        elements: exactly how many elements it has, one a proxy; the first is read. More than one only if nobody else
            reaches the later proxies, which pass on what they get; otherwise :func:`istio`, for any mesh.
        terminator_verifies: whether Envoy refuses what it can't validate (no ``ACCEPT_UNTRUSTED``).
        **options: see :func:`~wsgi_mtls.sources.header`.

    Chain: yes. Verified: Envoy does not say; only by ``terminator_verifies``.

    Raises:
        ValueError: ``elements`` is less than 1.
    """
    _check_elements(elements, 1)
    return header(
        certificate,
        partial(xfcc.first_certificate, elements=elements),
        verified=terminator_verifies,
        label="envoy",
        **options,
    )


def envoy_peer_certificate(
    *, certificate: str = "XClientCert", terminator_verifies: bool = False, **options: Unpack[Options]
) -> GuardedHeaders:
    """Take the certificate from a header that Envoy fills with ``%DOWNSTREAM_PEER_CERT%``.

    On every virtual host that leads to the application, also on those without mutual TLS::

        request_headers_to_add:
        - header: {key: XClientCert, value: "%DOWNSTREAM_PEER_CERT%"}
          append_action: OVERWRITE_IF_EXISTS_OR_ADD
        request_headers_to_remove: [XClientCert]

    Without the last line Envoy would let the client's own header through where there is no certificate; it removes
    before it adds. Envoy passes headers with underscores on unless told otherwise, so the name has no hyphens.

    Args:
        certificate: the header.
        terminator_verifies: whether Envoy refuses what it can't validate (no ``ACCEPT_UNTRUSTED``).
        **options: see :func:`~wsgi_mtls.sources.header`.

    Chain: none. Verified: Envoy does not say; only by ``terminator_verifies``.
    """
    return header(
        certificate, encodings.url_encoded_pem, verified=terminator_verifies, label="envoy_peer_certificate", **options
    )


def istio(
    *,
    gateway_uri: str,
    certificate: str = _XFCC,
    elements: int = 2,
    terminator_verifies: bool = False,
    **options: Unpack[Options],
) -> GuardedHeaders:
    """Take the certificate from Istio: the ingress gateway's XFCC element, to which the sidecar adds its own.

    In the mesh configuration::

        gatewayTopology: {forwardClientCertDetails: SANITIZE_SET}
        # and an EnvoyFilter on the gateway: set_current_client_cert_details: {cert: true},
        #   headers_with_underscores_action: DROP_HEADER

    with ``PeerAuthentication`` mode ``STRICT`` for the application's pods: the sidecar must name who spoke to it. Any
    pod of the mesh can send a first element of its own making, so the last one must name the gateway. The sidecar is
    the trusted proxy: ``trusted_proxies=["127.0.0.6"]``, or the address that your pods see.

    Args:
        gateway_uri: the gateway's identity: ``spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway``.
        certificate: the header.
        elements: exactly how many elements it has, one a proxy.
        terminator_verifies: whether the gateway refuses what it can't validate (``tls.mode: MUTUAL``).
        **options: see :func:`~wsgi_mtls.sources.header`.

    Chain: if ``chain`` is set as well. Verified: Envoy does not say; only by ``terminator_verifies``.

    Raises:
        ValueError: no ``gateway_uri``, or ``elements`` is less than 2.
    """
    _check_elements(elements, 2)
    if not isinstance(gateway_uri, str) or not gateway_uri:
        raise ValueError("gateway_uri must be the identity of the gateway: spiffe://…")
    return header(
        certificate,
        partial(xfcc.first_certificate, elements=elements, gateway_uri=gateway_uri),
        verified=terminator_verifies,
        label="istio",
        **options,
    )


def _check_elements(elements: int, least: int) -> None:
    if type(elements) is not int or elements < least:
        raise ValueError(f"elements must be {least} or more: one for each proxy that adds to the header.")
