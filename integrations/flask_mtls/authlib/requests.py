"""A request to an endpoint, read strictly before Flask and Authlib read it."""

from contextlib import suppress
from io import BytesIO

from flask import request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.wsgi import get_input_stream

from wsgi_mtls.errors import InvalidRequest, MutualTLSError
from wsgi_mtls.request.form import read_token_request
from wsgi_mtls.request.wsgi import check_has_end

from ..proxies import current_view
from ..settings import current_state

_BODY = "flask_mtls.body"


def keep_body() -> None:
    """Have the core read the form before Flask, and keep it to be read again.

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
            drop_body()
            raise
        # Only a request that authenticates its client must be a token request.
    environ[_BODY] = environ["wsgi.input"]


def limit_body() -> None:
    """Limit a body that the core does not read to ``MTLS_MAX_BODY``.

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
        drop_body()
        raise InvalidRequest(f"The body is longer than {max_body} octets.", reason="body_too_large") from None
    except ClientDisconnected:
        drop_body()
        raise InvalidRequest("The body ended too early.", reason="malformed_body") from None
    except Exception as error:  # whatever the server's stream raises for a body that it can't read, as gunicorn's
        drop_body()
        raise InvalidRequest(
            f"The server can't read the body: {type(error).__name__}.", reason="malformed_body"
        ) from error
    environ["wsgi.input"] = BytesIO(body)


def replay_body() -> None:
    """Have the kept body read once more: Flask has read it."""
    body = request.environ.get(_BODY)
    if body is not None:
        request.environ["wsgi.input"] = BytesIO(body.getvalue())


def named_client() -> str | None:
    """Return the client that the request names, for a report."""
    with suppress(ValueError):
        basic = request.authorization
        return request.values.get("client_id") or (basic.username if basic else None)
    return None


def _flask_has_read() -> bool:
    """Return whether the app looked at the body before us, under its own limits."""
    return "stream" in vars(request)


def drop_body() -> None:
    """Remove the body of a refused request.

    An error handler then reads an empty form.
    """
    request.environ |= {"wsgi.input": BytesIO(), "CONTENT_LENGTH": "0"}
