"""An issuer of access tokens, and an API that takes them."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey
from werkzeug.wrappers import Request, Response

from tests.support import Answer, mod_ssl, request
from tests.tls import SERVER_CA, serving, write_pair
from wsgi_mtls import sources
from wsgi_mtls.events import Event
from wsgi_mtls.testing import KeyPair, self_sign, to_pem
from wsgi_mtls.tokens import AccessTokens, IntrospectedTokens, JWTAccessTokens
from wsgi_mtls.wsgi_tokens import TOKEN, AccessTokenMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ISSUER = "https://as.example.com"
API = "https://api.example.com"
NOW = 1_800_000_000
"""The API's time, whatever the day."""


def thumbprint(pair: KeyPair) -> str:
    """Return ``x5t#S256`` as OpenSSL's library computes the digest."""
    digest = x509.load_der_x509_certificate(pair.certificate.der).fingerprint(SHA256())
    return urlsafe_b64encode(digest).decode().rstrip("=")


class Issuer:
    """An authorization server, as far as it signs."""

    def __init__(self, kid: str | None = "one") -> None:
        self.key = ECKey.generate_key("P-256", {"kid": kid} if kid else None)

    @property
    def jwks(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}

    def claims(self, bound_to: KeyPair | None = None, **changes: object) -> dict[str, Any]:
        """Return right claims with these changes; None takes one out."""
        claims = {
            "iss": ISSUER,
            "aud": API,
            "sub": "billing",
            "client_id": "billing",
            "jti": "1",
            "iat": NOW - 10,
            "exp": NOW + 300,
            "scope": "accounts payments",
        }
        claims |= {"cnf": {"x5t#S256": thumbprint(bound_to)}} if bound_to else {}
        return {name: value for name, value in {**claims, **changes}.items() if value is not None}

    def sign(self, claims: Mapping[str, object], **header: object) -> str:
        """Sign claims; None takes a header member out."""
        whole = {"alg": "ES256", "typ": "at+jwt", "kid": self.key.kid, **header}
        given = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(given, dict(claims), self.key, default_type=None)

    def token(self, bound_to: KeyPair | None = None, **changes: object) -> str:
        """Sign right claims with these changes."""
        return self.sign(self.claims(bound_to, **changes))

    def tokens(self, **options: Any) -> JWTAccessTokens:
        """Make what decodes this issuer's tokens."""
        settings = {"issuer": ISSUER, "audience": API, "jwks": self.jwks, "clock": lambda: NOW}
        return JWTAccessTokens(**{**settings, **options})


class GuardedAPI:
    """An API behind the middleware, and the events that were reported."""

    def __init__(self, tokens: AccessTokens, **options: Any) -> None:
        self.events: list[Event] = []
        settings: dict[str, Any] = {
            "source": sources.mod_ssl(),
            "paths": ["/accounts"],
            "observers": [self.events.append],
        }
        self.app = AccessTokenMiddleware(_accounts, tokens, **settings | options)

    def get(
        self, token: str | None = None, pair: KeyPair | None = None, verify: str = "FAILED:unknown CA", **options: Any
    ) -> Answer:
        """Call the API over a connection with this certificate."""
        extra = mod_ssl(pair, verify) if pair else mod_ssl(None)
        if token is not None:
            extra["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        settings = {"method": "GET", "path": "/accounts", "content_type": None, "extra": extra, **options}
        return request(self.app, **settings)

    def reason(self, *args: Any, **options: Any) -> str:
        """Call the API; return the reason if it refused an invalid token by RFC 6750 section 3.1, or ``accepted``."""
        self.events.clear()
        answer = self.get(*args, **options)
        (event,) = self.events
        if answer.status == 200:
            assert event.name == "token_accepted"
            return "accepted"
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
        assert event.name == "token_rejected"
        assert event.reason
        return event.reason


def _accounts(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    token = environ[TOKEN]
    seen = {
        "client_id": token.client_id,
        "scopes": sorted(token.scopes),
        "sub": token.claims.get("sub"),
        "bound_to": token.certificate and token.certificate.thumbprint,
        "body": environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode(),
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(seen).encode()]


@dataclass(slots=True)
class JSONServer:
    """An HTTPS server with set answers, and the requests that came.

    Attributes:
        folder: holds ``ca.pem``, and ``api.pem`` and ``api.key`` for a client.
        url: its only URL.
        answer: makes the answer to a request.
        asked: the forms that were posted, None for a GET.
        certificates: the thumbprints that came with the requests.
    """

    folder: Path
    answer: Callable[[Request], Response]
    asked: list[dict[str, str] | None] = field(default_factory=list)
    certificates: list[str | None] = field(default_factory=list)
    url: str = ""

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        http = Request(environ)
        peer = sources.mod_ssl()(environ)
        self.asked.append(http.form.to_dict() if http.method == "POST" else None)
        self.certificates.append(peer.certificate.thumbprint if peer else None)
        return self.answer(http)(environ, start_response)


@contextmanager
def json_server(folder: Path, answer: Callable[[Request], Response]) -> Iterator[JSONServer]:
    """Run an HTTPS server while the block lasts."""
    server = JSONServer(folder, answer)
    (folder / "ca.pem").write_bytes(to_pem(SERVER_CA.certificate))
    write_pair(folder, "api", self_sign("CN=api"))
    with serving(server) as port:
        server.url = f"https://127.0.0.1:{port}/json"
        yield server


def json_response(document: object, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(json.dumps(document), status=status, content_type="application/json")


class Introspection:
    """Introspected tokens, over a real connection.

    Attributes:
        server: the introspection endpoint.
        known: token to introspection response.
    """

    def __init__(self, server: JSONServer) -> None:
        self.server = server
        self.known: dict[str, object] = {}
        server.answer = lambda http: json_response(self.known.get(http.form["token"], {"active": False}))

    def tokens(self, **options: Any) -> IntrospectedTokens:
        """Make what asks about tokens."""
        settings: dict[str, Any] = {
            "audience": API,
            "client_id": "api",
            "certificate": self.server.folder / "api.pem",
            "private_key": self.server.folder / "api.key",
            "ca": self.server.folder / "ca.pem",
            "clock": lambda: NOW,
        }
        return IntrospectedTokens(self.server.url, **settings | options)

    @property
    def asked(self) -> list[str]:
        """The tokens that the endpoint was asked about."""
        return [form["token"] for form in self.server.asked if form]
