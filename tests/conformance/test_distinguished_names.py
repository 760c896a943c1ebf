"""Names that must be the same, and names that must not."""

import json
from pathlib import Path

import pytest

from wsgi_mtls.x509 import name_text, names

VECTORS = json.loads(Path(__file__).with_name("distinguished-names.json").read_text())


def _read(text: str) -> names.DistinguishedName:
    return names.from_rdns(name_text.read_registered(text))


@pytest.mark.parametrize(("one", "other"), VECTORS["equal"])
def test_equal(one: str, other: str) -> None:
    assert _read(one).matches(_read(other))
    assert _read(other).matches(_read(one))


@pytest.mark.parametrize(("one", "other"), VECTORS["different"])
def test_different(one: str, other: str) -> None:
    assert not _read(one).matches(_read(other))
    assert not _read(other).matches(_read(one))
