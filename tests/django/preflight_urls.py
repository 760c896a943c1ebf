"""Guarded views of every kind: those that look at the method, and those that do not."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from django_mtls.decorators import bound_token_required, certificate_required, client_auth_required
from django_mtls.mixins import BoundTokenRequiredMixin, CertificateRequiredMixin, ClientAuthRequiredMixin

SECRET = "the content of the view"


def blind(request: HttpRequest) -> HttpResponse:
    return HttpResponse(SECRET)


async def ablind(request: HttpRequest) -> HttpResponse:
    return HttpResponse(SECRET)


class Looking(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(SECRET)


class AsyncLooking(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(SECRET)


class Own(Looking):
    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse(SECRET)


class BlindDispatch(Looking):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse(SECRET)


class Token(BoundTokenRequiredMixin, Looking):
    pass


class AsyncToken(BoundTokenRequiredMixin, AsyncLooking):
    pass


class Client(ClientAuthRequiredMixin, Looking):
    pass


class Certificate(CertificateRequiredMixin, Looking):
    pass


class OwnToken(BoundTokenRequiredMixin, Own):
    pass


AUTOMATIC = {
    "decorated": bound_token_required(Looking.as_view()),
    "async-decorated": bound_token_required(AsyncLooking.as_view()),
    "client": client_auth_required(Looking.as_view()),
    "certificate": certificate_required(Looking.as_view()),
    "blind-dispatch": bound_token_required(BlindDispatch.as_view()),
    "mixin": Token.as_view(),
    "async-mixin": AsyncToken.as_view(),
    "client-mixin": Client.as_view(),
    "certificate-mixin": Certificate.as_view(),
}
GUARDED = {
    "function": bound_token_required(blind),
    "async-function": bound_token_required(ablind),
    "client-function": client_auth_required(blind),
    "certificate-function": certificate_required(blind),
    "own": bound_token_required(Own.as_view()),
    "own-mixin": OwnToken.as_view(),
}
urlpatterns = [path(name, csrf_exempt(view)) for name, view in {**AUTOMATIC, **GUARDED}.items()]
