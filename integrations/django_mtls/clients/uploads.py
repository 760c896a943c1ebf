"""A certificate that an operator uploads, and what to register of it."""

from typing import Any

from cryptography import x509
from django.core.exceptions import ValidationError
from django.core.files import File
from django.utils.translation import gettext as _

from wsgi_mtls.clients import SubjectKind, SubjectValue, subject_keys
from wsgi_mtls.clients.subject import SubjectKey
from wsgi_mtls.errors import BadCertificate, InvalidClientMetadata
from wsgi_mtls.jwks import jwk
from wsgi_mtls.x509 import ClientCertificate, files

from .moments import days_left


def read_certificate(upload: "File[bytes]") -> ClientCertificate:
    """Read the certificate in an uploaded file, and keep nothing else of it.

    :mod:`wsgi_mtls.x509.files` reads the file.

    Raises:
        ValidationError: If it is not exactly one certificate.
    """
    upload.seek(0)  # a form may be validated twice
    try:
        return files.read_certificate(upload.read(files.MAX_FILE_SIZE + 1)).require_readable()
    except BadCertificate as error:
        raise ValidationError(str(error), code=error.reason) from None


def names(certificate: ClientCertificate) -> list[tuple[SubjectKind, str]]:
    """Return the possible subject values, SANs first: they are unambiguous."""
    candidates: list[tuple[SubjectKind, str]] = [
        *(("tls_client_auth_san_dns", name) for name in certificate.san_dns),
        *(("tls_client_auth_san_uri", name) for name in certificate.san_uri),
        *(("tls_client_auth_san_email", name) for name in certificate.san_email),
        *(("tls_client_auth_san_ip", str(address)) for address in certificate.san_ip),
        ("tls_client_auth_subject_dn", certificate.subject),
    ]
    carried = subject_keys(certificate)
    return [(kind, value) for kind, value in candidates if _can_be_registered(kind, value, carried)]


def key_set(certificate: ClientCertificate, jwks: object = None) -> dict[str, Any]:
    """Return the JWK set with the certificate's key, added if it is missing.

    Raises:
        ValidationError: If JOSE has no name for this kind of key, or the present value is not a key set.
    """
    try:
        added = jwk(certificate)
    except InvalidClientMetadata as error:
        raise ValidationError(str(error)) from None
    if jwks is None:
        return {"keys": [added]}
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list):
        raise ValidationError(_('Expected a JWK set in this field, an object with "keys". Correct it or empty it.'))
    return {"keys": keys if added in keys else [*keys, added]}


def certificate_warnings(certificate: ClientCertificate) -> list[str]:
    """Return what an operator should know before a certificate is registered."""
    return [warning for warning in (_expiry_warning(certificate), ca_warning(certificate)) if warning]


def _expiry_warning(certificate: ClientCertificate) -> str:
    try:
        has_expired = days_left(certificate.not_after) < 0
    except BadCertificate:
        return ""  # such a one may be registered itself
    return _("This certificate has expired: a client that sends it is refused.") if has_expired else ""


def ca_warning(certificate: ClientCertificate) -> str:
    """Return why a registered certificate must not be in a CA bundle, or nothing.

    RFC 8705 section 7.4: in a CA bundle its owner could issue certificates with any client's name.
    """
    if not certificate.is_self_signed or not _may_issue_or_is_odd(certificate):
        return ""
    return _(
        "This self-signed certificate may issue others: in a terminator's CA bundle it would vouch for any name. "
        "Never put it there; better, have the client make one that says CA:FALSE (wsgi-mtls pki self-sign)."
    )


def _may_issue_or_is_odd(certificate: ClientCertificate) -> bool:
    try:
        return _may_issue(x509.load_der_x509_certificate(certificate.der))
    except Exception:  # cryptography reports hostile input by many kinds of exception
        return True  # another reader may take it for anything


def _may_issue(certificate: x509.Certificate) -> bool:
    """Return whether OpenSSL accepts a certificate as a CA's once it is trusted.

    This includes certificates of version 1.
    """
    if certificate.version == x509.Version.v1:
        return True
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return _signs_certificates(certificate)


def _signs_certificates(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return False


def _can_be_registered(kind: SubjectKind, value: str, carried: frozenset[SubjectKey]) -> bool:
    try:
        return SubjectValue.parse(kind, value).key in carried
    except InvalidClientMetadata:
        return False
