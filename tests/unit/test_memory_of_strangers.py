"""However many certificates a stranger sends, what is remembered of them stays within its octets."""

import gc
import logging
import tracemalloc
from collections.abc import Iterator
from itertools import islice

import pytest

from benchmarks.certificates import leaf
from benchmarks.memory import Send, behind_nginx, by_servers, many_names, registered_keys, variants
from wsgi_mtls import jwks
from wsgi_mtls.remembered import MAX_OCTETS, Remembered

PEM, DER = by_servers()
SMALL = leaf("ec").certificate.der
SMALLEST_ENTRY = len(SMALL) + 512
FULL = MAX_OCTETS // SMALLEST_ENTRY + 1
"""How many certificates fill a cache, whose keys have no fewer octets than the certificates."""
TIMES = 15
"""How often its limit a cache takes at most, with what was read of its keys: of many names 12, else 3."""


@pytest.fixture
def _traced(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(logging.getLogger("wsgi_mtls"), "disabled", True)
    tracemalloc.start()
    yield
    tracemalloc.stop()


def check(send: Send, der: bytes, count: int, limit: int, *, asked: bool) -> None:
    """Fill a cache, then send a fifth of them again."""
    made = variants(der)

    def memory(number: int) -> int:
        for octets in islice(made, number):
            send(octets, asked)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    before = tracemalloc.get_traced_memory()[0]
    full = memory(count)
    assert limit < full - before + limit // 2, "the cache is not full: send more"
    assert full - before <= TIMES * limit
    assert memory(count // 5) <= full + limit // 10


@pytest.mark.usefixtures("_traced")
@pytest.mark.parametrize("send", [behind_nginx(), PEM, DER], ids=["nginx", "PEM", "DER"])
def test_many_certificates(send: Send) -> None:
    check(send, SMALL, FULL, MAX_OCTETS, asked=False)


@pytest.mark.usefixtures("_traced")
def test_certificates_of_many_names_that_a_decision_reads() -> None:
    check(behind_nginx(), many_names(), 125, MAX_OCTETS, asked=True)


@pytest.mark.usefixtures("_traced")
def test_registered_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 128 * 1024
    monkeypatch.setattr(jwks, "_registered", Remembered(limit))
    check(registered_keys(), SMALL, limit // SMALLEST_ENTRY + 1, limit, asked=True)
