"""The client configuration endpoint (RFC 7592).

A client reads, replaces or deletes its registration there.
"""

from dataclasses import dataclass
from typing import Any

from flask import request as http_request

from wsgi_mtls.errors import InvalidToken, MutualTLSError
from wsgi_mtls.registration import without_empty
from wsgi_mtls.request.bearer import bearer_token

from ..proxies import current_peer
from .errors import current_verifier, rejected
from .hardening.client_configuration import check_secret, without_missing_secret
from .mixin import Mixin
from .registration_metadata import Metadata, RegistrationSettings, check_possession, read_object


@dataclass(frozen=True, slots=True)
class RegistrationAccess:
    """The registration access token of a request, and the client that it is for."""

    client: Any
    token: str

    def check_client(self, client: Any) -> bool:
        """Return whether it is for this client."""
        return bool(client.get_client_id() == self.client.get_client_id())


class ClientConfigurationMixin(RegistrationSettings, Mixin):
    """A mixin for Authlib's ``ClientConfigurationEndpoint``, placed before it.

    The view's path has ``<client_id>``. A PUT replaces: members that are missing, null or empty are gone, and get the
    defaults of a registration. A client that registered by its certificate must use it here, and can register only what
    that certificate satisfies.
    """

    def create_configuration_response(self, request: Any) -> Any:
        """Return the answer; that of a HEAD is that of a GET."""
        if request.method == "HEAD":
            request.method = "GET"
        return super().create_configuration_response(request)  # type: ignore[misc]

    def authenticate_token(self, request: Any) -> RegistrationAccess:
        """Return the client of the registration access token.

        Raises:
            OAuth2Error: If it is not the token of the client in the path; an unknown client gets the same answer.
        """
        try:
            token = bearer_token(http_request.environ)
            client_id = (http_request.view_args or {})["client_id"]
            # PostgreSQL's drivers raise an error for NUL.
            client = None if "\0" in client_id else self.server.query_client(client_id)  # type: ignore[attr-defined]
            if client is None or not client.check_registration_access_token(token):
                raise InvalidToken("The token is not the registration access token of this client.")
        except MutualTLSError as error:
            raise rejected(error) from error
        return RegistrationAccess(client, token)

    def authenticate_client(self, request: Any) -> Any:
        """Return the client, after the check of its token."""
        return request.credential.client

    def check_permission(self, client: Any, request: Any) -> bool:
        """Return whether a client may manage its registration.

        Override it if some clients may not.
        """
        return True

    def create_update_client_response(self, client: Any, request: Any) -> Any:
        """Replace the registration.

        Raises:
            OAuth2Error: If the request is not for this client, or what it asks for cannot be registered.
        """
        given = without_empty(read_object(request))
        check_secret(given)
        request.payload = Metadata(given)
        return super().create_update_client_response(client, request)  # type: ignore[misc]

    def extract_client_metadata(self, request: Any) -> dict[str, Any]:
        """Return what replaces the registration.

        Raises:
            OAuth2Error: If the metadata, the software statement or the certificate are wrong.
        """
        metadata = super().extract_client_metadata(request)
        if request.client.registered_by_certificate:
            try:
                peer = current_verifier().rules.check_certificate(current_peer())
            except MutualTLSError as error:
                raise rejected(error, request.client.get_client_id()) from error
            check_possession(metadata, peer)
        return metadata

    def introspect_client(self, client: Any) -> dict[str, Any]:
        """Return what is registered (RFC 7592 section 3)."""
        return without_missing_secret({**client.client_info, **client.client_metadata})

    def generate_client_registration_info(self, client: Any, request: Any) -> dict[str, str]:
        """Return the token that came: the database has a hash of it."""
        return {
            "registration_client_uri": self.registration_client_uri(client),
            "registration_access_token": request.credential.token,
        }
