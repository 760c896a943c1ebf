"""A refusal as a Werkzeug HTTP exception, which the app's error handlers can replace."""

from functools import lru_cache
from typing import NoReturn

from flask import current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, Unauthorized, default_exceptions
from werkzeug.wrappers import Response

from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.responses import error_response

from .proxies import current_view
from .settings import current_state


class MutualTLSRefusal(HTTPException):
    """The base of every refusal; each is an exception of its HTTP status too.

    So ``@app.errorhandler(MutualTLSRefusal)`` replaces the answer to all of them, and ``@app.errorhandler(401)`` works.

    Attributes:
        error: the reason, for the log; telling the caller more than its ``error`` code helps attackers.
    """

    error: MutualTLSError


def refuse(error: MutualTLSError, response: Response | None = None) -> NoReturn:
    """Answer with a refusal; ``response`` is an API's answer, and an authorization server's by default."""
    verbosity = current_state().settings.verbosity
    refusal = _class_of(error.status)(response=response or error_response(request.environ, error, verbosity))
    refusal.error = error
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
