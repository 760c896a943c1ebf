"""Headers in which a terminator says what it thinks of the certificate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import BadCertificate
from .guarded import header_value

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

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
        success: the one value that says that the chain was validated, or that a certificate came.
        none: the value that says that no certificate came, if it has one.
        two_valued: whether it has no other values than these two, as HAProxy's ``ssl_c_used``: it says only whether a
            certificate came.

    Raises:
        ValueError: ``two_valued`` without ``none``.
    """

    name: str
    success: str
    none: str | None = None
    two_valued: bool = False

    def __post_init__(self) -> None:
        if self.two_valued and self.none is None:
            raise ValueError(f"{self.name} has two_valued, so give both values: none is the one without certificate.")

    def check(self, value: str | None) -> None:
        """Refuse a value that the terminator never sends.

        Raises:
            BadCertificate: ``contradictory_status``: another than the two, or several that a server joined.
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
    """What says that the chain of a request was validated.

    Attributes:
        always: whether the terminator lets no other request through.
        statuses: the headers that must all say so.
    """

    always: bool
    statuses: tuple[Status, ...]

    @classmethod
    def of(cls, verified: bool | Status | Sequence[Status]) -> "Verification":
        """Read the option ``verified`` of the header sources.

        Raises:
            ValueError: it is neither a boolean, nor a status, nor several.
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

    def words(self, environ: "WSGIEnvironment") -> str:
        """Return what the terminator reports of the chain; empty where no header does."""
        names = [status.name for status in self.statuses if not status.two_valued]
        return (header_value(environ, names[0]) or "") if names else ""

    def read(self, environ: "WSGIEnvironment", name: str, came: bool) -> bool:
        """Tell whether the chain was validated.

        Args:
            environ: the request of a trusted proxy.
            name: the header that the certificate stands in, for the message.
            came: whether it holds one.

        Raises:
            BadCertificate: ``contradictory_status``: a certificate came with the status that there was none, or
                without a status; or none
                came and yet the status is success; or a status came twice, or has a value that it can't have.
        """
        values = {status: header_value(environ, status.name) for status in self.statuses}
        for status, value in values.items():
            status.check(value)
        success = self.always or (bool(values) and all(status.success == value for status, value in values.items()))
        if not came:
            if values and success:
                raise BadCertificate(
                    f"{' and '.join(self.names)} say success, but {name} is absent.", reason="contradictory_status"
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
                    f"{name} came, but {status.name} says that there was no certificate.", reason="contradictory_status"
                )
        return success
