"""The middleware: ``request.peer_certificate``, and ``request.user`` from it."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponseBase

from wsgi_mtls.errors import MutualTLSError

from .caching import keep_private, vary
from .hidden_session import hide_session, restore_session
from .login import is_exempt, set_user
from .peer import add_peer
from .refusals import refusal
from .verification import verifier

GetResponse = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class ClientCertificateMiddleware:
    """Gives each request its ``peer_certificate`` and strips the headers that nobody may send.

    Put it first, so that nobody sees such a header: from ``request.META`` and ``request.headers`` it is gone. An outer
    WSGI middleware's ``wsgi_mtls.peer`` is taken over. What is answered to a certificate that was looked at is private:
    neither Django's caches keep it nor others that are shared. For sync and async.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response: Callable[[HttpRequest], Any] = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """Serve one request."""
        add_peer(request)
        if iscoroutinefunction(self):
            return self._acall(request)
        return keep_private(request, self.get_response(request))

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        return keep_private(request, await self.get_response(request))

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Answer a view that looked at a malformed certificate, or raised one of our refusals, as a refusal."""
        return refusal(request, error) if isinstance(error, MutualTLSError) else None


class ClientCertificateLoginMiddleware:
    """Makes ``request.user`` from the certificate, for each request.

    It goes right after ``AuthenticationMiddleware``, and CSRF protection stays needed: a browser sends a certificate
    unasked. With ``USE_SESSION`` the user is logged in to a session, and logged out as soon as the certificate is gone,
    changes or is not accepted any more. Either way a session that belongs to somebody else is flushed before anything
    else sees it, and so is one that another certificate has used. Views with
    :func:`~django_mtls.decorators.certificate_login_exempt` see nobody, and an empty session. For sync and async.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response: Callable[[HttpRequest], Any] = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """Serve one request."""
        if iscoroutinefunction(self):
            return self._acall(request)
        refused = _log_in(request)
        if refused is not None:
            return refused
        response: HttpResponseBase = self.get_response(request)
        vary(request, response)
        restore_session(request, response)
        return response

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        refused = await sync_to_async(_log_in)(request)
        if refused is not None:
            return refused
        response: HttpResponseBase = await self.get_response(request)
        vary(request, response)
        if is_exempt(request):
            await sync_to_async(restore_session)(request, response)
        return response

    def process_view(self, request: HttpRequest, *_: object) -> None:
        """Keep the session out of an exempted view, once CSRF protection has seen it."""
        if is_exempt(request):
            hide_session(request)


def _log_in(request: HttpRequest) -> HttpResponseBase | None:
    try:
        set_user(request)
    except MutualTLSError as error:
        verifier().report_refusal(error, None, None)
        return refusal(request, error)
    return None
