"""The one name by which a certificate's holder is known.

It comes from the certificate's structure, never from a DN's text.
"""

import logging
from collections.abc import Callable, Iterable, Mapping

from cryptography.x509.oid import NameOID

from wsgi_mtls.errors import MutualTLSError, RefusedClient
from wsgi_mtls.x509 import ClientCertificate
from wsgi_mtls.x509.preparation import prepare

logger = logging.getLogger("wsgi_mtls")

UsernameFrom = Callable[[ClientCertificate], str | Iterable[str] | None]
"""Returns every name that the certificate could mean; more than one is a refusal."""

USERNAME_FROM: Mapping[str, UsernameFrom] = {
    "subject_cn": lambda certificate: certificate.common_names,
    "san_email": lambda certificate: certificate.san_email,
    "san_dns": lambda certificate: certificate.san_dns,
    "san_uri": lambda certificate: certificate.san_uri,
    "upn": lambda certificate: certificate.user_principal_names,
    "subject_serial_number": lambda certificate: certificate.subject_values(NameOID.SERIAL_NUMBER.dotted_string),
    "subject_uid": lambda certificate: certificate.subject_values(NameOID.USER_ID.dotted_string),
}
"""The names that the setting ``USERNAME_FROM`` takes; it also takes a callable."""


def username(certificate: ClientCertificate, username_from: UsernameFrom) -> str:
    """Return the one name.

    Raises:
        RefusedClient: ``no_username``: If there is none.
        BadCertificate: ``certificate_unreadable``: If the part of the certificate that holds it can't be read.
        RefusedClient: ``several_usernames``: If there is more than one, even if they are equal.
        RefusedClient: ``malformed_username``: If it has control or invisible characters (RFC 4518), or is not a text.
    """
    try:
        found = username_from(certificate)
        several = (found,) if isinstance(found, str) else tuple(found or ())
    except MutualTLSError:
        raise  # the name can't be read, and the error names the reason
    except Exception:  # a callable of the project's own, fed with what a stranger made: it must not end in a 500
        logger.exception("USERNAME_FROM failed")
        raise RefusedClient("USERNAME_FROM failed; see the traceback before this.", reason="no_username") from None
    if not several:
        raise RefusedClient(
            "The certificate does not carry the name that USERNAME_FROM asks for.", reason="no_username"
        )
    if len(several) > 1:
        raise RefusedClient(
            f"The certificate carries {len(several)} names: {several!r}; have it issued with one.",
            reason="several_usernames",
        )
    name = several[0]
    if not isinstance(name, str) or not prepare(name):
        raise RefusedClient(f"{name!r} is empty or has invisible characters.", reason="malformed_username")
    return name
