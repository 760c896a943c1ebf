"""Forms in chunks under Django's WSGI handler.

The handler reads no more of a body than ``CONTENT_LENGTH`` announces.
"""

from io import BytesIO

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest

from wsgi_mtls.errors import InvalidRequest
from wsgi_mtls.request.form import FORM_TYPE
from wsgi_mtls.request.wsgi import read_body

from .conf import mtls_settings
from .request import as_octets

TRANSFER_ENCODING = "HTTP_TRANSFER_ENCODING"
"""The key of the header without which a body is not in chunks."""


def with_length(request: HttpRequest) -> HttpRequest:
    """Return a request with a form in chunks as one that Django can read.

    A form that came in chunks (RFC 9112 section 7.1) is read here, where the server ends the input, and a new request
    has its length. Any other request is returned unchanged.

    Args:
        request: Django's request.

    Raises:
        InvalidRequest: ``body_too_large``, ``malformed_body``: If the form is longer than ``MAX_BODY``, or cannot be
            read. Django would find it empty.
    """
    if not isinstance(request, WSGIRequest) or request.META.get("CONTENT_LENGTH"):
        return request
    environ = request.environ
    if not environ.get("wsgi.input_terminated") or not FORM_TYPE.fullmatch(
        environ.get("CONTENT_TYPE", "").strip(" \t")
    ):
        return request
    body = read_body(environ, environ["wsgi.input"], mtls_settings().max_body)
    paths = {name: as_octets(environ[name]) for name in ("PATH_INFO", "SCRIPT_NAME")}  # which Django decodes again
    made = WSGIRequest({**environ, **paths, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))})
    # What middleware that comes first has noted; not what it has read, which was an empty form.
    for name, value in vars(request).items():
        if not name.startswith("_") and name != "headers" and name not in vars(made):
            setattr(made, name, value)
    return made


def check_is_read(request: HttpRequest) -> None:
    """Check that Django finds the body of a request with a transfer encoding.

    Django's WSGI handler reads only what ``CONTENT_LENGTH`` announces.

    Raises:
        InvalidRequest: ``body_length_required``: If it is in chunks that the server ends, and nothing has read them.
    """
    if not request.META.get("CONTENT_LENGTH") and request.META.get("wsgi.input_terminated"):
        raise InvalidRequest(
            "Expected Content-Length, found a body in chunks, which Django does not read. Put "
            "ClientCertificateMiddleware first in MIDDLEWARE, which reads forms, or have the client send a length.",
            reason="body_length_required",
        )
