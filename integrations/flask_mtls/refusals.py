"""A refusal as a Werkzeug HTTP exception.

The app's error handlers and templates can replace it.
"""

import logging
from functools import lru_cache
from typing import Any, NoReturn

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, Unauthorized, default_exceptions
from werkzeug.wrappers import Response

from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.refused_page import refused_page
from wsgi_mtls.request.accept import prefers_html
from wsgi_mtls.responses import error_response

from .proxies import current_record, current_view
from .settings import current_state

logger = logging.getLogger("wsgi_mtls")


class MutualTLSRefusal(HTTPException):
    """The base of every refusal; each is also an exception of its HTTP status.

    So ``@app.errorhandler(MutualTLSRefusal)`` replaces the answer to all of them, and ``@app.errorhandler(401)`` works.
    A browser gets a page, the template ``flask_mtls/refused.html``, which an app replaces with one of the same name.

    Attributes:
        error: the reason, for the log; telling the caller more than its ``error`` code helps attackers.
        for_programs: whether the address is that of an endpoint or an API, which no person opens.
    """

    error: MutualTLSError
    for_programs: bool

    def get_response(self, environ: Any = None, scope: Any = None) -> Any:
        """Return the answer, as a page where the request prefers one."""
        response = super().get_response(environ, scope)
        verbosity = current_state().settings.verbosity
        if verbosity != "minimal" and prefers_html(request.environ, for_programs=self.for_programs):
            page = refused_page(self.error, current_record().peer, verbosity=verbosity, for_programs=self.for_programs)
            try:
                content = render_template("flask_mtls/refused.html", page=page)
            except Exception:  # of the app's context processors, as of one that needs the client
                logger.exception("the page of a refusal failed; the answer is that to a program")
                return response
            response.set_data(content)
            response.content_type = "text/html; charset=utf-8"
        return response


def refuse(error: MutualTLSError, response: Response | None = None, *, for_programs: bool = True) -> NoReturn:
    """Answer with a refusal.

    Args:
        error: the refusal.
        response: an API's answer to a program; an authorization server's by default.
        for_programs: whether the address is that of an endpoint or an API.
    """
    if response is None:
        verbosity = current_state().settings.verbosity
        response = error_response(request.environ, error, verbosity, oauth=for_programs)
    refusal = _class_of(error.status)(response=response)
    refusal.error, refusal.for_programs = error, for_programs
    raise refusal from error


def answer(error: MutualTLSError) -> HTTPException | ResponseReturnValue:
    """Turn a MutualTLSError that escaped a view into a response, and report it."""
    current_state().guard.report_refusal(current_view(), error)
    try:
        refuse(error)
    except MutualTLSRefusal as refusal:
        return current_app.handle_http_exception(refusal)


@lru_cache
def _class_of(status: int) -> type[MutualTLSRefusal]:
    by_status = default_exceptions.get(status, Unauthorized)
    return type(f"MutualTLS{by_status.__name__}", (MutualTLSRefusal, by_status), {})
