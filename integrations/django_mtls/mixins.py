"""Mixins for class-based views, sync and async.

Each puts a decorator on ``dispatch``.
"""

from collections.abc import Callable, Collection
from typing import Any, ClassVar

from django.http import HttpRequest
from django.views import View

from wsgi_mtls.clients import AuthMethod
from wsgi_mtls.guard_certificates import Authorize
from wsgi_mtls.rules.step_up import StepUp

from .decorators import bound_token_required, certificate_required, client_auth_required, for_programs
from .preflight import is_automatic


class _CheckedMixin:
    """Runs a decorator around ``dispatch``."""

    view_is_async: ClassVar[bool]

    def _decorator(self) -> Callable[[Any], Any]:
        raise NotImplementedError

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Serve a request that is accepted."""
        if request.method == "OPTIONS" and is_automatic(type(self), request):
            return View.options(self, request)  # type: ignore[arg-type]  # a View comes after the mixin
        serve = super().dispatch  # type: ignore[misc]  # a View comes after the mixin

        def view(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return serve(request, *args, **kwargs)

        async def aview(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return await serve(request, *args, **kwargs)

        return self._decorator()(aview if self.view_is_async else view)(request, *args, **kwargs)


class ForProgramsMixin:
    """A mixin for views of programs, to which no user logs in.

    It works as :func:`~django_mtls.decorators.for_programs`.
    """

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view, marked as the decorator marks it."""
        return for_programs(super().as_view(**initkwargs))  # type: ignore[misc]  # a View comes after the mixin


class CertificateRequiredMixin(_CheckedMixin):
    """A mixin that requires a client's certificate: ``self.request.oauth_client``.

    It works as :func:`~django_mtls.decorators.certificate_required`.

    Attributes:
        certificate_optional: whether a request without a certificate is also accepted.
        authorize: a method that decides instead of the registered clients: it takes the peer certificate, and returns
            True to accept its holder.
        allow_cross_site: whether pages of other sites may send unsafe methods to a view without CSRF protection.
    """

    certificate_optional: bool = False
    authorize: Authorize | None = None
    allow_cross_site: bool = False

    def _decorator(self) -> Callable[[Any], Any]:
        return certificate_required(
            optional=self.certificate_optional, authorize=self.authorize, allow_cross_site=self.allow_cross_site
        )


class ClientAuthRequiredMixin(ForProgramsMixin, _CheckedMixin):
    """A mixin that requires an authenticated client: ``self.request.oauth_client``.

    It works as :func:`~django_mtls.decorators.client_auth_required`.

    Attributes:
        allowed_methods: those that this endpoint offers; None offers all.
    """

    allowed_methods: Collection[AuthMethod] | None = None

    def _decorator(self) -> Callable[[Any], Any]:
        if self.allowed_methods is None:
            return client_auth_required
        return client_auth_required(allowed_methods=self.allowed_methods)


class BoundTokenRequiredMixin(ForProgramsMixin, _CheckedMixin):
    """A mixin that requires an access token: ``self.request.bound_token``.

    It works as :func:`~django_mtls.decorators.bound_token_required`.

    Attributes:
        required_scope: the scopes that the token must have, all of them, separated by spaces.
        binding_required: whether the token must be bound; a bound one is checked either way.
        also_verified: other confirmation methods (``jkt``, …) that the project has verified itself.
        step_up: what the login of the token's user must have been (RFC 9470).
    """

    required_scope: str | None = None
    binding_required: bool = True
    also_verified: Collection[str] = ()
    step_up: StepUp | None = None

    def _decorator(self) -> Callable[[Any], Any]:
        return bound_token_required(
            scope=self.required_scope,
            required=self.binding_required,
            also_verified=self.also_verified,
            step_up=self.step_up,
        )
