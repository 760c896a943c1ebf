"""How a part of a certificate is read: when a decision asks for it, once, and with one way to fail."""

from collections.abc import Callable
from functools import cached_property, wraps
from typing import TypeVar

from ..errors import BadCertificate, short

Owner = TypeVar("Owner")
Part = TypeVar("Part")


def part(name: str) -> Callable[[Callable[[Owner], Part]], "cached_property[Part]"]:
    """Make a property that is read when it is asked for and kept, and that fails in one way."""

    def decorate(read: Callable[[Owner], Part]) -> "cached_property[Part]":
        @wraps(read)
        def read_part(self: Owner) -> Part:
            try:
                return read(self)
            except (ValueError, TypeError) as error:
                if isinstance(error, BadCertificate) and error.reason == "certificate_unreadable":
                    raise
                raise BadCertificate(
                    f"The certificate's {name} can't be read ({short(str(error))}): have it issued anew without the "
                    "fault.",
                    reason="certificate_unreadable",
                ) from None

        return cached_property(read_part)

    return decorate
