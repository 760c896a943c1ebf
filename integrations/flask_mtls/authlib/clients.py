"""Authlib's client models as a client registry."""

from collections.abc import Callable
from typing import Protocol

from wsgi_mtls.clients import AUTH_METHODS, SUBJECT_KINDS, Client


class ClientModel(Protocol):
    """The part of Authlib's ``ClientMixin`` that is needed here.

    Other members are read if the model has them.
    """

    def get_client_id(self) -> str:
        """Return the ``client_id``."""

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Return whether the client may use this method at this endpoint."""


QueryClient = Callable[[str], ClientModel | None]


class ClientModelRegistry:
    """The clients of an Authlib server, for ``MutualTLS``.

    ``MutualTLS(app, clients=ClientModelRegistry(query_client))``.

    Args:
        query_client: the same function that the ``AuthorizationServer`` gets.
    """

    def __init__(self, query_client: QueryClient) -> None:
        self._query_client = query_client

    def get(self, client_id: str, /) -> Client | None:
        """Return the client of this ``client_id``, whatever its method.

        Raises:
            InvalidClientMetadata: If the model's metadata are wrong.
        """
        model = self._query_client(client_id)
        return None if model is None else registered(model)


def registered(model: ClientModel) -> Client:
    """Return a client model's metadata of mutual TLS.

    A client of another method needs no valid subject value or JWKS.

    Raises:
        InvalidClientMetadata: If it contradicts itself, or no certificate could satisfy it.
    """
    names = ["token_endpoint_auth_method", "tls_client_certificate_bound_access_tokens"]
    if getattr(model, "token_endpoint_auth_method", None) in AUTH_METHODS:
        names += [*SUBJECT_KINDS, "jwks", "jwks_uri"]
    # Authlib's model returns [] where no jwks is registered.
    found = {name: value for name in names if (value := getattr(model, name, None)) not in (None, [])}
    # A column of the application's own: a client's registration or update of itself does not reach it.
    issuer = getattr(model, "tls_client_auth_issuer", None)
    if issuer is not None and found.get("token_endpoint_auth_method") == "tls_client_auth":
        found["tls_client_auth_issuer"] = issuer
    return Client.from_metadata({"client_id": model.get_client_id(), **found})
