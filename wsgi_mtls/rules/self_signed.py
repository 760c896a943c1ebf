"""The registration of a self-signed certificate (RFC 8705 section 2.2).

The certificate or its public key is registered for the client. No chain counts.
"""

from datetime import datetime
from typing import Literal

from ..checks import check_validity
from ..clients import Client, PublishedKeySets
from ..errors import BadCertificate, RefusedClient
from ..x509 import ClientCertificate

SelfSignedMatch = Literal["public_key", "certificate"]


def check_self_signed(
    client: Client,
    certificate: ClientCertificate,
    match: SelfSignedMatch,
    now: datetime,
    key_sets: PublishedKeySets | None = None,
) -> None:
    """Check that a self-signed client's certificate, or its key, is registered.

    A certificate that is registered itself needs its octets alone: its validity counts if it can be read.

    Raises:
        RefusedClient: ``jwks_unavailable``: If the client's published certificates are unavailable.
        RefusedClient: ``certificate_not_registered``: If it is none of them.
        MutualTLSError: If :func:`~wsgi_mtls.checks.check_validity` raises it.
    """
    unreadable: BadCertificate | None = None
    try:
        check_validity(certificate, now)  # first, so that an expired certificate makes no server fetch a key set
    except BadCertificate as error:
        if error.reason != "certificate_unreadable":
            raise
        unreadable = error
    certificates = client.certificates if client.jwks_uri is None else _published(client, certificate, match, key_sets)
    if unreadable is not None and certificate not in certificates:
        raise unreadable
    if client.jwks_uri is not None:
        is_registered = _is_among(certificate, certificates, match)
    elif match == "public_key":
        is_registered = certificate.lookup_key in client.public_keys
    else:
        is_registered = certificate in client.whole_certificates
    if not is_registered:
        raise RefusedClient(
            f"Certificate {certificate.thumbprint} is not registered for this client; register it, or its key.",
            reason="certificate_not_registered",
            expected=tuple(c.thumbprint for c in certificates),
            found=certificate.thumbprint,
        )


def _published(
    client: Client, certificate: ClientCertificate, match: SelfSignedMatch, key_sets: PublishedKeySets | None
) -> tuple[ClientCertificate, ...]:
    if key_sets is None or client.jwks_uri is None:
        raise RefusedClient(
            reason="jwks_unavailable",
            advice=f"Client {client.client_id!r} publishes its certificates at a jwks_uri, which this server does not "
            "fetch: give the verifier key_sets=KeySets(), or register jwks.",
        )
    return key_sets.certificates(
        client.client_id, client.jwks_uri, lambda published: _is_among(certificate, published, match)
    )


def _is_among(
    certificate: ClientCertificate, registered: tuple[ClientCertificate, ...], match: SelfSignedMatch
) -> bool:
    if match == "certificate":
        return certificate in registered
    return any(own.lookup_key == certificate.lookup_key for own in registered)
