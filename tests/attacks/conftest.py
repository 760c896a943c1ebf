"""What the table needs: the certificates, and each way in with Django's settings and database where it wants them."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

from wsgi_mtls.testing import KeyPair

from .certificates import Certificates
from .ways.way import WAYS, Way

if find_spec("django"):
    from tests.django.conftest import database, settings  # noqa: F401  # fixtures


@pytest.fixture(scope="session")
def made(ca: KeyPair) -> Certificates:
    """The certificates by name."""
    return Certificates(ca)


@pytest.fixture(scope="session", autouse=True)
def _closed_servers() -> Iterator[None]:
    """Close what the ways keep open from one row to the next."""
    yield
    if by_authlib := sys.modules.get("tests.attacks.ways.by_authlib"):
        by_authlib.close_servers()


@pytest.fixture
def rollback(request: pytest.FixtureRequest) -> Any:
    """Leave Django's database as it was."""
    from django.db import transaction

    request.getfixturevalue("database")
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def find_way(request: pytest.FixtureRequest) -> Callable[[str], Way]:
    """Make a way in by its name."""

    def find(name: str) -> Way:
        found = WAYS[name]
        if missing := [package for package in found.needs if find_spec(package) is None]:
            pytest.skip(f"{', '.join(missing)} is not installed")
        change = []
        if found.database:
            request.getfixturevalue("rollback")
            change = [_once(request.getfixturevalue("settings"))]
        way: Way = import_module(f"tests.attacks.ways.{found.module}").make(*change, *found.arguments)
        return way

    return find


def _once(change: Callable[..., None]) -> Callable[..., None]:
    """Change settings only where they differ from the last change: each change makes Django read them anew."""
    last: dict[str, Any] = {}

    def change_once(**changes: Any) -> None:
        if changes != last:
            change(**changes)
            last.clear()
            last.update(changes)

    return change_once
