"""The validator's first part: client authentication."""

from typing import Any

from .oauthlib_requests import authenticated_by_certificate
from .registrations import is_for_mutual_tls


class ClientValidatorMixin:
    """Authenticates clients of mutual TLS by certificate alone."""

    def client_authentication_required(self, request: Any, *args: Any, **options: Any) -> bool:
        """Return whether the client must be authenticated; one of mutual TLS always must."""
        if authenticated_by_certificate(request) is not None:
            return True
        required: bool = super().client_authentication_required(request, *args, **options)  # type: ignore[misc]
        return required or is_for_mutual_tls(request.client)

    def authenticate_client(self, request: Any, *args: Any, **options: Any) -> bool:
        """Return whether the client is authenticated.

        A client of mutual TLS is authenticated by its certificate alone.
        """
        client = authenticated_by_certificate(request)
        if client is None:
            authenticated: bool = super().authenticate_client(request, *args, **options)  # type: ignore[misc]
            # Only a project without our backend class gets here with such a client.
            return authenticated and not is_for_mutual_tls(request.client)
        request.client = None
        application = self._load_application(client.client_id, request)  # type: ignore[attr-defined]
        return application is not None and application.client_id == client.client_id

    def authenticate_client_id(self, client_id: str, request: Any, *args: Any, **options: Any) -> bool:
        """Return whether a client may come without authentication.

        A client of mutual TLS never may.
        """
        public: bool = super().authenticate_client_id(client_id, request, *args, **options)  # type: ignore[misc]
        return public and not is_for_mutual_tls(request.client)
