"""The table of search keys, by which certificates find registrations.

A constraint gives a name or key to one registration.
"""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, ClassVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from .search import Key, batches, exclusive_scope

if TYPE_CHECKING:
    from ..models import AbstractRegisteredClient


class KeyTaken(ValidationError):
    """Another registration, which also logs a user in, has this name or key."""

    def __init__(self) -> None:
        super().__init__(
            _("Another registration has this name or key, and a name or key logs in one user only."), code="taken"
        )


class SearchKey(models.Model):
    """A key to search by: the digest of a subject value or of a public key.

    It finds candidates and decides nothing: the verifier looks at the registration itself.

    Attributes:
        digest: of the name or key.
        scope: empty for a key that OAuth clients may share; a relation's name for a key that one registration has for
            itself; ``"card"`` for what the certificate of a user's registration carries besides.
    """

    digest: "models.CharField[str, str]" = models.CharField(max_length=64)
    scope: "models.CharField[str, str]" = models.CharField(max_length=255, blank=True, default="")

    class Meta:  # noqa: D106
        verbose_name = _("search key")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=("digest", "scope"), name="django_mtls_search_key_once")
        ]

    def __str__(self) -> str:
        return str(self.digest)


def give_keys(record: "AbstractRegisteredClient", wanted: Iterable[Key], using: str) -> None:
    """Give a saved registration these keys and no others.

    Raises:
        KeyTaken: If another registration has one that cannot be shared.
    """
    with transaction.atomic(using=using):
        held = {(key.digest, key.scope): key for key in record.search_keys.using(using)}
        kept = {key: held.pop(key) for key in set(wanted) & held.keys()}
        missing = sorted(set(wanted) - kept.keys())
        own = exclusive_scope(type(record))
        exclusive = [_take(record, digest, using) for digest, scope in missing if scope == own]
        shared = _shared([key for key in missing if key[1] != own], using)
        record.search_keys.set([*kept.values(), *exclusive, *shared])
        SearchKey.objects.using(using).filter(pk__in=[key.pk for key in held.values() if key.scope == own]).delete()


def release_keys(record: "AbstractRegisteredClient", wanted: Iterable[Key], using: str) -> None:
    """Release unwanted keys of a registration that was changed past ``save()``."""
    own = exclusive_scope(type(record))
    held = {(key.digest, key.scope) for key in record.search_keys.using(using)}
    give_keys(record, {key for key in held if key[1] != own} | (held & set(wanted)), using)


def unused_keys(models: Iterable[type["AbstractRegisteredClient"]], using: str) -> QuerySet[SearchKey]:
    """Return the keys that no registration of these models has."""
    unused = SearchKey.objects.using(using)
    for model in models:
        links = model.search_keys.through._base_manager.using(using)
        unused = unused.filter(~Exists(links.filter(searchkey=OuterRef("pk"))))
    return unused


def _take(record: "AbstractRegisteredClient", digest: str, using: str) -> SearchKey:
    """Make the key of one registration.

    If two requests do so at once, the constraint rejects one.
    """
    scope = exclusive_scope(type(record))
    # A deleted registration leaves its keys behind.
    unused_keys([type(record)], using).filter(digest=digest, scope=scope).delete()
    try:
        with transaction.atomic(using=using):
            return SearchKey.objects.using(using).create(digest=digest, scope=scope)
    except IntegrityError:
        raise KeyTaken from None


def _shared(keys: Collection[Key], using: str) -> list[SearchKey]:
    """Find or make shared keys in few queries.

    A certificate may have thousands of names.
    """
    made = [SearchKey(digest=digest, scope=scope) for digest, scope in keys]
    SearchKey.objects.using(using).bulk_create(made, batch_size=100, ignore_conflicts=True)
    found: list[SearchKey] = []
    for scope in {key[1] for key in keys}:
        for digests in batches(key[0] for key in keys if key[1] == scope):
            found += SearchKey.objects.using(using).filter(digest__in=digests, scope=scope)
    return found
