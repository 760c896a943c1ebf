"""PEM (RFC 7468) to DER, for exactly one certificate.

It is read leniently from files and strictly from terminators.
"""

import binascii
import re

from ..errors import BadCertificate

_CERTIFICATE = re.compile(
    r"\s*-----BEGIN CERTIFICATE-----[ \t]*\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE-----\s*", re.ASCII
)
# 64 columns (RFC 7468 section 2), or one line, as some terminators write it.
_BLOCK = (
    r"-----BEGIN CERTIFICATE-----(?P<newline>{newline})"
    r"(?P<body>(?:[A-Za-z0-9+/]{{64}}(?P=newline))*[A-Za-z0-9+/=]{{1,64}}|[A-Za-z0-9+/=]{{65,}})"
    r"(?P=newline)-----END CERTIFICATE-----(?P<last>(?P=newline)?)"
)


def block_pattern(newline: str) -> re.Pattern[str]:
    """Return a pattern for one certificate in strict PEM.

    Every line ends alike, and nothing else is white space.

    Args:
        newline: a pattern for what ends a line.
    """
    return re.compile(_BLOCK.format(newline=newline))


_STRICT = block_pattern(r"\r?\n")


def pem_to_der(text: str) -> bytes:
    """Return the DER of the one certificate in the text of a *file*.

    People edit files.

    Raises:
        BadCertificate: ``malformed_certificate``: If it has no certificate, more than one, or other text than white
            space around it.
    """
    match = _CERTIFICATE.fullmatch(text)
    if match is None:
        raise BadCertificate(f"Expected exactly one PEM certificate, {_found(text)}. Give that certificate alone.")
    return base64_to_der("".join(match[1].split()))


def strict_pem_to_der(text: str, pattern: re.Pattern[str] = _STRICT) -> bytes:
    """Return the DER of the one certificate that a *program* wrote.

    It has 64 columns or one line, and no other white space.

    Args:
        text: with or without the newline at its end.
        pattern: what :func:`block_pattern` returns; lines end with LF or CR LF by default.

    Raises:
        BadCertificate: ``malformed_certificate``: If it has any other form.
    """
    match = pattern.fullmatch(text)
    if match is None:
        raise BadCertificate(
            f"Expected one PEM certificate as programs write it, {_found(text)}. See what the terminator sends."
        )
    return block_to_der(match)


def block_to_der(match: re.Match[str]) -> bytes:
    """Return the DER of a certificate that a :func:`block_pattern` found.

    Raises:
        BadCertificate: ``malformed_certificate``: If its base64 is not valid.
    """
    return base64_to_der(match["body"].replace(match["newline"], ""))


def base64_to_der(text: str) -> bytes:
    """Return the bytes of strict standard base64 (RFC 4648 section 4).

    It is padded, without white space.

    Raises:
        BadCertificate: ``malformed_certificate``: If it is empty, has a character outside of the alphabet, wrong
            padding, or stray bits at the end.
    """
    try:
        der = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise BadCertificate(f"The certificate is not base64: {error}.") from None
    if not der or binascii.b2a_base64(der, newline=False).decode("ascii") != text:
        raise BadCertificate("The certificate is empty or its base64 is not the canonical one.")
    return der


def _found(text: str) -> str:
    count = text.count("-----BEGIN CERTIFICATE-----")
    return f"found {count} certificates" if count > 1 else "found something else"
