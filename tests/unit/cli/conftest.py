"""Fixtures of the command line's tests."""

from pathlib import Path

import pytest

from tests.commands import make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a CA, and with a client's certificate of it."""
    make("pki", "ca", "--out", tmp_path / "ca")
    names = ["--subject", "CN=a,O=b", "--dns", "a.example"]
    make("pki", "issue", "--ca", tmp_path / "ca", *names, "--out", tmp_path / "a")
    return tmp_path
