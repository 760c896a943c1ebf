"""The user with exactly the name that a certificate carries."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.db.models import Exists, Manager, Model, Q, QuerySet

from wsgi_mtls.errors import MutualTLSError, RefusedClient
from wsgi_mtls.x509 import ClientCertificate

from ..clients.choices import Method
from ..clients.rows import DIGESTS
from ..clients.search import SHARED, certificate_digests, exclusive_scope
from ..conf import mtls_settings
from ..models import AbstractRegisteredClient
from ..prepared import Place, Prepared, is_plain, prepare
from .usernames import UsernameFrom, username

_ILLEGAL_MIX = 1267  # MySQL: the column's character set lacks a character of the name, as utf8mb3 lacks emojis
_NAME = Place("a username")
_REGISTERED = "mtls_is_registered"


@dataclass(frozen=True, slots=True)
class Named:
    """The user that the name in a certificate leads to.

    Attributes:
        user: the existing user with exactly this name, or None.
        refusal: why the certificate leads to no name, or to no single user.
        registered: whether a registration of a user or of a self-signed client may decide otherwise; None if the
            registrations were not looked at.
        name: the name.
    """

    user: Any = None
    refusal: MutualTLSError | None = None
    registered: bool | None = None
    name: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the name was looked at."""
        return bool(self.name or self.refusal)


def look_up(certificate: ClientCertificate, username_from: UsernameFrom) -> Named:
    """Read the name in a certificate, and look its user up.

    The same query also finds whether registrations count. Nothing is reported: whether that user logs in is decided
    elsewhere.
    """
    try:
        name = username(certificate, username_from)
    except MutualTLSError as error:
        return Named(refusal=error)
    try:
        user, registered = _user_and_registered(name, certificate)
    except MutualTLSError as error:
        return Named(refusal=error, name=name)
    return Named(user, None, registered, name)


def find_user(name: str, using: str | None = None) -> Any:
    """Return the user with exactly this name, or None.

    Args:
        name: the name.
        using: the database to look in; by default the one to read from.

    Raises:
        RefusedClient: ``unknown_user``: If the database takes another name for this one, so that neither may log in
            by it.
    """
    model: Any = get_user_model()
    return _of_this_name(name, partial(model._default_manager.using(using).filter, **{model.USERNAME_FIELD: name}))


def _of_this_name(name: str, read: Callable[[], Iterable[Any]]) -> Any:
    try:
        found = list(read())
    except (ValueError, TypeError, OverflowError, ValidationError):  # USERNAME_FIELD is not a text
        model: Any = get_user_model()
        raise RefusedClient(
            f"{model._meta.label}.{model.USERNAME_FIELD} can't be {name!r}.", reason="unknown_user"
        ) from None
    except OperationalError as error:
        if error.args[:1] != (_ILLEGAL_MIX,):
            raise
        raise RefusedClient(f"No user can have the name {name!r} in this database.", reason="unknown_user") from None
    exact = [user for user in found if user.get_username() == name]
    if len(exact) == 1:
        return exact[0]
    if found:
        others = ", ".join(repr(user.get_username()) for user in found)
        raise RefusedClient(f"Asked for user {name!r}, the database returned {others}.", reason="unknown_user")
    return None


def _user_and_registered(name: str, certificate: ClientCertificate) -> tuple[Any, bool | None]:
    digests, users = certificate_digests(certificate), get_user_model()._default_manager
    query = _prepared(users, len(digests))
    if query is None:
        return find_user(name), None
    values: dict[str, str] = {_NAME: name, **dict(zip(DIGESTS, digests, strict=False))}
    user = _of_this_name(name, partial(users.raw, query.sql, query.fill(values)))
    # It is a value of this query alone, which must not stay with the user.
    return user, None if user is None else bool(vars(user).pop(_REGISTERED))


def _prepared(users: "Manager[Any]", count: int) -> Prepared | None:
    """Return the query for a user and the registrations of so many digests.

    The result is None if the two are not in one database, or the digests are too many.
    """
    clients, using = mtls_settings().client_model._default_manager, users.db
    if count > len(DIGESTS) or clients.db != using:
        return None
    return _query(users, users.model.USERNAME_FIELD, clients, using, count)


@lru_cache(maxsize=64)
def _query(
    users: "Manager[Any]", field: str, clients: "Manager[AbstractRegisteredClient]", using: str, count: int
) -> Prepared | None:
    if not (is_plain(users) and is_plain(clients)) or users.model._meta.parents:  # whose tables may share names
        return None

    def make() -> "QuerySet[Model]":
        counting = clients.all().filter(
            Q(user__isnull=False) | Q(token_endpoint_auth_method=Method.SELF_SIGNED),
            search_keys__digest__in=DIGESTS[:count],
            search_keys__scope__in=(SHARED, exclusive_scope(clients.model)),
        )
        return users.all().filter(**{field: _NAME}).annotate(**{_REGISTERED: Exists(counting)})

    return prepare(make, using, _NAME, *DIGESTS[:count])
