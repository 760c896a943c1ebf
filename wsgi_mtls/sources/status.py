"""Headers in which a terminator says what it thinks of the certificate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ContradictoryStatus
from .guarded import header_value

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


@dataclass(frozen=True, slots=True)
class Status:
    """A header that the terminator always sends.

    Attributes:
        name: the header.
        success: the one value that says that the chain was validated, or that a certificate came.
        none: the value that says that no certificate came, if it has one.
    """

    name: str
    success: str
    none: str | None = None


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
        statuses = (verified,) if isinstance(verified, Status) else tuple(verified)
        if not statuses or not all(isinstance(status, Status) for status in statuses):
            raise ValueError("verified must be True, False, a Status or several.")
        return cls(False, statuses)

    @property
    def names(self) -> tuple[str, ...]:
        """The headers."""
        return tuple(status.name for status in self.statuses)

    def read(self, environ: "WSGIEnvironment", name: str, came: bool) -> bool:
        """Tell whether the chain was validated.

        Args:
            environ: the request of a trusted proxy.
            name: the header that the certificate stands in, for the message.
            came: whether it holds one.

        Raises:
            ContradictoryStatus: a certificate came with the status that there was none, without a status, or with two;
                or no certificate came and yet the status is success.
        """
        values = {status: header_value(environ, status.name) for status in self.statuses}
        success = self.always or (bool(values) and all(status.success == value for status, value in values.items()))
        if not came:
            if values and success:
                raise ContradictoryStatus(f"{' and '.join(self.names)} say success, but {name} is absent.")
            return False
        for status, value in values.items():
            if value is None:
                raise ContradictoryStatus(f"{name} came without {status.name}, which the terminator always sends.")
            if value == status.none:
                raise ContradictoryStatus(f"{name} came, but {status.name} says that there was no certificate.")
            if "," in value:
                raise ContradictoryStatus(f"{status.name} came more than once.")
        return success
