"""A refusal as a Django response, as the core words it."""

from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse

from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.responses import error_response

from .conf import mtls_settings

if TYPE_CHECKING:
    from werkzeug.wrappers import Response


def refusal(request: HttpRequest, error: MutualTLSError) -> HttpResponse:
    """Make the answer to a refused request (RFC 6749 section 5.2)."""
    return as_django(error_response(request.META, error, mtls_settings().verbosity))


def as_django(response: "Response") -> HttpResponse:
    """Turn the core's response into Django's."""
    made = HttpResponse(response.get_data(), status=response.status_code)
    del made.headers["Content-Type"]
    for name, value in response.headers.items():
        if name.lower() != "content-length":
            made.headers[name] = value
    return made
