"""What each preset delivers of one certificate, and the same certificate with a status that does not count."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.unit.sources.captures import HYPHENS
from wsgi_mtls import ClientCertificate
from wsgi_mtls.testing import to_pem

Environ = Mapping[str, Any]
SECRET: Environ = {**HYPHENS, "secret": ("X-Proxy-Auth", "correct horse")}
KEPT: Environ = {**SECRET, "terminator_verifies": True}
GATEWAY = "spiffe://gateway"


class Socket:
    """The connection of a Python server.

    Args:
        der: the certificate that it was opened with.
    """

    def __init__(self, der: bytes) -> None:
        self.der = der

    def getpeercert(self, binary_form: bool = False, /) -> bytes:
        return self.der


@dataclass(frozen=True)
class Delivered:
    """A preset with options, and what it delivers.

    Attributes:
        certificate: returns the environ of a certificate that is verified.
        options: of the preset.
        failed: what the terminator delivers instead if it did not verify it; empty where a status is never delivered.
    """

    certificate: Callable[[ClientCertificate], Environ]
    options: Environ = field(default_factory=lambda: SECRET)
    failed: Mapping[str, str] = field(default_factory=dict)


def _pem(one: ClientCertificate) -> str:
    return to_pem(one).decode()


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _escaped(one: ClientCertificate) -> str:
    return quote(to_pem(one), safe="")


def _mod_ssl(one: ClientCertificate) -> Environ:
    return {"SSL_CLIENT_CERT": _pem(one), "SSL_CLIENT_VERIFY": "SUCCESS", "SSL_SESSION_RESUMED": "Initial"}


def _xfcc(one: ClientCertificate, end: str = "") -> Environ:
    text = f'Hash={hashlib.sha256(one.der).hexdigest()};Cert="{_escaped(one)}"{end}'
    return {"HTTP_X_FORWARDED_CLIENT_CERT": text}


def _gcp(one: ClientCertificate) -> Environ:
    return {
        "HTTP_X_CLIENT_CERT_LEAF": f":{_base64(one.der)}:",
        "HTTP_X_CLIENT_CERT_PRESENT": "true",
        "HTTP_X_CLIENT_CERT_CHAIN_VERIFIED": "true",
    }


_FAILED = {"SSL_CLIENT_VERIFY": "FAILED:certificate revoked"}
_OWN: Environ = {}  # a server that ends TLS itself takes no options

DELIVERED: Mapping[str, Delivered] = {
    "nginx": Delivered(
        lambda one: {"HTTP_XCLIENTCERT": f"SUCCESS {_escaped(one)}"},
        failed={"HTTP_XCLIENTCERT": "FAILED:certificate revoked {}"},
    ),
    "ingress_nginx": Delivered(
        lambda one: {"HTTP_SSL_CLIENT_CERT": _escaped(one), "HTTP_SSL_CLIENT_VERIFY": "SUCCESS"},
        failed={"HTTP_SSL_CLIENT_VERIFY": "FAILED:certificate revoked"},
    ),
    "apache": Delivered(
        lambda one: {"HTTP_XCLIENTCERT": f"SUCCESS Initial {_base64(to_pem(one))}"},
        failed={"HTTP_XCLIENTCERT": "SUCCESS Resumed {}"},
    ),
    "mod_wsgi": Delivered(_mod_ssl, _OWN, {"SSL_SESSION_RESUMED": "Resumed"}),
    "mod_ssl": Delivered(_mod_ssl, _OWN, _FAILED),
    "haproxy": Delivered(
        lambda one: {"HTTP_XCLIENTCERT": f"1 0 {_base64(one.der)}"}, failed={"HTTP_XCLIENTCERT": "1 23 {}"}
    ),
    "caddy": Delivered(lambda one: {"HTTP_XCLIENTCERT": _base64(one.der)}, KEPT),
    "envoy_peer_certificate": Delivered(lambda one: {"HTTP_XCLIENTCERT": _escaped(one)}, KEPT),
    "envoy": Delivered(_xfcc, KEPT),
    "istio": Delivered(lambda one: _xfcc(one, f",Hash={'0' * 64};URI={GATEWAY}"), {**KEPT, "gateway_uri": GATEWAY}),
    "istio_sidecar": Delivered(
        lambda one: {
            "HTTP_X_FORWARDED_CLIENT_CERT": f"Hash={hashlib.sha256(one.der).hexdigest()};URI={one.san_uri[0]}"
        },
        KEPT,
    ),
    "traefik": Delivered(lambda one: {"HTTP_X_FORWARDED_TLS_CLIENT_CERT": _base64(one.der)}, KEPT),
    "aws_alb": Delivered(lambda one: {"HTTP_X_AMZN_MTLS_CLIENTCERT_LEAF": _escaped(one)}, {**SECRET, "mode": "verify"}),
    "gcp_load_balancer": Delivered(_gcp, failed={"HTTP_X_CLIENT_CERT_CHAIN_VERIFIED": "false"}),
    "azure_app_service": Delivered(lambda one: {"HTTP_X_ARR_CLIENTCERT": _base64(one.der)}, KEPT),
    "cloudflare": Delivered(lambda one: {"HTTP_CF_CLIENT_CERT_DER_BASE64": _base64(one.der)}, KEPT),
    "rfc9440": Delivered(lambda one: {"HTTP_CLIENT_CERT": f":{_base64(one.der)}:"}, KEPT),
    "uwsgi": Delivered(lambda one: {"HTTPS_CLIENT_CERTIFICATE": one.der.decode("latin-1")}, _OWN),
    "gunicorn": Delivered(lambda one: {"gunicorn.socket": Socket(one.der)}, _OWN),
    "cheroot": Delivered(_mod_ssl, _OWN, _FAILED),
    "werkzeug": Delivered(lambda one: {"SSL_CLIENT_CERT": _pem(one)}, _OWN),
    "wsgi_server": Delivered(_mod_ssl, _OWN, _FAILED),
}
