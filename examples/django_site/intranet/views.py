"""The views."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from django_mtls.decorators import bound_token_required, certificate_login_exempt, client_auth_required
from django_mtls.mixins import CertificateRequiredMixin
from wsgi_mtls.binding import bind
from wsgi_mtls.x509 import PeerCertificate

from .tokens import LIFETIME, issue


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Return the user who is logged in."""
    return render(request, "home.html")


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show the user's page; the form is safe from other sites, as any other."""
    if request.method == "POST":
        request.session["motto"] = request.POST.get("motto", "")[:100]
        return redirect("profile")
    return render(request, "profile.html", {"motto": request.session.get("motto", "")})


@csrf_exempt
@require_POST
@client_auth_required
def token(request: Any) -> JsonResponse:
    """Issue an access token that is bound to the client's certificate.

    The client is authenticated; RFC 8705 section 3 describes the binding.
    """
    client = request.oauth_client
    claims = {"client_id": client.client_id, "scope": "accounts"}
    access_token = issue(bind(claims, request.peer_certificate, client.registration, always=True))
    answer = {"access_token": access_token, "token_type": "Bearer", "expires_in": LIFETIME, "scope": "accounts"}
    return JsonResponse(answer, headers={"Cache-Control": "no-store"})


@csrf_exempt
@bound_token_required(scope="accounts")
async def accounts(request: Any) -> JsonResponse:
    """Answer a client that brings a bound token."""
    return JsonResponse({"client_id": request.bound_token.client_id, "accounts": [{"name": "Current", "balance": 42}]})


class Machine(CertificateRequiredMixin, View):
    """Plain mutual TLS: every holder of a certificate of the CA, registered or not."""

    def authorize(self, peer: PeerCertificate) -> bool:
        """Accept every certificate with a validated chain."""
        return True

    def get(self, request: Any) -> JsonResponse:
        """Return the name in the certificate that came."""
        return JsonResponse({"subject": request.peer_certificate.certificate.subject})


@certificate_login_exempt
def health(request: HttpRequest) -> HttpResponse:
    """Report that the site is up, without a look at certificates or the database."""
    return HttpResponse("ok", content_type="text/plain")
