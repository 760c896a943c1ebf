"""Which client sent a request to the token, revocation or introspection endpoint."""

import base64
from urllib.parse import unquote_plus

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParserError

from wsgi_mtls.errors import InvalidRequest, MutualTLSError, RefusedClient
from wsgi_mtls.request.form import read_token_request
from wsgi_mtls.verifier import AuthenticatedClient

from ..caching import mark_private
from ..conf import mtls_settings
from ..oauth import report_refusal, view_of
from ..request import record
from ..verification import guard
from .registrations import is_left_to_toolkit

NOT_A_TOKEN_REQUEST = frozenset({"http_method_not_allowed", "missing_client_id", "unsupported_content_type"})
"""Reasons for which the core leaves a request that is not a token request to OAuth Toolkit."""


def authenticate_client(request: HttpRequest) -> AuthenticatedClient | None:
    """Authenticate the client of a request, unless OAuth Toolkit does it.

    An unknown ``client_id`` is also refused here, by the same code and so in the same words as a wrong certificate.

    Returns:
        The client; None for one that OAuth Toolkit authenticates.

    Raises:
        MutualTLSError: If the request is refused.
    """
    found = record(request)
    if found.client is None:
        mark_private(request)
        found.client = _authenticate(request)
    return found.client


def _authenticate(request: HttpRequest) -> AuthenticatedClient | None:
    try:
        if _is_left(request):
            return None
    except MutualTLSError as error:
        report_refusal(request, error)
        raise
    client = guard().authenticate_or_leave(view_of(request))
    if client is None:
        refused = InvalidRequest(
            "Authorization names another client than client_id does.", reason="multiple_credentials"
        )
        report_refusal(request, refused)
        raise refused
    return client


def _is_left(request: HttpRequest) -> bool:
    """Read the form strictly; return whether it names only OAuth Toolkit's clients.

    A body that is not such a form, or has no client_id, is also left to it.
    """
    if "client_id" in request.GET:
        raise InvalidRequest(
            "Send client_id in the body alone: OAuth Toolkit would also read the query.", reason="client_id_in_query"
        )
    malformed: InvalidRequest | None = None
    try:
        read_token_request(view_of(request), mtls_settings().max_body)
    except InvalidRequest as error:
        if error.reason not in NOT_A_TOKEN_REQUEST:
            raise
        malformed = error
    form = _form(request)
    _refuse_ambiguous(form)
    by_basic = _basic_name(request)
    names = {*form.getlist("client_id"), by_basic} - {""}
    left = bool(names) and all(map(is_left_to_toolkit, names))
    if malformed is None or left:
        return left
    if malformed.reason == "missing_client_id" and by_basic:
        raise RefusedClient(
            f"Authorization: Basic does not authenticate client {by_basic!r}.", reason="auth_method_not_registered"
        )
    raise malformed


def _form(request: HttpRequest) -> QueryDict:
    """Return the form as Django, and so OAuth Toolkit, reads it."""
    try:
        return request.POST
    except (BadRequest, SuspiciousOperation, MultiPartParserError) as error:
        raise InvalidRequest(f"Django can't read the body: {error}", reason="malformed_body") from None


def _refuse_ambiguous(form: QueryDict) -> None:
    """Reject repeated parameters (RFC 6749 section 3.2).

    ``resource`` may be repeated (RFC 8707).
    """
    for name, values in form.lists():
        if len(values) > 1 and name != "resource":
            raise InvalidRequest(
                f"Send {name!r} once.", reason="repeated_client_id" if name == "client_id" else "malformed_body"
            )
        if any("\0" in text for text in (name, *map(str, values))):
            raise InvalidRequest(
                "A parameter holds NUL.", reason="malformed_body"
            )  # for which PostgreSQL's drivers raise an error


def _basic_name(request: HttpRequest) -> str:
    """Return the client in ``Authorization: Basic``, or nothing.

    The header is read as OAuth Toolkit reads it.
    """
    scheme, _, credentials = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        name = unquote_plus(base64.b64decode(credentials).decode().partition(":")[0])
    except ValueError:
        return ""
    if "\0" in name:
        raise InvalidRequest("The client_id in Authorization holds NUL.", reason="malformed_authorization")
    return name
