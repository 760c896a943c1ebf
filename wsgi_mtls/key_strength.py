"""The shortest key of a certificate that authenticates a client.

Tokens can be bound to any key.
"""

from collections.abc import Mapping
from typing import Literal

from .options import InvalidOption

MinKeyBits = Mapping[str, int] | Literal["off"]
"""The least number of bits by kind of key, ``rsa`` and ``ec``; ``"off"`` accepts any key."""

DEFAULT: Mapping[str, int] = {"rsa": 2048, "ec": 224}  # NIST SP 800-131A: 112 bits of security


def check_min_key_bits(value: object) -> None:
    """Check the option.

    Raises:
        InvalidOption: If it is neither ``"off"`` nor numbers of bits by ``rsa`` and ``ec``.
    """
    if value == "off":
        return
    is_sound = isinstance(value, Mapping) and value and value.keys() <= DEFAULT.keys()
    if not is_sound or not all(type(bits) is int and bits > 0 for bits in value.values()):  # type: ignore[attr-defined]
        problem = f'must be "off", or bits by kind of key, such as {dict(DEFAULT)}, not {value!r}.'
        raise InvalidOption("min_key_bits", problem)
