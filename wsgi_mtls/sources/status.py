"""Statuses: a terminator's report about the certificate.

It is in a header of its own or before the certificate.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import BadCertificate

TEXTS_WITH_COMMA = (
    "proxy certificates not allowed, please set the appropriate flag",
    "Certificate Transparency required, but no valid SCTs found",
)
"""OpenSSL's texts (X509_verify_cert_error_string(3)) that have a comma; nginx and mod_ssl write ``FAILED:<text>``."""


@dataclass(frozen=True, slots=True)
class Status:
    """A header that the terminator always sends.

    Attributes:
        name: the header.
        success: the one value which reports that the chain was validated, or that a certificate came.
        none: the value which reports that no certificate came, if it has one.
        two_valued: whether it has no other values than these two, as HAProxy's ``ssl_c_used``: it reports only whether
            a certificate came.

    Raises:
        ValueError: If ``two_valued`` is set without ``none``.
    """

    name: str
    success: str
    none: str | None = None
    two_valued: bool = False

    def __post_init__(self) -> None:
        if self.two_valued and self.none is None:
            raise ValueError(f"{self.name} has two_valued: also give none, its value without a certificate.")

    def check(self, value: str | None) -> None:
        """Refuse a value that the terminator never sends.

        Raises:
            BadCertificate: ``contradictory_status``: If the value is a third value, or several that a server joined.
        """
        if value is None or value in (self.success, self.none):
            return
        if self.two_valued:
            raise BadCertificate(
                f"{self.name} is neither {self.success} nor {self.none}.", reason="contradictory_status"
            )
        if "," in value and value.removeprefix("FAILED:") not in TEXTS_WITH_COMMA:
            raise BadCertificate(f"{self.name} came more than once.", reason="contradictory_status")


@dataclass(frozen=True, slots=True)
class Verification:
    """The interface of a status that reports whether a chain was validated.

    Attributes:
        always: whether the terminator rejects every other request.
        statuses: the headers that must all report it.
    """

    always: bool
    statuses: tuple[Status, ...]

    @classmethod
    def of(cls, verified: bool | Status | Sequence[Status]) -> "Verification":
        """Read the option ``verified`` of the header sources.

        Raises:
            ValueError: If it is neither a boolean, nor a status, nor several.
        """
        if isinstance(verified, bool):
            return cls(verified, ())
        statuses = (verified,) if isinstance(verified, Status) else verified
        if (
            not isinstance(statuses, tuple | list)
            or not statuses
            or not all(isinstance(status, Status) for status in statuses)
        ):
            raise ValueError(
                f"verified, which presets call terminator_verifies, is {verified!r}: give True or False, without "
                "quotes, or header() a Status or a list of several."
            )
        return cls(False, tuple(statuses))

    @property
    def names(self) -> tuple[str, ...]:
        """The headers."""
        return tuple(status.name for status in self.statuses)

    @property
    def without_certificate(self) -> dict[str, tuple[str, ...]]:
        """The headers, each with its values where no certificate came."""
        return {status.name: () if status.none is None else (status.none,) for status in self.statuses}

    def words(self, came: Mapping[str, str]) -> str:
        """Return what the terminator reports of the chain; empty where no header does."""
        names = [status.name for status in self.statuses if not status.two_valued]
        return came.get(names[0], "") if names else ""

    def read(self, came: Mapping[str, str], name: str, present: bool) -> bool:
        """Return whether the chain was validated.

        Args:
            came: the headers of a trusted proxy.
            name: the header of the certificate, for the message.
            present: whether it holds one.

        Raises:
            BadCertificate: ``contradictory_status``: If a certificate came with the status that there was none, or
                without a status; if none came and yet the status is success; if a status came twice, or has a value
                that it can't have.
        """
        values = {status: came.get(status.name) for status in self.statuses}
        for status, value in values.items():
            status.check(value)
        success = self.always or (bool(values) and all(status.success == value for status, value in values.items()))
        if not present:
            if values and success:
                raise BadCertificate(
                    f"{' and '.join(self.names)} report success, but {name} is absent.", reason="contradictory_status"
                )
            return False
        for status, value in values.items():
            if value is None:
                raise BadCertificate(
                    f"{name} came without {status.name}, which the terminator always sends.",
                    reason="contradictory_status",
                )
            if value == status.none:
                raise BadCertificate(
                    f"{name} came, but {status.name} reports that there was no certificate.",
                    reason="contradictory_status",
                )
        return success


# A server joins two headers with a comma: a status has none, unless it is one of OpenSSL's texts.
FAILED = f"FAILED(?::(?:[^,]+|{'|'.join(map(re.escape, TEXTS_WITH_COMMA))}))?"
"""The pattern of what nginx and mod_ssl write for a certificate that OpenSSL rejects."""


@dataclass(frozen=True, slots=True)
class LeadingStatus:
    """A status in front of the certificate in the same header.

    A client cannot replace one of the two. The value is the status, a space and the certificate, which must be encoded
    without spaces. The last space separates them, because a status may have spaces of its own: ``FAILED:certificate has
    expired``.

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
            BadCertificate: ``contradictory_status``: If the value has no status that the terminator sends, or a
                status that contradicts it.
        """
        value = value.rstrip(" ")  # an empty certificate leaves the space before it, which some servers keep
        if not value or value in self.none:
            return None, False
        status, _, certificate = value.rpartition(" ")
        if status == self.success:
            return certificate, True
        if value == self.success:
            raise BadCertificate(
                f"The status in {name} is success, but the certificate after it is missing.",
                reason="contradictory_status",
            )
        if status in self.none:
            raise BadCertificate(
                f"{name} has a certificate, but its status is that of a request without one.",
                reason="contradictory_status",
            )
        if not re.fullmatch(self.failed, status):
            raise BadCertificate(
                f"{name} came without a status that this terminator sends, such as {self.success}, or came more than "
                "once. Have the terminator write the status before the certificate, on every request.",
                reason="contradictory_status",
            )
        return certificate, False
