"""Scopes as permissions of REST framework."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from rest_framework.permissions import AND, BasePermission
from rest_framework.request import Request

from wsgi_mtls.errors import InvalidToken
from wsgi_mtls.request.bearer import check_challenge
from wsgi_mtls.rules.token import BoundToken

from ..oauth import view_of
from ..request import innermost
from ..verification import guard
from .refusals import Refused


class HasBoundToken(BasePermission):
    """Permits requests with a token that ``BoundTokenAuthentication`` has accepted."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether there is such a token."""
        return isinstance(request.auth, BoundToken)


class BoundTokenHasScope(HasBoundToken):
    """Permits requests with a token for all scopes in the view's ``required_scope``.

    Where it alone decides, by itself or with ``&``, too little scope is answered as RFC 6750 section 3.1 requires. With
    ``|`` and ``~`` it is one condition of several, and REST framework answers.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether there is such a token.

        Raises:
            Refused: If its scope is not sufficient; the view answers with it.
            ImproperlyConfigured: If the view does not name the scope that it needs.
        """
        scope, token = required_scope(view), request.auth
        if not isinstance(token, BoundToken):
            return False
        missing = frozenset(scope.split(" ")) - token.scopes
        if missing and scope_decides(view):
            error = InvalidToken(f"The token does not cover {' '.join(sorted(missing))}.", reason="insufficient_scope")
            seen = view_of(innermost(request))
            guard().offer(error, seen)
            if not _is_probe(request):
                guard().report_refusal(seen, error, token.client_id, kind="token")
            raise Refused(error, scope)
        return not missing


def required_scope(view: Any) -> str:
    """Return the scope that a view with :class:`BoundTokenHasScope` needs.

    Raises:
        ImproperlyConfigured: If the view does not name one.
    """
    scope = getattr(view, "required_scope", None)
    if not isinstance(scope, str) or not scope:
        raise ImproperlyConfigured(f'{type(view).__name__} needs required_scope = "…" for BoundTokenHasScope.')
    check_challenge(None, scope)
    return scope


def scope_decides(view: Any) -> bool:
    """Return whether a view always demands its ``required_scope``.

    It then does so whatever else is permitted.
    """
    return any(map(_demands_scope, view.get_permissions()))


def _is_probe(request: Request) -> bool:
    """Return whether REST framework only asks which methods it can offer.

    It asks by an overridden method.
    """
    return "method" in vars(request)


def _demands_scope(permission: Any) -> bool:
    if isinstance(permission, AND):
        operands: Any = permission  # whose stub has none
        return _demands_scope(operands.op1) or _demands_scope(operands.op2)
    return isinstance(permission, BoundTokenHasScope)
