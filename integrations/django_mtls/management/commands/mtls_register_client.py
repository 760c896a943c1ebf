"""``manage.py mtls_register_client``: register a client or a user's certificate."""

from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...clients.choices import Method, SubjectKindChoice
from ...clients.claims import NOT_ALLOWED
from ...clients.impossible import impossible_warning
from ...clients.uploads import certificate_warnings, key_set, names, read_certificate
from ...conf import mtls_settings
from ...models import AbstractRegisteredClient
from ...users.rights import Editor


class Command(BaseCommand):
    """Register a client by its certificate."""

    help = "Register an OAuth client, or a user's certificate, by a certificate (PEM or DER)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments."""
        parser.add_argument("client_id")
        parser.add_argument("certificate", type=Path, help="the client's certificate")
        parser.add_argument("--kind", choices=SubjectKindChoice.values, help="which of its names; else the first SAN")
        parser.add_argument(
            "--itself", action="store_true", help="register the certificate itself, though a CA issued it"
        )
        parser.add_argument("--user", help="the name of the user who logs in with it")
        parser.add_argument(
            "--editor",
            metavar="USER",
            help="the user on whose behalf this is registered; needed where another user logs in by the certificate's "
            "name or key already, and then one who may change that user",
        )
        parser.add_argument("--bound", action="store_true", help="issue this client certificate-bound tokens only")

    def handle(self, *args: Any, **options: Any) -> None:
        """Register."""
        try:
            record = _record(options)
            record.full_clean()
            record.save()
        except ValidationError as error:
            hint = " Name a user who may with --editor." if _is_not_allowed(error) else ""
            raise CommandError(" ".join(error.messages) + hint) from None
        except OSError as error:
            raise CommandError(str(error)) from None
        what = f"{record.subject_kind} {record.subject_value!r}" if record.subject_kind else "the certificate itself"
        if options["verbosity"]:
            self.stdout.write(self.style.SUCCESS(f"Registered {record.client_id}: {what}."))
        shown = certificate_warnings(record.certificate) if record.certificate else []
        for warning in filter(None, [impossible_warning(record), *shown]):
            self.stderr.write(self.style.WARNING(warning))


def _record(options: dict[str, Any]) -> AbstractRegisteredClient:
    certificate = read_certificate(ContentFile(options["certificate"].read_bytes()))
    record = mtls_settings().client_model(
        client_id=options["client_id"], tls_client_certificate_bound_access_tokens=options["bound"]
    )
    record.certificate = certificate
    if options["user"] is not None:
        record.user = _user(options["user"])
    if options["editor"] is not None:
        record.editor = Editor.of(_user(options["editor"]))
    if certificate.is_self_signed or options["itself"]:
        if options["kind"]:
            raise ValidationError("--kind is for a certificate that a CA issued and that is not registered itself.")
        record.token_endpoint_auth_method = Method.SELF_SIGNED
        record.jwks = key_set(certificate)
        return record
    fitting = [name for name in names(certificate) if options["kind"] in (None, name[0])]
    if not fitting:
        raise ValidationError("The certificate carries no such name that can be registered.")
    record.subject_kind, record.subject_value = fitting[0]
    return record


def _is_not_allowed(error: ValidationError) -> bool:
    found = [each for errors in error.error_dict.values() for each in errors] if hasattr(error, "error_dict") else []
    return any(each.code == NOT_ALLOWED for each in found)


def _user(name: str) -> Any:
    model: Any = get_user_model()
    for user in model._default_manager.filter(**{model.USERNAME_FIELD: name}):
        if user.get_username() == name:
            return user
    raise ValidationError(f"Expected the name of a user, found {name!r}: create that user first.")
