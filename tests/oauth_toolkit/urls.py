"""OAuth Toolkit's endpoints, and a resource for each of its ways to protect one."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from oauth2_provider.contrib.rest_framework import OAuth2Authentication, TokenHasScope
from oauth2_provider.decorators import protected_resource as toolkits_decorator
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.views.generic import (
    ProtectedResourceView,
    ReadWriteScopedResourceView,
    ScopedProtectedResourceView,
)
from oauthlib.openid import Server as OpenIDServer
from rest_framework.response import Response
from rest_framework.views import APIView

from django_mtls.oauth_toolkit.protection import ChallengeMixin, protected_resource, rw_protected_resource


def told(request: Any) -> JsonResponse:
    return JsonResponse({"user": request.resource_owner and request.resource_owner.get_username()})


async def atold(request: Any) -> JsonResponse:
    return told(request)


def anybody(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"user": request.user.get_username()})


class Plain(ProtectedResourceView):  # type: ignore[misc]  # OAuth Toolkit has no types
    def get(self, request: HttpRequest) -> JsonResponse:
        return told(request)


class OwnValidator(ScopedProtectedResourceView):  # type: ignore[misc]  # as above
    """A view that names OAuth Toolkit's validator, whatever the settings name."""

    required_scopes = ("accounts",)
    validator_class = OAuth2Validator

    def get(self, request: HttpRequest) -> JsonResponse:
        return told(request)


class Challenging(ChallengeMixin, ScopedProtectedResourceView):  # type: ignore[misc]  # as above
    required_scopes = ("accounts",)

    def get(self, request: HttpRequest) -> JsonResponse:
        return told(request)


class AsyncChallenging(ChallengeMixin, ScopedProtectedResourceView):  # type: ignore[misc]  # as above
    required_scopes = ("accounts",)

    async def get(self, request: HttpRequest) -> JsonResponse:
        return told(request)


class ReadWrite(ChallengeMixin, ReadWriteScopedResourceView):  # type: ignore[misc]  # as above
    def get(self, request: HttpRequest) -> JsonResponse:
        return told(request)

    post = get


class Accounts(APIView):
    authentication_classes = (OAuth2Authentication,)
    permission_classes = (TokenHasScope,)
    required_scopes = ("accounts",)

    def get(self, request: Any) -> Response:
        return Response({"user": request.user and request.user.get_username()})


urlpatterns = [
    path("o/", include("django_mtls.oauth_toolkit.urls")),
    path("decorated", protected_resource(["accounts"])(told)),
    path("async-decorated", protected_resource(["accounts"])(atold)),
    path("async-challenging", AsyncChallenging.as_view()),
    path("rw", rw_protected_resource()(told)),
    path("toolkits-decorator", toolkits_decorator(["accounts"])(told)),
    path("toolkits-openid", toolkits_decorator(["accounts"], server_cls=OpenIDServer)(told)),
    path("own-validator", OwnValidator.as_view()),
    path("plain", Plain.as_view()),
    path("challenging", Challenging.as_view()),
    path("rw-view", ReadWrite.as_view()),
    path("anybody", anybody),
    path("drf", Accounts.as_view()),
]
