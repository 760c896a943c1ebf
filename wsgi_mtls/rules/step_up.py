"""The required strength and age of a user's login (RFC 9470).

The user is that of an access token.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import InvalidToken

LEEWAY = 10
"""How far the clocks may differ, in seconds."""
_QUOTABLE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


@dataclass(frozen=True, slots=True)
class StepUp:
    """The login that a token's user must have had.

    A refusal names it, so that the client can ask for it.

    Attributes:
        acr_values: one of these must be the token's ``acr``, best first; empty is any.
        max_age: how long the login may be past, by ``auth_time``, in seconds; None is any time.
        clock: returns seconds since the epoch; for tests.
    """

    acr_values: Sequence[str] = ()
    max_age: int | None = None
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ValueError: If they demand nothing, or cannot be written into a challenge.
        """
        texts = not isinstance(self.acr_values, str) and all(
            isinstance(value, str) and _QUOTABLE.fullmatch(value) for value in self.acr_values
        )
        if not texts:
            raise ValueError(f'acr_values must be a list of printable texts without space, " and \\, not {self!r}.')
        if self.max_age is not None and (type(self.max_age) is not int or self.max_age < 0):
            raise ValueError(f"max_age must be a number of seconds, not {self.max_age!r}.")
        if not self.acr_values and self.max_age is None:
            raise ValueError("StepUp demands nothing: give acr_values or max_age.")

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the challenge (RFC 9470 section 3)."""
        acr_values = {"acr_values": " ".join(self.acr_values)} if self.acr_values else {}
        return acr_values | ({} if self.max_age is None else {"max_age": str(self.max_age)})

    def check(self, claims: Mapping[str, object]) -> None:
        """Check the login by the claims of a token (RFC 9470 section 5).

        Raises:
            InvalidToken: ``acr_not_sufficient``: If ``acr`` is not one of ``acr_values``.
            InvalidToken: ``login_too_old``: If ``auth_time`` is missing, too long ago, or in the future.
        """
        acr, login = claims.get("acr"), claims.get("auth_time")
        if self.acr_values and acr not in tuple(self.acr_values):
            raise InvalidToken(
                f"Expected acr {' or '.join(self.acr_values)}, found {acr!r:.80}: have the user log in again with it.",
                reason="acr_not_sufficient",
                expected=tuple(self.acr_values),
                found=acr if isinstance(acr, str) else None,
            )
        if self.max_age is None:
            return
        now = self.clock()
        is_number = isinstance(login, int | float) and not isinstance(login, bool)
        # Not by a difference, which a huge integer overflows; NaN is in no interval.
        if not (is_number and now - self.max_age - LEEWAY <= login <= now + LEEWAY):  # type: ignore[operator]
            raise InvalidToken(
                f"The login, by auth_time, is more than {self.max_age} seconds ago or unknown: have the user log in.",
                reason="login_too_old",
                expected=str(self.max_age),
            )
