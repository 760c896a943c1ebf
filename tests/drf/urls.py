"""An API of each kind."""

from typing import Any

from django.urls import path
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_mtls.rest_framework.authentication import BoundTokenAuthentication, ClientCertificateAuthentication
from django_mtls.rest_framework.permissions import BoundTokenHasScope, HasBoundToken
from wsgi_mtls.rules.token import BoundToken


class Programs(ClientCertificateAuthentication):
    csrf_token_required = False


class UserOfToken(BoundTokenAuthentication):
    def get_user(self, token: BoundToken) -> Any:
        from django.contrib.auth.models import User

        return User.objects.get(username=token.claims["sub"])


class MayBeUnbound(BoundTokenAuthentication):
    binding_required = False


class Users(APIView):
    authentication_classes: Any = (ClientCertificateAuthentication,)
    permission_classes: Any = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        return Response({"user": request.user.get_username()})

    post = get


class Machines(Users):
    authentication_classes = (Programs,)


class Open(Users):
    permission_classes = (AllowAny,)


class Session(Users):
    authentication_classes = (SessionAuthentication,)


class Accounts(APIView):
    authentication_classes: Any = (BoundTokenAuthentication,)
    permission_classes: Any = (BoundTokenHasScope,)
    required_scope = "accounts"

    def get(self, request: Request) -> Response:
        return Response({"client_id": getattr(request.auth, "client_id", None), "user": request.user.get_username()})


class AnyToken(Accounts):
    permission_classes = (HasBoundToken,)


class Either(Accounts):
    """Certificate first: then REST framework itself could answer with 403 alone."""

    authentication_classes = (
        ClientCertificateAuthentication,
        BoundTokenAuthentication,
    )


class TokenFirst(Accounts):
    authentication_classes = (
        BoundTokenAuthentication,
        ClientCertificateAuthentication,
    )
    permission_classes = (HasBoundToken | IsAuthenticated,)


class OfUser(Accounts):
    authentication_classes = (UserOfToken,)
    permission_classes = (IsAuthenticated,)


class Unbound(Accounts):
    authentication_classes = (MayBeUnbound,)


class ScopeOrUser(Accounts):
    authentication_classes = (
        BoundTokenAuthentication,
        Programs,
    )
    permission_classes = (BoundTokenHasScope | IsAuthenticated,)


class ScopeAndToken(Accounts):
    permission_classes = (BoundTokenHasScope & HasBoundToken,)


class NotScope(Accounts):
    permission_classes = (~BoundTokenHasScope,)


class Forgotten(Accounts):
    required_scope = ""


urlpatterns = [
    path(view.__name__.lower(), view.as_view())
    for view in (
        Users,
        Machines,
        Open,
        Session,
        Accounts,
        AnyToken,
        Either,
        TokenFirst,
        OfUser,
        Unbound,
        ScopeOrUser,
        ScopeAndToken,
        NotScope,
        Forgotten,
    )
]
