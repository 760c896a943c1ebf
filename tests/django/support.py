"""What several test modules need."""

from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from django_mtls.models import RegisteredClient
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair
from wsgi_mtls.x509 import PeerCertificate


def common_names(*values: str) -> x509.Name:
    """Return a subject of these common names and nothing else, whatever characters they have."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, value) for value in values])


def by_certificate(*pairs: KeyPair) -> dict[str, Any]:
    """Return the metadata of a client whose certificates are registered themselves."""
    keys = [jwk(pair.certificate) for pair in pairs]
    return {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": keys}}


def anyone(peer: PeerCertificate) -> bool:
    """Accept every certificate whose chain was validated."""
    return True


def register(
    client_id: str, metadata: Mapping[str, Any], *, user: Any = None, enabled: bool = True
) -> RegisteredClient:
    """Register a client by its RFC 7591 metadata, unchecked, as a careless script could."""
    given = dict(metadata)
    kinds = [member for member in given if member.startswith("tls_client_auth_")]
    columns: dict[str, Any] = {"subject_kind": "", "subject_value": ""}
    for kind in kinds[:1]:
        columns = {"subject_kind": kind, "subject_value": given.pop(kind)}
    for member in ("token_endpoint_auth_method", "jwks", "jwks_uri", "tls_client_certificate_bound_access_tokens"):
        if member in given:
            columns[member] = given.pop(member)
    return RegisteredClient.objects.create(client_id=client_id, **columns, metadata=given, user=user, enabled=enabled)
