"""The demo's authorization server.

It issues certificate-bound tokens, and answers introspection.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from joserfc import jwt
from joserfc.jwk import ECKey
from werkzeug.wrappers import Request, Response

from ..binding import bind, bind_refresh_token, verify_grant, verify_refresh_token
from ..clients import Client
from ..errors import InvalidRequest, MutualTLSError, RefusedClient
from ..events import Observer
from ..metadata import MetadataMiddleware, authorization_server_metadata
from ..responses import error_response
from ..sources import PEER, mod_ssl
from ..verifier import Verifier
from ..wsgi import CLIENT, ClientAuthMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LIFETIME = 300
"""How long an access token lives, in seconds."""


class DemoAuthorizationServer:
    """An authorization server with what the demo and tests need of RFC 6749.

    It forgets what it issued when it ends.

    Attributes:
        issuer: in ``iss``.
        jwks: the public key that verifies its tokens, as a JWK set.
        app: the WSGI application: ``/token``, ``/introspect``, ``/jwks``, and the metadata.

    Args:
        issuer: its https URL.
        clients: ``client_id`` to registered metadata.
        audience: of the tokens.
        mtls_base: where it is found with mutual TLS, if not at ``issuer``.
        observers: of the verifier.
        clock: returns seconds since the epoch; for tests.
    """

    def __init__(
        self,
        issuer: str,
        clients: Mapping[str, Mapping[str, object]],
        *,
        audience: str,
        mtls_base: str | None = None,
        observers: Iterable[Observer] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.issuer = issuer
        self._clock = clock
        self._audience = audience
        self._key = ECKey.generate_key("P-256", {"kid": "demo", "use": "sig"})
        self.jwks: dict[str, object] = {"keys": [self._key.as_dict(private=False)]}
        self._verifier = Verifier(clients, observers=observers)
        # By the form's member in which they come back.
        self._grants: dict[str, dict[str, Mapping[str, object]]] = {"code": {}, "refresh_token": {}}
        self._access_tokens: dict[str, tuple[int, dict[str, object]]] = {}
        self.app = MetadataMiddleware(self._endpoints(), self._metadata(mtls_base))

    def issue_code(self, client_id: str, subject: str) -> str:
        """Return an authorization code, as if a user had agreed in the browser."""
        code = secrets.token_urlsafe()
        self._grants["code"][code] = {"client_id": client_id, "sub": subject}
        return code

    def _metadata(self, mtls_base: str | None) -> dict[str, object]:
        return authorization_server_metadata(
            self.issuer,
            mtls_base=mtls_base,
            endpoints={"token_endpoint": "/token", "introspection_endpoint": "/introspect"},
            jwks_uri=f"{self.issuer}/jwks",
            grant_types_supported=["client_credentials", "authorization_code", "refresh_token"],
        )

    def _endpoints(self) -> "WSGIApplication":
        return ClientAuthMiddleware(
            self._answer, self._verifier, source=mod_ssl(), paths=["/token", "/introspect"], verbosity="debug"
        )

    def _answer(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        try:
            match request.path:
                case "/token":
                    answer = self._token(request)
                case "/introspect":
                    answer = self._introspect(request)
                case "/jwks":
                    answer = self.jwks
                case _:
                    return Response(status=404)(environ, start_response)
        except MutualTLSError as error:
            return error_response(environ, error, "debug")(environ, start_response)
        headers = {"Cache-Control": "no-store"}
        return Response(json.dumps(answer), headers=headers, content_type="application/json")(environ, start_response)

    def _token(self, request: Request) -> dict[str, object]:
        client, peer = self._client(request), request.environ[PEER]
        with self._grant(request, client) as record:
            token = self._access_token(bind(self._claims(record, client), peer, client))
            answer: dict[str, object] = {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME}
            if request.form["grant_type"] != "client_credentials":
                refresh_token = answer["refresh_token"] = secrets.token_urlsafe()
                self._grants["refresh_token"][refresh_token] = bind_refresh_token(record, peer, client)
            return answer

    @contextmanager
    def _grant(self, request: Request, client: Client) -> Iterator[Mapping[str, object]]:
        """Yield the record of the code or refresh token that this client may use."""
        match request.form.get("grant_type"):
            case "client_credentials" if CLIENT in request.environ:
                yield {"sub": client.client_id}
            case "authorization_code":
                with self._used_up("code", request) as record:
                    verify_grant(record, client)
                    yield record
            case "refresh_token":
                with self._used_up("refresh_token", request) as record:
                    verify_refresh_token(record, request.environ[PEER], client)
                    yield record
            case _:
                raise InvalidRequest(
                    "Ask for client_credentials (not as a public client), authorization_code or refresh_token.",
                    reason="invalid_grant",
                )

    @contextmanager
    def _used_up(self, member: str, request: Request) -> Iterator[Mapping[str, object]]:
        """Consume a code or refresh token, and put it back if anything fails."""
        grants, text = self._grants[member], request.form.get(member, "")
        record = grants.pop(text, None)
        try:
            yield record or {}
        except BaseException:
            if record is not None:
                grants[text] = record
            raise

    def _claims(self, record: Mapping[str, object], client: Client) -> dict[str, object]:
        now = int(self._clock())
        return {
            "iss": self.issuer,
            "aud": self._audience,
            "sub": record["sub"],
            "client_id": client.client_id,
            "iat": now,
            "exp": now + LIFETIME,
            "jti": secrets.token_urlsafe(),
            "scope": "accounts",
        }

    def _access_token(self, claims: dict[str, object]) -> str:
        token = jwt.encode({"alg": "ES256", "kid": self._key.kid, "typ": "at+jwt"}, claims, self._key)
        self._access_tokens[token] = int(self._clock()) + LIFETIME, claims
        return token

    def _client(self, request: Request) -> Client:
        """Return the client that the middleware authenticated, or a public one.

        A public client has no authentication.
        """
        if CLIENT in request.environ:
            registration: Client = request.environ[CLIENT].registration
            return registration
        client = self._verifier.client(request.form["client_id"])
        if client.token_endpoint_auth_method != "none":
            raise RefusedClient(
                f"This server serves no client of {client.token_endpoint_auth_method}.", reason="unknown_client"
            )
        return client

    def _introspect(self, request: Request) -> dict[str, object]:
        if CLIENT not in request.environ:
            raise RefusedClient("Introspection is for APIs that authenticate themselves.", reason="unknown_client")
        expires, claims = self._access_tokens.get(request.form.get("token", ""), (0, {}))
        return {"active": True, "token_type": "Bearer", **claims} if self._clock() < expires else {"active": False}
