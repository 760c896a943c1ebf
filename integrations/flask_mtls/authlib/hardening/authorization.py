"""Errors of the authorization endpoint that Authlib raises or answers in JSON.

They reach a person's browser. ``response_type=%22`` is a ``ValueError``, a request over plain HTTP an
``InsecureTransportError`` that escapes every ``create_…_response``, and a wrong client an ``invalid_client`` in JSON,
which RFC 6749 section 4.1.2.1 does not have. A ``redirect_uri`` with an ``iss`` of its own keeps it next to the
server's (RFC 9207 section 2).

Needed up to Authlib 1.9, the newest release.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError, UnsupportedResponseTypeError
from flask import abort, request
from markupsafe import escape
from werkzeug.wrappers import Response

AT_AUTHORIZATION = "flask_mtls.at_authorization_endpoint"
"""The environ key that marks a request to the authorization endpoint: it only names its client."""
OAUTH_REQUEST = "flask_mtls.oauth_request"
"""The environ key of the request as Authlib sees it."""
_FRAGMENT = "flask_mtls.answer_in_fragment"

# RFC 6749 section 4.1.2.1 has no invalid_client: a client that may not have this is unauthorized.
_ERRORS = {"invalid_client": "unauthorized_client"}
_PAGE = """<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Authorization failed</title></head>
<body style="max-width: 38rem; margin: 10vh auto; padding: 0 1rem;
             font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere">
<h1 style="line-height: 1.25">Authorization failed</h1>
<p>The application that sent you here made a mistake ({error}). Go back to it and try again.</p>
<p>{description}</p></body></html>"""


class AuthorizationAnswersMixin:
    """The server's part about its authorization endpoint."""

    @contextmanager
    def answering_errors(self) -> Iterator[None]:
        """Answer an error of a request that is not read yet.

        One is ``insecure_transport``.
        """
        try:
            yield
        except OAuth2Error as error:
            if request.environ.get(AT_AUTHORIZATION):
                abort(self.authorization_error_page(error))
            abort(self.handle_response(*error()))  # type: ignore[attr-defined]

    def get_issuer(self) -> str | None:
        """Return the issuer for ``iss`` in each answer (RFC 9207).

        None sends no ``iss``.
        """
        return None

    def get_consent_grant(self, *args: Any, **options: Any) -> Any:
        """Return the grant of an authorization request.

        Raises:
            OAuth2Error: If the request is wrong; ``handle_error_response`` answers it.
        """
        request.environ[AT_AUTHORIZATION] = True
        return super().get_consent_grant(*args, **options)  # type: ignore[misc]

    def get_authorization_grant(self, oauth_request: Any) -> Any:
        """Return the grant for a response type.

        The browser's query only names the client.

        Raises:
            OAuth2Error: If the server has none, or the client must not send its answers there.
        """
        request.environ.setdefault(AT_AUTHORIZATION, True)
        try:
            grant = super().get_authorization_grant(oauth_request)  # type: ignore[misc]
        except ValueError:  # Authlib puts what came into a description, which takes only some characters
            raise UnsupportedResponseTypeError(None) from None
        request.environ[_FRAGMENT] = grant.ERROR_RESPONSE_FRAGMENT
        if _redirect_uri(oauth_request, grant.server) is None:
            raise InvalidRequestError("Expected one client_id and a redirect_uri that is registered for it.")
        return grant

    def create_authorization_response(self, http_request: Any = None, grant_user: Any = None, grant: Any = None) -> Any:
        """Return the redirect to the client, with ``iss``."""
        try:
            grant = grant or self.get_consent_grant(http_request, grant_user)
            # The request that the user has seen; an extension may have replaced its parameters.
            response = super().create_authorization_response(grant.request, grant_user, grant)  # type: ignore[misc]
        except OAuth2Error as error:  # of an extension, which Authlib does not answer here
            return self.handle_error_response(http_request, error)
        if response.location:
            response.location = self._with_issuer(response.location)
            # RFC 9700 section 4.12: a form with credentials must not be sent on.
            response.status_code = 303
            response.headers["Cache-Control"] = "no-store"
        return response

    def create_endpoint_response(self, name: str, http_request: Any = None) -> Any:
        """Return the answer of an endpoint that clients call, and no browser.

        A client may also push a browser's authorization request there.
        """
        request.environ[AT_AUTHORIZATION] = False
        return super().create_endpoint_response(name, http_request)  # type: ignore[misc]

    def handle_error_response(self, oauth_request: Any, error: OAuth2Error) -> Any:
        """Return a redirect or a page for an error at the authorization endpoint."""
        if not request.environ.get(AT_AUTHORIZATION):
            return super().handle_error_response(oauth_request, error)  # type: ignore[misc]
        known = request.environ[OAUTH_REQUEST]
        # Where the reference to a pushed request is wrong, so is what else the browser brings (RFC 9126 section 4).
        uri = None if error.error == "invalid_request_uri" else _redirect_uri(known, self)
        if uri is None:
            return self.authorization_error_page(error)
        answer = {"error": _ERRORS.get(error.error, error.error), "error_description": error.description}
        if len(known.payload.datalist.get("state", [])) == 1:
            answer["state"] = known.payload.state
        given = [(name, value) for name, value in answer.items() if value]
        uri = add_params_to_uri(uri, given, fragment=request.environ.get(_FRAGMENT, False))
        return Response(status=303, headers={"Location": self._with_issuer(uri), "Cache-Control": "no-store"})

    def authorization_error_page(self, error: OAuth2Error) -> Response:
        """Return a page for a person whose browser cannot be sent back.

        Override it to show your own.
        """
        page = _PAGE.format(error=escape(error.error or ""), description=escape(error.description or ""))
        status = 413 if error.status_code == 413 else 400  # a 401 would want a challenge
        return Response(page, status=status, mimetype="text/html", headers={"Cache-Control": "no-store"})

    def _with_issuer(self, uri: str) -> str:
        issuer = self.get_issuer()
        if not issuer:
            return uri
        parts, name = urlsplit(uri), "fragment" if request.environ.get(_FRAGMENT) else "query"
        # A registered redirect_uri may have an iss of its own, with which our answer would pass for another server's.
        kept = [pair for pair in parse_qsl(getattr(parts, name), keep_blank_values=True) if pair[0] != "iss"]
        return parts._replace(**{name: urlencode([*kept, ("iss", issuer)])}).geturl()


def _redirect_uri(oauth_request: Any, server: Any) -> str | None:
    """Return where the client is known to want its answers, or None."""
    payload = oauth_request.payload
    client_ids, uris = (payload.datalist.get(name, []) for name in ("client_id", "redirect_uri"))
    if len(client_ids) != 1 or len(uris) > 1:
        return None
    client = server.query_client(client_ids[0])
    if client is None:
        return None
    if not uris:
        found: str | None = client.get_default_redirect_uri()
        return found or None
    return uris[0] if client.check_redirect_uri(uris[0]) else None
