"""PEM (RFC 7468) to DER, strictly: one certificate and nothing beside it."""

import base64
import re

from .errors import MalformedCertificate

_CERTIFICATE = re.compile(
    r"\s*-----BEGIN CERTIFICATE-----[ \t]*\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE-----\s*", re.ASCII
)


def pem_to_der(text: str) -> bytes:
    """Return the DER of the one certificate in ``text``.

    Raises:
        MalformedCertificate: no certificate, two, or anything but white space around it.
    """
    match = _CERTIFICATE.fullmatch(text)
    if match is None:
        count = text.count("-----BEGIN CERTIFICATE-----")
        found = f"{count} certificates stand" if count > 1 else "something else stands"
        raise MalformedCertificate(f"One PEM certificate belongs here, {found} in it; give that certificate alone.")
    return base64_to_der("".join(match[1].split()))


def base64_to_der(text: str) -> bytes:
    """Return the bytes of standard base64 (RFC 4648 section 4), padded, without white space.

    Raises:
        MalformedCertificate: empty, a character outside of the alphabet, wrong padding, stray bits at the end.
    """
    try:
        der = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise MalformedCertificate(f"The certificate is no base64: {error}.") from None
    if not der or base64.b64encode(der).decode("ascii") != text:
        raise MalformedCertificate("The certificate is empty or its base64 is not the canonical one.")
    return der
