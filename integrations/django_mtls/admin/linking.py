"""Admin classes that limit who may change the registration of a user.

An editor changes it only if the editor may link that user.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.admin.options import BaseModelAdmin
from django.core.exceptions import PermissionDenied
from django.forms.models import _get_foreign_key
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from ..clients.claims import may_claim
from ..clients.search_keys import KeyTaken
from ..models import AbstractRegisteredClient
from ..users.rights import Editor, may_link
from .forms import EditedForm

if TYPE_CHECKING:
    AnyAdmin = BaseModelAdmin[Any]
else:
    AnyAdmin = BaseModelAdmin


class ClaimingAdmin(AnyAdmin):
    """Base of an admin class with a registration: a lost race is a form's error.

    The class is the registration's own, or has it inline. The form has looked whether a name or key is taken; one that
    another request takes afterwards is seen by the database's constraint alone. By then the other request's
    registration is stored, so the form is validated again; a transaction that cannot see it is answered with 409.
    """

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        """Show or save one object."""
        return _validated_again(partial(super().changeform_view, request, *args, **options))  # type: ignore[misc]  # ModelAdmin's

    def changelist_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        """Show the list, or save what is editable in it."""
        return _validated_again(partial(super().changelist_view, request, *args, **options))  # type: ignore[misc]  # ModelAdmin's


class LinkingAdmin(ClaimingAdmin):
    """Base of an admin class for editors who may link a registration.

    No other editor may change, enable, disable or delete it.
    """

    def may_link(self, request: HttpRequest, user: Any) -> bool:
        """Return whether the editor may link a registration to a user.

        A change of a linked registration requires the same right.
        """
        return may_link(request.user, user)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Give the form its editor."""
        form: Any = super().get_form(request, obj, change, **kwargs)  # type: ignore[misc]  # ModelAdmin's
        form.editor = self._editor(request)
        return form

    def get_changelist_form(self, request: HttpRequest, **options: Any) -> Any:
        """Give the rows of an editable list their editor."""
        form: Any = super().get_changelist_form(request, **{"form": EditedForm, **options})  # type: ignore[misc]  # ModelAdmin's
        form.editor = self._editor(request)
        return form

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether a registration may be changed, and the editor may link its user."""
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the editor may delete the registration.

        A disabled one still keeps a lost card's name reserved.
        """
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save; the last barrier, also behind an editable list and a project's own forms."""
        obj.editor = self._editor(request)
        if not may_claim(obj):
            raise PermissionDenied
        super().save_model(request, obj, form, change)  # type: ignore[misc]  # ModelAdmin's

    def _editor(self, request: HttpRequest) -> Editor:
        return Editor(request.user, partial(self.may_link, request), partial(self.has_view_permission, request))

    def _may_touch(self, request: HttpRequest, obj: AbstractRegisteredClient | None) -> bool:
        return all(self.may_link(request, user) for user in _linked(obj))


class LinkingInline(AnyAdmin):
    """Base of an inline whose parent's admin class is a :class:`ClaimingAdmin`."""

    def may_link(self, request: HttpRequest, user: Any) -> bool:
        """Return whether the editor may link a registration to a user.

        A change of a linked registration requires the same right.
        """
        return may_link(request.user, user)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Give the forms their editor."""
        formset: Any = super().get_formset(request, obj, **kwargs)  # type: ignore[misc]  # InlineModelAdmin's
        may_view = Editor.of(request.user).may_view
        formset.form.editor = Editor(request.user, partial(self.may_link, request), may_view)
        return formset

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the editor may change all registrations of an object."""
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the editor may delete all registrations of an object."""
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    def _may_touch(self, request: HttpRequest, parent: Any) -> bool:
        if parent is None or parent.pk is None:
            return True
        itself: Any = self
        key = _get_foreign_key(itself.parent_model, itself.model, fk_name=itself.fk_name)
        records = itself.model._default_manager.filter(**{key.name: parent}).select_related("user")
        return all(self.may_link(request, user) for user in _linked(*records))


def _linked(*records: AbstractRegisteredClient | None) -> list[Any]:
    return [record.user for record in records if record is not None and record.user is not None]


def _validated_again(view: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    try:
        return view()
    except KeyTaken:
        pass
    try:
        return view()
    except KeyTaken:
        # A transaction of PostgreSQL's REPEATABLE READ around the request, as with ATOMIC_REQUESTS, sees the constraint
        # and never the other registration.
        message = _("Another editor has just registered this name or key. Nothing was saved: load the page again.")
        return HttpResponse(message, content_type="text/plain; charset=utf-8", status=409)
