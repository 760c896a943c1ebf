"""Views of every kind, as a project has them."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from django_mtls.decorators import (
    bound_token_required,
    certificate_login_exempt,
    certificate_required,
    client_auth_required,
)
from django_mtls.mixins import BoundTokenRequiredMixin, CertificateRequiredMixin, ClientAuthRequiredMixin
from wsgi_mtls.rules.step_up import StepUp
from wsgi_mtls.x509 import PeerCertificate

from .support import anyone


def whoami(request: HttpRequest) -> JsonResponse:
    """Tell what views get to see."""
    return JsonResponse({
        "user": request.user.get_username(),
        "session": dict(request.session.items()),
        "headers": [name for name in request.headers if "client" in name.lower()],
        "meta": [name for name in request.META if name.startswith("HTTP_XCLIENT")],
    })  # fmt: skip


async def awhoami(request: HttpRequest) -> JsonResponse:
    user = await request.auser()
    return JsonResponse({"user": user.get_username(), "same": request.user.get_username()})


def note(request: HttpRequest) -> JsonResponse:
    """Leave something in the session."""
    request.session["note"] = request.GET["text"]
    return JsonResponse({"user": request.user.get_username()})


def peer(request: Any) -> JsonResponse:
    found = request.peer_certificate
    return JsonResponse({"thumbprint": found and found.certificate.thumbprint})


async def apeer(request: Any) -> JsonResponse:
    return peer(request)


def health(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"user": request.user.get_username()})


async def ahealth(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"user": (await request.auser()).get_username()})


@csrf_exempt
@client_auth_required
def token(request: Any) -> HttpResponse:
    return HttpResponse(request.oauth_client.client_id)


@csrf_exempt
@client_auth_required(allowed_methods=["tls_client_auth"])
async def atoken(request: Any) -> HttpResponse:
    return HttpResponse(request.oauth_client.client_id + " " + request.POST.get("scope", ""))


@csrf_exempt
@bound_token_required(scope="accounts")
def accounts(request: Any) -> JsonResponse:
    return JsonResponse({"client_id": request.bound_token.client_id})


@csrf_exempt
@bound_token_required
async def aaccounts(request: Any) -> JsonResponse:
    return JsonResponse({"client_id": request.bound_token.client_id})


class Machine(CertificateRequiredMixin, View):
    def authorize(self, peer: PeerCertificate) -> bool:
        return anyone(peer)

    def get(self, request: Any) -> JsonResponse:
        return peer(request)

    post = get


class AsyncMachine(CertificateRequiredMixin, View):
    certificate_optional = True

    def authorize(self, peer: PeerCertificate) -> bool:
        return anyone(peer)

    async def get(self, request: Any) -> JsonResponse:
        return peer(request)


class Token(ClientAuthRequiredMixin, View):
    def post(self, request: Any) -> HttpResponse:
        return HttpResponse(request.oauth_client.client_id)


class Accounts(BoundTokenRequiredMixin, View):
    required_scope = "accounts"

    async def get(self, request: Any) -> HttpResponse:
        return HttpResponse(json.dumps(request.bound_token.client_id))


class GoldAccounts(Accounts):
    step_up = StepUp(acr_values=["gold"])


class DPoPAccounts(Accounts):
    also_verified = ("jkt",)  # as if the project had


urlpatterns = [
    path("admin/", admin.site.urls),
    path("", whoami),
    path("async", awhoami),
    path("note", note),
    path("peer", peer),
    path("async-peer", apeer),
    path("health", certificate_login_exempt(health)),
    path("async-health", certificate_login_exempt(ahealth)),
    path("token", token),
    path("async-token", atoken),
    path("class-token", csrf_exempt(Token.as_view())),
    path("accounts", accounts),
    path("async-accounts", aaccounts),
    path("class-accounts", csrf_exempt(Accounts.as_view())),
    path("café/حساب", csrf_exempt(Accounts.as_view())),
    path("café/رمز", csrf_exempt(Token.as_view())),
    path("gold-accounts", csrf_exempt(GoldAccounts.as_view())),
    path("dpop-accounts", csrf_exempt(DPoPAccounts.as_view())),
    path("machine", certificate_required(authorize=anyone)(peer)),
    path("class-machine", Machine.as_view()),
    path("async-machine", AsyncMachine.as_view()),
]
