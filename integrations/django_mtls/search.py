"""How a certificate finds the registrations that it may belong to: by digests of what both can say."""

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from wsgi_mtls.clients import SubjectKind, SubjectValue, subject_keys
from wsgi_mtls.clients.subject import SubjectKey
from wsgi_mtls.errors import InvalidClientMetadata
from wsgi_mtls.x509 import ClientCertificate
from wsgi_mtls.x509.names import DistinguishedName

if TYPE_CHECKING:
    from .models import AbstractRegisteredClient


def certificate_digests(certificate: ClientCertificate) -> frozenset[str]:
    """Return every digest that a certificate could be registered by."""
    return frozenset({key_digest(certificate), *map(_of_subject, subject_keys(certificate))})


def registration_digests(record: "AbstractRegisteredClient") -> frozenset[str]:
    """Return the digests of what is registered; what can't be read is found by nothing."""
    digests = {key_digest(certificate) for certificate in record.certificates}
    if record.subject_kind:
        with suppress(InvalidClientMetadata):
            digests.add(
                _of_subject(SubjectValue.parse(cast("SubjectKind", record.subject_kind), record.subject_value).key)
            )
    return frozenset(digests)


def key_digest(certificate: ClientCertificate) -> str:
    """Return the digest of a certificate's public key."""
    return hashlib.sha256(b"public key\0" + certificate.lookup_key).hexdigest()


def _of_subject(key: SubjectKey) -> str:
    kind, value = key
    text = value.rdns if isinstance(value, DistinguishedName) else str(value)
    return hashlib.sha256(json.dumps([kind, text]).encode()).hexdigest()
