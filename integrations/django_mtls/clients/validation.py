"""The validation of a registration, field by field, before it is saved."""

import json
from typing import TYPE_CHECKING, cast

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from wsgi_mtls.clients import SubjectKind, SubjectValue, read_issuers
from wsgi_mtls.errors import InvalidClientMetadata
from wsgi_mtls.jwks import RegisteredKeys, registered_keys

from ..conf import mtls_settings
from .choices import Method, SubjectKindChoice

if TYPE_CHECKING:
    from ..models import AbstractRegisteredClient


def registration_errors(record: "AbstractRegisteredClient") -> dict[str, str]:
    """Return by field what no certificate can satisfy, or no database can store."""
    errors: dict[str, str] = {}
    for field, check in _CHECKS.items():
        try:
            check(record)
        except ValueError as error:  # InvalidClientMetadata is one
            errors[field] = str(error)
    if not errors and record.client_id and _are_clean(record, "client_id", "jwks_uri"):
        try:
            record.to_client()
        except InvalidClientMetadata as error:
            errors["token_endpoint_auth_method"] = str(error)
    return errors


def _are_clean(record: "AbstractRegisteredClient", *names: str) -> bool:
    """Return whether these fields accept their values.

    Otherwise they show an error already.
    """
    try:
        for field in record._meta.fields:
            if field.name in names:
                field.clean(getattr(record, field.name), record)
    except ValidationError:
        return False
    return True


def _check_subject_value(record: "AbstractRegisteredClient") -> None:
    if record.subject_kind and not record.subject_value:
        raise ValueError(_("Write the name, or choose no kind."))
    if record.subject_value and not record.subject_kind:
        raise ValueError(_("Choose which kind of name this is."))
    if record.subject_kind:
        SubjectValue.parse(cast("SubjectKind", record.subject_kind), record.subject_value)
    elif record.token_endpoint_auth_method == Method.TLS_CLIENT_AUTH:
        raise ValueError(_("A client of PKI needs the one name that its certificate must carry."))


def _check_jwks(record: "AbstractRegisteredClient") -> None:
    _check_json(record.jwks)
    if record.token_endpoint_auth_method != Method.SELF_SIGNED or (record.jwks is None and record.jwks_uri):
        return
    found = RegisteredKeys(()) if record.jwks is None else registered_keys(record.jwks)
    if not found.certificates:
        needed = _("Register a certificate: upload one, or write a JWK set whose keys carry x5c.")
        raise ValueError(" ".join([needed, *found.skipped]))


def _check_jwks_uri(record: "AbstractRegisteredClient") -> None:
    if record.jwks is not None and record.jwks_uri:
        raise ValueError(_("A JWK set and its address exclude each other (RFC 7591 section 2)."))
    key_sets = mtls_settings().key_sets
    if record.jwks_uri and record.token_endpoint_auth_method == Method.SELF_SIGNED and key_sets is not None:
        problem = key_sets.why_never(record.jwks_uri)
        if problem and _are_clean(record, "jwks_uri"):  # otherwise the field shows an error already
            raise ValueError(_("This is never fetched: %s") % problem)


def _check_metadata(record: "AbstractRegisteredClient") -> None:
    if not isinstance(record.metadata, dict):
        raise ValueError(_("Write an object."))
    _check_json(record.metadata)
    taken = {"client_id", "token_endpoint_auth_method", "jwks", "jwks_uri", *SubjectKindChoice.values}
    taken.add("tls_client_certificate_bound_access_tokens")
    if double := sorted(taken & record.metadata.keys()):
        raise ValueError(_("%s: this has a field of its own.") % ", ".join(double))
    read_issuers(record.metadata.get("tls_client_auth_issuer") or ())


def _check_json(value: object) -> None:
    """Reject JSON that databases cannot store.

    They cannot store NUL, half of a surrogate pair, or infinity.
    """
    try:
        if _is_deeper(value, _MAX_DEPTH):
            raise ValueError
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except ValueError:
        raise ValueError(
            _("Write numbers and characters that JSON has: no Infinity, no lone surrogate, less nesting.")
        ) from None
    if "\\u0000" in text.replace("\\\\", ""):
        raise ValueError(_("Leave the character NUL (\\u0000) out."))


def _is_deeper(value: object, depth: int) -> bool:
    level = [value]
    for _level in range(depth):
        nested = [found for found in level if isinstance(found, dict | list)]
        level = [child for found in nested for child in (found.values() if isinstance(found, dict) else found)]
    return any(isinstance(found, dict | list) for found in level)


_MAX_DEPTH = 30
"""How deep JSON may be nested: MariaDB keeps 32 levels, and Python's own limit depends on who reads or writes it."""
_CHECKS = {
    "subject_value": _check_subject_value,
    "jwks": _check_jwks,
    "jwks_uri": _check_jwks_uri,
    "metadata": _check_metadata,
}
