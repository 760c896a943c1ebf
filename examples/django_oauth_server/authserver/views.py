"""The API."""

from typing import Any

from oauth2_provider.contrib.rest_framework import TokenHasScope
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Accounts(APIView):
    """The accounts, for access tokens of the scope ``accounts``.

    The certificate that a token is bound to must come with it.
    """

    permission_classes = (TokenHasScope,)
    required_scopes = ("accounts",)

    def get(self, request: Request) -> Response:
        """Return the client that asks, and its user."""
        token: Any = request.auth
        user = request.user.get_username() if request.user else None
        return Response({"client_id": token.application.client_id, "user": user})
