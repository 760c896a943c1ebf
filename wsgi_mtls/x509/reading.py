"""The reader of a certificate's parts.

It reads a part only when a decision needs it, once, and with one kind of error.
"""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

from ..errors import BadCertificate, short

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """A property that is read when it is asked for and kept.

    ``functools.cached_property`` does so under a lock before Python 3.12, which costs more than most parts do.

    Args:
        read: reads the value from the object.
    """

    def __init__(self, read: Callable[[Any], Value]) -> None:
        self.__doc__ = read.__doc__
        self._read = read
        self._key = read.__name__

    @overload
    def __get__(self, owner: None, kind: type, /) -> Self: ...

    @overload
    def __get__(self, owner: object, kind: type, /) -> Value: ...

    def __get__(self, owner: object | None, kind: type, /) -> Self | Value:
        """Read the value, and keep it in the object, where Python finds it from then on."""
        if owner is None:
            return self
        value = owner.__dict__[self._key] = self._read(owner)
        return value


class Part(Kept[Value]):
    """A kept property that fails in one way where it can't be read.

    Args:
        name: what is read, for people.
        read: reads the value from the object.
    """

    def __init__(self, name: str, read: Callable[[Any], Value]) -> None:
        super().__init__(read)
        self._name = name

    @overload
    def __get__(self, owner: None, kind: type, /) -> Self: ...

    @overload
    def __get__(self, owner: object, kind: type, /) -> Value: ...

    def __get__(self, owner: object | None, kind: type, /) -> Self | Value:
        """Read the value, or refuse the certificate for this part."""
        if owner is None:
            return self
        try:
            value = owner.__dict__[self._key] = self._read(owner)
        except (ValueError, TypeError) as error:
            if isinstance(error, BadCertificate) and error.reason == "certificate_unreadable":
                raise
            raise BadCertificate(
                f"The certificate's {self._name} can't be read ({short(str(error))}): have it issued anew without the "
                "fault.",
                reason="certificate_unreadable",
            ) from None
        return value


def part(name: str) -> Callable[[Callable[[Any], Value]], Part[Value]]:
    """Make a property of a function, as :class:`Part`."""

    def decorate(read: Callable[[Any], Value]) -> Part[Value]:
        return Part(name, read)

    return decorate
