"""Scopes as permissions of REST framework."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from wsgi_mtls.access_token import BoundToken
from wsgi_mtls.bearer import check_challenge
from wsgi_mtls.errors import InsufficientScope
from wsgi_mtls.events import Event, report

from ..signals import send
from .refusals import Refused


class HasBoundToken(BasePermission):
    """Lets requests in whose token :class:`~.authentication.BoundTokenAuthentication` has accepted."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether there is such a token."""
        return isinstance(request.auth, BoundToken)


class BoundTokenHasScope(HasBoundToken):
    """Lets requests in whose token covers the view's ``required_scope``: scopes, all of them, separated by spaces."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether there is such a token.

        Raises:
            Refused: its scope is too little (RFC 6750 section 3.1).
            ImproperlyConfigured: the view does not say what scope it needs.
        """
        scope = getattr(view, "required_scope", None)
        if not isinstance(scope, str) or not scope:
            raise ImproperlyConfigured(f'{type(view).__name__} needs required_scope = "…" for BoundTokenHasScope.')
        check_challenge(None, scope)
        token = request.auth
        if not isinstance(token, BoundToken):
            return False
        missing = frozenset(scope.split(" ")) - token.scopes
        if missing:
            error = InsufficientScope(f"The token does not cover {' '.join(sorted(missing))}.")
            report(Event("token_rejected", token.client_id, reason=error.reason, detail=error.message), [send])
            raise Refused(error, scope)
        return True
