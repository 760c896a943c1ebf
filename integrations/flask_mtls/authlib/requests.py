"""A request to an authorization server's endpoint, read strictly before Flask and Authlib read it their way."""

from contextlib import suppress
from io import BytesIO

from flask import request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.wsgi import get_input_stream

from wsgi_mtls.errors import InvalidRequest, MutualTLSError
from wsgi_mtls.request.body import check_has_end
from wsgi_mtls.request.form import read_token_request

from ..proxies import current_view
from ..settings import current_state

_BODY = "flask_mtls.body"
_OAUTH = frozenset({
    "actor_token", "actor_token_type", "assertion", "audience", "auth_req_id", "authorization_details", "claims",
    "client_assertion", "client_assertion_type", "client_id", "client_secret", "code", "code_verifier", "device_code",
    "grant_type", "password", "redirect_uri", "refresh_token", "request", "request_uri", "requested_token_type",
    "resource", "scope", "subject_token", "subject_token_type", "token", "token_type_hint", "username",
})  # fmt: skip
"""The parameters of requests to these endpoints, as IANA's registry has them."""


def keep_body() -> None:
    """Have the core read the form once, before Flask does, and keep it to be read again.

    Raises:
        InvalidRequest: If it is longer than ``MTLS_MAX_BODY``, ends too early, has an end that is not marked, or is
            not a form.
    """
    environ = request.environ
    if _BODY in environ or _flask_has_read():
        return
    try:
        read_token_request(current_view(), current_state().settings.max_body)
    except MutualTLSError as error:
        if error.reason in {"http_method_not_allowed", "unsupported_content_type"}:
            limit_body()
            return
        if error.reason in {"body_too_large", "malformed_body", "body_length_required"}:
            _drop_body()
            raise
        # Only a request that authenticates its client must be a token request.
    environ[_BODY] = environ["wsgi.input"]


def limit_body() -> None:
    """Let Flask find no more than ``MTLS_MAX_BODY`` of a body that the core doesn't read.

    Before 3.1, Flask has no limit for one request.

    Raises:
        InvalidRequest: If it is longer, ends too early, or has an end that is not marked.
    """
    environ, max_body = request.environ, current_state().settings.max_body
    if _flask_has_read():
        return
    check_has_end(environ)
    try:
        body = get_input_stream(environ, max_content_length=max_body + 1).read()
        if len(body) > max_body:  # which Werkzeug would cut where no length is announced
            raise RequestEntityTooLarge
    except RequestEntityTooLarge:
        _drop_body()
        raise InvalidRequest(f"The body is longer than {max_body} octets.", reason="body_too_large") from None
    except ClientDisconnected:
        _drop_body()
        raise InvalidRequest("The body ended too early.", reason="malformed_body") from None
    except Exception as error:  # whatever the server's stream raises for a body that it can't read, as gunicorn's
        _drop_body()
        raise InvalidRequest(
            f"The server can't read the body: {type(error).__name__}.", reason="malformed_body"
        ) from error
    environ["wsgi.input"] = BytesIO(body)


def replay_body() -> None:
    """Have the kept body read once more: Flask has read it."""
    body = request.environ.get(_BODY)
    if body is not None:
        request.environ["wsgi.input"] = BytesIO(body.getvalue())


def refuse_nul() -> None:
    """No parameter may hold NUL, and PostgreSQL's drivers raise an error for it.

    Raises:
        InvalidRequest: one does, the form is longer than Flask allows, or ``Authorization`` can't be read.
    """
    try:
        basic = request.authorization
    except ValueError:  # what Werkzeug makes of "Authorization: Basic" and something that is not ASCII
        raise InvalidRequest("Authorization can't be read.", reason="malformed_authorization") from None
    try:
        forms = (request.args, request.form)
    except RequestEntityTooLarge:
        _drop_body()
        raise InvalidRequest(
            "The body is longer than the app's MAX_CONTENT_LENGTH or MAX_FORM_MEMORY_SIZE.", reason="body_too_large"
        ) from None
    texts = [text for form in forms for pair in form.items(multi=True) for text in pair]
    if any("\0" in text for text in (*texts, str((basic and basic.username) or ""))):
        raise InvalidRequest("A parameter holds NUL.", reason="malformed_body")


def refuse_query() -> None:
    """Authlib merges query and body, query first: what is logged on its way would go before what was authenticated.

    Raises:
        InvalidRequest: a parameter of OAuth is in the query, or one that is in the body too.
    """
    if "client_id" in request.args:
        raise InvalidRequest(
            "Send client_id in the body alone: Authlib would read the query first.", reason="client_id_in_query"
        )
    found = sorted(name for name in request.args if name in _OAUTH or name in request.form)
    if found:
        raise InvalidRequest(
            f"Send {', '.join(found)} in the body alone: Authlib would read the query first.",
            reason="parameter_in_query",
        )


def named_client() -> str | None:
    """Return the client that the request names, for a report."""
    with suppress(ValueError):
        basic = request.authorization
        return request.values.get("client_id") or (basic.username if basic else None)
    return None


def _flask_has_read() -> bool:
    """Tell whether the app looked at the body before us, under its own limits."""
    return "stream" in vars(request)


def _drop_body() -> None:
    """Whoever looks at the form of a refused request, as an error handler may, finds none and reads nothing."""
    request.environ |= {"wsgi.input": BytesIO(), "CONTENT_LENGTH": "0"}
