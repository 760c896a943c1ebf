"""``manage.py mtls_explain``: why a certificate is accepted or refused."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from wsgi_mtls import MutualTLSError
from wsgi_mtls.explain import explain
from wsgi_mtls.explain_report import read_peer, to_json, to_lines

from ...verification import verifier


class Command(BaseCommand):
    """The command that prints the path of a certificate, and the decision.

    Each check is printed with what was expected and found.
    """

    help = "Print why a certificate is accepted or refused, by the settings of this project."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments."""
        parser.add_argument("certificate", type=Path, help="the certificate, PEM or DER; its chain may follow it")
        parser.add_argument(
            "--client", help="the client_id that the request would name; without it no client or user is looked for"
        )
        parser.add_argument("--chain", type=Path, help="a file of what comes along with it")
        parser.add_argument("--verified", action="store_true", help="assume that the TLS terminator reports success")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it; exit with 1 where the certificate is refused."""
        try:
            peer = read_peer(options["certificate"], options["chain"], verified=options["verified"])
        except (MutualTLSError, OSError) as error:
            raise CommandError(str(error)) from None
        explanation = explain(verifier(), peer, options["client"])
        self.stdout.write(to_json(explanation) if options["json"] else "\n".join(to_lines(explanation)))
        if not explanation.accepted:
            raise SystemExit(1)
