"""A status that a terminator writes before the certificate, into the same header."""

import re
from dataclasses import dataclass

from ..errors import ContradictoryStatus
from .status import TEXTS_WITH_COMMA

# A server joins two headers with a comma: a status has none, unless it is one of OpenSSL's texts.
FAILED = f"FAILED(?::(?:[^,]+|{'|'.join(map(re.escape, TEXTS_WITH_COMMA))}))?"
"""The pattern of what nginx and mod_ssl write for a certificate that OpenSSL rejects."""


@dataclass(frozen=True, slots=True)
class LeadingStatus:
    """How a terminator writes status and certificate into one header, so that no client can replace one of them.

    The value is the status, a space and the certificate, which must be encoded without spaces. The last space separates
    them, because a status may have spaces of its own: ``FAILED:certificate has expired``.

    Attributes:
        success: the status of a certificate whose chain the terminator validated.
        none: the values of the whole header without a certificate.
        failed: a regular expression of every other status; it must not match a comma that joins two headers.

    Raises:
        ValueError: If ``none`` is not a tuple of texts, a text is empty, or ``failed`` is not a regular expression.
    """

    success: str
    none: tuple[str, ...]
    failed: str

    def __post_init__(self) -> None:
        texts = (self.success, self.failed, *self.none) if isinstance(self.none, tuple) and self.none else ()
        if not texts or not all(isinstance(text, str) and text for text in texts):
            raise ValueError('LeadingStatus takes texts, and a tuple of texts for none: none=("NONE",).')
        try:
            re.compile(self.failed)
        except re.error as error:
            raise ValueError(f"LeadingStatus: failed is not a regular expression: {error}.") from None

    def split(self, name: str, value: str) -> tuple[str | None, bool]:
        """Separate the certificate from its status.

        Args:
            name: the header, for the message.
            value: its value.

        Returns:
            The encoded certificate, or None without one, and whether the terminator validated its chain.

        Raises:
            ContradictoryStatus: If the value has no status that the terminator sends, or a status that contradicts it.
        """
        value = value.rstrip(" ")  # an empty certificate leaves the space before it, which some servers keep
        if not value or value in self.none:
            return None, False
        status, _, certificate = value.rpartition(" ")
        if status == self.success:
            return certificate, True
        if value == self.success:
            raise ContradictoryStatus(f"The status in {name} is success, but the certificate after it is missing.")
        if status in self.none:
            raise ContradictoryStatus(f"{name} has a certificate, but its status is that of a request without one.")
        if not re.fullmatch(self.failed, status):
            raise ContradictoryStatus(
                f"{name} came without a status that this terminator sends, such as {self.success}, or came more than "
                "once. Have the terminator write the status before the certificate, on every request."
            )
        return certificate, False
