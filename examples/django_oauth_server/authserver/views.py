"""The API."""

from typing import Any

from oauth2_provider.contrib.rest_framework import TokenHasScope
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Accounts(APIView):
    """For tokens of the scope ``accounts``, with the certificate that they are bound to."""

    permission_classes = (TokenHasScope,)
    required_scopes = ("accounts",)

    def get(self, request: Request) -> Response:
        """Return the client that asks, and its user."""
        token: Any = request.auth
        user = request.user.get_username() if request.user else None
        return Response({"client_id": token.application.client_id, "user": user})
