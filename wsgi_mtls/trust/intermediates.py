"""Intermediates that clients sent, as OpenSSL holds them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product

from cryptography import x509
from OpenSSL.crypto import X509

from ..errors import UntrustedPath
from . import openssl

MAX_KEPT = 256
"""How many are kept."""
MAX_ARRANGEMENTS = 8
"""How many choices are tried where a client sends several certificates of one name."""


class KeptIntermediates:
    """The intermediate certificates that were in a valid path.

    They come with each client of their CA, and reading one takes a while. What a stranger sends is not kept, so that it
    displaces nothing.
    """

    def __init__(self) -> None:
        self._kept: dict[bytes, X509] = {}

    def load(self, hints: Iterable[bytes]) -> list[tuple[bytes, X509]]:
        """Load the intermediates that came with a certificate."""
        # One that cannot be read helps no path and is left out.
        return [(der, handle) for der in hints if (handle := self._kept.get(der) or _loaded(der)) is not None]

    def keep(self, loaded: Iterable[tuple[bytes, X509]], path: Sequence[bytes]) -> None:
        """Keep those that are in a valid path, which starts with the leaf."""
        if len(self._kept) < MAX_KEPT:
            self._kept.update((der, handle) for der, handle in loaded if der in path[1:])


def _loaded(hint: bytes) -> X509 | None:
    try:
        return openssl.load(hint)
    except UntrustedPath:
        return None


def arrangements(loaded: Sequence[tuple[bytes, X509]]) -> Iterator[list[X509]]:
    """Yield the hints, and where several have one name, choices of one of each.

    OpenSSL takes the first issuer of the right name and key, and does not come back for the next, as cross-certified
    CAs need it.
    """
    yield [handle for _, handle in loaded]
    if len(loaded) < 2:
        return
    names: dict[bytes, list[X509]] = {}
    for der, handle in loaded:
        names.setdefault(_subject(der), []).append(handle)
    if len(names) < len(loaded):
        yield from map(list, islice(product(*names.values()), MAX_ARRANGEMENTS))


def _subject(der: bytes) -> bytes:
    try:
        return x509.load_der_x509_certificate(der).subject.public_bytes()
    except Exception:  # cryptography reports hostile input by many kinds of exception
        return der
