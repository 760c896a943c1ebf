"""What clients in Python understand when they did something wrong."""

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import BackendApplicationClient
from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidGrantError, InvalidScopeError
from requests_oauthlib import OAuth2Session

from .examples import PLAIN
from .server import Server

pytestmark = pytest.mark.parametrize("running", PLAIN, indirect=True)


@pytest.mark.parametrize(("certificate", "options", "expected"), [
    ("web", {"include_client_id": True}, InvalidClientError),
    (None, {"include_client_id": True}, InvalidClientError),
    ("billing", {}, InvalidClientError),  # Authorization: Basic, with an empty secret
    ("billing", {"include_client_id": True, "scope": ["root"]}, InvalidScopeError),
])  # fmt: skip
def test_requests_oauthlib(
    server: Server, certificate: str | None, options: dict[str, object], expected: type[Exception]
) -> None:
    with OAuth2Session(client=BackendApplicationClient("billing")) as session:
        session.cert, session.verify = server.pair(certificate) if certificate else None, server.ca
        with pytest.raises(expected):
            session.fetch_token(server.endpoint("token"), **options)


def test_requests_oauthlib_with_an_unknown_refresh_token(server: Server) -> None:
    with OAuth2Session("web") as session:
        session.cert, session.verify = server.pair("web"), server.ca
        with pytest.raises(InvalidGrantError):
            session.refresh_token(server.endpoint("token"), "unknown", client_id="web")


@pytest.mark.parametrize(("client_id", "certificate", "form", "expected"), [
    ("billing", "web", {"grant_type": "client_credentials"}, "invalid_client"),
    ("nobody", "web", {"grant_type": "client_credentials"}, "invalid_client"),
    ("billing", "billing", {"grant_type": "client_credentials", "scope": "root"}, "invalid_scope"),
    ("web", "web", {"grant_type": "client_credentials"}, "unauthorized_client"),
    ("billing", "billing", {"grant_type": "urn:example:grant"}, "unsupported_grant_type"),
])  # fmt: skip
def test_authlib(server: Server, client_id: str, certificate: str, form: dict[str, str], expected: str) -> None:
    with AuthlibSession(client_id, token_endpoint_auth_method="none") as session:
        session.cert, session.verify = server.pair(certificate), server.ca
        with pytest.raises(OAuthError) as raised:
            session.fetch_token(server.endpoint("token"), **form)
    assert raised.value.error == expected
