"""The application behind every terminator: ``config.json``, beside a copy of this file, says source and clients."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsgi_mtls import ClientAuthMiddleware, Verifier, sources
from wsgi_mtls.sources import PEER
from wsgi_mtls.trust import TrustStore
from wsgi_mtls.wsgi import CLIENT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def make_application(config: dict[str, Any]) -> "WSGIApplication":
    return ClientAuthMiddleware(
        echo,
        Verifier(config["clients"], trust=TrustStore.from_file(trust) if (trust := config.get("trust")) else None),
        source=sources.from_config(config["source"]),
        paths=["/token"],
        verbosity="debug",
    )


def echo(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    answer: dict[str, object] = {
        "headers": {k: v for k, v in environ.items() if k.startswith("HTTP_") and isinstance(v, str)}
    }
    client, peer = environ.get(CLIENT), environ.get(PEER)
    if client and peer:
        answer |= {"client_id": client.client_id, "method": client.method, "verified": peer.verified}
        answer["thumbprint"] = client.certificate.thumbprint
        answer["chain"] = [issuer.thumbprint for issuer in peer.chain]
    # A body left unread makes some servers reset the connection, and then the answer may be lost on its way.
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    body = json.dumps(answer).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


if (_config := Path(__file__).with_name("config.json")).exists():
    application = make_application(json.loads(_config.read_text()))
