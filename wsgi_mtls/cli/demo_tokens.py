"""The demo's second half: tokens are issued, used and stolen.

All of it happens over real TLS (RFC 8705 sections 3 and 4).
"""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from joserfc import jwt
from joserfc.jwk import ECKey

from ..events import Event
from ..jwks import jwk
from ..server import make_server
from ..sources import mod_ssl
from ..testing import KeyPair, Profile, self_sign
from ..tokens import JWTAccessTokens
from ..wsgi_tokens import AccessTokenMiddleware
from .demo_authorization_server import DemoAuthorizationServer
from .demo_behind import serving
from .demo_client import DemoClient, write_pair, write_server_files
from .demo_page import DemoPage, Example
from .demo_rows import ACCEPTED
from .terminators import LOOPBACK, free_port

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Played = tuple[str, str, str, str]
"""What is tried, by which client, what is expected, and what came."""


@dataclass(frozen=True, slots=True)
class TokenServers:
    """An authorization server and an API that run.

    Attributes:
        server: the authorization server.
        client: makes requests to both.
        folder: has ``ca.pem``, and the certificates and keys of ``billing`` and ``mobile``.
        billing: the certificate of a PKI client.
        mobile: the certificate of a self-signed client.
    """

    server: DemoAuthorizationServer
    client: DemoClient
    folder: Path
    billing: KeyPair
    mobile: KeyPair

    def play(self) -> Iterator[Played]:
        """Play clients and thieves."""
        yield from _play_access_tokens(self.client, self.billing, self.mobile)
        yield from _play_refresh_tokens(self.client, self_sign("CN=phone"), self.server.issue_code("phone", "alice"))

    def examples(self) -> Iterator[Example]:
        """Yield what to try by hand; the token of the first lines is that of the others."""
        token, api = f"{self.server.issuer}/token", f"https://{LOOPBACK}:{self.client.api_port}/accounts"
        bearer = '-H "Authorization: Bearer $TOKEN"'
        read = """sed -n 's/.*"access_token": "\\([^"]*\\)".*/\\1/p'"""
        form = "-d grant_type=client_credentials -d client_id=billing"
        issue = f"TOKEN=$({self._curl('billing')} --silent {form} {token} | {read})"
        yield Example("A token for the API, and its use: 200", (issue, f"{self._curl('billing')} {bearer} {api}"))
        yield Example(
            "The token stolen, with another certificate and without one: 401",
            (f"{self._curl('mobile')} --include {bearer} {api}", f"{self._curl()} --include {bearer} {api}"),
        )

    def _curl(self, name: str = "") -> str:
        with_certificate = f" --cert {self.folder / name}.pem --key {self.folder / name}.key" if name else ""
        return f"curl --cacert {self.folder / 'ca.pem'}{with_certificate}"


@contextmanager
def token_servers(folder: Path, ca: KeyPair, page: DemoPage) -> Iterator[TokenServers]:
    """Run an authorization server and an API, each over TLS.

    Args:
        folder: an empty one, for certificates.
        ca: issues them.
        page: what both answer at ``/``.
    """
    billing = ca.issue("CN=billing", Profile(san_dns=["billing.example.com"]))
    mobile = self_sign("CN=mobile")
    write_server_files(folder, ca)
    for name, pair in (("billing", billing), ("mobile", mobile)):
        write_pair(folder, name, pair)
    with _running(folder, billing, mobile, page) as (server, client):
        yield TokenServers(server, client, folder, billing, mobile)


def _play_access_tokens(client: DemoClient, billing: KeyPair, mobile: KeyPair) -> Iterator[Played]:
    came, token = client.get_token("mobile", mobile)
    yield "a token, self-signed client", "mobile", ACCEPTED, came
    yield "it calls the API", "mobile", ACCEPTED, client.call_api(token, mobile)
    came, token = client.get_token("billing", billing)
    yield "a token, PKI client", "billing", ACCEPTED, came
    yield "it calls the API", "billing", ACCEPTED, client.call_api(token, billing)
    yield "stolen, no certificate", "billing", "token_without_certificate", client.call_api(token, None)
    yield "stolen, another certificate", "billing", "confirmation_mismatch", client.call_api(token, mobile)
    same_key = self_sign("CN=billing", Profile(key=billing.key))
    yield (
        "stolen, new certificate on the same key",
        "billing",
        "confirmation_mismatch",
        client.call_api(token, same_key),
    )
    forged = _without_confirmation(token)
    yield (
        "stolen, cnf stripped, signature forged",
        "billing",
        "token_signature_invalid",
        client.call_api(forged, mobile),
    )


def _play_refresh_tokens(client: DemoClient, phone: KeyPair, code: str) -> Iterator[Played]:
    grant = {"grant_type": "authorization_code", "code": code}
    came, _ = client.get_token("phone", None, grant)
    yield "public client, no certificate", "phone", "certificate_required", came
    came, token = client.get_token("phone", phone, grant)
    yield "public client, with a certificate", "phone", ACCEPTED, came
    yield "it calls the API", "phone", ACCEPTED, client.call_api(token, phone)
    grant = {"grant_type": "refresh_token", "refresh_token": client.refresh_token}
    for title, thief in (("no certificate", None), ("other certificate", self_sign("CN=phone"))):
        came, _ = client.get_token("phone", thief, grant)
        yield f"refresh token stolen, {title}", "phone", "refresh_token_not_bound", came
    came, _ = client.get_token("phone", phone, grant)
    yield "refresh token, by its owner", "phone", ACCEPTED, came


@contextmanager
def _running(
    folder: Path, billing: KeyPair, mobile: KeyPair, page: DemoPage
) -> Iterator[tuple[DemoAuthorizationServer, DemoClient]]:
    as_port, api_port = free_port(), free_port()
    issuer, api = f"https://{LOOPBACK}:{as_port}", f"https://{LOOPBACK}:{api_port}"
    bound = {"tls_client_certificate_bound_access_tokens": True}
    clients: dict[str, dict[str, object]] = {
        "billing": {
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_san_dns": billing.certificate.san_dns[0],
        },
        "mobile": {
            "token_endpoint_auth_method": "self_signed_tls_client_auth",
            "jwks": {"keys": [jwk(mobile.certificate)]},
        },
        "phone": {"token_endpoint_auth_method": "none"},
    }
    server = DemoAuthorizationServer(
        issuer, {client_id: client | bound for client_id, client in clients.items()}, audience=api
    )
    events: list[Event] = []
    tokens = JWTAccessTokens(issuer=issuer, audience=api, jwks_uri=f"{issuer}/jwks", ca=folder / "ca.pem")
    guarded = AccessTokenMiddleware(_accounts, tokens, source=mod_ssl(), paths=["/accounts"], observers=[events.append])
    with _over_tls(page.before(server.app), as_port, folder), _over_tls(page.before(guarded), api_port, folder):
        yield server, DemoClient(folder, as_port, api_port, events)


@contextmanager
def _over_tls(app: "WSGIApplication", port: int, folder: Path) -> Iterator[None]:
    server = make_server(
        app,
        certificate=folder / "server.pem",
        private_key=folder / "server.key",
        client_ca=folder / "ca.pem",
        port=port,
    )
    with serving(server):
        yield


def _accounts(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    if environ["PATH_INFO"] != "/accounts":  # any path but the guarded one
        start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"The demo's API answers /accounts.\n"]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [b'{"accounts": []}\n']


def _without_confirmation(token: str) -> str:
    """Change a token as a thief can: remove ``cnf``, and sign it with another key."""
    payload = token.split(".")[1]
    claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    del claims["cnf"]
    header = {"alg": "ES256", "typ": "at+jwt", "kid": "demo"}
    return jwt.encode(header, claims | {"exp": int(time.time()) + 300}, ECKey.generate_key("P-256"))
