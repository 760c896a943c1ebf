"""Who may link registrations to users: a certificate that logs in as somebody is worth all of that user's rights."""

from collections.abc import Iterable
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.admin.options import BaseModelAdmin
from django.contrib.auth import get_permission_codename, get_user_model
from django.core.exceptions import PermissionDenied
from django.forms.models import _get_foreign_key
from django.http import HttpRequest

from .models import AbstractRegisteredClient

if TYPE_CHECKING:
    AnyAdmin = BaseModelAdmin[Any]
else:
    AnyAdmin = BaseModelAdmin


def may_link(editor: Any, user: Any) -> bool:
    """Tell whether an editor may decide whose certificate logs in as a user.

    Who may is a superuser, or may change that user and has every right that the user has: otherwise to register a
    certificate of one's own would be a way to rights that nobody gave.
    """
    if not editor.is_active:
        return False
    if getattr(editor, "is_superuser", False):
        return True
    opts = get_user_model()._meta
    return (
        editor.has_perm(f"{opts.app_label}.{get_permission_codename('change', opts)}")
        and hasattr(user, "get_all_permissions")  # of a user without Django's permissions nobody knows the rights
        and not getattr(user, "is_superuser", False)
        and getattr(user, "is_staff", False) <= getattr(editor, "is_staff", False)
        and _rights(user) <= _rights(editor)
    )


def _rights(user: Any) -> set[str]:
    active = copy(user)
    active.is_active = True  # an inactive user has none now, and all of them again once activated
    return set(active.get_all_permissions())


class LinkingAdmin(AnyAdmin):
    """For an admin class: a linked registration is changed, enabled, disabled and deleted by those who may link it."""

    def may_link(self, request: HttpRequest, user: Any) -> bool:
        """Tell whether the editor of this request may link a registration to a user, or change one that is linked."""
        return may_link(request.user, user)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Tell the form who is asking."""
        form: Any = super().get_form(request, obj, change, **kwargs)  # type: ignore[misc]  # ModelAdmin's
        form.may_link = staticmethod(partial(self.may_link, request))
        return form

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether a registration may be changed: also whether its user is one whom the editor may link."""
        return super().has_change_permission(request, obj) and self._may_touch(request, _linked(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise; a deleted registration no longer keeps a disabled certificate's name out."""
        return super().has_delete_permission(request, obj) and self._may_touch(request, _linked(obj))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save; the last barrier, also behind an editable list and forms of a project's own."""
        if not self._may_touch(request, _linked(obj, _stored(obj))):
            raise PermissionDenied
        super().save_model(request, obj, form, change)  # type: ignore[misc]  # ModelAdmin's

    def _may_touch(self, request: HttpRequest, users: Iterable[Any]) -> bool:
        return all(self.may_link(request, user) for user in users)


class LinkingInline(AnyAdmin):
    """The same for an inline."""

    def may_link(self, request: HttpRequest, user: Any) -> bool:
        """Tell whether the editor of this request may link a registration to a user, or change one that is linked."""
        return may_link(request.user, user)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Tell the forms who is asking."""
        formset: Any = super().get_formset(request, obj, **kwargs)  # type: ignore[misc]  # InlineModelAdmin's
        formset.form.may_link = staticmethod(partial(self.may_link, request))
        return formset

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the registrations of an object may be changed: all of them, or none."""
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise."""
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


def _stored(record: AbstractRegisteredClient) -> AbstractRegisteredClient | None:
    return type(record)._base_manager.select_related("user").filter(pk=record.pk).first()
