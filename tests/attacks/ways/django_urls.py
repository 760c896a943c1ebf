"""Views of every kind below Django's decorators and mixins, and REST framework's where it is installed."""

from importlib.util import find_spec
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from django_mtls.decorators import bound_token_required, certificate_required, client_auth_required
from django_mtls.mixins import BoundTokenRequiredMixin, CertificateRequiredMixin, ClientAuthRequiredMixin
from tests.django.support import anyone
from wsgi_mtls.x509 import PeerCertificate


def view(request: HttpRequest) -> HttpResponse:
    """Answer with nothing."""
    return HttpResponse()


async def async_view(request: HttpRequest) -> HttpResponse:
    """Answer with nothing."""
    return HttpResponse()


class Empty(View):
    """Answers with nothing."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        return HttpResponse()

    post = get


class Token(ClientAuthRequiredMixin, Empty):
    """An endpoint of clients."""


class API(BoundTokenRequiredMixin, Empty):
    """A resource."""

    required_scope = "accounts"


class LaxAPI(API):
    """A resource that also accepts tokens that are not bound."""

    binding_required = False


class Machine(CertificateRequiredMixin, Empty):
    """A view for programs with a certificate."""

    def authorize(self, peer: PeerCertificate) -> bool:
        """Accept every certificate whose chain was validated."""
        return anyone(peer)


urlpatterns: list[Any] = [
    path("function/token", csrf_exempt(client_auth_required(view))),
    path("function/api", bound_token_required(view)),
    path("function/lax", bound_token_required(required=False)(view)),
    path("function/machine", certificate_required(authorize=anyone)(view)),
    path("class/token", csrf_exempt(Token.as_view())),
    path("class/api", API.as_view()),
    path("class/lax", LaxAPI.as_view()),
    path("class/machine", Machine.as_view()),
    path("async/token", csrf_exempt(client_auth_required(async_view))),
    path("async/api", bound_token_required(async_view)),
    path("async/lax", bound_token_required(required=False)(async_view)),
    path("async/machine", certificate_required(authorize=anyone)(async_view)),
]
if find_spec("rest_framework"):
    from tests.drf import urls as rest_framework

    urlpatterns += rest_framework.urlpatterns
