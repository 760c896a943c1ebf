"""``manage.py mtls_search_keys``: a repair of the search by certificate."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import router, transaction

from ...clients.search import search_keys
from ...clients.search_keys import KeyTaken, SearchKey, release_keys, unused_keys
from ...models import AbstractRegisteredClient


class Command(BaseCommand):
    """The command that rebuilds search keys, after changes past ``save()``."""

    help = "Rebuild what certificates find their registrations by, after bulk_create(), update() or SQL."

    def handle(self, *args: Any, **options: Any) -> None:
        """Drop the keys that nothing uses, and then rebuild the others.

        The rebuilding repairs what is saved meanwhile. All of it in the databases that are written to: a replica may
        lag behind, and takes nothing.
        """
        models = [model for model in apps.get_models() if issubclass(model, AbstractRegisteredClient)]
        using = router.db_for_write(SearchKey)
        dropped = sum(key.delete(using=using)[0] for key in unused_keys(models, using).iterator())
        count, refused = 0, []
        for model in models:
            using = router.db_for_write(model)
            records = model._base_manager.using(using)
            count += records.count()
            taken = _rebuild(records.iterator())
            with transaction.atomic(using=using):
                # Registrations that exchanged their names wait for each other.
                for record in taken:
                    release_keys(record, search_keys(record), using)
                refused += _rebuild(taken)
        if refused:
            names = ", ".join(repr(record.client_id) for record in refused)
            raise CommandError(
                f"Another registration has a name or key of {names}, and a name or key logs in one user only. "
                "Correct or delete one of them, and run this command again."
            )
        self.stdout.write(
            self.style.SUCCESS(f"{count} registrations are found by their certificates; {dropped} keys dropped.")
        )


def _rebuild(records: Iterable[AbstractRegisteredClient]) -> list[AbstractRegisteredClient]:
    """Rebuild keys, and return the registrations whose keys another one owns."""
    taken = []
    for record in records:
        try:
            record.update_search_keys()
        except KeyTaken:
            taken.append(record)
    return taken
