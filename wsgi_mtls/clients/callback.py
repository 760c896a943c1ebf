"""A client registry made of one callback per authentication method."""

from collections.abc import Callable, Iterable

from ..errors import BadCertificate, InvalidClientMetadata
from ..remembered import Remembered
from ..x509 import ClientCertificate, SubjectKind
from ..x509.files import read_certificate
from .client import Client
from .subject import SubjectValue

Certificate = ClientCertificate | bytes | bytearray | memoryview | str
"""A certificate: parsed, or a file's content as :mod:`wsgi_mtls.x509.files` reads it (text, octets, a buffer)."""

PKICallback = Callable[[str], str | tuple[SubjectKind, str] | None]
"""``client_id`` to the expected subject DN, or to a pair of kind and subject value; None for an unknown client."""

SelfSignedCallback = Callable[[str], Certificate | Iterable[Certificate] | None]
"""``client_id`` to the registered certificate or certificates; None for an unknown client."""


class CallbackRegistry:
    """Clients known through callbacks, without a registered method.

    The certificate decides which method applies. A self-signed certificate is judged by the self-signed method, all
    others by PKI. Both callbacks answering for one client is a configuration error, since the caller would choose how
    strictly it is judged.

    Args:
        pki: answers for clients of ``tls_client_auth`` (RFC 8705 section 2.1).
        self_signed: answers for clients of ``self_signed_tls_client_auth`` (section 2.2).
    """

    def __init__(self, *, pki: PKICallback | None = None, self_signed: SelfSignedCallback | None = None) -> None:
        if pki is None and self_signed is None:
            raise ValueError("Give CallbackRegistry at least one callback: pki=… or self_signed=….")
        self._pki = pki
        self._self_signed = self_signed

    def get(self, client_id: str, /) -> Client | None:
        """Return what the callbacks know of this client, or None.

        Raises:
            InvalidClientMetadata: If both answered, or no certificate can satisfy the answer.
        """
        subject = self._pki(client_id) if self._pki else None
        registered = self._self_signed(client_id) if self._self_signed else None
        if subject is not None and registered is not None:
            raise InvalidClientMetadata(f"Client {client_id!r}: both callbacks answered; a client has one method.")
        if subject is not None:
            value = _subject(client_id, subject)
            return Client(client_id=client_id, token_endpoint_auth_method=None, **value)  # type: ignore[arg-type]
        if registered is not None:
            certificates = _certificates(client_id, registered)
            return Client(client_id=client_id, token_endpoint_auth_method=None, registered_certificates=certificates)
        return None


def _subject(client_id: str, given: str | tuple[SubjectKind, str]) -> dict[SubjectKind, str]:
    kind, value = _pair(client_id, given)
    try:
        SubjectValue.parse(kind, value)  # the kind is the callback's too: it must be one of the five
    except InvalidClientMetadata as error:
        raise InvalidClientMetadata(f"Client {client_id!r}: {error}") from None
    return {kind: value}


def _pair(client_id: str, given: str | tuple[SubjectKind, str]) -> tuple[SubjectKind, str]:
    if isinstance(given, str):
        return "tls_client_auth_subject_dn", given
    if isinstance(given, tuple) and len(given) == 2:
        return given
    raise InvalidClientMetadata(f"Client {client_id!r}: pki must return a DN or a pair (kind, value), not {given!r}.")


def _certificates(client_id: str, given: Certificate | Iterable[Certificate]) -> tuple[ClientCertificate, ...]:
    several = [given] if isinstance(given, Certificate) else given
    try:
        return tuple(_read(certificate) for certificate in several)
    except (BadCertificate, TypeError) as error:
        raise InvalidClientMetadata(f"Client {client_id!r}: a registered certificate can't be read. {error}") from None


def _read(certificate: Certificate) -> ClientCertificate:
    if isinstance(certificate, ClientCertificate):
        return certificate
    if not isinstance(certificate, str | bytes | bytearray | memoryview):
        raise TypeError(f"{type(certificate).__name__} is not a certificate.")
    content = certificate if isinstance(certificate, str) else bytes(certificate)
    known = _registered.known.get(content)
    if known is None:
        known = read_certificate(content)
        _registered.add(content, len(content), known)
    return known


# Only what callbacks return is in it, so certificates that strangers present cannot push it out. It is read again in
# every request of its client.
_registered: Remembered[str | bytes, ClientCertificate] = Remembered(8 * 1024 * 1024)
