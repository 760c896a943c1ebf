"""The right to link registrations to users.

A certificate that logs in as a user is worth all of that user's rights.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth import get_permission_codename, get_user_model

if TYPE_CHECKING:
    from ..models import AbstractRegisteredClient


def may_link(editor: Any, user: Any) -> bool:
    """Return whether an editor may register a certificate that logs in as a user.

    A superuser may, and an editor who may change that user and has every right that the user has: otherwise an editor
    could get rights that were never granted, by registering a certificate of their own.
    """
    if not editor.is_active:
        return False
    if getattr(editor, "is_superuser", False):
        return True
    opts = get_user_model()._meta
    return (
        hasattr(editor, "has_perm")
        and editor.has_perm(f"{opts.app_label}.{get_permission_codename('change', opts)}")
        and hasattr(user, "get_all_permissions")  # the rights of a user without Django's permissions are not known
        and not getattr(user, "is_superuser", False)
        and getattr(user, "is_staff", False) <= getattr(editor, "is_staff", False)
        and _rights(user) <= _rights(editor)
    )


def saver_may_link(record: "AbstractRegisteredClient", user: Any) -> bool:
    """Return whether the editor who saved a registration may link that user.

    An account that was deactivated since counts with the rights that it had: what its owner linked stays linked.
    """
    return record.saved_by is not None and may_link(_active(record.saved_by), user)


@dataclass(frozen=True, slots=True)
class Editor:
    """The user who saves a registration, and what this user may do.

    Attributes:
        user: the user, who is kept with the registration.
        may_link: returns whether the editor may link a registration to a user.
        may_view: returns whether the editor may see a registration, and so learn that it has a name already.
    """

    user: Any
    may_link: Callable[[Any], bool]
    may_view: Callable[[Any], bool]

    @classmethod
    def of(cls, user: Any) -> Self:
        """Return the editor with the rights that Django's permissions give this user."""
        return cls(user, partial(may_link, user), partial(_may_view, user))


def _may_view(editor: Any, record: "AbstractRegisteredClient") -> bool:
    opts = record._meta
    permissions = (f"{opts.app_label}.{get_permission_codename(action, opts)}" for action in ("view", "change"))
    return any(map(editor.has_perm, permissions))


def _rights(user: Any) -> set[str]:
    return set(_active(user).get_all_permissions())


def _active(user: Any) -> Any:
    """Return the user as if active: an inactive user would have no rights.

    An inactive user has no rights now, and all of them again once activated.
    """
    active = copy(user)
    active.is_active = True
    return active
