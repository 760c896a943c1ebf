"""A client reads, replaces or deletes its registration (RFC 7592)."""

from typing import Any

from authlib.oauth2.rfc7592 import ClientConfigurationEndpoint

from flask_mtls.authlib import MutualTLSClientMetadataClaims
from flask_mtls.authlib.client_configuration import ClientConfigurationMixin

from .models import OAuth2AuthorizationCode, OAuth2Client, OAuth2Token, PushedRequest, db
from .registration import ForAllRegistrations, check_redirect_uris, registration

CONFIDENTIAL = "client_secret_basic"


class Configuration(ForAllRegistrations, ClientConfigurationMixin, ClientConfigurationEndpoint):
    """RFC 7592, for the client of the registration access token."""

    def extract_client_metadata(self, request: Any) -> dict[str, Any]:
        """Return what is registered."""
        metadata: dict[str, Any] = super().extract_client_metadata(request)
        check_redirect_uris(metadata)
        return metadata

    def update_client(self, client: OAuth2Client, client_metadata: dict[str, Any], request: Any) -> OAuth2Client:
        """Replace all metadata, and remove a secret that the new method does not use."""
        client.set_client_metadata(client_metadata)
        if client.token_endpoint_auth_method != CONFIDENTIAL:
            client.client_secret = None
        elif client.client_secret is None:
            client.client_secret = registration.generate_client_secret(request)
        db.session.commit()
        return client

    def delete_client(self, client: OAuth2Client, request: Any) -> None:
        """Delete the client, and all that it was given (RFC 7592 section 2.3)."""
        for model in (PushedRequest, OAuth2AuthorizationCode, OAuth2Token):
            db.session.execute(db.delete(model).filter_by(client_id=client.client_id))
        db.session.delete(client)
        db.session.commit()


configuration = Configuration(claims_classes=[MutualTLSClientMetadataClaims])
