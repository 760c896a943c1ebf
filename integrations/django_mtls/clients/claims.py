"""The check that a registration takes no name or key of another user's login."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from wsgi_mtls.clients import SubjectKind, SubjectValue
from wsgi_mtls.errors import InvalidClientMetadata, MutualTLSError
from wsgi_mtls.x509.name_text import read_registered
from wsgi_mtls.x509.preparation import prepare

from ..conf import mtls_settings
from ..users.usernames import USERNAME_FROM, username
from .search import CARD, batches, card_digests, exclusive_scope, key_digests, registration_digests

if TYPE_CHECKING:
    from ..models import AbstractRegisteredClient

NOT_ALLOWED = "not_allowed"
"""The code of the error that another editor would not get."""

_COMMON_NAME = "2.5.4.3"
_KINDS = {
    "tls_client_auth_subject_dn": "subject_cn",
    "tls_client_auth_san_email": "san_email",
    "tls_client_auth_san_dns": "san_dns",
    "tls_client_auth_san_uri": "san_uri",
}


def claim_errors(record: "AbstractRegisteredClient") -> list[ValidationError]:
    """Return why the editor of a registration may not save it, or nothing."""
    if holders := _holders(record):
        return [_taken(record, holders[0])]
    if may_claim(record):
        return []
    message = _(
        "This registration decides about a certificate that logs in another user. You can save it only if you may "
        "change that user and have all permissions that the user has."
    )
    return [ValidationError(message, code=NOT_ALLOWED)]


def may_claim(record: "AbstractRegisteredClient") -> bool:
    """Return whether the editor may link every user whom the registration concerns.

    Without a named editor, no one is responsible for what other users lose by it.
    """
    others = [user for user in _others(record) if user != record.user]
    if record.editor is None:
        return not others
    linked = [user for user in (record.user, _stored_user(record)) if user is not None]
    return all(record.editor.may_link(user) for user in (*others, *linked))


def _taken(record: "AbstractRegisteredClient", other: "AbstractRegisteredClient") -> ValidationError:
    if record.editor is None or not record.editor.may_view(other):
        message = _("Another registration has this name or key, and a name or key logs in one user only.")
        return ValidationError(message, code="taken")
    message = _("The registration “%(holder)s” has this name or key, and a name or key logs in one user only.")
    return ValidationError(message, code="taken", params={"holder": other})


def _holders(record: "AbstractRegisteredClient") -> list["AbstractRegisteredClient"]:
    """Return the other registrations that own a name or key of this one."""
    if not record.found_by_certificate:
        return []
    return _found(record, registration_digests(record), exclusive_scope(type(record)))


def _others(record: "AbstractRegisteredClient") -> Iterable[Any]:
    """Find the users who, as far as is known, log in by its names or keys.

    A client that its ``client_id`` names takes no name from a user; but its key marks a certificate as registered.
    """
    own = exclusive_scope(type(record))
    taken = registration_digests(record) if record.found_by_certificate else key_digests(record)
    rows = _found(record, taken, own, CARD)
    if record.found_by_certificate:
        rows += _found(record, card_digests(record), own)
    yield from (row.user for row in rows if row.user is not None)
    yield from _named(record)


def _found(
    record: "AbstractRegisteredClient", digests: Iterable[str], *scopes: str
) -> list["AbstractRegisteredClient"]:
    found: dict[object, AbstractRegisteredClient] = {}
    for batch in batches(digests):
        rows = type(record)._base_manager.filter(search_keys__digest__in=batch, search_keys__scope__in=scopes)
        found |= {row.pk: row for row in rows.exclude(pk=record.pk).select_related("user")}
    return list(found.values())


def _named(record: "AbstractRegisteredClient") -> Iterable[Any]:
    """Find the users with exactly a name that registered certificates may carry.

    ``USERNAME_FROM`` decides which name of a certificate counts.
    """
    username_from = mtls_settings().username_from
    if username_from is None:
        return
    known = {*record.certificates, *([record.certificate] if record.certificate and card_digests(record) else [])}
    for certificate in known:
        if not certificate.is_self_signed:  # its names count nowhere
            try:
                name = username(certificate, username_from)
            except MutualTLSError:
                continue  # no user logs in by it
            yield from (user for user in _users(name) if user.get_username() == name)
    kind = record.subject_kind
    if record.found_by_certificate and kind in _KINDS and USERNAME_FROM[_KINDS[kind]] is username_from:
        yield from _users_of_value(cast("SubjectKind", kind), record.subject_value)


def _users_of_value(kind: SubjectKind, value: str) -> Iterable[Any]:
    """Find the users that a certificate with this subject value names.

    Names are compared like the value.
    """
    if kind != "tls_client_auth_subject_dn":
        yield from (user for user in _users(value) if _is_name(kind, user.get_username(), value))
        return
    rdns = read_registered(value)
    found = [text for rdn in rdns for oid, text in rdn if oid == _COMMON_NAME]
    # A value that is not a text can not be a username.
    name = found[0] if len(found) == 1 and isinstance(found[0], str) else ""
    if prepared := prepare(name):
        candidates = (*_users(name), *_users(prepared))
        yield from (user for user in candidates if prepare(user.get_username()) == prepared)


def _is_name(kind: SubjectKind, name: str, value: str) -> bool:
    try:
        return SubjectValue.parse(kind, name).key == SubjectValue.parse(kind, value).key
    except InvalidClientMetadata:
        return False


def _users(name: str) -> list[Any]:
    """Return the users of a name, whatever its case."""
    model: Any = get_user_model()
    field = model.USERNAME_FIELD
    try:
        return list(model._default_manager.filter(Q(**{field: name}) | Q(**{f"{field}__iexact": name})))
    except (ValueError, TypeError, OverflowError, ValidationError):  # USERNAME_FIELD is not a text
        return []


def _stored_user(record: "AbstractRegisteredClient") -> Any:
    stored = type(record)._base_manager.select_related("user").filter(pk=record.pk).first()
    return None if stored is None else stored.user
