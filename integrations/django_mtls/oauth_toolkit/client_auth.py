"""Which client sent a request to the token, revocation or introspection endpoint."""

import base64
from urllib.parse import unquote_plus

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParserError

from wsgi_mtls.client_auth import authenticate_request
from wsgi_mtls.errors import (
    ClientIdInQuery,
    HTTPMethodNotAllowed,
    MalformedAuthorization,
    MalformedBody,
    MissingClientId,
    MultipleCredentials,
    MutualTLSError,
    RepeatedClientId,
    UnsupportedContentType,
)
from wsgi_mtls.form import read_token_request
from wsgi_mtls.verifier import AuthenticatedClient

from ..conf import mtls_settings
from ..oauth import _Body, _environ, _source
from ..record import RecordedClient
from ..verification import verifier
from .registrations import is_named_for_mutual_tls

_CLIENT = "_mtls_oauth_client"


def authenticated_client(request: HttpRequest) -> AuthenticatedClient | None:
    """Return the client that :func:`authenticate_client` has authenticated, or None."""
    client = request.__dict__.get(_CLIENT)
    return client if isinstance(client, AuthenticatedClient) else None


def authenticate_client(request: HttpRequest) -> AuthenticatedClient | None:
    """Authenticate the client that a request names, if it is registered for mutual TLS.

    Returns:
        The client; None for one that is not, which OAuth Toolkit authenticates.

    Raises:
        MutualTLSError: the request is refused.
    """
    if _CLIENT not in request.__dict__:
        request.__dict__[_CLIENT] = _authenticate(request)
    return authenticated_client(request)


def _authenticate(request: HttpRequest) -> AuthenticatedClient | None:
    try:
        if not _names_mutual_tls(request):
            return None
    except MutualTLSError as error:
        verifier().report_refusal(error, None, None)
        raise
    settings = mtls_settings()
    client = authenticate_request(_form_environ(request), verifier(), _source(request), max_body=settings.max_body)
    if client is None:
        refused = MultipleCredentials("Authorization names another client than client_id does.")
        verifier().report_refusal(refused, None, None)
        raise refused
    if isinstance(client.registration, RecordedClient) and client.registration.record is not None:
        client.registration.record.seen(client.certificate)
    return client


def _names_mutual_tls(request: HttpRequest) -> bool:
    """Read the form strictly, and tell whether it or ``Authorization`` names a client of mutual TLS.

    What is no such form, or has no client_id, is left to OAuth Toolkit if it names others alone.
    """
    if "client_id" in request.GET:
        raise ClientIdInQuery("Send client_id in the body alone: OAuth Toolkit would read the query too.")
    malformed: MutualTLSError | None = None
    try:
        read_token_request(_form_environ(request), mtls_settings().max_body)
    except (HTTPMethodNotAllowed, MissingClientId, UnsupportedContentType) as error:
        malformed = error
    form = _form(request)
    _refuse_ambiguous(form)
    names = {*form.getlist("client_id"), *_basic_names(request)} - {""}
    named = any(is_named_for_mutual_tls(name) for name in names)
    if malformed is not None and (named or not names):
        raise malformed
    return named


def _form(request: HttpRequest) -> QueryDict:
    """Return the form as Django, and so OAuth Toolkit, reads it."""
    try:
        return request.POST
    except (BadRequest, SuspiciousOperation, MultiPartParserError) as error:
        raise MalformedBody(f"Django can't read the body: {error}") from None


def _refuse_ambiguous(form: QueryDict) -> None:
    """RFC 6749 section 3.2; OAuth Toolkit would take the last one. RFC 8707 lets ``resource`` be repeated."""
    for name, values in form.lists():
        if len(values) > 1 and name != "resource":
            error = RepeatedClientId if name == "client_id" else MalformedBody
            raise error(f"Send {name!r} once.")
        if any("\0" in text for text in (name, *map(str, values))):
            raise MalformedBody("A parameter holds NUL.")  # for which PostgreSQL's drivers raise an error


def _basic_names(request: HttpRequest) -> set[str]:
    """Return whom ``Authorization: Basic`` names, as OAuth Toolkit reads it and as it stands there."""
    scheme, _, credentials = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return set()
    try:
        name = base64.b64decode(credentials).decode().partition(":")[0]
    except ValueError:
        return set()
    names = {name, unquote_plus(name)}
    if any("\0" in text for text in names):
        raise MalformedAuthorization("The client_id in Authorization holds NUL.")
    return names


def _form_environ(request: HttpRequest) -> dict[str, object]:
    environ = _environ(request)
    environ["wsgi.input"] = _Body(request)
    if isinstance(request, ASGIRequest):
        environ["wsgi.input_terminated"] = True
    return environ
