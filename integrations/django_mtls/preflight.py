"""CORS preflights that Django itself answers, before any project's code.

``View.options`` answers them.
"""

from typing import Any

from django.http import HttpRequest
from django.views import View

from wsgi_mtls.request.preflight import is_preflight

from .conf import mtls_settings


def is_automatic(view_class: Any, request: HttpRequest) -> bool:
    """Return whether a guarded view may answer a preflight without credentials.

    It may if ``MTLS["PREFLIGHT"]`` is set and Django's ``View.options`` answers, which names the allowed methods.
    A function, and a class with its own ``options``, would run the project's code: they stay guarded.

    Args:
        view_class: the class of the view; None where a function is guarded.
        request: the request.
    """
    return (
        getattr(view_class, "options", None) is View.options
        and is_preflight(request.META)
        and mtls_settings().preflight
    )


def automatic_answer(view: Any, request: HttpRequest) -> Any:
    """Return Django's answer to a preflight: no content, and the allowed methods.

    Args:
        view: what ``as_view()`` returned.
        request: the request.

    Returns:
        The response; a coroutine where the view is asynchronous.
    """
    made = view.view_class(**view.view_initkwargs)
    View.setup(made, request)  # for HEAD; the class's own may be code of the project
    return View.options(made, request)
