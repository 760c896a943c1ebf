"""The login page of a site with users who log in by certificate."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import RedirectURLMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from wsgi_mtls.errors import NoCertificate, RefusedClient

from .refusals import refusal_or_page
from .request import record


@method_decorator(never_cache, name="dispatch")
class CertificateLoginView(RedirectURLMixin, View):
    """The page at ``LOGIN_URL``, for a person without a user's certificate.

    It explains what to do. A person who is logged in gets a link to the page that sent them here, and not a redirect,
    which would be a loop where that page refuses the user.
    """

    http_method_names = ("get", "head", "options")
    template_name = "django_mtls/logged_in.html"

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view; ``LoginRequiredMiddleware`` does not ask for a login there."""
        view = super().as_view(**initkwargs)
        view.login_required = False  # type: ignore[attr-defined]  # as django.contrib.auth's login_not_required does
        return view

    def get(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Show the user who is logged in, or why no user is."""
        if request.user.is_authenticated:
            return render(request, self.template_name, {"user": request.user, "next": self.get_success_url()})
        error = NoCertificate() if record(request).peer is None else RefusedClient(reason="unknown_user")
        return refusal_or_page(request, error, oauth=False)

    def get_default_redirect_url(self) -> str:
        """Return where the link leads without ``next``, as in Django's ``LoginView``."""
        return resolve_url(self.next_page or settings.LOGIN_REDIRECT_URL)
