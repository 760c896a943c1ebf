"""What RFC 8705 section 2 demands of a certificate, check by check; the verifier says in which order."""

from datetime import datetime
from typing import Literal

from cryptography.x509.oid import ExtendedKeyUsageOID

from .clients import Client, PublishedKeySets, SubjectValue
from .errors import BadCertificate, NoCertificate, RefusedClient, short
from .vouching import NOT_VERIFIED, Vouching
from .x509 import ClientCertificate, Peer, PeerCertificate, PeerSubject

SelfSignedMatch = Literal["public_key", "certificate"]

_CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string
_TERMINATOR = Vouching()


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
        BadCertificate: ``certificate_not_yet_valid``: ``now`` is before it.
        BadCertificate: ``certificate_expired``: ``now`` is after it.
    """
    if now < certificate.not_before:
        raise BadCertificate(
            f"The certificate is valid from {certificate.not_before} on; check the clocks.",
            reason="certificate_not_yet_valid",
            expected=now.isoformat(),
            found=certificate.not_before.isoformat(),
        )
    if now > certificate.not_after:
        raise BadCertificate(
            f"The certificate expired on {certificate.not_after}; the client must renew it.",
            reason="certificate_expired",
            expected=now.isoformat(),
            found=certificate.not_after.isoformat(),
        )


def check_chain(
    peer: PeerCertificate, vouching: Vouching = _TERMINATOR, client: Client | None = None, at: datetime | None = None
) -> None:
    """Ask whether somebody vouches for the names in the certificate (RFC 8705 section 2.1).

    Args:
        peer: what the client presented.
        vouching: what decides whether the chain was validated.
        client: the client that it is to authenticate; None where none is sought.
        at: the time to validate at; None for now.

    Raises:
        BadCertificate: ``self_signed_certificate``: only the client does.
        BadCertificate: ``chain_not_verified``: nobody validated its chain.
        BadCertificate: ``not_for_client_auth``: it was issued for another purpose.
        BadCertificate: ``critical_extension``: it has a critical extension that is not processed here.
        BadCertificate: ``certificate_unreadable``: one of the parts that are looked at can't be read.
        UntrustedPath: the trust store refuses its path.
    """
    certificate = peer.certificate
    # Before the chain: a terminator with this certificate in its CA bundle would report success for it, and would not
    # look at its signature, so one that is broken hides nothing.
    check_not_self_signed(certificate)
    vouching.check_chain(peer, client, at)
    certificate.extensions.check()
    # anyExtendedKeyUsage alone does not allow clientAuth, as OpenSSL sees it.
    if certificate.extended_key_usage is not None and _CLIENT_AUTH not in certificate.extended_key_usage:
        raise BadCertificate(
            "The certificate's extended key usage lacks clientAuth; have it issued for clients.",
            reason="not_for_client_auth",
            expected=_CLIENT_AUTH,
            found=tuple(sorted(certificate.extended_key_usage)),
        )


def check_not_self_signed(certificate: ClientCertificate) -> None:
    """Refuse for PKI what no CA issued (RFC 8705 section 2.1).

    Raises:
        BadCertificate: ``self_signed_certificate``: it is self-signed, or may be so for another reader.
    """
    if certificate.is_self_signed or certificate.is_self_issued:
        raise BadCertificate(
            "The certificate is self-signed, or its subject and issuer may be one name: have a CA issue one.",
            reason="self_signed_certificate",
        )


def check_not_registered_as_self_signed(certificate: ClientCertificate, is_registered: bool) -> None:
    """Refuse for PKI what is registered for a self-signed client (RFC 8705 sections 2.1 and 2.2).

    Args:
        certificate: whose chain was validated.
        is_registered: whether it, or its key, is registered for a self-signed client.

    Raises:
        BadCertificate: ``registered_as_self_signed``: it is.
    """
    # With partial chains a terminator reports success for every certificate in its CA bundle, and looks at no signature
    # of it. Those of self-signed clients are put there, so its word does not show that a CA issued one of them.
    if is_registered:
        raise BadCertificate(
            f"Certificate {certificate.thumbprint}, or its key, is registered for a self-signed client, so that its "
            "names do not count: have the CA certify another key, or remove that registration.",
            reason="registered_as_self_signed",
        )


def check_pki(
    client: Client, peer: PeerCertificate, vouching: Vouching = _TERMINATOR, at: datetime | None = None
) -> None:
    """RFC 8705 section 2.1: a validated chain, and the one registered subject value in the leaf.

    Raises:
        RefusedClient: ``subject_mismatch``: If the certificate carries another name.
        MutualTLSError: as :func:`check_chain`.
    """
    check_chain(peer, vouching, client, at)
    expected, certificate = client.subject_value, peer.certificate
    if expected is None or not expected.matches(certificate):
        raise RefusedClient(
            f"Expected {_wanted(client)}, found a certificate of {short(certificate.subject)!r} without it: "
            f"{_remedy(expected, certificate)}",
            reason="subject_mismatch",
            expected=expected.value if expected else None,
            found=expected.found_in(certificate) if expected else None,
        )


def check_forwarded_name(client: Client, peer: PeerSubject) -> None:
    """RFC 8705 section 2.1 as far as it goes without the certificate: the terminator answers for the rest.

    Raises:
        NoCertificate: ``certificate_not_delivered``: the client's tokens must be bound to the certificate itself.
        BadCertificate: ``chain_not_verified``: nobody validated its chain.
        RefusedClient: ``subject_mismatch``: another name was forwarded.
    """
    if client.tls_client_certificate_bound_access_tokens and peer.thumbprint is None:
        raise name_is_not_enough(client, peer)
    if not peer.verified:
        raise BadCertificate(NOT_VERIFIED, reason="chain_not_verified")
    if client.subject_value is None or not client.subject_value.is_among(peer.kind, peer.values):
        forwarded = short(repr(peer.values))
        raise RefusedClient(
            f"Expected {_wanted(client)}, found {peer.kind} {forwarded} from the terminator: register the name that it "
            "forwards, or have the certificate issued with this one.",
            reason="subject_mismatch",
            expected=client.subject_value.value if client.subject_value else None,
            found=tuple(peer.values),
        )


def name_is_not_enough(client: Client, peer: PeerSubject) -> NoCertificate:
    """Make the refusal of a client for which the terminator had to forward the certificate."""
    return NoCertificate(
        f"{peer.source} forwards only a name; {client.client_id!r} needs the certificate: make it pass that on.",
        reason="certificate_not_delivered",
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
        RefusedClient: ``jwks_unavailable``: the client's published certificates are unavailable.
        RefusedClient: ``certificate_not_registered``: it is none of them.
        MutualTLSError: as :func:`check_validity`.
    """

    def is_registered(certificates: tuple[ClientCertificate, ...]) -> bool:
        if match == "certificate":
            return certificate in certificates
        return any(c.lookup_key == certificate.lookup_key for c in certificates)

    unreadable: BadCertificate | None = None
    try:
        check_validity(certificate, now)  # first, so that an expired certificate makes no server fetch a key set
    except BadCertificate as error:
        if error.reason != "certificate_unreadable":
            raise
        unreadable = error
    certificates = client.certificates
    if client.jwks_uri is not None:
        if key_sets is None:
            raise RefusedClient(
                f"Client {client.client_id!r} publishes its certificates at a jwks_uri, which this server does not "
                "fetch: give the verifier key_sets=KeySets(), or register jwks.",
                reason="jwks_unavailable",
            )
        certificates = key_sets.certificates(client.client_id, client.jwks_uri, is_registered)
    if unreadable is not None and certificate not in certificates:
        raise unreadable
    if not is_registered(certificates):
        raise RefusedClient(
            f"Certificate {certificate.thumbprint} is not registered for this client; register it, or its key.",
            reason="certificate_not_registered",
            expected=tuple(c.thumbprint for c in certificates),
            found=certificate.thumbprint,
        )


def _remedy(expected: SubjectValue | None, certificate: ClientCertificate) -> str:
    opposite = expected.opposite if expected is not None else None
    if opposite is not None and opposite.matches(certificate):
        return f"its RDNs are the same in the opposite order, so register {short(opposite.value)!r}."
    return "have one issued with this name, or register another."


def _wanted(client: Client) -> str:
    expected = client.subject_value
    return f"{expected.kind} {expected.value!r}" if expected else "a subject value, but none"
