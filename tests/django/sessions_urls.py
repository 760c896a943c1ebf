"""Views that use sessions, caches and logins as projects do."""

import json
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.contrib.auth import alogout, login, logout
from django.contrib.auth.decorators import login_not_required, login_required
from django.contrib.auth.models import User
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.urls import path
from django.views.decorators.cache import cache_page, never_cache
from django.views.decorators.vary import vary_on_headers

from django_mtls.decorators import certificate_login_exempt

from . import urls
from .urls import whoami


def leave_message(request: HttpRequest) -> JsonResponse:
    messages.info(request, f"for {request.user.get_username()}")
    return JsonResponse({})


def flush_and_leave_message(request: HttpRequest) -> JsonResponse:
    request.session.flush()
    return leave_message(request)


def show_messages(request: HttpRequest) -> JsonResponse:
    found = [str(message) for message in messages.get_messages(request)]
    return JsonResponse({"user": request.user.get_username(), "messages": found})


def login_by_keyword(request: HttpRequest) -> JsonResponse:
    login(request, User.objects.get(username="alice"), backend="django_mtls.backends.ClientCertificateBackend")
    return JsonResponse({})


async def log_out(request: HttpRequest) -> JsonResponse:
    await sync_to_async(logout)(request)
    return await both_users(request)


async def alog_out(request: HttpRequest) -> JsonResponse:
    await alogout(request)
    return await both_users(request)


async def both_users(request: HttpRequest) -> JsonResponse:
    user, auser = await sync_to_async(lambda: request.user.get_username())(), await request.auser()
    return JsonResponse({"user": user, "auser": auser.get_username()})


def no_store(request: HttpRequest) -> Any:
    return never_cache(whoami)(request)


def session_of_its_own(request: HttpRequest) -> JsonResponse:
    request.session["own"] = "x"
    return whoami(request)


def seen_late(request: HttpRequest) -> str:
    return json.dumps([request.user.get_username(), dict(request.session.items())])


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def content() -> Iterator[str]:
        yield seen_late(request)

    return StreamingHttpResponse(content())


async def astream(request: HttpRequest) -> StreamingHttpResponse:
    async def content() -> AsyncIterator[str]:
        yield await sync_to_async(seen_late)(request)

    return StreamingHttpResponse(content())


def the_same(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the same")


def stream_file(request: HttpRequest) -> FileResponse:
    return FileResponse(BytesIO(b"a file"))


def write_and_stream(request: HttpRequest) -> FileResponse:
    request.session["own"] = "x"
    return stream_file(request)


def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(get_token(request))


def say_goodbye(request: HttpRequest) -> JsonResponse:
    logout(request)
    return JsonResponse({})


urlpatterns = [
    path("leave", leave_message),
    path("flush", flush_and_leave_message),
    path("show", show_messages),
    path("keyword", login_by_keyword),
    path("logout", log_out),
    path("alogout", alog_out),
    path("cached-inside", login_required(cache_page(60)(whoami))),
    path("cached-inside-apart", login_required(cache_page(60)(vary_on_headers("Client-Cert")(whoami)))),
    path("cached-same", cache_page(60)(the_same)),
    path("cached-same-exempt", certificate_login_exempt(cache_page(60)(the_same))),
    path("cached-same-open", certificate_login_exempt(login_not_required(cache_page(60)(the_same)))),
    path("cached-outside", cache_page(60)(login_required(whoami))),
    path("cached-for-all", cache_page(60)(whoami)),
    path("cached-apart", cache_page(60)(vary_on_headers("Client-Cert")(whoami))),
    path("no-store", no_store),
    path("exempt", certificate_login_exempt(whoami)),
    path("exempt-keyword", certificate_login_exempt(login_by_keyword)),
    path("exempt-own", certificate_login_exempt(session_of_its_own)),
    path("exempt-leave", certificate_login_exempt(leave_message)),
    path("exempt-logout", certificate_login_exempt(say_goodbye)),
    path("exempt-stream", certificate_login_exempt(stream)),
    path("exempt-astream", certificate_login_exempt(astream)),
    path("exempt-write-stream", certificate_login_exempt(write_and_stream)),
    path("exempt-form", certificate_login_exempt(form)),
    path("exempt-file", certificate_login_exempt(stream_file)),
    *urls.urlpatterns,
]
