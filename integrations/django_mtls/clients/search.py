"""The search for the registrations that a certificate may belong to.

It compares digests of the names and keys of both.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, cast

from wsgi_mtls.clients import SubjectKind, SubjectValue, subject_keys
from wsgi_mtls.clients.subject import SubjectKey
from wsgi_mtls.errors import InvalidClientMetadata
from wsgi_mtls.remembered import Remembered
from wsgi_mtls.x509 import ClientCertificate
from wsgi_mtls.x509.names import DistinguishedName

from .choices import Method

if TYPE_CHECKING:
    from ..models import AbstractRegisteredClient

Key = tuple[str, str]
"""The digest and the scope of a search key."""

SHARED = ""
CARD = "card"
_PER_QUERY = 500  # a hostile certificate has thousands of names, and SQLite limits a query's parameters


def certificate_digests(certificate: ClientCertificate) -> frozenset[str]:
    """Return every digest that a certificate could be registered by."""
    known = _of_certificates.known.get(certificate.der)
    if known is None:
        known = frozenset({key_digest(certificate), *map(_of_subject, subject_keys(certificate))})
        if len(known) <= _USUAL:
            _of_certificates.add(certificate.der, len(certificate.der), known)
    return known


def registration_digests(record: "AbstractRegisteredClient") -> frozenset[str]:
    """Return the digests of what is registered; nothing finds what can't be read."""
    digests = set(key_digests(record))
    if record.subject_kind:
        with suppress(InvalidClientMetadata):
            digests.add(
                _of_subject(SubjectValue.parse(cast("SubjectKind", record.subject_kind), record.subject_value).key)
            )
    return frozenset(digests)


def key_digests(record: "AbstractRegisteredClient") -> frozenset[str]:
    """Return the digests of the registered public keys."""
    return frozenset(map(key_digest, record.certificates))


def card_digests(record: "AbstractRegisteredClient") -> frozenset[str]:
    """Return each digest of the known certificate, if names in it may count.

    Only the key of a client's certificate is checked where the key is registered, so its names are the client's word.
    """
    card = record.certificate
    if card is None or card.is_self_signed:
        return frozenset()
    if record.token_endpoint_auth_method != Method.TLS_CLIENT_AUTH and card not in record.certificates:
        return frozenset()
    digests = certificate_digests(card)
    return digests if digests & registration_digests(record) else frozenset()


def search_keys(record: "AbstractRegisteredClient") -> set[Key]:
    """Return the keys by which a registration is found.

    They are its own ones, or shared ones if a ``client_id`` names it.
    """
    registered = registration_digests(record)
    if not record.found_by_certificate:
        return {(digest, SHARED) for digest in registered}
    scope = exclusive_scope(type(record))
    return {(digest, scope) for digest in registered} | {(digest, CARD) for digest in card_digests(record) - registered}


def exclusive_scope(model: "type[AbstractRegisteredClient]") -> str:
    """Return the scope of the keys that only one registration of a model may own."""
    return str(model.search_keys.through._meta.label_lower)


def batches(digests: Iterable[str]) -> Iterator[list[str]]:
    """Part digests into as many as one query takes."""
    remaining = iter(sorted(digests))
    while batch := list(islice(remaining, _PER_QUERY)):
        yield batch


def key_digest(certificate: ClientCertificate) -> str:
    """Return the digest of a certificate's public key."""
    return hashlib.sha256(b"public key\0" + certificate.lookup_key).hexdigest()


def _of_subject(key: SubjectKey) -> str:
    kind, value = key
    text = value.rdns if isinstance(value, DistinguishedName) else str(value)
    return hashlib.sha256(json.dumps([kind, text]).encode()).hexdigest()


_USUAL = 16  # names and keys of a certificate; the digests of thousands would take more memory than the certificate
_of_certificates: Remembered[bytes, frozenset[str]] = Remembered()
