"""The middleware: a request's record, and ``request.user`` from its certificate."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers

from wsgi_mtls.errors import MutualTLSError

from .caching import check_not_cached_inside, keep_apart, keep_private, watch_peer
from .chunked import TRANSFER_ENCODING, with_length
from .login.current_user import EXEMPT, Login, set_user
from .login.exempt import hide_session, restore_session
from .login.sessions import own_after_view
from .oauth import report_refusal
from .refusals import refusal_or_page
from .request import CLIENT_CERT, record

GetResponse = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class ClientCertificateMiddleware:
    """Middleware that sets ``request.mtls`` and ``request.peer_certificate``.

    ``request.mtls`` is the request's record. Sync and async projects can use it. Put it first, or right after Django's
    ``UpdateCacheMiddleware``. What a client sends in the source's headers is taken out of ``request.META`` and
    ``request.headers`` unless a trusted proxy has sent it. An outer WSGI middleware's ``wsgi_mtls.peer`` is taken over.
    Where a certificate came, the answer is private. A form that came in chunks is read, where the server ends the input
    (:mod:`django_mtls.chunked`).
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response: Callable[[HttpRequest], Any] = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """Serve one request."""
        if request.META.get(TRANSFER_ENCODING):
            try:
                request = with_length(request)
            except MutualTLSError as error:
                report_refusal(request, error)
                return keep_apart(request, refusal_or_page(request, error))
        record(request)
        if iscoroutinefunction(self):
            return self._acall(request)
        return keep_apart(request, self.get_response(request))

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = keep_apart(request, await self.get_response(request))
        return response

    def process_view(self, request: HttpRequest, *_: object) -> None:
        """Keep the page out of ``cache_page`` if its view reads the peer certificate."""
        watch_peer(request)

    def process_template_response(self, request: HttpRequest, response: Any) -> Any:
        """Make an answer private before it is rendered, so ``cache_page`` skips it."""
        return keep_private(request, response)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Answer for a view that raised our error, or read a malformed certificate."""
        return refusal_or_page(request, error) if isinstance(error, MutualTLSError) else None


class ClientCertificateLoginMiddleware:
    """Middleware that sets ``request.user`` from the certificate of each request.

    Sync and async projects can use it. Put it right after ``AuthenticationMiddleware``, and keep CSRF protection: a
    browser sends a certificate unasked. With ``USE_SESSION`` the user is logged in to a session, and logged out as soon
    as the certificate is gone, changes or is not accepted any more. Either way a session of another certificate or user
    is flushed before anything else sees it. Views with :func:`~django_mtls.decorators.certificate_login_exempt` get an
    anonymous user.
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
        visit = _Visit(request)
        return visit.refused or visit.end(self.get_response(request))

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        visit = await sync_to_async(_Visit)(request)
        return visit.refused or await sync_to_async(visit.end)(await self.get_response(request))

    def process_view(self, request: HttpRequest, view: Any, *_: object) -> None:
        """Hide a certificate's session from an exempt view.

        CSRF protection has seen the session before.
        """
        hide_session(request, exempt=bool(getattr(view, EXEMPT, False)))

    def process_template_response(self, request: HttpRequest, response: Any) -> Any:
        """Make pages vary on the certificate before a cache inside keeps them."""
        if not record(request).private:
            patch_vary_headers(response, [CLIENT_CERT])
        return response


class _Visit:
    """One request, from the login to what the session is after the view."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._login: Login | None = None
        self.refused: HttpResponseBase | None = None
        try:
            self._login = set_user(request)
        except MutualTLSError as error:
            report_refusal(request, error)
            self.refused = refusal_or_page(request, error)
        self._session: SessionBase = request.session
        self._cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME)

    def end(self, response: Any) -> Any:
        if self._login is not None:
            if self._login.looked_at:
                check_not_cached_inside(self._request, response, [CLIENT_CERT])
            own_after_view(self._request, response, self._login.owner)
        else:
            restore_session(self._request, response, self._session, self._cookie)
        return keep_apart(self._request, response)
