"""What a store that other programs can write to holds counts only with a seal: row 68."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from wsgi_mtls.clients.jwks_uri import KeySets
from wsgi_mtls.sealed_store import SealedStore
from wsgi_mtls.store import Store
from wsgi_mtls.testing import self_sign
from wsgi_mtls.tokens import IntrospectedTokens

SECRET = bytes(range(32))


class Shared:
    """A cache to which every program on the network may write."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def get(self, key: str, /) -> bytes | None:
        return self.values.get(key)

    def set(self, key: str, value: bytes, seconds: float, /) -> None:
        self.values[key] = value

    def add(self, key: str, seconds: float, /) -> bool:
        return key not in self.values and self.values.setdefault(key, b"") == b""


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Runs:
    """Leaves a file behind if it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


@pytest.fixture
def shared() -> Shared:
    return Shared()


@pytest.mark.parametrize("value", [b"", b"1", bytes(range(256)) * 300])
def test_values_and_their_ages(shared: Shared, value: bytes) -> None:
    """One process keeps a value, and another one with the same secret reads it until it ends."""
    clock = Clock()
    SealedStore(shared, SECRET, clock=clock).set("key", value, 10)
    other = SealedStore(shared, SECRET, clock=clock)
    clock.now += 9.9
    assert other.get("key") == value
    clock.now += 0.2  # the shared store has it still, or somebody has put it back
    assert other.get("key") is None
    assert other.get("unknown") is None


def test_add_once(shared: Shared) -> None:
    one, other = SealedStore(shared, SECRET), SealedStore(shared, SECRET)
    assert [one.add("a", 10), other.add("a", 10), other.add("b", 10)] == [True, False, True]
    assert one.get("a") is None


def test_row_68_values_of_other_programs(shared: Shared, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = SealedStore(shared, SECRET)
    store.set("key", b"right", 60)
    sealed = shared.values["key"]
    trace = tmp_path / "trace"
    forged = [pickle.dumps(Runs(trace)), b"right", b"\0" * 40 + b"right", b"x", sealed[:-1], sealed + b"\0"]
    forged += [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    SealedStore(shared, SECRET[::-1]).set("key", b"right", 60)  # of a program with another secret
    for value in (*forged, shared.values["key"]):
        caplog.clear()
        shared.values["key"] = value
        assert store.get("key") is None
        assert "no seal of this secret" in caplog.text
    assert not trace.exists()
    shared.values["key"] = sealed
    assert store.get("key") == b"right"


def test_row_68_value_of_another_entry(shared: Shared) -> None:
    store = SealedStore(shared, SECRET)
    store.set("key", b"value", 60)
    for key in ("other", "ke", "key\0", ""):
        shared.values[key] = shared.values["key"]
        assert store.get(key) is None
    assert store.get("key") == b"value"


def test_row_68_store_without_seals(shared: Shared, tmp_path: Path) -> None:
    pair = self_sign("CN=api")
    certificate, key = tmp_path / "api.pem", tmp_path / "api.key"
    certificate.write_bytes(pair.certificate_pem)
    key.write_bytes(pair.key_pem)

    def introspection(store: Store) -> object:
        endpoint, audience = "https://as.example.com/introspect", "https://api.example.com"
        return IntrospectedTokens(
            endpoint, audience=audience, client_id="api", certificate=certificate, private_key=key, store=store
        )

    def key_sets(store: Store) -> object:
        return KeySets(store=store)

    for make in (introspection, key_sets):
        with pytest.raises(ValueError, match=r"found Shared\..*SealedStore"):
            make(shared)
        assert make(SealedStore(shared, SECRET))


def test_short_secret(shared: Shared) -> None:
    with pytest.raises(ValueError, match="at least 32 octets, found 31"):
        SealedStore(shared, SECRET[1:])
