"""The CAs that may issue a PKI client's certificate.

They are in the metadata member ``tls_client_auth_issuer``.
"""

import re
from collections.abc import Sequence

_ISSUER = re.compile(r"(spki|cert)-sha256:[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")


def read_issuers(value: object) -> tuple[str, ...]:
    """Read the member: one text, or several where a CA rotates.

    Raises:
        ValueError: If it is something else. A CA's name is not accepted: anyone can make a CA of any name.
    """
    given = (value,) if isinstance(value, str) else value
    if not isinstance(given, Sequence) or isinstance(given, bytes | bytearray):
        raise ValueError(f"tls_client_auth_issuer must be a text or an array of texts, not {type(value).__name__}")
    for issuer in given:
        if not isinstance(issuer, str) or not _ISSUER.fullmatch(issuer):
            raise ValueError(
                "tls_client_auth_issuer must be spki-sha256: or cert-sha256: and 43 characters of base64url, the "
                f"SHA-256 of the CA's SubjectPublicKeyInfo or certificate, not {issuer!r}"
            )
    if not given and value != ():
        raise ValueError("tls_client_auth_issuer is an empty array: leave it out, or name a CA")
    return tuple(given)
