"""The requests for the count of instructions, under callgrind.

Run ``python -m benchmarks.counted ROUNDS``. It needs no network, no file but a certificate, and makes no key, so that
each run executes the same instructions.
"""

import gc
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from wsgi_mtls import AccessTokenMiddleware, ClientAuthMiddleware, ClientCertificate, Verifier, sources

from .certificates import nginx
from .requests import app, get, post

CERTIFICATE = Path(__file__).parent.parent / "tests" / "captures" / "pki" / "client.pem"  # until 2036
CLIENTS = {"alice": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "client.example.com"}}
TEXT = "client_id=alice&grant_type=client_credentials&scope=read+write+%C3%A9&a=" + "%41b" * 20
FORM = f"parse_qsl of a form of {len(TEXT)} octets"
CLIENT, TOKEN, OPEN = "a client", "a bound token, decoded elsewhere", "a path that is not guarded"
_WARM = 100


class Tokens:
    """Knows the claims of every token.

    Args:
        claims: the claims.
    """

    def __init__(self, claims: Mapping[str, object]) -> None:
        self.claims = claims

    def decode(self, token: str, /) -> Mapping[str, object]:
        """Return the claims."""
        return self.claims


def cases() -> dict[str, Callable[[], object]]:
    """Return what is counted, by name; the others are compared with the first."""
    certificate = ClientCertificate.from_pem(CERTIFICATE.read_bytes())
    header, source = nginx(certificate.der).encode(), sources.nginx(trusted_proxies=["127.0.0.1"])
    claims = {"client_id": "alice", "scope": "read", "cnf": {"x5t#S256": certificate.thumbprint}}
    client = ClientAuthMiddleware(app, Verifier(CLIENTS), source=source, paths=["/token"])
    token = AccessTokenMiddleware(app, Tokens(claims), source=source, paths=["/api"], scope="read")
    return {
        FORM: lambda: parse_qsl(TEXT, max_num_fields=20),
        CLIENT: lambda: client(post("/token", header), _accepted),
        TOKEN: lambda: token(get("/api", header, HTTP_AUTHORIZATION="Bearer x"), _accepted),
        OPEN: lambda: client(post("/other", header), _accepted),
    }


def mark() -> None:
    """Call a function of the C library that nothing else calls.

    callgrind writes its counts before the call.
    """
    os.getppid()


def _accepted(status: str, headers: object, exc_info: object = None, /) -> Any:
    assert status == "200 OK", status


def main(rounds: int) -> None:
    """Run each case until it is specialized, then a number of times after a mark."""
    runs = list(cases().values())
    for run in runs:
        for _ in range(_WARM):
            run()
    gc.freeze()
    gc.disable()
    for run in [*runs, runs[0]]:
        mark()
        for _ in range(rounds):
            run()
    mark()


if __name__ == "__main__":
    main(int(sys.argv[1]))
