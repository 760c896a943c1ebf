"""``manage.py mtls_key_sets``: a report on the key sets that clients publish.

It fetches what each client has at its ``jwks_uri``.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from wsgi_mtls.errors import InvalidClientMetadata
from wsgi_mtls.impossible import publishes_certificates
from wsgi_mtls.key_set_checks import look, problem_of

from ...clients.last_fetches import text_of
from ...conf import mtls_settings


class Command(BaseCommand):
    """Fetch the key set of each enabled client that publishes one."""

    help = "Fetch the key set of each enabled client with a jwks_uri, and exit with 1 where one is not usable."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what came, client by client."""
        key_sets, model = mtls_settings().key_sets, mtls_settings().client_model
        if key_sets is None:
            raise CommandError('MTLS["KEY_SETS"] is not set, so that nothing is fetched: set it, as to {}.')
        failed = 0
        for record in model._default_manager.filter(enabled=True).exclude(jwks_uri="").iterator():
            try:
                client = record.to_client()
            except InvalidClientMetadata:
                continue  # check --deploy reports it
            if client.jwks_uri is None or not publishes_certificates(client):
                continue
            last = look(client.jwks_uri, key_sets)
            problem = problem_of(last)
            failed += problem is not None
            self.stdout.write(f"{client.client_id}: {client.jwks_uri}: {problem or text_of(last)}")
        if failed:
            raise CommandError(f"{failed} of the key sets are not usable.")
