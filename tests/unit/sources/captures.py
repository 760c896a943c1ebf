"""What real terminators sent: ``tests/captures``."""

import json
from pathlib import Path

from wsgi_mtls import ClientCertificate

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
