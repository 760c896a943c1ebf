"""Pushed authorization requests (RFC 9126) for Authlib.

The module needs nothing but Authlib.
"""

import secrets
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Protocol

from authlib.consts import default_json_headers
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Payload
from authlib.oauth2.rfc6749.endpoint import Endpoint, EndpointRequest
from authlib.oauth2.rfc9101.errors import InvalidRequestUriError, RequestNotSupportedError

Parameters = Mapping[str, list[str]]
"""The parameters of an authorization request: each name with its values."""

URN = "urn:ietf:params:oauth:request_uri:"
MAX_EXPIRES_IN = 600
_CREDENTIALS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


class PushedRequestStore(Protocol):
    """A store of pushed requests until they are used.

    Each method sees the requests of one client only.
    """

    def save(self, request_uri: str, client_id: str, parameters: Parameters, expires_at: int) -> None:
        """Keep a request."""

    def get(self, request_uri: str, client_id: str) -> Parameters | None:
        """Return this client's request; None if it is unknown, used or expired."""

    def use_up(self, request_uri: str, client_id: str) -> bool:
        """End this client's request; return whether it was valid until now.

        Only one caller gets True.
        """


class PushedPayload(OAuth2Payload):  # type: ignore[misc]  # Authlib has no types
    """The parameters of a pushed request, in place of those that the browser brings.

    Args:
        parameters: the parameters.
        request_uri: the reference that the browser brought; None at the endpoint where the request is pushed.
    """

    def __init__(self, parameters: Parameters, request_uri: str | None = None) -> None:
        self._parameters = parameters
        self.request_uri = request_uri

    @property
    def data(self) -> dict[str, str]:
        """The first value of each parameter."""
        return {name: values[0] for name, values in self._parameters.items() if values}

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        """All values of each parameter."""
        return defaultdict(list, self._parameters)


class PushedAuthorizationEndpoint(Endpoint):  # type: ignore[misc]
    """The endpoint at which clients push authorization requests (RFC 9126 section 2).

    ``server.register_endpoint(PushedAuthorizationEndpoint(store))``, then
    ``server.create_endpoint_response("pushed_authorization_request")``.

    Attributes:
        CLIENT_AUTH_METHODS: how clients may authenticate.
        EXPIRES_IN: how long a request may be used, in seconds; the user logs in and decides within it.
        REDIRECT_URI_REQUIRED: whether ``redirect_uri`` must be sent (FAPI 2.0 Security Profile section 5.3.2.2).
    """

    ENDPOINT_NAME = "pushed_authorization_request"
    CLIENT_AUTH_METHODS = ("client_secret_basic",)
    EXPIRES_IN = 300
    REDIRECT_URI_REQUIRED = False

    def __init__(self, store: PushedRequestStore, server: Any = None) -> None:
        if not 0 < self.EXPIRES_IN < MAX_EXPIRES_IN:
            raise ValueError(f"EXPIRES_IN must be more than 0 and less than {MAX_EXPIRES_IN} seconds.")
        super().__init__(server)
        self._store = store

    def validate_request(self, request: Any) -> EndpointRequest:
        """Authenticate the client, and validate its authorization request.

        The authorization endpoint validates it in the same way.

        Raises:
            OAuth2Error: If the client is not authenticated, or the request is wrong.
        """
        client = self.server.authenticate_client(request, list(self.CLIENT_AUTH_METHODS), self.ENDPOINT_NAME)
        parameters = {name: list(found) for name, found in request.payload.datalist.items() if name not in _CREDENTIALS}
        self._check_parameters(parameters, client)
        request.payload = PushedPayload(parameters)
        try:
            grant = self.server.get_authorization_grant(request)
            grant.validate_no_multiple_request_parameter(request)
            grant.validate_consent_request()
        except OAuth2Error as error:
            error.redirect_uri = None  # the client itself gets the answer, not a browser (RFC 9126 section 2.3)
            raise
        # An extension for signed requests (RFC 9101) has put the parameters of the object in their place.
        if "request" in request.payload.data:
            raise RequestNotSupportedError
        return EndpointRequest(request, client)

    def create_response(self, validated_request: EndpointRequest) -> tuple[int, Any, list[tuple[str, str]]]:
        """Keep the request, and return its reference (RFC 9126 section 2.2)."""
        request_uri = URN + secrets.token_urlsafe(32)
        client_id = validated_request.client.get_client_id()
        parameters = dict(validated_request.request.payload.datalist)
        self._store.save(request_uri, client_id, parameters, int(time.time()) + self.EXPIRES_IN)
        return 201, {"request_uri": request_uri, "expires_in": self.EXPIRES_IN}, default_json_headers

    def _check_parameters(self, parameters: Parameters, client: Any) -> None:
        if "request_uri" in parameters:
            raise InvalidRequestError("request_uri must not be pushed (RFC 9126 section 2.1).")
        if any(len(values) > 1 for name, values in parameters.items() if name != "resource"):
            raise InvalidRequestError("A parameter must not be sent more than once (RFC 6749 section 3.1).")
        if parameters.get("client_id") != [client.get_client_id()]:
            raise InvalidRequestError("client_id must be that of the client that authenticated.")
        if self.REDIRECT_URI_REQUIRED and not parameters.get("redirect_uri"):
            raise InvalidRequestError("redirect_uri must be sent.")


class PushedAuthorizationRequests:
    """The part of pushed requests at the authorization endpoint.

    ``server.register_extension(PushedAuthorizationRequests(store))`` adds it. The request that was pushed replaces what
    the browser brings, which is read for ``client_id`` and ``request_uri`` alone. It is used up when the user has
    decided, so that a page may be loaded twice before (RFC 9126 section 4).

    Args:
        store: the endpoint's.
    """

    def __init__(self, store: PushedRequestStore) -> None:
        self._store = store

    def __call__(self, authorization_server: Any) -> None:
        """Register the hooks."""
        authorization_server.register_hook("before_get_authorization_grant", self.resolve)
        authorization_server.register_hook("before_create_authorization_response", self.use_up)

    def is_required(self, client: Any) -> bool:
        """Return whether a client must push its requests (RFC 9126 section 6).

        Override it where all clients must (section 5).
        """
        return client.client_metadata.get("require_pushed_authorization_requests") is True

    def resolve(self, authorization_server: Any, request: Any) -> None:
        """Replace a browser's request by the pushed one.

        Raises:
            OAuth2Error: If the reference is not this client's, is unknown, used or expired, or was needed.
        """
        payload = request.payload
        if isinstance(payload, PushedPayload):
            return
        client_ids, uris = (payload.datalist.get(name, []) for name in ("client_id", "request_uri"))
        if uris:
            found = self._store.get(uris[0], client_ids[0]) if len(uris) == len(client_ids) == 1 else None
            if found is None:
                raise InvalidRequestUriError
            request.payload = PushedPayload(found, uris[0])
            return
        client = authorization_server.query_client(client_ids[0]) if len(client_ids) == 1 else None
        if client is not None and self.is_required(client):
            raise InvalidRequestError("The authorization request must be pushed first (RFC 9126 section 5).")

    def use_up(self, authorization_server: Any, request: Any, grant_user: Any = None, grant: Any = None) -> None:
        """End the pushed request that the user has decided about.

        Raises:
            OAuth2Error: If it was used, or has expired, since the page was loaded.
        """
        payload = request.payload
        if isinstance(payload, PushedPayload) and payload.request_uri is not None:
            client_id = payload.client_id
            if not self._store.use_up(payload.request_uri, client_id):
                raise InvalidRequestUriError
