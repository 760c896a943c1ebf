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
NEW_SESSION = {"SSL_SESSION_RESUMED": "Initial", "HTTP_XCLIENTRESUMED": "Initial"}
"""What Apache sends for a session that is not resumed, and the captures left out."""

_ONE_HEADER = {
    "nginx": "{HTTP_X_SSL_CLIENT_VERIFY} {HTTP_X_SSL_CLIENT_CERT}",
    "apache-requestheader-base64": "{HTTP_X_SSL_CLIENT_VERIFY} Initial {HTTP_X_SSL_CLIENT_CERT}",
    "haproxy": "{HTTP_X_SSL_CLIENT_USED} {HTTP_X_SSL_CLIENT_VERIFY} {HTTP_X_SSL_CLIENT_DER}",
}
_CHAIN = "HTTP_X_SSL_CLIENT_CHAIN_DER"

_FOLDER = Path(__file__).parents[2] / "captures"


def certificate(name: str) -> ClientCertificate:
    """Return a certificate of the captures' PKI."""
    return ClientCertificate.from_pem((_FOLDER / "pki" / f"{name}.pem").read_bytes())


CLIENT, INTERMEDIATE, ROOT = certificate("client"), certificate("inter"), certificate("root")
SELF_SIGNED = certificate("selfsigned")


def variants(name: str) -> dict[str, dict[str, str]]:
    """Return the environs of a capture by the variant's name."""
    found = json.loads((_FOLDER / f"{name}.json").read_text())["variants"]
    return {variant: _in_one_header(name, content["environ"]) for variant, content in found.items()}


def _in_one_header(name: str, environ: dict[str, str]) -> dict[str, str]:
    """Write statuses and certificate into one header, as the recipes do: these captures have a header for each."""
    if name not in _ONE_HEADER:
        return dict(environ)
    rest = {key: value for key, value in environ.items() if not key.startswith("HTTP_X_SSL_CLIENT")}
    chain = {"HTTP_XCLIENTCHAIN": environ[_CHAIN]} if _CHAIN in environ else {}
    value = _ONE_HEADER[name].format_map({"HTTP_X_SSL_CLIENT_CERT": "", **environ})
    return {**rest, **chain, "HTTP_XCLIENTCERT": value.strip()}


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
