"""``manage.py mtls_expiring``: the certificates that expire soon."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ...clients.moments import days_left
from ...conf import mtls_settings


class Command(BaseCommand):
    """The command that lists clients whose certificate has expired or soon will.

    The clients are enabled; the certificate was registered or seen last.
    """

    help = "List the enabled clients whose certificate has expired or expires within so many days."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments."""
        parser.add_argument("--days", type=int, default=30, help="from now; 30 by default, negative: expired before")

    def handle(self, *args: Any, **options: Any) -> None:
        """List them, the first to expire first: client_id, date, days left."""
        try:
            until = timezone.now() + timedelta(days=options["days"])
        except OverflowError:
            raise CommandError("--days is beyond the calendar; give a smaller number.") from None
        model = mtls_settings().client_model
        for record in model._default_manager.filter(enabled=True, certificate_expires__lte=until).order_by(
            "certificate_expires"
        ):
            expires = record.certificate_expires
            if expires is not None:
                self.stdout.write(f"{record.client_id}\t{expires.date().isoformat()}\t{days_left(expires)}")
