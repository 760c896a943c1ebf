"""``manage.py mtls_check``: the settings in force, and what our checks find.

The findings can also be printed as JSON.
"""

import json
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.management.base import BaseCommand, CommandParser

from wsgi_mtls.config import in_force

from ...conf import InvalidSetting, mtls_settings


class Command(BaseCommand):
    """Print what is in force and what is wrong with it."""

    help = "Print the settings of MTLS in force and what our system checks find; exit with 1 where there is an error."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments."""
        parser.add_argument(
            "--json", action="store_true", help="print what was found as a JSON array, and nothing else"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the settings, and what the checks find.

        Clients that can never authenticate are errors, as with ``check --deploy``.
        """
        found = [message for message in checks.run_checks(include_deployment_checks=True) if _is_shown(message)]
        if options["json"]:
            self.stdout.write(json.dumps([_members(message) for message in found], indent=2))
        else:
            self._print_settings()
            for message in found:
                shown = _members(message)
                line = " ".join(filter(None, (f"{shown['level'].capitalize()}:", shown["message"], shown["hint"])))
                self.stderr.write(f"{line} ({message.id})")
            if not found:
                self.stdout.write("No problems found.")
        if any(message.is_serious() for message in found):
            raise SystemExit(1)

    def _print_settings(self) -> None:
        try:
            read = mtls_settings()
        except InvalidSetting:
            return  # what is wrong with them is printed below
        self.stdout.write("Settings")
        own = {
            "USERNAME_FROM": None,
            "CREATE_UNKNOWN_USERS": read.create_unknown_users,
            "USE_SESSION": read.use_session,
            "CLIENT_MODEL": read.client_model._meta.label,
        }
        for name, value in in_force({**own, **settings.MTLS}, read, None).items():
            self.stdout.write(f'  MTLS["{name}"] = {value}')


def _is_shown(message: checks.CheckMessage) -> bool:
    return (message.id or "").startswith("django_mtls") and not message.is_silenced()


def _members(message: checks.CheckMessage) -> dict[str, str]:
    level = {10: "debug", 20: "info", 30: "warning", 40: "error"}.get(message.level, "critical")
    return {"id": message.id or "", "level": level, "message": str(message.msg), "hint": str(message.hint or "")}
