"""What RFC 8705 section 2 demands of a certificate, check by check; the verifier says in which order."""

from datetime import datetime
from typing import Literal

from cryptography.x509.oid import ExtendedKeyUsageOID

from .clients import Client, PublishedKeySets
from .errors import (
    CertificateExpired,
    CertificateNotDelivered,
    CertificateNotRegistered,
    CertificateNotYetValid,
    CertificatesUnavailable,
    CertificateUnreadable,
    ChainNotVerified,
    NoCertificate,
    NotForClientAuth,
    RegisteredAsSelfSigned,
    SelfSignedCertificate,
    SubjectMismatch,
    short,
)
from .x509 import ClientCertificate, Peer, PeerCertificate, PeerSubject

SelfSignedMatch = Literal["public_key", "certificate"]

_CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string
_NOT_VERIFIED = (
    "The TLS terminator does not say that it validated the chain: check its CA bundle, and at Apache that no session "
    "is resumed."
)


def require_certificate(peer: Peer | None) -> Peer:
    """Return what the client presented.

    Raises:
        NoCertificate: it presented nothing.
    """
    if peer is None:
        raise NoCertificate("No client certificate came: connect with one, and make the terminator pass it on.")
    return peer


def check_validity(certificate: ClientCertificate, now: datetime) -> None:
    """Look at the validity period, both ends included (RFC 5280 section 4.1.2.5).

    Raises:
        CertificateNotYetValid: ``now`` is before it.
        CertificateExpired: ``now`` is after it.
    """
    if now < certificate.not_before:
        raise CertificateNotYetValid(f"The certificate is valid from {certificate.not_before} on; check the clocks.")
    if now > certificate.not_after:
        raise CertificateExpired(f"The certificate expired on {certificate.not_after}; the client must renew it.")


def check_chain(peer: PeerCertificate) -> None:
    """Ask whether somebody vouches for the names in the certificate (RFC 8705 section 2.1).

    Raises:
        SelfSignedCertificate: only the client does.
        ChainNotVerified: nobody validated its chain.
        NotForClientAuth: it was issued for another purpose.
        CriticalExtension: it has a critical extension that is not processed here.
        CertificateUnreadable: one of the parts that are looked at can't be read.
    """
    certificate = peer.certificate
    # Before the chain: a terminator with this certificate in its CA bundle would report success for it, and would not
    # look at its signature, so one that is broken hides nothing.
    if certificate.is_self_signed or certificate.is_self_issued:
        raise SelfSignedCertificate(
            "The certificate is self-signed, or its subject and issuer may be one name: have a CA issue one."
        )
    if not peer.verified:
        raise ChainNotVerified(_NOT_VERIFIED)
    certificate.extensions.check()
    # anyExtendedKeyUsage alone does not allow clientAuth, as OpenSSL sees it.
    if certificate.extended_key_usage is not None and _CLIENT_AUTH not in certificate.extended_key_usage:
        raise NotForClientAuth("The certificate's extended key usage lacks clientAuth; have it issued for clients.")


def check_not_registered_as_self_signed(certificate: ClientCertificate, is_registered: bool) -> None:
    """Refuse for PKI what is registered for a self-signed client (RFC 8705 sections 2.1 and 2.2).

    Args:
        certificate: whose chain was validated.
        is_registered: whether it, or its key, is registered for a self-signed client.

    Raises:
        RegisteredAsSelfSigned: it is.
    """
    # With partial chains a terminator reports success for every certificate in its CA bundle, and looks at no signature
    # of it. Those of self-signed clients are put there, so its word does not show that a CA issued one of them.
    if is_registered:
        raise RegisteredAsSelfSigned(
            f"Certificate {certificate.thumbprint}, or its key, is registered for a self-signed client, so that its "
            "names do not count: have the CA certify another key, or remove that registration."
        )


def check_pki(client: Client, peer: PeerCertificate) -> None:
    """RFC 8705 section 2.1: a validated chain, and the one registered subject value in the leaf.

    Raises:
        SubjectMismatch: another name stands there.
        MutualTLSError: as :func:`check_chain`.
    """
    check_chain(peer)
    expected, certificate = client.subject_value, peer.certificate
    if expected is None or not expected.matches(certificate):
        raise SubjectMismatch(
            f"Registered is {_wanted(client)}; the certificate of {short(certificate.subject)!r} does not carry it."
        )


def check_forwarded_name(client: Client, peer: PeerSubject) -> None:
    """RFC 8705 section 2.1 as far as it goes without the certificate: the terminator answers for the rest.

    Raises:
        CertificateNotDelivered: the client's tokens must be bound to the certificate itself.
        ChainNotVerified: nobody validated its chain.
        SubjectMismatch: another name was forwarded.
    """
    if client.tls_client_certificate_bound_access_tokens:
        raise name_is_not_enough(client, peer)
    if not peer.verified:
        raise ChainNotVerified(_NOT_VERIFIED)
    if client.subject_value is None or not client.subject_value.is_among(peer.kind, peer.values):
        forwarded = short(repr(peer.values))
        raise SubjectMismatch(f"Registered is {_wanted(client)}; the terminator forwards {peer.kind} {forwarded}.")


def name_is_not_enough(client: Client, peer: PeerSubject) -> CertificateNotDelivered:
    """Make the refusal of a client for which the terminator had to forward the certificate."""
    return CertificateNotDelivered(
        f"{peer.source} forwards only a name; {client.client_id!r} needs the certificate: make it pass that on."
    )


def check_self_signed(
    client: Client,
    certificate: ClientCertificate,
    match: SelfSignedMatch,
    now: datetime,
    key_sets: PublishedKeySets | None = None,
) -> None:
    """RFC 8705 section 2.2: the certificate is registered, or its public key is; no chain counts.

    A certificate that is registered itself needs its octets alone: its validity counts if it can be read.

    Raises:
        CertificatesUnavailable: If the client's certificates are unavailable.
        CertificateNotRegistered: If it is none of them.
        MutualTLSError: as :func:`check_validity`.
    """

    def is_registered(certificates: tuple[ClientCertificate, ...]) -> bool:
        if match == "certificate":
            return certificate in certificates
        return any(c.lookup_key == certificate.lookup_key for c in certificates)

    unreadable: CertificateUnreadable | None = None
    try:
        check_validity(certificate, now)  # first, so that an expired certificate makes no server fetch a key set
    except CertificateUnreadable as error:
        unreadable = error
    certificates = client.certificates
    if client.jwks_uri is not None:
        if key_sets is None:
            raise CertificatesUnavailable(
                f"Client {client.client_id!r} publishes its certificates at a jwks_uri, which this server does not "
                "fetch: give the verifier key_sets=KeySets(), or register jwks."
            )
        certificates = key_sets.certificates(client.client_id, client.jwks_uri, is_registered)
    if unreadable is not None and certificate not in certificates:
        raise unreadable
    if not is_registered(certificates):
        raise CertificateNotRegistered(
            f"Certificate {certificate.thumbprint} is not registered for this client; register it, or its key."
        )


def _wanted(client: Client) -> str:
    expected = client.subject_value
    return f"{expected.kind} {expected.value!r}" if expected else "a subject value, but none"
