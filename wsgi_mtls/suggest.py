"""The registrations that fit a certificate, and the reasons against others."""

from datetime import UTC, datetime

from . import checks
from .checks import check_key
from .clients import SUBJECT_KINDS, SubjectKind, SubjectValue
from .errors import BadCertificate, InvalidClientMetadata
from .jwks import jwk
from .key_strength import DEFAULT
from .x509 import ClientCertificate, PeerCertificate

_TEXTS = ("subject", "san_dns", "san_uri", "san_ip", "san_email")
_MOST = 6  # a line that people read


def registrations(certificate: ClientCertificate) -> list[dict[str, object]]:
    """Return the metadata by which a certificate can be registered.

    There is one for each subject value, or one with its JWK set.

    Args:
        certificate: as a client would present it, and a CA would have validated it.

    Returns:
        None for one that :func:`obstacle` names a reason for.
    """
    if _is_for_itself(certificate):
        try:
            keys = [jwk(certificate)]
        except (InvalidClientMetadata, BadCertificate):
            return []
        return [{"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": keys}}]
    if _refusal(certificate) is not None:
        return []
    return [{"token_endpoint_auth_method": "tls_client_auth", kind: value} for kind, value in _names(certificate)]


def in_one_line(certificate: ClientCertificate) -> str:
    """Return how a certificate can be registered, or why it cannot be.

    The text is for people.
    """
    fitting = registrations(certificate)
    if not fitting:
        return f"not registered by anything: {obstacle(certificate)}"
    if "jwks" in fitting[0]:
        return f"registered by its key (self_signed_tls_client_auth, jwks){_but_expired(certificate)}"
    names = [f"{kind} {metadata[kind]}" for metadata in fitting for kind in SUBJECT_KINDS if kind in metadata]
    more = f" or {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"registered by {' or '.join(names[:_MOST])}{more}{_but_expired(certificate)}"


def _but_expired(certificate: ClientCertificate) -> str:
    try:
        not_after = certificate.not_after
    except BadCertificate:
        return ""
    return f", but it expired on {not_after:%F}: renew it" if not_after < datetime.now(UTC) else ""


def obstacle(certificate: ClientCertificate) -> str | None:
    """Return why no registration fits a certificate, and what to do, or None."""
    if registrations(certificate):
        return None
    try:
        if _is_for_itself(certificate):
            jwk(certificate)
    except (InvalidClientMetadata, BadCertificate) as error:
        return f"{error} A callback can register this very certificate."
    return _refusal(certificate) or "none of its names can be registered. Have it issued with a DNS name."


def _is_for_itself(certificate: ClientCertificate) -> bool:
    try:
        return certificate.is_self_signed or certificate.is_self_issued
    except BadCertificate:
        return False


def _refusal(certificate: ClientCertificate) -> str | None:
    """Return why PKI refuses a certificate whatever is registered."""
    try:
        checks.check_chain(PeerCertificate(certificate, verified=True))
        check_key(certificate, DEFAULT)
    except BadCertificate as error:
        return error.message
    return None


def _names(certificate: ClientCertificate) -> list[tuple[SubjectKind, str]]:
    pairs = [
        (kind, value) for kind, part in zip(SUBJECT_KINDS, _TEXTS, strict=True) for value in _texts(certificate, part)
    ]
    return [(kind, value) for kind, value in pairs if _fits(kind, value, certificate)]


def _texts(certificate: ClientCertificate, part: str) -> list[str]:
    try:
        found = getattr(certificate, part)
    except BadCertificate:
        return []
    return [found] if isinstance(found, str) else [*map(str, found)]


def _fits(kind: SubjectKind, value: str, certificate: ClientCertificate) -> bool:
    """Return whether the value can be registered.

    A wildcard or a name with invisible characters cannot.
    """
    try:
        return SubjectValue.parse(kind, value).matches(certificate)
    except InvalidClientMetadata:
        return False
