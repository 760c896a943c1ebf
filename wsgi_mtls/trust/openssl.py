"""OpenSSL's path validation, by pyOpenSSL, and its errors as our refusals."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from cryptography import x509
from OpenSSL import crypto
from OpenSSL.crypto import X509, X509Store, X509StoreContext, X509StoreContextError, X509StoreFlags

from ..errors import UntrustedPath, short

# X509StoreFlags lacks X509_V_FLAG_EXTENDED_CRL_SUPPORT and X509_V_FLAG_USE_DELTAS; set_flags takes them. Without the
# second, a delta CRL that is wrong is ignored.
_CRL_CHECK = X509StoreFlags.CRL_CHECK | 0x1000 | 0x2000
CHECK_LEAF, CHECK_ALL = _CRL_CHECK, _CRL_CHECK | X509StoreFlags.CRL_CHECK_ALL

CERTIFICATE_REVOKED = 23
CRL_NOT_YET_VALID = 11
_ROOT_NOT_TRUSTED = (18, 19)
_ISSUER_NOT_FOUND = (2, 20, 21)
_SIGNATURE_FAILURE = 7

# X509_V_ERR_… of openssl/x509_vfy.h; each release only adds to them.
REFUSALS: dict[int, str] = {
    9: "not_yet_valid",
    10: "expired",
    22: "path_too_long",
    24: "wrong_purpose",  # invalid CA certificate, in OpenSSL 1.1
    25: "path_too_long",
    26: "wrong_purpose",
    27: "untrusted_ca",
    28: "untrusted_ca",
    32: "wrong_purpose",  # key usage does not include certificate signing
    34: "unknown_critical_extension",
    **dict.fromkeys(range(47, 54), "name_constraint"),
    66: "weak_key",
    67: "weak_key",
    68: "weak_signature",
    79: "wrong_purpose",  # invalid CA certificate
}

_INCOMPLETE = (
    "No certificate of the issuer {issuer!r} was sent or is in the trust store. nginx and Caddy forward the client's "
    "certificate alone: put the intermediate into the trust store's file or directory."
)


def load(der: bytes) -> X509:
    """Load a certificate.

    Raises:
        UntrustedPath: If OpenSSL cannot read it.
    """
    try:
        return crypto.load_certificate(crypto.FILETYPE_ASN1, der)
    except crypto.Error:
        raise UntrustedPath("OpenSSL cannot read this certificate; have it issued anew.") from None


def der_of(certificate: X509) -> bytes:
    """Return the octets of a certificate."""
    return crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)


def public_key_of(certificate: X509) -> bytes:
    """Return the SubjectPublicKeyInfo of a certificate, in DER.

    Raises:
        UntrustedPath: If OpenSSL does not know the kind of key.
    """
    try:
        return crypto.dump_publickey(crypto.FILETYPE_ASN1, certificate.get_pubkey())
    except crypto.Error:
        raise UntrustedPath("OpenSSL cannot read the key of this certificate; have it issued with another.") from None


def make_store(
    anchors: Iterable[X509],
    crls: Iterable[x509.CertificateRevocationList] = (),
    *,
    flags: int = 0,
    moment: datetime | None = None,
) -> X509Store:
    """Make a store, which several threads may use.

    Building one costs as much as half a validation.

    Args:
        anchors: the trusted certificates.
        crls: the revocation lists; they count only with ``flags``.
        flags: those of :class:`OpenSSL.crypto.X509StoreFlags`.
        moment: the time to validate at; None for the time of each validation. A store keeps the first that it is given
            for ever, so one that is shared never has any.
    """
    store = X509Store()
    for anchor in anchors:
        store.add_cert(anchor)
    for crl in crls:
        store.add_crl(crl)
    if flags:
        store.set_flags(flags)
    if moment is not None:
        # pyOpenSSL reads the fields of a datetime as UTC, whatever its zone is.
        store.set_time(moment.astimezone(UTC).replace(tzinfo=None))
    return store


def build(store: X509Store, leaf: X509, hints: Sequence[X509], names: Collection[bytes] = ()) -> list[X509]:
    """Return the path from a certificate to one of the store.

    Args:
        store: what is trusted.
        leaf: the certificate.
        hints: what the client sent along.
        names: the subjects of the store's certificates, in DER, to find whether a CA is unknown or only missing.

    Raises:
        UntrustedPath: If no valid path exists.
    """
    try:
        return X509StoreContext(store, leaf, hints).get_verified_chain()
    except X509StoreContextError as error:
        _clear_errors()
        raise _refusal(error, names) from None


def failure(store: X509Store, leaf: X509, hints: Sequence[X509]) -> tuple[int, str]:
    """Return the code and text with which OpenSSL refuses a path; 0 if it does not."""
    try:
        X509StoreContext(store, leaf, hints).verify_certificate()
    except X509StoreContextError as error:
        _clear_errors()
        return error.errors[0], error.errors[2]
    return 0, "ok"


def _clear_errors() -> None:
    """Take from the thread what OpenSSL keeps of a failed validation.

    A TLS connection of pyOpenSSL in the same thread would report it as its own failure.
    """
    with suppress(crypto.Error):
        crypto.load_certificate(crypto.FILETYPE_ASN1, b"")  # fails, and pyOpenSSL reads all errors that are kept


def _refusal(error: X509StoreContextError, names: Collection[bytes]) -> UntrustedPath:
    code, depth, text = error.errors
    if code in _ROOT_NOT_TRUSTED:
        return UntrustedPath(
            f"The path ends at the self-signed {_subject(error)!r}, which is not in the trust store: add that CA, or "
            "have the client use a certificate of a trusted one.",
            reason="untrusted_ca",
        )
    if code in (*_ISSUER_NOT_FOUND, _SIGNATURE_FAILURE):
        issuer = _parsed(error)
        if code == _SIGNATURE_FAILURE or (issuer is not None and issuer.issuer.public_bytes() in names):
            return UntrustedPath(
                "The trust store or the client's chain holds a CA of the issuer's name, but with another key than the "
                f"one that signed {_subject(error)!r}.",
                reason="untrusted_ca",
            )
        return UntrustedPath(
            _INCOMPLETE.format(issuer=short(issuer.issuer.rfc4514_string()) if issuer is not None else ""),
            reason="chain_incomplete",
        )
    message = f"Certificate {depth} of the path: {text} (OpenSSL {code})."
    return UntrustedPath(message, reason=REFUSALS.get(code))


def _subject(error: X509StoreContextError) -> str:
    certificate = _parsed(error)
    return short(certificate.subject.rfc4514_string()) if certificate is not None else ""


def _parsed(error: X509StoreContextError) -> x509.Certificate | None:
    try:
        return error.certificate.to_cryptography()
    except Exception:  # cryptography reports hostile input by many kinds of exception
        return None
