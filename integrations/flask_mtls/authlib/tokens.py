"""The confirmation of a token, in the JWT itself or in introspection.

RFC 9068 describes the JWT, and RFC 7662 introspection.
"""

from collections.abc import Mapping
from typing import Any

from flask import request

from .mixin import Mixin

CONFIRMATION = "flask_mtls.confirmation"
"""The environ key of what the token that is being made is bound to, as the server's ``generate_token`` settled it."""


class BoundJWTMixin(Mixin):
    """A mixin that puts ``cnf`` into the access tokens that must be bound.

    It comes before Authlib's ``JWTBearerTokenGenerator``.
    """

    def get_extra_claims(self, client: Any, grant_type: str, user: Any, scope: str) -> dict[str, Any]:
        """Return the extra claims, ``cnf`` among them.

        Raises:
            RuntimeError: If the server has no ``MutualTLSServerMixin``.
        """
        if CONFIRMATION not in request.environ:
            raise RuntimeError("The authorization server must inherit from MutualTLSServerMixin.")
        _, cnf = request.environ[CONFIRMATION]
        claims: dict[str, Any] = super().get_extra_claims(client, grant_type, user, scope)  # type: ignore[misc]
        return {**claims, "cnf": {**claims.get("cnf", {}), **cnf}} if cnf else claims


class BoundIntrospectionMixin(Mixin):
    """A mixin that adds the binding of a token to introspection.

    It comes before Authlib's ``IntrospectionEndpoint`` or ``JWTIntrospectionEndpoint``.
    """

    def create_introspection_payload(self, token: Any) -> dict[str, Any]:
        """Return the introspection response."""
        payload: dict[str, Any] = super().create_introspection_payload(token)  # type: ignore[misc]
        cnf = token.get("cnf") if isinstance(token, Mapping) else getattr(token, "cnf", None)
        return {**payload, "cnf": cnf} if payload.get("active") and cnf else payload
