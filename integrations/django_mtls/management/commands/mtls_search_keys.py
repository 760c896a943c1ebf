"""``manage.py mtls_search_keys``: make every registration be found by its certificates again."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db.models import Exists, OuterRef

from ...models import AbstractRegisteredClient, SearchKey


class Command(BaseCommand):
    """Rebuild what certificates find their registrations by; after changes that went past ``save()``."""

    help = "Rebuild what certificates find their registrations by, after bulk_create(), update() or SQL."

    def handle(self, *args: Any, **options: Any) -> None:
        """Drop the keys that nothing uses, and then rebuild: what is saved meanwhile is repaired by that."""
        models = [model for model in apps.get_models() if issubclass(model, AbstractRegisteredClient)]
        unused = SearchKey.objects.all()
        for model in models:
            links = model.search_keys.through._base_manager
            unused = unused.filter(~Exists(links.filter(searchkey=OuterRef("pk"))))
        dropped = sum(key.delete()[0] for key in unused.iterator())
        count = 0
        for model in models:
            for record in model._base_manager.iterator():
                record.update_search_keys()
                count += 1
        self.stdout.write(
            self.style.SUCCESS(f"{count} registrations are found by their certificates; {dropped} keys dropped.")
        )
