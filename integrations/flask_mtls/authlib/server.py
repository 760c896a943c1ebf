"""The authorization server with mutual TLS.

Every endpoint authenticates by certificate, and every token is bound where it must be.
"""

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import InsecureTransportError, InvalidRequestError
from flask import abort, request

from wsgi_mtls.binding import bind, verify_refresh_token
from wsgi_mtls.clients import AUTH_METHODS
from wsgi_mtls.errors import InvalidRequest, MutualTLSError, RefusedClient
from wsgi_mtls.verifier import AuthenticatedClient

from ..proxies import current_peer, current_record, current_view
from ..refusals import refuse
from ..settings import current_state
from .clients import ClientModel
from .errors import current_verifier, rejected
from .hardening.authorization import AT_AUTHORIZATION, OAUTH_REQUEST, AuthorizationAnswersMixin
from .hardening.credentials import reading_credentials, refuse_contradictions
from .hardening.parameters import refuse_nul, refuse_query
from .hardening.registration import CheckedPayload
from .mixin import Mixin
from .requests import keep_body, named_client, replay_body
from .tokens import CONFIRMATION, BoundIntrospectionMixin, BoundJWTMixin


class MutualTLSServerMixin(Mixin, AuthorizationAnswersMixin):
    """A mixin for Authlib's ``AuthorizationServer`` with mutual TLS.

    It comes first: ``class Server(MutualTLSServerMixin, AuthorizationServer)``. The clients come from the app's
    ``MutualTLS``, as ``clients=ClientModelRegistry(query_client)``. A client that is registered for one of the two
    methods is authenticated only by its certificate at every endpoint, whatever methods the grant or endpoint lists.
    All others are left to the listed methods.

    Attributes:
        bind_all_tokens: whether every token is bound, not only those of clients that are registered so.
    """

    bind_all_tokens = False

    def create_oauth2_request(self, http_request: Any) -> Any:
        """Read the body strictly, up to ``MTLS_MAX_BODY``, before Flask does.

        Authlib would merge the query into it.
        """
        try:
            keep_body()
            refuse_nul()
        except MutualTLSError as error:
            rejected(error, named_client())
            if request.environ.get(AT_AUTHORIZATION):
                abort(self.authorization_error_page(InvalidRequestError(status_code=error.status)))
            refuse(error)
        with self.answering_errors():
            oauth_request = super().create_oauth2_request(http_request)  # type: ignore[misc]
        request.environ[OAUTH_REQUEST] = oauth_request
        return oauth_request

    def create_json_request(self, http_request: Any) -> Any:
        """Make a request that reports invalid JSON as an error of the registration."""
        with self.answering_errors():
            InsecureTransportError.check(request.url)  # Authlib checks it of forms alone
        json_request = super().create_json_request(http_request)  # type: ignore[misc]
        json_request.payload = CheckedPayload(json_request.payload)
        return json_request

    def authenticate_client(self, oauth_request: Any, methods: list[str], endpoint: str = "token") -> Any:
        """Authenticate the client of a request at any endpoint.

        Raises:
            OAuth2Error: If the client is refused.
        """
        model = None
        try:
            if not request.environ.get(AT_AUTHORIZATION):
                refuse_query()
                model = self._authenticate_by_certificate(oauth_request, endpoint)
            if model is None:
                model = self._authenticate_otherwise(oauth_request, methods, endpoint)
        except MutualTLSError as error:
            raise rejected(error, named_client()) from error
        return model

    def generate_token(self, grant_type: str, client: ClientModel, *args: Any, **options: Any) -> Any:
        """Generate a token, after deciding what it is bound to.

        Raises:
            OAuth2Error: If it must be bound and no certificate came, or if the refresh token that came is not this
                client's, or not this certificate's.
        """
        # What a browser fetches at the authorization endpoint can't be bound to the client's certificate.
        front_channel = grant_type == "implicit"
        try:
            # First: without its certificate, a bound refresh token is not the client's (RFC 8705 section 4), which is
            # invalid_grant and not invalid_request.
            self._check_refresh_token(client)
            cnf = None if front_channel else self._confirmation(client)
        except MutualTLSError as error:
            raise rejected(error, client.get_client_id()) from error
        request.environ[CONFIRMATION] = (front_channel, cnf)
        return super().generate_token(grant_type, client, *args, **options)  # type: ignore[misc]

    def save_token(self, token: Mapping[str, Any], oauth_request: Any) -> Any:
        """Save a token with its ``cnf``, which the client does not receive.

        Raises:
            OAuth2Error: If it must be bound and can't be.
        """
        if CONFIRMATION not in request.environ:
            raise RuntimeError("Make tokens with the server's generate_token: without it nothing is bound.")
        front_channel, cnf = request.environ[CONFIRMATION]
        client_id = oauth_request.client.get_client_id()
        try:
            client = current_verifier().client(client_id)
            if front_channel and (self.bind_all_tokens or client.tls_client_certificate_bound_access_tokens):
                raise InvalidRequest(
                    "This client's tokens are bound: it gets them at the token endpoint alone.",
                    reason="certificate_required",
                )
        except MutualTLSError as error:
            raise rejected(error, client_id) from error
        return super().save_token({**token, "cnf": cnf} if cnf else token, oauth_request)  # type: ignore[misc]

    def register_grant(self, grant_cls: Any, extensions: Any = None) -> None:
        """Register a grant.

        Raises:
            TypeError: If a grant gives a token to any caller with a public ``client_id`` (RFC 6749 section 4.4).
        """
        methods = getattr(grant_cls, "TOKEN_ENDPOINT_AUTH_METHODS", ())
        if getattr(grant_cls, "GRANT_TYPE", None) == "client_credentials" and "none" in methods:
            raise TypeError(f"{grant_cls.__name__} must not accept clients of the method none: they prove nothing.")
        super().register_grant(grant_cls, extensions)  # type: ignore[misc]

    def register_endpoint(self, endpoint: Any) -> None:
        """Register an endpoint.

        Raises:
            TypeError: If an introspection endpoint returns no ``cnf``: an API would accept bound tokens as bearer
                tokens.
        """
        made = endpoint if isinstance(endpoint, type) else type(endpoint)
        if getattr(made, "ENDPOINT_NAME", None) == "introspection" and not issubclass(made, BoundIntrospectionMixin):
            raise TypeError(f"{made.__name__} must inherit from BoundIntrospectionMixin.")
        super().register_endpoint(endpoint)  # type: ignore[misc]

    def register_token_generator(self, grant_type: str, generator: Any) -> None:
        """Register a token generator.

        Raises:
            TypeError: If a generator of JWTs adds no ``cnf``.
        """
        if hasattr(generator, "get_extra_claims") and not isinstance(generator, BoundJWTMixin):
            raise TypeError(f"{type(generator).__name__} must inherit from BoundJWTMixin.")
        super().register_token_generator(grant_type, generator)  # type: ignore[misc]

    def _authenticate_by_certificate(self, oauth_request: Any, endpoint: str) -> ClientModel | None:
        """Return the client's model, or None where the client has another method."""
        if "client_id" not in request.form and (
            "Authorization" in request.headers or "client_assertion" in request.form
        ):
            return None  # it is named by a secret or an assertion, so not by a certificate
        client = current_record().client or _authenticate()
        if client is None:
            return None
        model: ClientModel | None = self.query_client(client.client_id)  # type: ignore[attr-defined]
        if model is None or model.get_client_id() != client.client_id:
            raise RefusedClient(
                f"MutualTLS knows {client.client_id!r}, query_client does not: give both the same.",
                reason="unknown_client",
            )
        if not model.check_endpoint_auth_method(client.method, endpoint):
            raise RefusedClient(
                f"The model of {client.client_id!r} does not allow {client.method} here.",
                reason="auth_method_not_registered",
            )
        oauth_request.auth_method = client.method
        return model

    def _authenticate_otherwise(self, oauth_request: Any, methods: list[str], endpoint: str) -> Any:
        with reading_credentials():
            model = super().authenticate_client(oauth_request, methods, endpoint)  # type: ignore[misc]
        client = current_verifier().client(model.get_client_id())
        # RFC 6749 section 2.3: a client of mutual TLS has no other method, at no endpoint.
        if client.uses_mutual_tls or getattr(model, "token_endpoint_auth_method", None) in AUTH_METHODS:
            raise InvalidRequest(
                f"Client {client.client_id!r} is registered for mutual TLS and used another method.",
                reason="multiple_credentials",
            )
        refuse_contradictions(client, oauth_request.auth_method)
        return model

    def _confirmation(self, model: ClientModel) -> Any:
        client, authenticated = current_verifier().client(model.get_client_id()), current_record().client
        if client.uses_mutual_tls and (authenticated is None or authenticated.client_id != client.client_id):
            # A grant that authenticates no client, as the JWT bearer grant of RFC 7523.
            raise RefusedClient(
                f"Client {client.client_id!r} was not authenticated by its certificate here.",
                reason="auth_method_not_registered",
            )
        return bind({}, current_peer(), client, always=self.bind_all_tokens).get("cnf")

    def _check_refresh_token(self, model: ClientModel) -> None:
        token = getattr(request.environ.get(OAUTH_REQUEST), "refresh_token", None)
        if token is None:
            return
        client = current_verifier().client(model.get_client_id())
        record = {"client_id": client.client_id} if token.check_client(model) else {}
        cnf = getattr(token, "cnf", None)
        record |= {} if cnf is None else {"cnf": cnf}
        verify_refresh_token(record, current_peer(), client, always=self.bind_all_tokens)


def _authenticate() -> AuthenticatedClient | None:
    replay_body()
    try:
        return current_state().guard.authenticate_or_leave(current_view())
    except MutualTLSError as error:
        raise rejected(error) from error
