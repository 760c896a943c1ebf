"""The authorization server: its grants and endpoints; and what protects the API."""

from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.oauth2.rfc6749 import InvalidRequestError, grants
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from flask import Flask, current_app
from joserfc.jwk import KeySet
from werkzeug.security import gen_salt

from flask_mtls.authlib import (
    BoundIntrospectionMixin,
    BoundJWTMixin,
    BoundTokenValidatorMixin,
    MutualTLSServerMixin,
)
from flask_mtls.authlib.hardening.single_use import RefreshTokenGrantMixin, SingleUseCodeGrantMixin, end_grant

from . import pushed
from .configuration import configuration
from .models import OAuth2AuthorizationCode, OAuth2Client, OAuth2Token, User, db
from .profiles import PROFILES, profile
from .registration import registration


def query_client(client_id: str) -> OAuth2Client | None:
    """Return the client of this ``client_id``."""
    return db.session.scalar(db.select(OAuth2Client).filter_by(client_id=client_id))


def query_token(token: str, hint: str | None = None) -> OAuth2Token | None:
    """Return the row of an access or refresh token."""
    columns = {"access_token": OAuth2Token.access_token, "refresh_token": OAuth2Token.refresh_token}
    column = columns.pop(hint or "access_token", OAuth2Token.access_token)
    for candidate in (column, *columns.values()):
        found = db.session.scalar(db.select(OAuth2Token).where(candidate == token))
        if found is not None:
            return found
    return None


def save_token(token: dict[str, Any], request: Any) -> None:
    """Store a token, what it is bound to, and what it came of.

    These are ``token["cnf"]`` and ``token["grant_id"]``.
    """
    user_id = request.user.id if request.user else None
    db.session.add(OAuth2Token(client_id=request.client.client_id, user_id=user_id, **token))
    db.session.commit()


class Server(MutualTLSServerMixin, AuthorizationServer):
    """Authlib's server with mutual TLS at every endpoint."""

    def get_issuer(self) -> str:
        """Return the issuer that each answer to the browser names (RFC 9207)."""
        issuer: str = current_app.config["ISSUER"]
        return issuer

    @property
    def bind_all_tokens(self) -> bool:
        """Whether every token is bound."""
        return profile().binds_all_tokens

    def authenticate_client(self, request: Any, methods: list[str], endpoint: str = "token") -> OAuth2Client:
        """Authenticate a client by certificate, or by another allowed method.

        The grant and the profile decide which other methods are allowed.
        """
        allowed = [method for method in methods if method in profile().other_methods]
        client: OAuth2Client = super().authenticate_client(request, allowed, endpoint)
        return client


server = Server()
CONFIDENTIAL = list(PROFILES["plain"].confidential_methods)
OTHER_METHODS = list(PROFILES["plain"].other_methods)
"""What clients may use that are not registered for mutual TLS; those that are need no list."""


class ClientCredentialsGrant(grants.ClientCredentialsGrant):
    """Client credentials, never for a public client (RFC 6749 section 4.4).

    Any caller may know its ``client_id``.
    """

    TOKEN_ENDPOINT_AUTH_METHODS = CONFIDENTIAL


class AuthorizationCodeGrant(SingleUseCodeGrantMixin, grants.AuthorizationCodeGrant):
    """A client for a user; a code works once."""

    session, code_model, token_model = db.session, OAuth2AuthorizationCode, OAuth2Token
    TOKEN_ENDPOINT_AUTH_METHODS = OTHER_METHODS

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Store a code."""
        data = request.payload.data
        row = OAuth2AuthorizationCode(
            code=code,
            client_id=request.client.client_id,
            redirect_uri=request.payload.redirect_uri,
            scope=request.scope,
            user_id=request.user.id,
            code_challenge=data.get("code_challenge"),
            code_challenge_method=data.get("code_challenge_method"),
        )
        db.session.add(row)
        db.session.commit()

    def authenticate_user(self, authorization_code: OAuth2AuthorizationCode) -> User | None:
        """Return the user of the code."""
        return db.session.get(User, authorization_code.user_id)


class S256CodeChallenge(CodeChallenge):
    """PKCE of every client, without ``plain``.

    Authlib requires it only of clients that do not authenticate.
    """

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012  # Authlib's

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Refuse an authorization request without one."""
        if not grant.request.payload.data.get("code_challenge"):
            raise InvalidRequestError(description="Send code_challenge, with code_challenge_method=S256.")
        super().validate_code_challenge(grant, redirect_uri)


class RefreshTokenGrant(RefreshTokenGrantMixin, grants.RefreshTokenGrant):
    """A new access token, and a new refresh token where the old one rotates."""

    session, token_model = db.session, OAuth2Token
    TOKEN_ENDPOINT_AUTH_METHODS = OTHER_METHODS

    def authenticate_user(self, refresh_token: OAuth2Token) -> User | None:
        """Return the user of the token."""
        return db.session.get(User, refresh_token.user_id)


class Revocation(RevocationEndpoint):
    """RFC 7009."""

    CLIENT_AUTH_METHODS = OTHER_METHODS

    def query_token(self, token_string: str, token_type_hint: str | None) -> OAuth2Token | None:
        """Return the token's row."""
        return query_token(token_string, token_type_hint)

    def revoke_token(self, token: OAuth2Token, request: Any) -> None:
        """End the token, and all that came of the same authorization."""
        end_grant(db.session, OAuth2Token, token.grant_id)


class Introspection(BoundIntrospectionMixin, IntrospectionEndpoint):
    """RFC 7662, for resource servers: confidential clients alone."""

    CLIENT_AUTH_METHODS = CONFIDENTIAL

    def query_token(self, token_string: str, token_type_hint: str | None) -> OAuth2Token | None:
        """Return the row of an access token; an API has no use for a refresh token."""
        return db.session.scalar(db.select(OAuth2Token).filter_by(access_token=token_string))

    def check_permission(self, token: OAuth2Token, client: OAuth2Client, request: Any) -> bool:
        """Allow it to any API, and to the token's own client."""
        return token.check_client(client) or bool(client.may_introspect)

    def introspect_token(self, token: OAuth2Token) -> dict[str, Any]:
        """Return the claims, but ``cnf``, which the mixin adds."""
        return {
            "active": True,
            "client_id": token.client_id,
            "scope": token.scope,
            "token_type": token.token_type,
            "exp": token.issued_at + token.expires_in,
            "iat": token.issued_at,
            "iss": current_app.config["ISSUER"],
            "sub": str(token.user_id or token.client_id),
            "aud": current_app.config["ISSUER"],
        }


class JWTGenerator(BoundJWTMixin, JWTBearerTokenGenerator):
    """JWT access tokens (RFC 9068)."""

    def get_jwks(self) -> KeySet:
        """Return the private key that signs."""
        return KeySet.import_key_set(current_app.config["JWKS"])

    def get_audiences(self, client: OAuth2Client, user: User | None, scope: str) -> str:
        """Return the API that a token is for: here the server itself."""
        audience: str = current_app.config["ISSUER"]
        return audience


class Validator(BoundTokenValidatorMixin, BearerTokenValidator):
    """The API's check of a token and its certificate.

    It is in the same database, so revocation is seen at once.
    """

    def authenticate_token(self, token_string: str) -> OAuth2Token | None:
        """Return the row of an access token."""
        return db.session.scalar(db.select(OAuth2Token).filter_by(access_token=token_string))


require_oauth = ResourceProtector()
require_oauth.register_token_validator(Validator(realm="bank"))
server.register_grant(ClientCredentialsGrant)
server.register_grant(AuthorizationCodeGrant, [S256CodeChallenge(required=True)])
server.register_grant(RefreshTokenGrant)
server.register_endpoint(Revocation)
server.register_endpoint(Introspection)
server.register_endpoint(registration)
server.register_endpoint(configuration)
server.register_endpoint(pushed.endpoint)
server.register_extension(pushed.extension)


def init_app(app: Flask) -> None:
    """Make the server ready for an app."""
    server.init_app(app, query_client=query_client, save_token=save_token)
    if app.config["JWKS"]:
        generator = JWTGenerator(
            issuer=app.config["ISSUER"], alg="ES256", refresh_token_generator=lambda **_: gen_salt(48)
        )
        server.register_token_generator("default", generator)
