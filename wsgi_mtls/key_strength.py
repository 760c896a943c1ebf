"""How long a client's key must be, where its certificate authenticates it; tokens are bound to any key."""

from collections.abc import Mapping
from typing import Literal

from .errors import BadCertificate
from .options import InvalidOption
from .x509 import ClientCertificate

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


def check_key(certificate: ClientCertificate, minimum: MinKeyBits) -> None:
    """Check the length of a certificate's RSA or EC key; keys of other kinds have no length to choose.

    Args:
        certificate: what authenticates.
        minimum: the least number of bits; a kind that it leaves out has its default.

    Raises:
        BadCertificate: ``weak_key``: If the key is shorter.
        BadCertificate: ``certificate_unreadable``: If the key is unreadable.
    """
    if minimum == "off":
        return
    try:
        certificate.public_key_der  # noqa: B018  # a certificate that is registered by its octets need not have a key
    except BadCertificate:
        return
    kind, bits = certificate.key_size
    least = minimum.get(kind, DEFAULT.get(kind, 0))
    if bits < least:
        raise BadCertificate(
            f"Expected a key of at least {least} bits in the certificate, found {kind.upper()} of {bits}: have one "
            "issued for a longer key, or lower min_key_bits.",
            reason="weak_key",
            expected=str(least),
            found=str(bits),
        )
