"""What real terminators sent: ``tests/captures``."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wsgi_mtls import ClientCertificate, PeerCertificate
from wsgi_mtls.sources import CertificateSource

Expected = tuple[ClientCertificate, tuple[ClientCertificate, ...], bool] | None
"""A certificate, its chain, and whether it is verified."""

HERE: dict[str, Any] = {"trusted_proxies": ["127.0.0.1"]}
HYPHENS: dict[str, Any] = {**HERE, "underscores_dropped": True}
SECRET: dict[str, Any] = {"secret": ("X-Proxy-Auth", "correct horse"), "underscores_dropped": True}
APACHE = ("X-SSL-Client-Cert", "X-SSL-Client-Verify", "X-SSL-Client-Cert-Chain-0")
HAPROXY = ("X-SSL-Client-Der", "X-SSL-Client-Verify", "X-SSL-Client-Used", "X-SSL-Client-Chain-Der")
"""The header names of the captures."""

NEW_SESSION = {"SSL_SESSION_RESUMED": "Initial", "HTTP_XSSLCLIENTRESUMED": "Initial"}
"""What Apache says of a session that is not resumed, and the captures left out."""

_FOLDER = Path(__file__).parents[2] / "captures"


def certificate(name: str) -> ClientCertificate:
    """Return a certificate of the captures' PKI."""
    return ClientCertificate.from_pem((_FOLDER / "pki" / f"{name}.pem").read_bytes())


CLIENT, INTERMEDIATE, ROOT = certificate("client"), certificate("inter"), certificate("root")
SELF_SIGNED = certificate("selfsigned")


def variants(name: str) -> dict[str, dict[str, str]]:
    """Return the environs of a capture by the variant's name."""
    found = json.loads((_FOLDER / f"{name}.json").read_text())["variants"]
    return {variant: dict(content["environ"]) for variant, content in found.items()}


def environ(name: str, variant: str, **changes: str) -> dict[str, str]:
    """Return the environ of one request, from the loopback address unless the capture says otherwise."""
    return {"REMOTE_ADDR": "127.0.0.1", **variants(name)[variant], **changes}


def without_hyphens(environ: dict[str, str], *names: str) -> dict[str, str]:
    """Return an environ in which these headers, known with hyphens, have names without."""
    keys = {"HTTP_" + n.upper().replace("-", "_"): "HTTP_" + n.upper().replace("-", "") for n in names}
    return {keys.get(key, key): value for key, value in environ.items()}


def found(source: CertificateSource, environ: Mapping[str, object]) -> Expected:
    """Return what a source finds in a copy of the environ."""
    peer = source(dict(environ))
    if peer is None:
        return None
    assert isinstance(peer, PeerCertificate)
    return peer.certificate, peer.chain, peer.verified
