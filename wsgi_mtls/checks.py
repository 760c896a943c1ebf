"""The checks of RFC 8705 section 2.1 on a certificate.

``rules/client.py`` has their order.
"""

from datetime import datetime
from functools import partial

from cryptography.x509.oid import ExtendedKeyUsageOID

from .clients import Client
from .clients.subject import COMPARED
from .errors import BadCertificate, NoCertificate, RefusedClient, UntrustedPath
from .key_strength import DEFAULT as DEFAULT_KEY_BITS
from .key_strength import MinKeyBits
from .remedies import not_verified, other_names, other_names_forwarded
from .vouching import Vouching
from .x509 import ClientCertificate, Peer, PeerCertificate, PeerSubject

_CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string
_PASS_ON = "Make the terminator ask for one, and pass it on."
_NOT_VERIFIED = "The TLS terminator does not report that it validated the chain."
_MISMATCH = "The certificate does not carry the name that the client is registered by (RFC 8705 section 2.1.2)."
_PIN_WITHOUT_STORE = (
    "The client has tls_client_auth_issuer, and no trust store holds that CA's certificate: set TRUST, or Verifier(…, "
    "trust=…)."
)


def require_certificate(peer: Peer | None) -> Peer:
    """Return what the client presented.

    Raises:
        NoCertificate: If the client presented nothing.
    """
    if peer is None:
        raise NoCertificate("No client certificate came: connect with one.", advice=_PASS_ON)
    return peer


def check_validity(certificate: ClientCertificate, now: datetime) -> None:
    """Look at the validity period, both ends included (RFC 5280 section 4.1.2.5).

    Raises:
        BadCertificate: ``certificate_not_yet_valid``: If ``now`` is before it.
        BadCertificate: ``certificate_expired``: If ``now`` is after it.
    """
    not_before, not_after = certificate.validity
    if now < not_before:
        raise BadCertificate(
            f"The certificate is valid from {not_before} on; check the clocks.",
            reason="certificate_not_yet_valid",
            expected=now.isoformat(),
            found=not_before.isoformat(),
        )
    if now > not_after:
        raise BadCertificate(
            f"The certificate expired on {not_after}; the client must renew it.",
            reason="certificate_expired",
            expected=now.isoformat(),
            found=not_after.isoformat(),
        )


def check_chain(
    peer: PeerCertificate, vouching: Vouching | None = None, client: Client | None = None, at: datetime | None = None
) -> None:
    """Check that a CA vouches for the certificate's names (RFC 8705 section 2.1).

    Args:
        peer: what the client presented.
        vouching: what decides whether the chain is valid; None leaves it to the terminator.
        client: the client that it is to authenticate; None where none is sought.
        at: the time to validate at; None for now.

    Raises:
        BadCertificate: ``self_signed_certificate``: If only the client vouches for them.
        BadCertificate: ``chain_not_verified``: If its chain was not validated.
        BadCertificate: ``not_for_client_auth``: If it was issued for another purpose.
        BadCertificate: ``critical_extension``: If it has a critical extension that is not processed here.
        BadCertificate: ``certificate_unreadable``: If one of the parts that are looked at can't be read.
        UntrustedPath: If the trust store refuses its path.
    """
    certificate = peer.certificate
    # Before the chain: a terminator with this certificate in its CA bundle would report success for it, and would not
    # look at its signature, so one that is broken hides nothing.
    check_not_self_signed(certificate)
    check_vouched(peer, vouching, client, at)
    purposes = certificate.pki_purposes
    # anyExtendedKeyUsage alone does not allow clientAuth, as OpenSSL sees it.
    if purposes is not None and _CLIENT_AUTH not in purposes:
        raise BadCertificate(
            "The certificate's extended key usage lacks clientAuth; have it issued for clients.",
            reason="not_for_client_auth",
            expected=_CLIENT_AUTH,
            found=tuple(sorted(purposes)),
        )


def check_vouched(
    peer: PeerCertificate, vouching: Vouching | None, client: Client | None, at: datetime | None = None
) -> None:
    """Ask the terminator or the trust store whether the chain is valid.

    Args:
        peer: what the client presented.
        vouching: the application's trust store; None leaves it to the terminator.
        client: the client that it is to authenticate; None where none is sought.
        at: the time to validate at; None for now.

    Raises:
        MutualTLSError: If it is not.
    """
    if vouching is not None:
        vouching.check_chain(peer, client, at)
    elif client is not None and client.tls_client_auth_issuer:
        raise UntrustedPath(reason="untrusted_ca", advice=_PIN_WITHOUT_STORE)
    elif not peer.verified:
        raise BadCertificate(_NOT_VERIFIED, reason="chain_not_verified", advice=partial(not_verified, peer))


def check_not_self_signed(certificate: ClientCertificate) -> None:
    """Reject a self-signed certificate for PKI (RFC 8705 section 2.1).

    Raises:
        BadCertificate: ``self_signed_certificate``: If it is self-signed, or may be so for another reader.
    """
    # The names first: to verify a signature costs more, and a stranger chose the key.
    if certificate.is_self_issued or certificate.is_self_signed:
        raise BadCertificate(
            "The certificate is self-signed, or its subject and issuer may be one name: have a CA issue one.",
            reason="self_signed_certificate",
        )


def registered_as_self_signed(certificate: ClientCertificate) -> BadCertificate:
    """Make the error for a PKI certificate that is registered as self-signed.

    Also for one that is registered by its key.
    """
    # With partial chains a terminator reports success for every certificate in its CA bundle, and looks at no signature
    # of it. Those of self-signed clients are put there, so its word does not show that a CA issued one of them.
    return BadCertificate(
        f"Certificate {certificate.thumbprint}, or its key, is registered for a self-signed client, so that its "
        "names do not count: have the CA certify another key, or remove that registration.",
        reason="registered_as_self_signed",
    )


def check_key(certificate: ClientCertificate, minimum: MinKeyBits) -> None:
    """Check the length of a certificate's RSA or EC key.

    Other kinds have a fixed length.

    Args:
        certificate: what authenticates.
        minimum: the least number of bits; a kind that it leaves out has its default.

    Raises:
        BadCertificate: ``weak_key``: If the key is shorter.
        BadCertificate: ``certificate_unreadable``: If the key is unreadable.
    """
    if minimum == "off":
        return
    try:
        certificate.public_key_info  # noqa: B018  # a certificate that is registered by its octets need not have a key
    except BadCertificate:
        return
    kind, bits = certificate.key_size
    least = minimum.get(kind, DEFAULT_KEY_BITS.get(kind, 0))
    if bits < least:
        raise BadCertificate(
            f"Expected a key of at least {least} bits in the certificate, found {kind.upper()} of {bits}: have one "
            "issued for a longer key, or lower min_key_bits.",
            reason="weak_key",
            expected=str(least),
            found=str(bits),
        )


def check_pki(
    client: Client, peer: PeerCertificate, vouching: Vouching | None = None, at: datetime | None = None
) -> None:
    """Check the chain and the registered name of a leaf (RFC 8705 section 2.1).

    Raises:
        RefusedClient: ``subject_mismatch``: If the certificate carries another name.
        MutualTLSError: If a check of :func:`check_chain` fails.
    """
    check_chain(peer, vouching, client, at)
    expected, certificate = client.subject_value, peer.certificate
    if expected is None or expected.key[1] not in COMPARED[expected.kind](certificate):
        raise RefusedClient(
            _MISMATCH,
            reason="subject_mismatch",
            expected=expected.value if expected else None,
            found=expected.found_in(certificate) if expected else None,
            advice=partial(other_names, expected, certificate),
        )


def check_forwarded_name(client: Client, peer: PeerSubject, vouching: Vouching | None = None) -> None:
    """Check a name that came without its certificate (RFC 8705 section 2.1).

    The terminator is responsible for all checks that need the certificate.

    Raises:
        NoCertificate: ``certificate_not_delivered``: If the client's tokens must be bound to the certificate itself,
            or the application has to validate it.
        BadCertificate: ``chain_not_verified``: If its chain was not validated.
        RefusedClient: ``subject_mismatch``: If another name was forwarded.
    """
    if vouching is not None or client.tls_client_auth_issuer:
        raise NoCertificate(
            f"{peer.source} forwards only a name, which no trust store can validate: make it pass the certificate on.",
            reason="certificate_not_delivered",
        )
    if client.tls_client_certificate_bound_access_tokens and peer.thumbprint is None:
        raise name_is_not_enough(client, peer)
    if not peer.verified:
        raise BadCertificate(_NOT_VERIFIED, reason="chain_not_verified", advice=partial(not_verified, peer))
    if client.subject_value is None or not client.subject_value.is_among(peer.kind, peer.values):
        raise RefusedClient(
            _MISMATCH,
            reason="subject_mismatch",
            expected=client.subject_value.value if client.subject_value else None,
            found=tuple(peer.values),
            advice=partial(other_names_forwarded, client.subject_value, peer),
        )


def name_is_not_enough(client: Client, peer: PeerSubject) -> NoCertificate:
    """Make the error for a client that needs a certificate where only a name came."""
    return NoCertificate(
        f"{peer.source} forwards only a name; {client.client_id!r} needs the certificate: make it pass that on.",
        reason="certificate_not_delivered",
    )
