"""The pages that delete applications.

Only users who may link the registration's user can use them.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from oauth2_provider import views as toolkit

from ..users.rights import may_link
from .registrations import registration_model


def linked_users(**application: Any) -> list[Any]:
    """Return the users whose login depends on an application's registration.

    They log in by it, or cannot because of it.
    """
    found = registration_model()._base_manager.filter(**application, user__isnull=False).select_related("user")
    return [registration.user for registration in found]


class ApplicationDelete(toolkit.ApplicationDelete):  # type: ignore[misc]  # OAuth Toolkit has no types
    """The page on which an owner deletes an application.

    If the registration has a user, the owner must be allowed to link that user.
    """

    def get_object(self, queryset: Any = None) -> Any:
        """Return the application.

        Raises:
            PermissionDenied: If the owner may not link the user of its registration.
        """
        found = super().get_object(queryset)
        if not all(may_link(self.request.user, user) for user in linked_users(application=found)):
            raise PermissionDenied
        return found


_Management: Any = getattr(toolkit, "DynamicClientRegistrationManagementView", None)

if _Management is not None:

    class RegistrationManagementView(_Management):  # type: ignore[misc]  # as above
        """RFC 7592: a client deletes itself, unless a user is linked to its registration."""

        def delete(self, request: HttpRequest, client_id: str, *args: Any, **options: Any) -> HttpResponseBase:
            """Delete the client."""
            told: HttpResponseBase = self.get(request, client_id)  # only to the holder of its registration token
            if told.status_code == 200 and linked_users(application__client_id=client_id):
                return JsonResponse({"error": "access_denied"}, status=403)
            response: HttpResponseBase = super().delete(request, client_id, *args, **options)
            return response
