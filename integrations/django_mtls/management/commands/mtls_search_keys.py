"""``manage.py mtls_search_keys``: make every registration be found by its certificates again."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import router
from django.db.models import Exists, OuterRef

from ...models import AbstractRegisteredClient, SearchKey


class Command(BaseCommand):
    """Rebuild what certificates find their registrations by; after changes that went past ``save()``."""

    help = "Rebuild what certificates find their registrations by, after bulk_create(), update() or SQL."

    def handle(self, *args: Any, **options: Any) -> None:
        """Drop the keys that nothing uses, and then rebuild: what is saved meanwhile is repaired by that.

        All of it in the databases that are written to: a replica may lag behind, and takes nothing.
        """
        models = [model for model in apps.get_models() if issubclass(model, AbstractRegisteredClient)]
        using = router.db_for_write(SearchKey)
        unused = SearchKey.objects.using(using)
        for model in models:
            links = model.search_keys.through._base_manager.using(using)
            unused = unused.filter(~Exists(links.filter(searchkey=OuterRef("pk"))))
        dropped = sum(key.delete(using=using)[0] for key in unused.iterator())
        count = 0
        for model in models:
            for record in model._base_manager.using(router.db_for_write(model)).iterator():
                record.update_search_keys()
                count += 1
        self.stdout.write(
            self.style.SUCCESS(f"{count} registrations are found by their certificates; {dropped} keys dropped.")
        )
