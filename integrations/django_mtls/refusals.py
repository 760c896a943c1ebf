"""A refusal as a Django response: JSON for a program, a page for a person.

The core words the JSON.
"""

import logging
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.cache import patch_vary_headers

from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.refused_page import refused_page
from wsgi_mtls.request.accept import prefers_html
from wsgi_mtls.responses import error_response

from .conf import mtls_settings
from .request import record

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

logger = logging.getLogger("wsgi_mtls")

TEMPLATE = "django_mtls/refused.html"
"""The page of a refused person; a project replaces it by a template of the same name."""


def refusal(request: HttpRequest, error: MutualTLSError, *, oauth: bool = True) -> HttpResponse:
    """Make the answer to a refused program (RFC 6749 section 5.2).

    Args:
        request: the request.
        error: the refusal.
        oauth: whether the caller is an OAuth client; otherwise the code is not ``invalid_client``.
    """
    return as_django(error_response(request.META, error, mtls_settings().verbosity, oauth=oauth))


def refusal_or_page(
    request: HttpRequest, error: MutualTLSError, *, oauth: bool = True, for_programs: bool = False
) -> HttpResponse:
    """Make the answer to a refusal: JSON, or a page if the request prefers HTML.

    Args:
        request: the request.
        error: the refusal.
        oauth: whether the caller is an OAuth client, if it is a program.
        for_programs: whether the address is that of an endpoint or an API, which no person opens.
    """
    return or_page(request, refusal(request, error, oauth=oauth), error, for_programs=for_programs)


def or_page(request: HttpRequest, answer: HttpResponse, error: MutualTLSError, *, for_programs: bool) -> HttpResponse:
    """Turn an answer to a program into a page if the request prefers HTML.

    Status and headers stay.
    """
    verbosity = mtls_settings().verbosity
    if verbosity == "minimal":
        return answer
    patch_vary_headers(answer, ["Accept"])
    if not prefers_html(request.META, for_programs=for_programs):
        return answer
    page = refused_page(error, record(request).peer, verbosity=verbosity, for_programs=for_programs)
    try:
        content = get_template(TEMPLATE).render({"page": page}, request)
    except TemplateDoesNotExist:  # a project that only programs call may have no templates
        return answer
    except Exception:  # of the project's context processors, as where the database that they ask is down
        logger.exception("the page of a refusal failed; the answer is that to a program")
        return answer
    answer.headers["Content-Type"] = "text/html; charset=utf-8"
    answer.content = content.encode()
    return answer


def as_django(response: "Response") -> HttpResponse:
    """Turn the core's response into Django's."""
    made = HttpResponse(response.get_data(), status=response.status_code)
    del made.headers["Content-Type"]
    for name, value in response.headers.items():
        if name.lower() != "content-length":
            made.headers[name] = value
    return made
